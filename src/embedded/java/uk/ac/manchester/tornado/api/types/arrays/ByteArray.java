package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of bytes that tasks read and write, zeroed when made. */
public final class ByteArray extends TornadoNativeArray {
  final byte[] values;

  /**
   * An array of zeros.
   *
   * @param numberOfElements how many
   */
  public ByteArray(int numberOfElements) {
    this(new byte[numberOfElements]);
  }

  private ByteArray(byte[] values) {
    this.values = values;
  }

  /**
   * A copy of a Java array.
   *
   * @param values the elements
   * @return the copy
   */
  public static ByteArray fromArray(byte[] values) {
    return new ByteArray(values.clone());
  }

  /**
   * An array of the given elements.
   *
   * @param values the elements
   * @return the array
   */
  public static ByteArray fromElements(byte... values) {
    return new ByteArray(values.clone());
  }

  /**
   * A copy of the bytes of a segment, in the machine's order.
   *
   * @param segment the bytes
   * @return the copy
   * @throws IllegalArgumentException if the bytes are no whole number of elements
   */
  public static ByteArray fromSegment(MemorySegment segment) {
    ByteArray array = new ByteArray(elements(segment, 1));
    MemorySegment.ofArray(array.values).copyFrom(segment);
    return array;
  }

  /**
   * Sets all elements of an array.
   *
   * @param array the array
   * @param value their value
   */
  public static void initialize(ByteArray array, byte value) {
    array.init(value);
  }

  /**
   * One array after the other.
   *
   * @param arrays the arrays
   * @return a copy of their elements
   */
  public static ByteArray concat(ByteArray... arrays) {
    int size = 0;
    for (ByteArray array : arrays) {
      size = Math.addExact(size, array.values.length);
    }
    ByteArray all = new ByteArray(size);
    int at = 0;
    for (ByteArray array : arrays) {
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
  public byte[] toHeapArray() {
    return values.clone();
  }

  /**
   * An element.
   *
   * @param index its index
   * @return its value
   */
  public byte get(int index) {
    return values[index];
  }

  /**
   * Sets an element.
   *
   * @param index its index
   * @param value its new value
   */
  public void set(int index, byte value) {
    values[index] = value;
  }

  /**
   * Sets every element.
   *
   * @param value the new value
   */
  public void init(byte value) {
    Arrays.fill(values, value);
  }

  /** Sets every element to zero. */
  public void clear() {
    Arrays.fill(values, (byte) 0);
  }

  @Override
  public int getSize() {
    return values.length;
  }

  @Override
  public int getElementSize() {
    return 1;
  }

  @Override
  public long getNumBytesOfSegment() {
    return 1L * values.length;
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
  public ByteArray slice(int offset, int length) {
    checkSlice(offset, length);
    return new ByteArray(Arrays.copyOfRange(values, offset, offset + length));
  }

  @Override
  TornadoNativeArray undefined() {
    ByteArray array = new ByteArray(values.length);
    array.init(Byte.MIN_VALUE);
    return array;
  }
}
