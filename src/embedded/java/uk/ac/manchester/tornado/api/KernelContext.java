package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.WorkGroup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.IntFunction;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

/**
 * Where a work-item stands within its grid, with barriers and memory shared within its group. A
 * program makes one to pass to its tasks; each work-item then gets its own.
 */
public class KernelContext {
  private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
  private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int[] NOWHERE = new int[3];

  /** Index of the work-item in its grid along x. */
  public final Integer globalIdx;

  /** Index of the work-item in its grid along y. */
  public final Integer globalIdy;

  /** Index of the work-item in its grid along z. */
  public final Integer globalIdz;

  /** Index of its group along x. */
  public final Integer groupIdx;

  /** Index of its group along y. */
  public final Integer groupIdy;

  /** Index of its group along z. */
  public final Integer groupIdz;

  /** Index of the work-item in its group along x. */
  public final Integer localIdx;

  /** Index of the work-item in its group along y. */
  public final Integer localIdy;

  /** Index of the work-item in its group along z. */
  public final Integer localIdz;

  /** Number of work-items of the grid along x. */
  public final Integer globalGroupSizeX;

  /** Number of work-items of the grid along y. */
  public final Integer globalGroupSizeY;

  /** Number of work-items of the grid along z. */
  public final Integer globalGroupSizeZ;

  /** Number of work-items of a group along x. */
  public final Integer localGroupSizeX;

  /** Number of work-items of a group along y. */
  public final Integer localGroupSizeY;

  /** Number of work-items of a group along z. */
  public final Integer localGroupSizeZ;

  private final WorkGroup group;
  private int allocations;

  /** The context to give to a task. */
  public KernelContext() {
    this(null, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE);
  }

  KernelContext(
      WorkGroup group, int[] global, int[] groupIndex, int[] position, int[] all, int[] local) {
    this.group = group;
    globalIdx = global[0];
    globalIdy = global[1];
    globalIdz = global[2];
    groupIdx = groupIndex[0];
    groupIdy = groupIndex[1];
    groupIdz = groupIndex[2];
    localIdx = position[0];
    localIdy = position[1];
    localIdz = position[2];
    globalGroupSizeX = all[0];
    globalGroupSizeY = all[1];
    globalGroupSizeZ = all[2];
    localGroupSizeX = local[0];
    localGroupSizeY = local[1];
    localGroupSizeZ = local[2];
  }

  private WorkGroup group() {
    if (group == null) {
      throw new TornadoRuntimeException("this KernelContext belongs to no work-item");
    }
    return group;
  }

  /** Waits for the other work-items of the group; what they wrote to local memory is seen then. */
  public void localBarrier() {
    group().barrier();
  }

  /** Waits for the other work-items of the group; what they wrote to any memory is seen then. */
  public void globalBarrier() {
    group().barrier();
  }

  private <T> T local(int size, Class<T> type, IntFunction<T> make) {
    return group().local(allocations++, size, type, make);
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or the
   * smallest integer.
   *
   * @param size number of elements
   * @return the array, the same for all of them
   */
  public int[] allocateIntLocalArray(int size) {
    return local(
        size,
        int[].class,
        n -> {
          int[] array = new int[n];
          Arrays.fill(array, Integer.MIN_VALUE);
          return array;
        });
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or the
   * smallest integer.
   *
   * @param size number of elements
   * @return the array, the same for all of them
   */
  public byte[] allocateByteLocalArray(int size) {
    return local(
        size,
        byte[].class,
        n -> {
          byte[] array = new byte[n];
          Arrays.fill(array, Byte.MIN_VALUE);
          return array;
        });
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or the
   * smallest integer.
   *
   * @param size number of elements
   * @return the array, the same for all of them
   */
  public HalfFloat[] allocateHalfFloatLocalArray(int size) {
    return local(
        size,
        HalfFloat[].class,
        n -> {
          HalfFloat[] array = new HalfFloat[n];
          Arrays.fill(array, new HalfFloat(Float.NaN));
          return array;
        });
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or the
   * smallest integer.
   *
   * @param size number of elements
   * @return the array, the same for all of them
   */
  public long[] allocateLongLocalArray(int size) {
    return local(
        size,
        long[].class,
        n -> {
          long[] array = new long[n];
          Arrays.fill(array, Long.MIN_VALUE);
          return array;
        });
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or the
   * smallest integer.
   *
   * @param size number of elements
   * @return the array, the same for all of them
   */
  public float[] allocateFloatLocalArray(int size) {
    return local(
        size,
        float[].class,
        n -> {
          float[] array = new float[n];
          Arrays.fill(array, Float.NaN);
          return array;
        });
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or the
   * smallest integer.
   *
   * @param size number of elements
   * @return the array, the same for all of them
   */
  public double[] allocateDoubleLocalArray(int size) {
    return local(
        size,
        double[].class,
        n -> {
          double[] array = new double[n];
          Arrays.fill(array, Double.NaN);
          return array;
        });
  }

  /**
   * Adds to an element, together with other work-items.
   *
   * @param array the array
   * @param index index of the element
   * @param val what to add
   */
  public void atomicAdd(IntArray array, int index, int val) {
    INTS.getAndAdd(HeapAccess.ints(array), index, val);
  }

  /**
   * Adds to an element, together with other work-items.
   *
   * @param array a local array
   * @param index index of the element
   * @param val what to add
   */
  public void atomicAdd(int[] array, int index, int val) {
    INTS.getAndAdd(array, index, val);
  }

  /**
   * Adds to an element, together with other work-items.
   *
   * @param array the array
   * @param index index of the element
   * @param val what to add
   */
  public void atomicAdd(LongArray array, int index, long val) {
    LONGS.getAndAdd(HeapAccess.longs(array), index, val);
  }
}
