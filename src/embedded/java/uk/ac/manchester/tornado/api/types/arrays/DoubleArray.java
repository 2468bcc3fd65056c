package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** An array of doubles that tasks read and write, zeroed when made. */
public final class DoubleArray extends TornadoNativeArray {
  final double[] values;

  /**
   * An array of zeros.
   *
   * @param numberOfElements how many
   */
  public DoubleArray(int numberOfElements) {
    this(new double[numberOfElements]);
  }

  private DoubleArray(double[] values) {
    this.values = values;
  }

  /**
   * A copy of a Java array.
   *
   * @param values the elements
   * @return the copy
   */
  public static DoubleArray fromArray(double[] values) {
    return new DoubleArray(values.clone());
  }

  /**
   * An array of the given elements.
   *
   * @param values the elements
   * @return the array
   */
  public static DoubleArray fromElements(double... values) {
    return new DoubleArray(values.clone());
  }

  /**
   * A copy of the bytes of a segment, in the machine's order.
   *
   * @param segment the bytes
   * @return the copy
   * @throws IllegalArgumentException if the bytes are no whole number of elements
   */
  public static DoubleArray fromSegment(MemorySegment segment) {
    DoubleArray array = new DoubleArray(elements(segment, 8));
    MemorySegment.ofArray(array.values).copyFrom(segment);
    return array;
  }

  /**
   * Sets all elements of an array.
   *
   * @param array the array
   * @param value their value
   */
  public static void initialize(DoubleArray array, double value) {
    array.init(value);
  }

  /**
   * One array after the other.
   *
   * @param arrays the arrays
   * @return a copy of their elements
   */
  public static DoubleArray concat(DoubleArray... arrays) {
    int size = 0;
    for (DoubleArray array : arrays) {
      size = Math.addExact(size, array.values.length);
    }
    DoubleArray all = new DoubleArray(size);
    int at = 0;
    for (DoubleArray array : arrays) {
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
  public double[] toHeapArray() {
    return values.clone();
  }

  /**
   * An element.
   *
   * @param index its index
   * @return its value
   */
  public double get(int index) {
    return values[index];
  }

  /**
   * Sets an element.
   *
   * @param index its index
   * @param value its new value
   */
  public void set(int index, double value) {
    values[index] = value;
  }

  /**
   * Sets every element.
   *
   * @param value the new value
   */
  public void init(double value) {
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
    return 8;
  }

  @Override
  public long getNumBytesOfSegment() {
    return 8L * values.length;
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
  public DoubleArray slice(int offset, int length) {
    checkSlice(offset, length);
    return new DoubleArray(Arrays.copyOfRange(values, offset, offset + length));
  }

  @Override
  TornadoNativeArray undefined() {
    DoubleArray array = new DoubleArray(values.length);
    array.init(Double.NaN);
    return array;
  }
}
