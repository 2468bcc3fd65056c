package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.gpu.GlaGradients;
import io.github.tornadosse.kernels.gpu.GlaScores;
import io.github.tornadosse.kernels.gpu.GlaStateGradients;
import io.github.tornadosse.kernels.gpu.GlaStates;
import io.github.tornadosse.kernels.gpu.GlaValues;
import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gated linear attention of the GPU tier, in three phases: what every chunk adds to the state, the
 * states at all bounds by a running sum over the chunks of a segment, and the rows of all chunks.
 *
 * <p>Scratch arrays: {@code chunks}, see {@link GlaStates#chunks}; {@code decay} [chunks, H, K],
 * the decay over each chunk; {@code states} [chunks, H, K, V], before each chunk; {@code scores}
 * [H, R, 64]; of the gradient also {@code d_states} (after each chunk) and {@code d_scores} like
 * them, and {@code through} [chunks, H, K].
 */
final class GpuLinearAttention {
  private final Stage s;
  private final String id;
  private final Rows rows;
  private final HeadSizes sizes;
  private final int rowCount;
  private final int parts;
  private final int segments;
  private final int chunks;
  private final IntArray table;
  private final FloatArray decay;
  private final FloatArray states;
  private final FloatArray scores;

  private GpuLinearAttention(Stage s, String id, String forward, Rows rows, HeadSizes sizes) {
    this.s = s;
    this.id = id;
    this.rows = rows;
    this.sizes = sizes;
    rowCount = Math.multiplyExact(s.tokens(), 1 + rows.width());
    parts = rows.partitions() + 1;
    segments = Math.multiplyExact(s.sequences(), parts);
    chunks = GatedLinearAttention.maxChunks(rowCount, segments);
    Buffers b = s.buffers();
    table = b.ints(forward + ".chunks", 2L * chunks + segments + 1);
    decay = b.floats(forward + ".decay", units() * sizes.key());
    states = b.floats(forward + ".states", units() * sizes.key() * sizes.value());
    scores = b.floats(forward + ".scores", (long) sizes.heads() * rowCount * GlaStates.CHUNK);
  }

  /** See {@link Operations#gla}. */
  static void forward(
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
    GpuLinearAttention a = new GpuLinearAttention(s, id, id, rows, sizes);
    a.prepare(q, k, v, g, state, 1);
    a.rows(id + ".rows", q, g, a.states, v, out, 1);
  }

  /** See {@link Operations#glaGradient}. */
  static void gradient(
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
    boolean alone = s.forward() == null;
    GpuLinearAttention a = new GpuLinearAttention(s, id, alone ? id : s.forward(), rows, sizes);
    if (alone) {
      a.prepare(q, k, v, g, state, 0);
    }
    FloatArray dStates = a.stateGradients(q, g, dOut, dState);
    a.rows(id + ".values", k, g, dStates, dOut, dvRows, 0);
    a.rowGradients(q, k, v, g, dOut, dStates, dRows);
  }

  private long units() {
    return (long) chunks * sizes.heads();
  }

  private static int tiles(int size) {
    return (size + 63) / 64;
  }

  /** What both passes need. */
  private void prepare(
      FloatArray q, FloatArray k, FloatArray v, FloatArray g, View state, int keep) {
    chunks();
    scores(q, k, g);
    states(k, v, g, state, keep);
  }

  private void chunks() {
    String task = id + ".chunks";
    s.graph()
        .task(
            task,
            GlaStates::chunks,
            new KernelContext(),
            s.control(),
            rows.segments(),
            table,
            parts,
            segments,
            chunks);
    int items = Math.max(chunks, segments + 1);
    s.grid(task, (items + GlaStates.ITEMS - 1L) / GlaStates.ITEMS, GlaStates.ITEMS);
  }

  private void scores(FloatArray q, FloatArray k, FloatArray g) {
    String task = id + ".scores";
    s.graph()
        .task(
            task,
            GlaScores::scores,
            new KernelContext(),
            table,
            rows.token(),
            rows.mode(),
            rows.weight(),
            q,
            k,
            g,
            scores,
            sizes.heads(),
            sizes.key(),
            s.tokens(),
            rowCount);
    s.grid(task, units(), GlaScores.PAIRS);
  }

  private void states(FloatArray k, FloatArray v, FloatArray g, View state, int keep) {
    contributions(id + ".add", k, g, v, decay, states, 0);
    String task = id + ".carry";
    s.graph()
        .task(
            task,
            GlaStates::carry,
            new KernelContext(),
            s.control(),
            table,
            decay,
            state.array(),
            state.at(),
            states,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            chunks,
            keep);
    carryGrid(task);
  }

  private FloatArray stateGradients(FloatArray q, FloatArray g, FloatArray dOut, View dState) {
    long size = units() * sizes.key() * sizes.value();
    FloatArray dStates = s.buffers().floats(id + ".d_states", size);
    contributions(id + ".d_add", q, g, dOut, decay, dStates, 1);
    String task = id + ".carry_back";
    s.graph()
        .task(
            task,
            GlaStates::carryBack,
            new KernelContext(),
            s.control(),
            table,
            decay,
            dState.array(),
            dState.at(),
            dStates,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            chunks);
    carryGrid(task);
    return dStates;
  }

  private void carryGrid(String task) {
    long groups = (long) segments * sizes.heads();
    long elements = (long) sizes.key() * sizes.value();
    int tiles = Math.toIntExact((elements + GlaStates.ITEMS - 1) / GlaStates.ITEMS);
    s.grid(task, groups, tiles, GlaStates.ITEMS);
  }

  private void contributions(
      String task,
      FloatArray x,
      FloatArray g,
      FloatArray y,
      FloatArray decay,
      FloatArray states,
      int queries) {
    s.graph()
        .task(
            task,
            GlaStates::contributions,
            new KernelContext(),
            table,
            rows.token(),
            rows.mode(),
            rows.weight(),
            x,
            g,
            y,
            decay,
            states,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            rowCount,
            queries);
    s.grid(task, units() * tiles(sizes.key()) * tiles(sizes.value()), GlaStates.ITEMS);
  }

  private void rows(
      String task,
      FloatArray x,
      FloatArray g,
      FloatArray states,
      FloatArray y,
      FloatArray out,
      int queries) {
    s.graph()
        .task(
            task,
            GlaValues::rows,
            new KernelContext(),
            table,
            rows.token(),
            rows.mode(),
            rows.weight(),
            x,
            g,
            states,
            scores,
            y,
            out,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            rowCount,
            queries);
    s.grid(task, units() * tiles(sizes.value()), GlaValues.ITEMS);
  }

  private void rowGradients(
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      FloatArray dOut,
      FloatArray dStates,
      FloatArray dRows) {
    Buffers b = s.buffers();
    FloatArray dScores =
        b.floats(id + ".d_scores", (long) sizes.heads() * rowCount * GlaStates.CHUNK);
    FloatArray through = b.floats(id + ".through", units() * sizes.key());
    String ofScores = id + ".d_scores";
    s.graph()
        .task(
            ofScores,
            GlaScores::gradients,
            new KernelContext(),
            table,
            rows.token(),
            v,
            dOut,
            dScores,
            sizes.heads(),
            sizes.value(),
            s.tokens(),
            rowCount);
    s.grid(ofScores, units(), GlaScores.ITEMS);
    String ofStates = id + ".through";
    s.graph()
        .task(
            ofStates,
            GlaStateGradients::through,
            new KernelContext(),
            table,
            rows.token(),
            v,
            dOut,
            decay,
            states,
            dStates,
            through,
            dRows,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            rowCount);
    s.grid(ofStates, units() * tiles(sizes.key()), GlaStateGradients.ITEMS);
    String within = id + ".within";
    int keyTiles = (sizes.key() + GlaGradients.CHANNELS - 1) / GlaGradients.CHANNELS;
    s.graph()
        .task(
            within,
            GlaGradients::withinChunks,
            new KernelContext(),
            table,
            rows.token(),
            rows.mode(),
            rows.weight(),
            q,
            k,
            g,
            dScores,
            through,
            dRows,
            sizes.heads(),
            sizes.key(),
            s.tokens(),
            rowCount);
    s.grid(within, units() * keyTiles, GlaGradients.ITEMS);
  }
}
