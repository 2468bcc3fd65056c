package io.github.tornadosse.kernels.portable;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Rotary embedding (half-split) of head-major arrays, with an optional bias before it. */
public final class Rotary {
  private Rotary() {}

  /**
   * y = x + bias, its pairs (i, i + dim/2) turned by the token's angles, or turned back.
   *
   * @param control see {@link Control}
   * @param x [H, capacity, dim]; may be y
   * @param xAt base of x
   * @param bias [H·dim]; unread unless biased is 1
   * @param biasAt base of bias
   * @param positions [L]
   * @param angles cosines and sines in turn: rows of dim floats for the positions below low, then
   *     rows for the multiples of low
   * @param y output [H, capacity, dim]
   * @param yAt base of y
   * @param biased 1 to add the bias, else 0
   * @param sign 1 to turn, −1 to turn back
   * @param low number of low positions
   * @param heads H
   * @param dim size of a head, even
   * @param capacity largest number of tokens
   */
  public static void turn(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray bias,
      int biasAt,
      IntArray positions,
      FloatArray angles,
      FloatArray y,
      int yAt,
      int biased,
      int sign,
      int low,
      int heads,
      int dim,
      int capacity) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int half = dim / 2;
          int a = positions.get(t) % low * dim;
          int b = (low + positions.get(t) / low) * dim;
          int from = control.get(xAt) + (h * capacity + t) * dim;
          int to = control.get(yAt) + (h * capacity + t) * dim;
          for (int i = 0; i < half; i++) {
            float u = x.get(from + i);
            float w = x.get(from + half + i);
            if (biased == 1) {
              int bi = control.get(biasAt) + h * dim + i;
              u += bias.get(bi);
              w += bias.get(bi + half);
            }
            float cosLow = angles.get(a + 2 * i);
            float sinLow = angles.get(a + 2 * i + 1);
            float cosHigh = angles.get(b + 2 * i);
            float sinHigh = angles.get(b + 2 * i + 1);
            float cos = cosLow * cosHigh - sinLow * sinHigh;
            float sin = sign * (sinLow * cosHigh + cosLow * sinHigh);
            y.set(to + i, u * cos - w * sin);
            y.set(to + half + i, w * cos + u * sin);
          }
        }
      }
    }
  }

  /**
   * y = x + bias.
   *
   * @param control see {@link Control}
   * @param x [H, capacity, dim]; may be y
   * @param xAt base of x
   * @param bias [H·dim]; unread unless biased is 1
   * @param biasAt base of bias
   * @param y output [H, capacity, dim]
   * @param yAt base of y
   * @param biased 1 to add the bias, else 0
   * @param heads H
   * @param dim size of a head
   * @param capacity largest number of tokens
   */
  public static void addBias(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray bias,
      int biasAt,
      FloatArray y,
      int yAt,
      int biased,
      int heads,
      int dim,
      int capacity) {
    for (@Parallel int h = 0; h < heads; h++) {
      for (@Parallel int t = 0; t < capacity; t++) {
        if (t < control.get(Control.TOKENS)) {
          int from = control.get(xAt) + (h * capacity + t) * dim;
          int to = control.get(yAt) + (h * capacity + t) * dim;
          for (int i = 0; i < dim; i++) {
            float sum = x.get(from + i);
            if (biased == 1) {
              sum += bias.get(control.get(biasAt) + h * dim + i);
            }
            y.set(to + i, sum);
          }
        }
      }
    }
  }
}
