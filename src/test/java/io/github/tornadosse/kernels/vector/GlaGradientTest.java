package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.vector.GlaCase.Gate;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

class GlaGradientTest {
  private static void matches(GlaCase c) {
    compare(c.gradient());
    if (Gla.kept(c.rows(), c.key, c.value) > 0) sameAfterForward(c);
  }

  private static void sameAfterForward(GlaCase alone) {
    float[] rows = alone.rowGradients;
    float[] values = alone.valueGradients;
    float[] initial = alone.initialGradient;
    GlaCase after = alone.gradientAfterForward();
    Close.same(after.rowGradients, rows);
    Close.same(after.valueGradients, values);
    if (after.state != null) Close.same(after.initialGradient, initial);
  }

  private static void compare(GlaCase c) {
    GlaCase.Expected e = c.expected();
    double largest = Close.norm(e.valueGradients);
    for (int part = 0; part < 3; part++) {
      largest = Math.max(largest, Close.norm(GlaCase.part(e.rowGradients, part)));
    }
    String[] names = {"dq", "dk", "dg"};
    for (int part = 0; part < 3; part++) {
      gradient(
          GlaCase.part(c.rowGradients, part),
          GlaCase.part(e.rowGradients, part),
          largest,
          names[part]);
    }
    gradient(c.valueGradients, e.valueGradients, largest, "dv");
    if (c.state != null) gradient(c.initialGradient, e.initialGradient, largest, "dS");
  }

  private static void gradient(float[] a, double[] e, double largest, String what) {
    double norm = Close.norm(e);
    if (norm < 1e-6 * largest) norm = largest;
    Close.to(a, e, 1e-4, norm, what);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 17, 63, 64, 65, 100, 200})
  void anyLengthAndDecay(int length) {
    for (Gate gate : Gate.values()) {
      matches(new GlaCase(length, new int[] {0, length}, 2, 16, 32, 0, 0, gate, false));
      matches(new GlaCase(length, new int[] {0, length}, 1, 32, 16, 0, 0, gate, true));
    }
  }

  @ParameterizedTest
  @CsvSource({"16,16", "17,16", "16,17", "48,48", "17,33", "128,128", "5,3", "256,40", "64,256"})
  void anyHeadSize(int key, int value) {
    for (Gate gate : new Gate[] {Gate.MILD, Gate.MIXED}) {
      matches(new GlaCase(key, new int[] {0, 83}, 2, key, value, 0, 0, gate, true));
      matches(new GlaCase(value, new int[] {0, 2, 12}, 1, key, value, 3, 1, gate, true));
    }
  }

  @ParameterizedTest
  @EnumSource(Gate.class)
  void routedRowsOfPackedSequences(Gate gate) {
    int[] bounds = {0, 70, 71, 71, 300};
    matches(new GlaCase(1, bounds, 2, 24, 40, 4, 1, gate, false));
    matches(new GlaCase(2, bounds, 2, 24, 40, 3, 2, gate, true));
  }

  @Test
  void rowsThatTakeNoPartHaveZeroGradients() {
    GlaCase c = new GlaCase(7, new int[] {0, 150}, 1, 16, 16, 3, 2, Gate.MIXED, true).gradient();
    int part = c.rows() * 16;
    int idle = 0;
    for (int row = c.capacity; row < c.capacity + 300; row++) {
      for (int i = row * 16; i < (row + 1) * 16; i++) {
        if ((c.mode[row] & 2) == 0) {
          assertThat(c.rowGradients[i]).isZero();
          idle++;
        }
        if ((c.mode[row] & 1) == 0) {
          assertThat(c.rowGradients[part + i]).isZero();
          assertThat(c.rowGradients[2 * part + i]).isZero();
          assertThat(c.valueGradients[i]).isZero();
          idle++;
        }
      }
    }
    assertThat(idle).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 8})
  void stateGroupsDoNotChangeABit(int group) {
    int n = 7 * 64 + 9;
    for (boolean withState : new boolean[] {false, true}) {
      GlaCase c =
          new GlaCase(8, new int[] {0, n}, 1, 32, 32, 0, 0, Gate.MILD, withState).gradient();
      float[] rows = new float[c.rowGradients.length];
      float[] values = new float[c.valueGradients.length];
      Arrays.fill(rows, Float.NaN);
      Arrays.fill(values, Float.NaN);
      float[] stateGradient = withState ? c.stateGradient.clone() : null;
      GlaInputs x =
          new GlaInputs(
              c.q, c.k, c.v, c.g, c.token, c.mode, c.weight, 1, c.capacity, c.rows(), 32, 32);
      new GlaBackward(32, 32, new GlaStates(32, 32, group * 32 * 32 * 4))
          .segment(
              x,
              new GlaBackward.Gradients(c.outGradient, c.state, stateGradient, rows, values),
              0,
              Pieces.Piece.whole(0, n),
              0,
              0,
              null,
              0);
      Close.same(rows, c.rowGradients);
      Close.same(values, c.valueGradients);
      if (withState) Close.same(stateGradient, c.initialGradient);
    }
  }

  @ParameterizedTest
  @CsvSource({"17, 33", "64, 48"})
  void piecesOfSegmentsDoNotChangeABit(int key, int value) {
    int[] bounds = {0, 1500}; // partitions of about 1,000 rows, long enough for pieces
    for (Gate gate : new Gate[] {Gate.MILD, Gate.STRONG}) {
      for (boolean withState : new boolean[] {false, true}) {
        GlaCase c = new GlaCase(11, bounds, 2, key, value, 3, 2, gate, withState);
        try {
          Workers.setCount(1);
          GlaCase whole = c.gradient();
          for (int threads : new int[] {2, 3}) {
            Workers.setCount(threads);
            sameAfterForward(whole);
          }
        } finally {
          Workers.setCount(Runtime.getRuntime().availableProcessors());
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 48", "17, 5", "64, 64", "100, 33"})
  void statesThatTheForwardPassKeptDoNotChangeABit(int key, int value) {
    for (Gate gate : Gate.values()) {
      for (boolean withState : new boolean[] {false, true}) {
        int[] bounds = {0, 63, 64, 129, 330};
        GlaCase c = new GlaCase(9, bounds, 2, key, value, 3, 2, gate, withState);
        assertThat(Gla.kept(c.rows(), key, value)).isPositive();
        try {
          for (int threads : new int[] {1, 3}) {
            Workers.setCount(threads);
            sameAfterForward(c.gradient());
          }
        } finally {
          Workers.setCount(Runtime.getRuntime().availableProcessors());
        }
      }
    }
  }

  @Test
  void goesOnFromTheStatesThatTheForwardPassKept() {
    GlaCase c = new GlaCase(9, new int[] {0, 65}, 1, 16, 16, 0, 0, Gate.MILD, false).gradient();
    int last = 64 * 16;
    float[] rows = c.rowGradients;
    float[] ofOthers = c.gradient(new FloatArray((int) Gla.kept(65, 16, 16)), 1).rowGradients;
    for (int i = last; i < last + 16; i++) {
      assertThat(ofOthers[i]).isNotEqualTo(rows[i]);
    }
  }

  @Test
  void keepsNoStatesThatTakeMoreThanTheGradientsOfRows() {
    assertThat(Gla.kept(6_400, 128, 128)).isEqualTo(100L * 128 * 128);
    assertThat(Gla.kept(6_400, 128, 192)).isEqualTo(100L * 128 * 192);
    assertThat(Gla.kept(6_400, 128, 224)).isZero();
    assertThat(Gla.kept(6_400, 1, 256)).isZero();
    assertThat(Gla.kept(63, 128, 128)).isZero();
  }

  @ParameterizedTest
  @EnumSource(Gate.class)
  void packedSequencesAreTheSequencesOneByOne(Gate gate) {
    int[] bounds = {0, 65, 68, 190};
    GlaCase packed = new GlaCase(4, bounds, 2, 16, 32, 2, 1, gate, true).gradient();
    int perSequence = 2 * 3;
    float[] rows = new float[packed.rowGradients.length];
    Arrays.fill(rows, Float.NaN);
    for (int s = 0; s < 3; s++) {
      GlaCase one = new GlaCase(4, bounds, 2, 16, 32, 2, 1, gate, true);
      for (int i = 0; i < one.segments.length; i += 2) {
        if (i / perSequence != s) one.segments[i] = one.segments[i + 1];
      }
      one.gradient();
      for (int i = 0; i < rows.length; i++) {
        if (!Float.isNaN(one.rowGradients[i])) rows[i] = one.rowGradients[i];
      }
    }
    Close.same(rows, packed.rowGradients);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 7})
  void threadsDoNotChangeABit(int threads) {
    int[] bounds = {0, 150, 151, 280};
    try {
      Workers.setCount(1);
      GlaCase one = new GlaCase(5, bounds, 2, 32, 48, 4, 2, Gate.MIXED, true).gradient();
      Workers.setCount(threads);
      GlaCase many = new GlaCase(5, bounds, 2, 32, 48, 4, 2, Gate.MIXED, true).gradient();
      Close.same(many.rowGradients, one.rowGradients);
      Close.same(many.valueGradients, one.valueGradients);
      Close.same(many.initialGradient, one.initialGradient);
    } finally {
      Workers.setCount(Runtime.getRuntime().availableProcessors());
    }
  }

  @Test
  void sizesThatDoNotAgreeAreRefused() {
    GlaCase c = new GlaCase(9, new int[] {0, 5}, 1, 16, 16, 0, 0, Gate.MILD, false);
    GlaCase wrong =
        new GlaCase(1, 5, 16, 16, c.q, c.k, c.v, c.g, null, c.outGradient, null) {
          @Override
          int gradientElements() {
            return super.gradientElements() + 1;
          }
        };
    assertThatThrownBy(wrong::gradient)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("do not fit");
  }
}
