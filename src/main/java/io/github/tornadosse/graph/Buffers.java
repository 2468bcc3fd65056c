package io.github.tornadosse.graph;

import java.util.LinkedHashMap;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Makes the arrays of a program and counts their bytes. A measuring instance makes one-element
 * arrays only, so that the same code first says what it needs and then, with a real instance,
 * allocates it.
 */
public final class Buffers {
  private final boolean measuring;
  private final Map<String, Long> bytes = new LinkedHashMap<>();

  private Buffers(boolean measuring) {
    this.measuring = measuring;
  }

  /** Counts only. */
  public static Buffers measuring() {
    return new Buffers(true);
  }

  /** Counts and allocates. */
  public static Buffers allocating() {
    return new Buffers(false);
  }

  /**
   * A float array of n zeros.
   *
   * @throws IllegalArgumentException if n exceeds what one array can hold, naming the array
   */
  public FloatArray floats(String name, long n) {
    return new FloatArray(count(name, n));
  }

  /**
   * An int array of n zeros.
   *
   * @throws IllegalArgumentException if n exceeds what one array can hold, naming the array
   */
  public IntArray ints(String name, long n) {
    return new IntArray(count(name, n));
  }

  private int count(String name, long n) {
    if (n > Integer.MAX_VALUE - 16) {
      throw new IllegalArgumentException(
          "array '" + name + "' would need " + n + " elements; one array holds at most 2147483631");
    }
    bytes.merge(name, 4 * n, Long::sum);
    return measuring ? 1 : (int) Math.max(n, 1);
  }

  /** Bytes asked for so far. */
  public long totalBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Bytes by array name, in the order asked for. */
  public Map<String, Long> byName() {
    return Map.copyOf(bytes);
  }
}
