package uk.ac.manchester.tornado.api.types.arrays;

import java.util.Arrays;

/** An array of floats that tasks read and write, zeroed when made. */
public final class FloatArray extends TornadoNativeArray {
  final float[] values;

  /** An array of that many zeros. */
  public FloatArray(int numberOfElements) {
    values = new float[numberOfElements];
  }

  private FloatArray(float[] values) {
    this.values = values;
  }

  /** A copy of a Java array. */
  public static FloatArray fromArray(float[] values) {
    return new FloatArray(values.clone());
  }

  /** An array of the given elements. */
  public static FloatArray fromElements(float... values) {
    return new FloatArray(values.clone());
  }

  /** A copy as a Java array. */
  public float[] toHeapArray() {
    return values.clone();
  }

  /** The element at that index. */
  public float get(int index) {
    return values[index];
  }

  /** Sets the element at that index. */
  public void set(int index, float value) {
    values[index] = value;
  }

  /** Sets every element to that value. */
  public void init(float value) {
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
