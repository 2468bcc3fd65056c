package io.github.tornadosse.eval.profile;

/**
 * Nominal work of a task.
 *
 * @param flop additions, multiplications, divisions, roots and exponentials, each as one
 * @param bytes read and written if every array is read or written once
 */
public record Work(double flop, double bytes) {
  /** Nothing. */
  static final Work NONE = new Work(0, 0);

  static Work of(double flop, double floats) {
    return new Work(flop, Float.BYTES * floats);
  }

  Work plus(Work other) {
    return new Work(flop + other.flop, bytes + other.bytes);
  }

  Work times(double factor) {
    return new Work(flop * factor, bytes * factor);
  }
}
