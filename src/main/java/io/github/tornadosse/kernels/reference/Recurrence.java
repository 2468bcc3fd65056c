package io.github.tornadosse.kernels.reference;

/**
 * A linear recurrence over the tokens of one head of one sequence, with a state S [K, V]: {@code
 * o_t = K^(-1/2)·q_t·S_t}, where S_t follows from S_{t−1}, k_t, v_t, the decay g_t and, for the
 * delta rule, beta_t.
 */
public interface Recurrence {
  /**
   * What goes in, or the gradients of it.
   *
   * @param q queries, [T, K]
   * @param k keys, [T, K]
   * @param v values, [T, V]
   * @param g logarithms of the decay, [T, K] (gated linear attention) or [T] (gated delta rule)
   * @param beta [T]; empty for gated linear attention
   * @param state initial state, [K, V]
   */
  record Inputs(double[] q, double[] k, double[] v, double[] g, double[] beta, double[] state) {}

  /**
   * What comes out, or the gradients of it.
   *
   * @param o outputs, [T, V]
   * @param state final state, [K, V]
   */
  record Outputs(double[] o, double[] state) {}

  /**
   * Runs the recurrence.
   *
   * @param in see there
   * @param key K
   * @param value V
   * @return outputs and final state
   */
  Outputs forward(Inputs in, int key, int value);

  /**
   * Its gradients.
   *
   * @param in what {@link #forward} was given
   * @param gradient of the outputs and the final state
   * @param key K
   * @param value V
   * @return the gradients of all inputs
   */
  Inputs backward(Inputs in, Outputs gradient, int key, int value);
}
