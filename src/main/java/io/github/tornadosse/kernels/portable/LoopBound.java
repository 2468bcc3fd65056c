package io.github.tornadosse.kernels.portable;

/**
 * What a kernel with one parallel loop combines the loop's bound with, {@code n & LoopBound.MASK}:
 * TornadoVM puts the size of a task's grid in the place of a parameter that is itself the bound,
 * and reads it on the device from memory that the tasks of a plan share and overwrite.
 */
final class LoopBound {
  /** Changes nothing of a bound. */
  static final int MASK = Integer.MAX_VALUE;

  private LoopBound() {}
}
