package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of ints that tasks read and write, zeroed when made. */
public final class IntArray extends TornadoNativeArray {
  final int[] values;

  /**
   * An array of zeros.
   *
   * @param numberOfElements how many
   */
  public IntArray(int numberOfElements) {
    this(new int[numberOfElements]);
  }

  private IntArray(int[] values) {
    this.values = values;
  }

  /**
   * A copy of a Java array.
   *
   * @param values the elements
   * @return the copy
   */
  public static IntArray fromArray(int[] values) {
    return new IntArray(values.clone());
  }

  /**
   * An array of the given elements.
   *
   * @param values the elements
   * @return the array
   */
  public static IntArray fromElements(int... values) {
    return new IntArray(values.clone());
  }

  /**
   * A copy of the bytes of a segment, in the machine's order.
   *
   * @param segment the bytes
   * @return the copy
   * @throws IllegalArgumentException if the bytes are no whole number of elements
   */
  public static IntArray fromSegment(MemorySegment segment) {
    IntArray array = new IntArray(elements(segment, 4));
    MemorySegment.ofArray(array.values).copyFrom(segment);
    return array;
  }

  /**
   * Sets all elements of an array.
   *
   * @param array the array
   * @param value their value
   */
  public static void initialize(IntArray array, int value) {
    array.init(value);
  }

  /**
   * One array after the other.
   *
   * @param arrays the arrays
   * @return a copy of their elements
   */
  public static IntArray concat(IntArray... arrays) {
    int size = 0;
    for (IntArray array : arrays) {
      size = Math.addExact(size, array.values.length);
    }
    IntArray all = new IntArray(size);
    int at = 0;
    for (IntArray array : arrays) {
      System.arraycopy(array.values, 0, all.values, at, array.values.length);
      at += array.values.length;
    }
    return all;
  }

  /**
   * The elements as a Java array.
   *
   * @return a copy
   */
  public int[] toHeapArray() {
    return values.clone();
  }

  /**
   * An element.
   *
   * @param index its index
   * @return its value
   */
  public int get(int index) {
    return values[index];
  }

  /**
   * Sets an element.
   *
   * @param index its index
   * @param value its new value
   */
  public void set(int index, int value) {
    values[index] = value;
  }

  /**
   * Sets every element.
   *
   * @param value the new value
   */
  public void init(int value) {
    Arrays.fill(values, value);
  }

  /** Sets every element to zero. */
  public void clear() {
    Arrays.fill(values, 0);
  }

  @Override
  public int getSize() {
    return values.length;
  }

  @Override
  public int getElementSize() {
    return 4;
  }

  @Override
  public long getNumBytesOfSegment() {
    return 4L * values.length;
  }

  /**
   * The array's memory: what is written there is in the array.
   *
   * @return all its bytes
   */
  @Override
  public MemorySegment getSegment() {
    return MemorySegment.ofArray(values);
  }

  /**
   * A part of the array.
   *
   * @param offset index of its first element
   * @param length number of its elements
   * @return a copy
   * @throws IllegalArgumentException if the array has no such part
   */
  public IntArray slice(int offset, int length) {
    checkSlice(offset, length);
    return new IntArray(Arrays.copyOfRange(values, offset, offset + length));
  }

  @Override
  TornadoNativeArray undefined() {
    IntArray array = new IntArray(values.length);
    array.init(HeapAccess.UNDEFINED_INT);
    return array;
  }
}
