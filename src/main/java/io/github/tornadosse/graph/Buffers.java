package io.github.tornadosse.graph;

import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Makes the arrays of a program by name and counts their bytes; asking again for a name gives the
 * same array. A measuring instance makes one-element arrays only, so that the same code first says
 * what it needs and then, with a real instance, allocates it.
 */
public final class Buffers {
  private final boolean measuring;
  private final String prefix;
  private final Buffers shared;
  private final Map<String, Long> bytes;
  private final Map<String, Object> arrays;

  private Buffers(boolean measuring) {
    this.measuring = measuring;
    prefix = "";
    shared = this;
    bytes = new LinkedHashMap<>();
    arrays = new LinkedHashMap<>();
  }

  private Buffers(Buffers shared, String prefix) {
    measuring = shared.measuring;
    this.prefix = prefix;
    this.shared = shared;
    bytes = shared.bytes;
    arrays = shared.arrays;
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
   * Makes arrays of the same program under names of their own.
   *
   * @param prefix what its names begin with
   * @return a part of these
   */
  public Buffers within(String prefix) {
    return new Buffers(shared, this.prefix + prefix);
  }

  /** For arrays that all parts have in common: the instance that they are within. */
  public Buffers shared() {
    return shared;
  }

  /**
   * A float array of n zeros.
   *
   * @param name its name in messages and in {@link #byName()}
   * @param n number of elements
   * @return the array; the same one for the same name
   * @throws UserError if n exceeds what one array can hold, naming the array
   */
  public FloatArray floats(String name, long n) {
    int size = count(name, n);
    return (FloatArray) arrays.computeIfAbsent(prefix + name, k -> HostArrays.floats(size));
  }

  /**
   * An int array of n zeros.
   *
   * @param name its name in messages and in {@link #byName()}
   * @param n number of elements
   * @return the array; the same one for the same name
   * @throws UserError if n exceeds what one array can hold, naming the array
   */
  public IntArray ints(String name, long n) {
    int size = count(name, n);
    return (IntArray) arrays.computeIfAbsent(prefix + name, k -> HostArrays.ints(size));
  }

  /**
   * Takes in an array that stands elsewhere, such as weights that several programs share. Its bytes
   * are not counted.
   *
   * @param name a name that no other array has
   * @param array the array
   */
  public void adopt(String name, FloatArray array) {
    if (arrays.putIfAbsent(prefix + name, array) != null) {
      throw new IllegalStateException("array '" + name + "' comes twice");
    }
  }

  /** Whether arrays have one element whatever their size. */
  public boolean measures() {
    return measuring;
  }

  private int count(String name, long n) {
    if (n > Integer.MAX_VALUE - 16) {
      throw new UserError(
          "array '"
              + prefix
              + name
              + "' would need "
              + n
              + " elements, and one array holds at most 2147483631; take fewer tokens a batch or a"
              + " smaller model");
    }
    Long before = bytes.putIfAbsent(prefix + name, 4 * n);
    if (before != null && before != 4 * n) {
      throw new IllegalStateException(
          "array '" + name + "' has " + before / 4 + " elements, not " + n);
    }
    return measuring ? 1 : (int) Math.max(n, 1);
  }

  /** Bytes asked for so far. */
  public long totalBytes() {
    return bytes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Bytes by array name, in the order asked for. */
  public Map<String, Long> byName() {
    return new LinkedHashMap<>(bytes);
  }

  /** All arrays, in the order asked for. */
  public List<Object> arrays() {
    return new ArrayList<>(arrays.values());
  }
}
