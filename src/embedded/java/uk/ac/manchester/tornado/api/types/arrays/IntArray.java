package uk.ac.manchester.tornado.api.types.arrays;

import java.util.Arrays;

/** An array of ints that tasks read and write, zeroed when made. */
public final class IntArray extends TornadoNativeArray {
  final int[] values;

  /** An array of that many zeros. */
  public IntArray(int numberOfElements) {
    values = new int[numberOfElements];
  }

  private IntArray(int[] values) {
    this.values = values;
  }

  /** A copy of a Java array. */
  public static IntArray fromArray(int[] values) {
    return new IntArray(values.clone());
  }

  /** An array of the given elements. */
  public static IntArray fromElements(int... values) {
    return new IntArray(values.clone());
  }

  /** A copy as a Java array. */
  public int[] toHeapArray() {
    return values.clone();
  }

  /** The element at that index. */
  public int get(int index) {
    return values[index];
  }

  /** Sets the element at that index. */
  public void set(int index, int value) {
    values[index] = value;
  }

  /** Sets every element to that value. */
  public void init(int value) {
    Arrays.fill(values, value);
  }

  @Override
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
}
