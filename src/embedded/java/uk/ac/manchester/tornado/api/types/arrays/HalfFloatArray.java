package uk.ac.manchester.tornado.api.types.arrays;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.types.HalfFloat;

/** An array of 16-bit floats that tasks read and write, zeroed when made. */
public final class HalfFloatArray extends TornadoNativeArray {
  final short[] values;

  /**
   * An array of zeros.
   *
   * @param numberOfElements how many
   */
  public HalfFloatArray(int numberOfElements) {
    this(new short[numberOfElements]);
  }

  private HalfFloatArray(short[] values) {
    this.values = values;
  }

  /**
   * A copy of a Java array.
   *
   * @param values the elements
   * @return the copy
   */
  public static HalfFloatArray fromArray(HalfFloat[] values) {
    HalfFloatArray array = new HalfFloatArray(values.length);
    for (int i = 0; i < values.length; i++) {
      array.set(i, values[i]);
    }
    return array;
  }

  /**
   * An array of the given elements.
   *
   * @param values the elements
   * @return the array
   */
  public static HalfFloatArray fromElements(HalfFloat... values) {
    return fromArray(values);
  }

  /**
   * A copy of the bytes of a segment, in the machine's order.
   *
   * @param segment the bytes
   * @return the copy
   * @throws IllegalArgumentException if the bytes are no whole number of elements
   */
  public static HalfFloatArray fromSegment(MemorySegment segment) {
    HalfFloatArray array = new HalfFloatArray(elements(segment, 2));
    MemorySegment.ofArray(array.values).copyFrom(segment);
    return array;
  }

  /**
   * Sets all elements of an array.
   *
   * @param array the array
   * @param value their value
   */
  public static void initialize(HalfFloatArray array, HalfFloat value) {
    array.init(value);
  }

  /**
   * One array after the other.
   *
   * @param arrays the arrays
   * @return a copy of their elements
   */
  public static HalfFloatArray concat(HalfFloatArray... arrays) {
    int size = 0;
    for (HalfFloatArray array : arrays) {
      size = Math.addExact(size, array.values.length);
    }
    HalfFloatArray all = new HalfFloatArray(size);
    int at = 0;
    for (HalfFloatArray array : arrays) {
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
  public HalfFloat[] toHeapArray() {
    HalfFloat[] copy = new HalfFloat[values.length];
    for (int i = 0; i < copy.length; i++) {
      copy[i] = get(i);
    }
    return copy;
  }

  /**
   * The elements' bits as a Java array.
   *
   * @return a copy
   */
  public short[] toShortArray() {
    return values.clone();
  }

  /**
   * An element.
   *
   * @param index its index
   * @return its value
   */
  public HalfFloat get(int index) {
    return new HalfFloat(values[index]);
  }

  /**
   * Sets an element.
   *
   * @param index its index
   * @param value its new value
   */
  public void set(int index, HalfFloat value) {
    values[index] = value.getHalfFloatValue();
  }

  /**
   * Sets every element.
   *
   * @param value the new value
   */
  public void init(HalfFloat value) {
    Arrays.fill(values, value.getHalfFloatValue());
  }

  /** Sets every element to zero. */
  public void clear() {
    Arrays.fill(values, (short) 0);
  }

  @Override
  public int getSize() {
    return values.length;
  }

  @Override
  public int getElementSize() {
    return 2;
  }

  @Override
  public long getNumBytesOfSegment() {
    return 2L * values.length;
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
  public HalfFloatArray slice(int offset, int length) {
    checkSlice(offset, length);
    return new HalfFloatArray(Arrays.copyOfRange(values, offset, offset + length));
  }

  @Override
  TornadoNativeArray undefined() {
    HalfFloatArray array = new HalfFloatArray(values.length);
    array.init(new HalfFloat(Float.NaN));
    return array;
  }
}
