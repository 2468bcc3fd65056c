package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.WorkGroup;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.function.IntFunction;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
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
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or an
   * integer below zero.
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
          Arrays.fill(array, HeapAccess.UNDEFINED_INT);
          return array;
        });
  }

  /**
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or an
   * integer below zero.
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
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or an
   * integer below zero.
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
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or an
   * integer below zero.
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
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or an
   * integer below zero.
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
   * An array that the work-items of a group share. What it holds at first is garbage: NaN or an
   * integer below zero.
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

  // ---------------------------------------------------------------- tensor cores

  /** Work-items whose fragments make up a tile. */
  private static final int WARP = 32;

  /** Terms of a product, and rows of its result; its columns are half as many. */
  private static final int TILE = 16;

  private int lane() {
    return localIdx % WARP;
  }

  /** The first row of the result that this work-item holds; the other is eight below. */
  private int row() {
    return lane() / 4;
  }

  /** The first column of the result that this work-item holds; the other is the next. */
  private int column() {
    return lane() % 4 * 2;
  }

  private static HalfFloat half(int[] tile, int index) {
    return new HalfFloat((short) (tile[index / 2] >> index % 2 * Short.SIZE));
  }

  /**
   * This work-item's part of a tile of sums, 16 rows by 8 columns, all equal at first. What is in a
   * fragment is for the methods here alone.
   *
   * @param v the value
   * @return the fragment
   */
  public float[] mmaFragment(float v) {
    return new float[] {v, v, v, v};
  }

  /**
   * This work-item's part of a left factor, 16 rows by 16 terms: int 8·row + term/2 holds the bits
   * of two neighbouring terms, the lower half the first.
   *
   * @param aTile local memory
   * @param wmmaK terms, 16
   * @param byteOffset where the factor begins in it
   * @return the fragment
   */
  public HalfFloat[] mmaLoadA(int[] aTile, int wmmaK, int byteOffset) {
    HalfFloat[] rows = new HalfFloat[2 * TILE];
    for (int term = 0; term < TILE; term++) {
      rows[term] = half(aTile, byteOffset / 2 + row() * TILE + term);
      rows[TILE + term] = half(aTile, byteOffset / 2 + (row() + TILE / 2) * TILE + term);
    }
    return rows;
  }

  /**
   * This work-item's part of a right factor, 16 terms by 8 columns: int 4·term + column/2 holds the
   * bits of two neighbouring columns, the lower half the first.
   *
   * @param bTile local memory
   * @param wmmaK terms, 16
   * @param byteOffset where the factor begins in it
   * @return the fragment
   */
  public HalfFloat[] mmaLoadB(int[] bTile, int wmmaK, int byteOffset) {
    HalfFloat[] columns = new HalfFloat[2 * TILE];
    for (int term = 0; term < TILE; term++) {
      int first = byteOffset / 2 + term * (TILE / 2) + column();
      columns[term] = half(bTile, first);
      columns[TILE + term] = half(bTile, first + 1);
    }
    return columns;
  }

  /**
   * A·B + C of bfloat16 factors, summed in float.
   *
   * @param fragA left factor
   * @param fragB right factor
   * @param fragC what is added
   * @param mmaShape M16N8K16
   * @return the sums
   */
  public float[] mmaBF16(HalfFloat[] fragA, HalfFloat[] fragB, float[] fragC, MMAShape mmaShape) {
    if (mmaShape != MMAShape.M16N8K16) {
      throw new TornadoRuntimeException("products of bfloat16 have the shape M16N8K16");
    }
    float[] sums = new float[4];
    for (int i = 0; i < sums.length; i++) {
      float sum = 0;
      for (int term = 0; term < TILE; term++) {
        sum +=
            BFloat16.bf16ToFloat(fragA[i / 2 * TILE + term].getHalfFloatValue())
                * BFloat16.bf16ToFloat(fragB[i % 2 * TILE + term].getHalfFloatValue());
      }
      sums[i] = fragC[i] + sum;
    }
    return sums;
  }

  /**
   * Stores a tile of sums; (row, column) goes to element (tileRow + row)·dimN + tileCol + column.
   *
   * @param fragD this work-item's part
   * @param c where to
   * @param tileRow first row
   * @param tileCol first column
   * @param dimN row stride
   */
  public void mmaStore(float[] fragD, FloatArray c, int tileRow, int tileCol, int dimN) {
    for (int i = 0; i < fragD.length; i++) {
      int row = tileRow + row() + i / 2 * (TILE / 2);
      c.set(row * dimN + tileCol + column() + i % 2, fragD[i]);
    }
  }
}
