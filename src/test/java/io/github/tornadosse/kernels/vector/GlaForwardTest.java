package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.vector.GlaCase.Gate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GlaForwardTest {
  private static void matches(GlaCase c) {
    c.forward();
    GlaCase.Expected e = c.expected();
    Close.to(c.out, e.out, 1e-5, "out");
    if (c.state != null) Close.to(c.finalState, e.finalState, 1e-5, "final state");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 17, 63, 64, 65, 100, 200})
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

  @ParameterizedTest
  @EnumSource(Gate.class)
  void aSequenceInTwoPartsIsTheSequence(Gate gate) {
    int n = 70;
    GlaCase whole = new GlaCase(3, new int[] {0, n}, 1, 20, 24, 0, 0, gate, true).forward();
    for (int cut = 1; cut < n; cut++) {
      GlaCase parts = new GlaCase(3, new int[] {0, n}, 1, 20, 24, 0, 0, gate, true);
      parts.segments[1] = cut;
      parts.forward();
      float[] first = parts.out;
      parts.state = parts.finalState;
      parts.segments[0] = cut;
      parts.segments[1] = n;
      parts.forward();
      float[] out = parts.out.clone();
      System.arraycopy(first, 0, out, 0, cut * 24);
      Close.to(out, Close.doubles(whole.out), 1e-5, "out of parts cut at " + cut);
      Close.to(parts.finalState, Close.doubles(whole.finalState), 1e-5, "state cut at " + cut);
    }
  }

  @ParameterizedTest
  @EnumSource(Gate.class)
  void packedSequencesAreTheSequencesOneByOne(Gate gate) {
    int[] bounds = {0, 65, 68, 190};
    GlaCase packed = new GlaCase(4, bounds, 2, 16, 32, 2, 1, gate, true).forward();
    int perSequence = 2 * 3;
    float[] out = new float[packed.out.length];
    Arrays.fill(out, Float.NaN);
    for (int s = 0; s < 3; s++) {
      GlaCase one = new GlaCase(4, bounds, 2, 16, 32, 2, 1, gate, true);
      for (int i = 0; i < one.segments.length; i += 2) {
        if (i / perSequence != s) one.segments[i] = one.segments[i + 1];
      }
      one.forward();
      for (int i = 0; i < out.length; i++) if (!Float.isNaN(one.out[i])) out[i] = one.out[i];
    }
    Close.same(out, packed.out);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 7})
  void threadsDoNotChangeABit(int threads) {
    int[] bounds = {0, 150, 151, 280};
    try {
      Workers.setCount(1);
      GlaCase one = new GlaCase(5, bounds, 2, 32, 48, 4, 2, Gate.MIXED, true).forward();
      Workers.setCount(threads);
      GlaCase many = new GlaCase(5, bounds, 2, 32, 48, 4, 2, Gate.MIXED, true).forward();
      Close.same(many.out, one.out);
      Close.same(many.finalState, one.finalState);
    } finally {
      Workers.setCount(Runtime.getRuntime().availableProcessors());
    }
  }

  /** Sequences of a few tokens beside a long one, and one alone, which is cut into pieces. */
  @ParameterizedTest
  @CsvSource({"4,1,true", "4,1,false", "3,2,true", "9,1,false"})
  void segmentsOfASequenceTogetherDoNotChangeABit(int partitions, int width, boolean withState) {
    same(new int[] {0, 3, 4, 4, 155, 700}, partitions, width, withState);
    same(new int[] {0, 1300}, partitions, width, withState);
  }

  private static void same(int[] bounds, int partitions, int width, boolean withState) {
    try {
      List<float[]> one = null;
      for (int threads : new int[] {1, 2, 3}) {
        Workers.setCount(threads);
        for (boolean together : new boolean[] {false, true}) {
          GlaCase c = new GlaCase(6, bounds, 4, 32, 48, partitions, width, Gate.MIXED, withState);
          List<float[]> all = c.output(together);
          if (one == null) one = all;
          for (int i = 0; i < all.size(); i++) Close.same(all.get(i), one.get(i));
        }
      }
    } finally {
      Workers.setCount(Runtime.getRuntime().availableProcessors());
    }
  }

  /** A sequence in pieces of so many tokens: outputs and states. */
  private static List<float[]> inPieces(GlaCase c, int tokens) {
    int end = c.bounds[1];
    int each = c.partitions + 1;
    float[] states = c.state == null ? null : c.state.clone();
    float[] out = new float[c.heads * c.rows() * c.value];
    Arrays.fill(out, Float.NaN);
    GlaInputs x =
        new GlaInputs(
            c.q,
            c.k,
            c.v,
            c.g,
            c.token,
            c.mode,
            c.weight,
            c.heads,
            c.capacity,
            c.rows(),
            c.key,
            c.value);
    GlaSegments of = GlaSegments.of(x, c.segments, each, states, 0, null);
    GlaForward forward = new GlaForward(c.key, c.value);
    float[] handed = new float[each * GlaForward.stateSize(c.key, c.value)];
    for (int head = 0; head < c.heads; head++) {
      for (int from = 0; from < end; from += tokens) {
        Pieces.Piece piece = new Pieces.Piece(0, end, from, Math.min(end, from + tokens), handed);
        forward.sequence(x, head, of, 0, each, piece, new RowOutputs.Kept(out, c.rows(), c.value));
      }
    }
    return states == null ? List.of(out) : List.of(out, states);
  }

  @ParameterizedTest
  @CsvSource({"4,1,true", "3,2,false", "1,1,true"})
  void aSequenceInPiecesOfAnyTokensIsTheSequence(int partitions, int width, boolean withState) {
    int[] bounds = {0, 200};
    GlaCase c = new GlaCase(7, bounds, 2, 24, 40, partitions, width, Gate.MIXED, withState);
    List<float[]> whole = inPieces(c, bounds[1]);
    Close.same(whole.get(0), c.forward().out);
    for (int tokens : new int[] {1, 2, 31, 32, 33, 64, 199}) {
      List<float[]> pieces = inPieces(c, tokens);
      for (int i = 0; i < whole.size(); i++) Close.same(pieces.get(i), whole.get(i));
    }
  }
}
