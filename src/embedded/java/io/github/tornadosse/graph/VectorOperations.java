package io.github.tornadosse.graph;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.vector.Gla;
import io.github.tornadosse.kernels.vector.MixerOutput;
import java.util.function.IntSupplier;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The vector tier: kernels on the JDK's Vector API over the embedded runtime's arrays, which share
 * out their own work. The stable sort of the expanded rows is the portable tier's. Where an
 * operation leaves out an array, its kernels receive another one in its place and a number that
 * says so.
 */
public final class VectorOperations extends VectorOperationsMixerInputs {
  /** Most tokens for which memory for outputs of all rows is given for speed. */
  private static final int TOKENS_APART = 1 << 16;

  private final ConvolutionOperations convolutions = new VectorOperationsConvolutions();
  private final AttentionOperations attention = new VectorOperationsAttention();
  private final int tokensApart;
  private final IntSupplier threads;

  /** The tier. */
  public VectorOperations() {
    this(TOKENS_APART, Workers::count);
  }

  /**
   * The tier with other bounds.
   *
   * @param tokensApart most tokens whose sparse rows have outputs of their own where no backward
   *     pass follows
   * @param threads fewest heads of gated linear attention that take the segments of a sequence
   *     together
   */
  VectorOperations(int tokensApart, IntSupplier threads) {
    this.tokensApart = tokensApart;
    this.threads = threads;
  }

  @Override
  public String tier() {
    return "vector";
  }

  @Override
  public ConvolutionOperations convolutions() {
    return convolutions;
  }

  @Override
  public DeltaRuleOperations deltaRule() {
    return new VectorOperationsDeltaRule();
  }

  @Override
  public AttentionOperations attention() {
    return attention;
  }

  @Override
  public void gla(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray out,
      HeadSizes sizes) {
    FloatArray states = s.followed() ? states(s, id, rows, sizes) : null;
    s.graph()
        .task(
            id,
            Gla::forward,
            s.control(),
            q,
            k,
            v,
            g,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.segments(),
            state.array(),
            out,
            states == null ? out : states,
            states == null ? 0 : 1,
            state.at(),
            rows.partitions(),
            sizes.heads(),
            s.tokens(),
            s.tokens() * (1 + rows.width()),
            sizes.key(),
            sizes.value());
  }

  /** States on the way that a forward pass keeps for the gradient; null if it keeps none. */
  private static FloatArray states(Stage s, String forward, Rows rows, HeadSizes sizes) {
    long rowCount = (long) s.tokens() * (1 + rows.width());
    long floats = sizes.heads() * Gla.kept(rowCount, sizes.key(), sizes.value());
    return floats == 0 ? null : s.buffers().floats(forward + ".states", floats);
  }

  @Override
  public void glaGradient(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray dOut,
      View dState,
      FloatArray dRows,
      FloatArray dvRows,
      HeadSizes sizes) {
    FloatArray states = s.forward() == null ? null : states(s, s.forward(), rows, sizes);
    s.graph()
        .task(
            id,
            Gla::gradient,
            s.control(),
            q,
            k,
            v,
            g,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.segments(),
            state.array(),
            dOut,
            dState.array(),
            dRows,
            dvRows,
            states == null ? dOut : states,
            states == null ? 0 : 1,
            state.at(),
            dState.at(),
            rows.partitions(),
            sizes.value());
  }

  @Override
  public void mixerOutput(
      Stage s,
      String id,
      FloatArray out,
      Rows rows,
      View gate,
      View w,
      View o,
      View y,
      HeadSizes sizes,
      int valueDim,
      float eps) {
    mixerOutput(s, id, out, rows, new Output(gate, w, o, y, valueDim, eps, rows.width()), sizes);
  }

  @Override
  public void mixerOutputAlone(
      Stage s, String id, FloatArray out, Rows rows, Output output, HeadSizes sizes) {
    mixerOutput(s, id, out, rows, output, sizes);
  }

  private static void mixerOutput(
      Stage s, String id, FloatArray out, Rows rows, Output to, HeadSizes sizes) {
    View gate = to.gate() == null ? to.y() : to.gate();
    View o = to.o() == null ? to.y() : to.o();
    s.graph()
        .task(
            id,
            MixerOutput::forward,
            s.control(),
            out,
            rows.tokenRow(),
            gate.array(),
            gate.at(),
            to.w().array(),
            to.w().at(),
            o.array(),
            to.o() == null ? -1 : o.at(),
            to.y().array(),
            to.y().at(),
            sizes.heads(),
            sizes.value(),
            to.valueDim(),
            to.eps(),
            to.gate() == null ? 0 : 1,
            s.tokens(),
            rows.width());
  }

  @Override
  public void glaOutput(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      Output output,
      HeadSizes sizes) {
    boolean together =
        rows.width() > 0
            && sizes.heads() >= threads.getAsInt()
            && Gla.together(rows.partitions(), sizes.key(), sizes.value());
    if (!together && apart(s, rows, output)) {
      super.glaOutput(s, id, q, k, v, g, rows, state, output, sizes);
    } else {
      FloatArray states = s.followed() ? states(s, id, rows, sizes) : null;
      VectorOperationsOutput.gla(s, id, q, k, v, g, rows, state, output, sizes, states, together);
    }
  }

  @Override
  public void deltaRuleOutput(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      Output output,
      DeltaRuleOperations.Sizes sizes) {
    if (apart(s, rows, output)) {
      super.deltaRuleOutput(s, id, q, k, v, gates, rows, gateValues, state, output, sizes);
    } else {
      VectorOperationsOutput.deltaRule(
          s, id, q, k, v, gates, rows, gateValues, state, output, sizes);
    }
  }

  /**
   * Whether rows' outputs have an array of their own: with sparse rows whose tokens' other rows
   * have long left the cache that is faster than to add them where their tokens' outputs are, but
   * takes memory that grows with the tokens.
   */
  private boolean apart(Stage s, Rows rows, Output output) {
    return output.o() != null || rows.width() > 0 && s.tokens() <= tokensApart;
  }

  @Override
  public void mixerOutputGradient(
      Stage s,
      String id,
      View dy,
      View o,
      View gate,
      View w,
      FloatArray dO,
      View dGate,
      View dw,
      HeadSizes sizes,
      int valueDim,
      float eps) {
    View gated = gate == null ? dy : gate;
    View dGated = dGate == null ? dy : dGate;
    s.graph()
        .task(
            id,
            MixerOutput::gradient,
            s.control(),
            dy.array(),
            dy.at(),
            o.array(),
            o.at(),
            gated.array(),
            gated.at(),
            w.array(),
            w.at(),
            dO,
            dGated.array(),
            dGated.at(),
            dw.array(),
            dw.at(),
            sizes.heads(),
            sizes.value(),
            valueDim,
            eps,
            gate == null ? 0 : 1,
            s.tokens());
  }
}
