package io.github.tornadosse.graph;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Makes the arrays that plans transfer: with TornadoVM on pages of their own (see {@link
 * HostPages}), with the embedded runtime Java arrays, which nothing pins.
 */
public final class HostArrays {
  private static final HostPages PAGES = new HostPages();
  private static final MethodHandle FLOATS = wrapper(FloatArray.class);
  private static final MethodHandle INTS = wrapper(IntArray.class);
  private static final long HEADER = FLOATS == null ? 0 : header();

  private HostArrays() {}

  /**
   * A float array of n zeros.
   *
   * @param n number of elements
   * @return the array
   */
  public static FloatArray floats(int n) {
    return FLOATS == null ? new FloatArray(n) : (FloatArray) wrap(FLOATS, n);
  }

  /**
   * An int array of n zeros.
   *
   * @param n number of elements
   * @return the array
   */
  public static IntArray ints(int n) {
    return INTS == null ? new IntArray(n) : (IntArray) wrap(INTS, n);
  }

  private static Object wrap(MethodHandle wrapper, int n) {
    try {
      return wrapper.invoke(PAGES.take(HEADER + 4L * n, Arena.ofAuto()));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("cannot make an array of " + n + " elements", e);
    }
  }

  /** TornadoVM's method that makes an array of a segment; the embedded runtime has none. */
  private static MethodHandle wrapper(Class<?> array) {
    try {
      return MethodHandles.lookup()
          .findStatic(
              array, "fromSegmentShallow", MethodType.methodType(array, MemorySegment.class));
    } catch (NoSuchMethodException e) {
      return null;
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  private static long header() {
    try {
      return (long)
          MethodHandles.lookup()
              .findStaticGetter(TornadoNativeArray.class, "ARRAY_HEADER", long.class)
              .invoke();
    } catch (Throwable e) {
      throw new IllegalStateException("TornadoVM's arrays are not as those of 5.2.0", e);
    }
  }
}
