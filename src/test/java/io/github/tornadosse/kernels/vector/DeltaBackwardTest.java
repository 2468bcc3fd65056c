package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.kernels.Control;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class DeltaBackwardTest {
  private static final int KEY = 32;
  private static final int VALUE = 40;
  private static final int VALUE_HEADS = 2;
  private static final int TOKENS = 7 * 64 + 9;

  private final float[] dOut = gaussian(1, VALUE_HEADS * TOKENS * VALUE);
  private final float[] state = gaussian(2, VALUE_HEADS * KEY * VALUE);
  private final DeltaInputs inputs = inputs();

  private static float[] gaussian(int seed, int n) {
    Random random = new Random(seed);
    float[] x = new float[n];
    for (int i = 0; i < n; i++) x[i] = (float) random.nextGaussian();
    return x;
  }

  private static DeltaInputs inputs() {
    float[] gates = gaussian(3, 2 * VALUE_HEADS * TOKENS);
    for (int i = 0; i < gates.length; i++) {
      boolean decay = i < gates.length / 2;
      gates[i] = decay ? -0.1f * Math.abs(gates[i]) : (float) (1 / (1 + Math.exp(gates[i])));
    }
    int[] token = new int[TOKENS];
    int[] mode = new int[TOKENS];
    float[] weight = new float[2 * TOKENS];
    Arrays.setAll(token, t -> t);
    Arrays.fill(mode, 3);
    Arrays.fill(weight, 1);
    return new DeltaInputs(
        gaussian(4, TOKENS * KEY),
        gaussian(5, TOKENS * KEY),
        gaussian(6, VALUE_HEADS * TOKENS * VALUE),
        gates,
        token,
        mode,
        weight,
        false,
        1,
        1,
        VALUE_HEADS,
        TOKENS,
        TOKENS,
        KEY,
        VALUE);
  }

  /** All gradients, one behind the other, with memory for that many bytes of states and errors. */
  private float[] gradients(int keptBytes, boolean withState) {
    DeltaBackward scratch = new DeltaBackward(KEY, VALUE, VALUE_HEADS, keptBytes);
    return gradients(scratch, inputs, dOut, withState);
  }

  private float[] gradients(DeltaBackward scratch, DeltaInputs x, float[] dOut, boolean withState) {
    float[] rows = new float[2 * TOKENS * KEY];
    float[] values = new float[VALUE_HEADS * TOKENS * VALUE];
    float[] gates = new float[2 * VALUE_HEADS * TOKENS];
    float[] dState = gaussian(7, state.length);
    float[] weights = new float[2 * TOKENS];
    for (float[] y : new float[][] {rows, values, gates, weights}) Arrays.fill(y, Float.NaN);
    scratch.segment(
        x,
        new DeltaGradient.Gradients(
            dOut, withState ? state : null, dState, rows, values, gates, weights),
        0,
        0,
        TOKENS,
        0,
        0);
    float[] all = rows;
    for (float[] y : new float[][] {values, gates, weights, dState}) {
      int at = all.length;
      all = Arrays.copyOf(all, at + y.length);
      System.arraycopy(y, 0, all, at, y.length);
    }
    return all;
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 8})
  void stateGroupsDoNotChangeABit(int group) {
    int kp = MicroKernels.panels(KEY) * MicroKernels.NR;
    int vp = MicroKernels.panels(VALUE) * MicroKernels.NR;
    int bytes = 4 * VALUE_HEADS * (kp * vp + 64 * (vp + MicroKernels.L));
    for (boolean withState : new boolean[] {false, true}) {
      float[] whole = gradients(100 * bytes, withState);
      for (float x : whole) assertThat(x).isFinite();
      Close.same(gradients(group * bytes, withState), whole);
    }
  }

  /** A call whose numbers are none leaves none in the scratch memory. */
  @Test
  void notANumberStaysInItsCall() {
    DeltaInputs bad =
        new DeltaInputs(
            nan(inputs.q()),
            nan(inputs.k()),
            nan(inputs.v()),
            nan(inputs.gates()),
            inputs.token(),
            inputs.mode(),
            inputs.weight(),
            false,
            1,
            1,
            VALUE_HEADS,
            TOKENS,
            TOKENS,
            KEY,
            VALUE);
    DeltaBackward scratch = new DeltaBackward(KEY, VALUE, VALUE_HEADS);
    DeltaForward forward = new DeltaForward(KEY, VALUE, VALUE_HEADS);
    for (boolean withState : new boolean[] {false, true}) {
      float[] first = gradients(scratch, inputs, dOut, withState);
      float[] out = out(forward, inputs, withState);
      gradients(scratch, bad, nan(dOut), withState);
      out(forward, bad, withState);
      Close.same(gradients(scratch, inputs, dOut, withState), first);
      Close.same(out(forward, inputs, withState), out);
    }
  }

  private float[] out(DeltaForward scratch, DeltaInputs x, boolean withState) {
    float[] out = new float[VALUE_HEADS * TOKENS * VALUE];
    scratch.segment(
        x,
        0,
        0,
        TOKENS,
        withState ? state.clone() : null,
        0,
        new RowOutputs.Kept(out, TOKENS, VALUE));
    return out;
  }

  private static float[] nan(float[] like) {
    float[] x = new float[like.length];
    Arrays.fill(x, Float.NaN);
    return x;
  }

  @Test
  void sizesThatDoNotAgreeAreRefused() {
    FloatArray any = FloatArray.fromArray(dOut);
    IntArray tokens = IntArray.fromArray(inputs.token());
    FloatArray gates = new FloatArray(2 * VALUE_HEADS * TOKENS);
    assertThatThrownBy(
            () ->
                Delta.gradient(
                    new IntArray(Control.FIRST_BASE + 1),
                    any,
                    any,
                    any,
                    any,
                    tokens,
                    tokens,
                    any,
                    tokens,
                    any,
                    any,
                    any,
                    new FloatArray(2 * TOKENS * KEY + 1),
                    any,
                    gates,
                    any,
                    Control.FIRST_BASE,
                    Control.FIRST_BASE,
                    0,
                    KEY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("do not fit");
  }
}
