package io.github.tornadosse.tensor;

import java.util.Arrays;

/**
 * Name and shape of a tensor.
 *
 * @param name the checkpoint's name of it
 * @param shape its sizes, outermost first
 */
public record TensorSpec(String name, int[] shape) {
  /** Number of elements. */
  public int size() {
    int n = 1;
    for (int d : shape) {
      n = Math.multiplyExact(n, d);
    }
    return n;
  }

  /** Name and sizes, such as {@code lm_head.weight [256, 128]}. */
  @Override
  public String toString() {
    return name + " " + Arrays.toString(shape);
  }
}
