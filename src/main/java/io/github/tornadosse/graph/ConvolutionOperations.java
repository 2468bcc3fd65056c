package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Depthwise causal convolutions of head-major arrays (docs/mathematics.md section 1). Channel h·K +
 * c is column c of head h. The rules of {@link Operations} hold.
 */
public interface ConvolutionOperations {
  /**
   * The shapes.
   *
   * @param heads H
   * @param dim K
   * @param width taps; the last one is the token itself
   */
  record Sizes(int heads, int dim, int width) {}

  /**
   * y[h, t, c] = Σ_j w[h·K + c, j]·x[h, t − width + 1 + j, c] within each sequence; x, y [H,
   * capacity, K], w [H·K, width], cu [S + 1]. Tokens before a sequence's first count as zeros; if
   * control[USE_STATE] is 1 they come from state [S, width − 1, H, K] (oldest first), which is left
   * with the sequence's last width − 1 tokens (those of an empty sequence stay). Else state is not
   * touched.
   */
  void forward(Stage s, String id, View x, View w, IntArray cu, View state, View y, Sizes sizes);

  /**
   * Gradients of {@link #forward} from zeros before each sequence: dx [H, capacity, K] += the
   * input's, dw [H·K, width] += the weight's; dy [H, capacity, K]. control[USE_STATE] is ignored.
   */
  void gradient(
      Stage s, String id, View x, View w, IntArray cu, View dy, View dx, View dw, Sizes sizes);
}
