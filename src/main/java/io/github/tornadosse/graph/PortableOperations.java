package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import io.github.tornadosse.kernels.portable.GatedLinearAttentionGradient;
import io.github.tornadosse.kernels.portable.MixerOutput;
import io.github.tornadosse.kernels.portable.Sums;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The portable tier: the kernels of {@code kernels.portable}, which run on every device and on the
 * embedded runtime. Where an operation leaves out an array, its kernels receive another one in its
 * place and a number that says so. TornadoVM never finishes building a graph in which a task gets
 * an array again after a parameter that writes it: kernels take what they write last, and no
 * stand-in is an array that the task writes.
 */
public class PortableOperations extends PortableMixerInputs {
  private final DeltaRuleOperations deltaRule = new PortableDeltaRule();
  private final ConvolutionOperations convolutions = new PortableConvolutions();
  private final AttentionOperations attention = new PortableAttention();

  /** A tier without state of its own. */
  public PortableOperations() {}

  @Override
  public String tier() {
    return "portable";
  }

  @Override
  public ConvolutionOperations convolutions() {
    return convolutions;
  }

  @Override
  public DeltaRuleOperations deltaRule() {
    return deltaRule;
  }

  @Override
  public AttentionOperations attention() {
    return attention;
  }

  /** Sizes and scratch arrays of one gated linear attention. */
  private record Chunks(
      HeadSizes sizes,
      int parts,
      int rows,
      int segments,
      int count,
      IntArray table,
      FloatArray q,
      FloatArray k,
      FloatArray decay,
      FloatArray scores) {
    static Chunks of(Stage s, String id, Rows rows, HeadSizes sizes) {
      int parts = rows.partitions() + 1;
      int segments = items(s.sequences(), parts);
      int r = rowCount(s, rows);
      int count = GatedLinearAttention.maxChunks(r, segments);
      long size = (long) sizes.heads() * r * sizes.key();
      long scores = (long) sizes.heads() * r * GatedLinearAttention.CHUNK;
      Buffers b = s.buffers();
      return new Chunks(
          sizes,
          parts,
          r,
          segments,
          count,
          b.ints(id + ".chunks", 2L * count + segments),
          b.floats(id + ".q_rows", size),
          b.floats(id + ".k_rows", size),
          b.floats(id + ".decay", size),
          b.floats(id + ".scores", scores));
    }

    /** Work items of one head of one chunk each. */
    int heads() {
      return items(count, sizes.heads());
    }

    /** Work items of one row each. */
    int places() {
      return items(count, sizes.heads(), GatedLinearAttention.CHUNK);
    }

    int valueBlocks() {
      return fours(sizes.value());
    }
  }

  /** The tasks that forward and backward have in common. */
  private static Chunks chunks(
      Stage s, String id, FloatArray q, FloatArray k, FloatArray g, Rows rows, HeadSizes sizes) {
    Chunks c = Chunks.of(s, id, rows, sizes);
    s.graph()
        .task(
            id + ".chunks",
            GatedLinearAttention::chunkTable,
            s.control(),
            rows.segments(),
            c.table,
            c.parts,
            c.segments,
            c.count)
        .task(
            id + ".expand",
            GatedLinearAttention::expand,
            s.control(),
            q,
            k,
            g,
            rows.token(),
            rows.mode(),
            rows.weight(),
            c.q,
            c.k,
            c.decay,
            sizes.heads(),
            sizes.key(),
            s.tokens(),
            rows.width(),
            items(sizes.heads(), c.rows))
        .task(
            id + ".scores",
            GatedLinearAttention::scores,
            c.table,
            c.q,
            c.k,
            c.decay,
            c.scores,
            sizes.heads(),
            sizes.key(),
            c.rows,
            c.places());
    s.spread(id + ".scores", c.places());
    s.spread(id + ".expand", items(sizes.heads(), c.rows));
    return c;
  }

  private static void moveToBounds(Stage s, String id, Chunks c) {
    s.graph()
        .task(
            id,
            GatedLinearAttention::moveToBounds,
            c.table,
            c.q,
            c.k,
            c.decay,
            c.sizes.heads(),
            c.sizes.key(),
            c.rows,
            c.heads());
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
    Chunks c = chunks(s, id, q, k, g, rows, sizes);
    s.graph()
        .task(
            id + ".within",
            GatedLinearAttention::withinChunks,
            c.table,
            rows.token(),
            c.scores,
            v,
            out,
            sizes.heads(),
            sizes.value(),
            s.tokens(),
            c.rows,
            c.places());
    s.spread(id + ".within", c.places());
    moveToBounds(s, id + ".bounds", c);
    s.graph()
        .task(
            id + ".across",
            GatedLinearAttention::acrossChunks,
            s.control(),
            rows.segments(),
            rows.token(),
            c.q,
            c.k,
            c.decay,
            v,
            state.array(),
            state.at(),
            out,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            c.parts,
            s.tokens(),
            c.rows,
            c.valueBlocks(),
            4 * sizes.key(),
            items(c.segments, sizes.heads(), c.valueBlocks()));
    s.spread(id + ".across", items(c.segments, sizes.heads(), c.valueBlocks()));
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
    Chunks c = chunks(s, id, q, k, g, rows, sizes);
    Buffers b = s.buffers();
    long matrices = (long) c.count * sizes.heads() * sizes.key() * sizes.value();
    FloatArray dScores =
        b.floats(id + ".d_scores", (long) sizes.heads() * c.rows * GatedLinearAttention.CHUNK);
    FloatArray later = b.floats(id + ".later", (long) sizes.heads() * c.rows * sizes.key());
    FloatArray states = b.floats(id + ".states", matrices);
    FloatArray dStates = b.floats(id + ".d_states", matrices);
    s.graph()
        .task(
            id + ".d_scores",
            GatedLinearAttentionGradient::scores,
            c.table,
            rows.token(),
            v,
            dOut,
            dScores,
            sizes.heads(),
            sizes.value(),
            s.tokens(),
            c.rows,
            c.places())
        .task(
            id + ".within",
            GatedLinearAttentionGradient::withinChunks,
            c.table,
            c.q,
            c.k,
            c.decay,
            dScores,
            dRows,
            sizes.heads(),
            sizes.key(),
            c.rows,
            c.places())
        .task(
            id + ".later",
            GatedLinearAttentionGradient::laterDecays,
            c.table,
            c.decay,
            later,
            sizes.heads(),
            sizes.key(),
            c.rows,
            c.heads());
    s.spread(id + ".within", c.places());
    s.spread(id + ".d_scores", c.places());
    moveToBounds(s, id + ".bounds", c);
    int units = items(c.segments, sizes.heads(), sizes.key(), c.valueBlocks());
    s.graph()
        .task(
            id + ".states",
            GatedLinearAttentionGradient::states,
            s.control(),
            rows.segments(),
            c.table,
            rows.token(),
            c.k,
            c.decay,
            v,
            state.array(),
            state.at(),
            states,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            c.parts,
            s.tokens(),
            c.rows,
            c.valueBlocks(),
            c.count,
            units)
        .task(
            id + ".d_states",
            GatedLinearAttentionGradient::stateGradients,
            s.control(),
            rows.segments(),
            c.table,
            rows.token(),
            c.q,
            c.decay,
            dOut,
            dState.array(),
            dState.at(),
            dStates,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            c.parts,
            s.tokens(),
            c.rows,
            c.valueBlocks(),
            c.count,
            units)
        .task(
            id + ".across",
            GatedLinearAttentionGradient::acrossChunks,
            c.table,
            rows.token(),
            rows.mode(),
            c.q,
            c.k,
            c.decay,
            later,
            v,
            dOut,
            states,
            dStates,
            dRows,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            c.places())
        .task(
            id + ".values",
            GatedLinearAttentionGradient::values,
            c.table,
            rows.token(),
            rows.mode(),
            c.scores,
            c.k,
            dOut,
            dStates,
            dvRows,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            c.rows,
            c.places())
        .task(
            id + ".gates",
            GatedLinearAttentionGradient::gates,
            c.table,
            rows.mode(),
            c.decay,
            later,
            states,
            dStates,
            dRows,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            c.rows,
            c.heads());
    s.spread(id + ".values", c.places());
    s.spread(id + ".across", c.places());
    s.spread(id + ".d_states", units);
    s.spread(id + ".states", units);
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
    View gateOrW = gate == null ? w : gate;
    s.graph()
        .task(
            id,
            MixerOutput::forward,
            s.control(),
            out,
            rows.tokenRow(),
            gateOrW.array(),
            gateOrW.at(),
            w.array(),
            w.at(),
            o.array(),
            o.at(),
            y.array(),
            y.at(),
            sizes.heads(),
            sizes.value(),
            valueDim,
            eps,
            gate == null ? 0 : 1,
            s.tokens(),
            rows.width(),
            items(sizes.heads(), s.tokens()));
    s.spread(id, items(sizes.heads(), s.tokens()));
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
    int gated = gate == null ? 0 : 1;
    View gateOrW = gate == null ? w : gate;
    int units = items(sizes.heads(), s.tokens());
    int blocks = Sums.blocks(s.tokens());
    FloatArray rstd = s.buffers().floats(id + ".rstd", (long) units * (sizes.value() / valueDim));
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * valueDim);
    s.graph()
        .task(
            id + ".input",
            MixerOutput::gradient,
            s.control(),
            dy.array(),
            dy.at(),
            o.array(),
            o.at(),
            gateOrW.array(),
            gateOrW.at(),
            w.array(),
            w.at(),
            dO,
            rstd,
            sizes.heads(),
            sizes.value(),
            valueDim,
            eps,
            gated,
            s.tokens(),
            units)
        .task(
            id + ".partial",
            MixerOutput::weightGradient,
            s.control(),
            dy.array(),
            dy.at(),
            o.array(),
            o.at(),
            gateOrW.array(),
            gateOrW.at(),
            rstd,
            partial,
            sizes.heads(),
            sizes.value(),
            valueDim,
            gated,
            s.tokens(),
            blocks);
    s.spread(id + ".input", units);
    addBlocks(s, id + ".weight", partial, dw, valueDim);
    if (gate != null) {
      s.graph()
          .task(
              id + ".gate",
              MixerOutput::gateGradient,
              s.control(),
              dy.array(),
              dy.at(),
              o.array(),
              o.at(),
              gate.array(),
              gate.at(),
              w.array(),
              w.at(),
              rstd,
              dGate.array(),
              dGate.at(),
              sizes.heads(),
              sizes.value(),
              valueDim,
              s.tokens(),
              units);
    }
  }
}
