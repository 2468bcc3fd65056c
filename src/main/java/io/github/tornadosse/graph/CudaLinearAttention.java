package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Output;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.cuda.ChunkAdditions;
import io.github.tornadosse.kernels.cuda.ChunkOperands;
import io.github.tornadosse.kernels.cuda.ChunkProducts;
import io.github.tornadosse.kernels.cuda.ChunkScans;
import io.github.tornadosse.kernels.cuda.StateGradients;
import io.github.tornadosse.kernels.cuda.TokenOutput;
import io.github.tornadosse.kernels.gpu.GlaGradients;
import io.github.tornadosse.kernels.gpu.GlaStates;
import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Gated linear attention whose products are tensor cores'. Scratch arrays are described at the
 * kernels.
 */
final class CudaLinearAttention {
  /** Groups that keep all multiprocessors busy. */
  private static final int BUSY = 256;

  private final Stage s;
  private final String id;
  private final Rows rows;
  private final HeadSizes sizes;
  private final int rowCount;
  private final int parts;
  private final int segments;
  private final int chunks;
  private final int blocks;
  private final int room;
  private final IntArray table;
  private final IntArray place;
  private final FloatArray factor;
  private final IntArray slot;
  private final IntArray queries;
  private final IntArray keys;
  private final IntArray prior;
  private final FloatArray decay;
  private final FloatArray scores;
  private final FloatArray added;

  private CudaLinearAttention(
      Stage s, String id, String forward, Rows rows, HeadSizes sizes, int room) {
    this.s = s;
    this.id = id;
    this.rows = rows;
    this.sizes = sizes;
    this.room = room;
    rowCount = Math.multiplyExact(s.tokens(), 1 + rows.width());
    parts = rows.partitions() + 1;
    segments = Math.multiplyExact(s.sequences(), parts);
    chunks = GatedLinearAttention.maxChunks(rowCount, segments);
    blocks = (sizes.value() + ChunkProducts.COLUMNS - 1) / ChunkProducts.COLUMNS;
    long factors = units() * ChunkOperands.CHUNK * sizes.key() / 2;
    Buffers b = s.buffers();
    table = b.ints(forward + ".chunks", 2L * chunks + segments + 1);
    place = b.ints(forward + ".place", (long) chunks * ChunkOperands.CHUNK);
    factor = b.floats(forward + ".factor", 3L * chunks * ChunkOperands.CHUNK);
    slot = b.ints(forward + ".slot", rowCount);
    queries = b.ints(forward + ".queries", factors);
    keys = b.ints(forward + ".keys", factors);
    prior = b.ints(forward + ".prior", units() * sizes.key() * sizes.value() / 2);
    decay = b.floats(forward + ".decay", units() * sizes.key());
    scores = b.floats(forward + ".scores", units() * ChunkOperands.CHUNK * ChunkOperands.CHUNK);
    added = b.floats(id + ".added", units() * room);
  }

  /** Whether the kernels take heads of those sizes. */
  static boolean takes(HeadSizes sizes) {
    return sizes.key() <= ChunkOperands.MOST_KEYS
        && sizes.key() % 16 == 0
        && sizes.value() % 16 == 0;
  }

  /** Whether {@link #output} takes them. */
  static boolean takes(HeadSizes sizes, Output output) {
    return takes(sizes) && output.valueDim() <= TokenOutput.MOST_VALUES;
  }

  /** As {@link Operations#gla}. */
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
    CudaLinearAttention a = new CudaLinearAttention(s, id, id, rows, sizes, forwardRoom(sizes));
    a.prepare(q, k, v, g, state, 1);
    a.rows("outputs", a.queries, a.prior, v, out, 0, 0);
  }

  /** As {@link Operations#glaOutput}. */
  static void output(
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
    CudaLinearAttention a = new CudaLinearAttention(s, id, id, rows, sizes, forwardRoom(sizes));
    a.prepare(q, k, v, g, state, 1);
    long size = a.units() * ChunkOperands.CHUNK * sizes.value();
    FloatArray out = s.buffers().floats(id + ".rows", size);
    a.rows("outputs", a.queries, a.prior, v, out, 0, 1);
    a.tokens(out, output);
  }

  /** Floats between the chunks of what they add to the states. */
  private static int forwardRoom(HeadSizes sizes) {
    return Math.max(ChunkOperands.CHUNK, sizes.key()) * sizes.value();
  }

  /** As {@link Operations#glaGradient}. */
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
    int chunk = ChunkOperands.CHUNK;
    int room =
        Math.max(Math.max(chunk, sizes.key()) * sizes.value(), chunk * (chunk + sizes.key()));
    boolean alone = s.forward() == null;
    CudaLinearAttention a =
        new CudaLinearAttention(s, id, alone ? id : s.forward(), rows, sizes, room);
    if (alone) {
      a.prepare(q, k, v, g, state, 0);
    }
    FloatArray dAdded = s.buffers().floats(id + ".d_added", a.units() * room);
    IntArray after = s.buffers().ints(id + ".after", a.units() * sizes.key() * sizes.value() / 2);
    a.states("d_states", a.queries, dOut, dAdded, 1);
    a.scanBack(dAdded, dState, after);
    a.rows("values", a.keys, after, dOut, dvRows, 1, 0);
    a.rowGradients(q, k, v, g, dOut, after, dRows);
  }

  private long units() {
    return (long) chunks * sizes.heads();
  }

  /** What both passes need. */
  private void prepare(
      FloatArray q, FloatArray k, FloatArray v, FloatArray g, View state, int keep) {
    operands(q, k, g);
    states("states", keys, v, added, 0);
    scan(state, keep);
  }

  private void operands(FloatArray q, FloatArray k, FloatArray g) {
    int all = chunks * ChunkOperands.CHUNK;
    s.graph()
        .task(
            id + ".chunks",
            GlaStates::chunks,
            new KernelContext(),
            s.control(),
            rows.segments(),
            table,
            parts,
            segments,
            chunks)
        .task(
            id + ".rows",
            ChunkOperands::rowTable,
            new KernelContext(),
            table,
            rows.token(),
            rows.mode(),
            rows.weight(),
            place,
            factor,
            slot,
            sizes.key(),
            rowCount,
            all)
        .task(
            id + ".prepare",
            ChunkOperands::prepare,
            new KernelContext(),
            table,
            q,
            k,
            g,
            place,
            factor,
            queries,
            keys,
            decay,
            scores,
            sizes.heads(),
            sizes.key(),
            s.tokens(),
            all);
    int entries = Math.max(chunks, segments + 1);
    s.grid(id + ".chunks", (entries + GlaStates.ITEMS - 1L) / GlaStates.ITEMS, GlaStates.ITEMS);
    s.grid(id + ".rows", chunks, ChunkOperands.CHUNK);
    s.grid(id + ".prepare", chunks, sizes.heads(), ChunkOperands.ITEMS);
  }

  private void states(String name, IntArray factor, FloatArray x, FloatArray to, int rowsFirst) {
    String task = id + "." + name;
    s.graph()
        .task(
            task,
            ChunkAdditions::states,
            new KernelContext(),
            table,
            rows.token(),
            factor,
            x,
            to,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            room,
            blocks,
            rowsFirst);
    s.grid(task, chunks, sizes.heads() * blocks, ChunkProducts.ITEMS);
  }

  private void scan(View state, int keep) {
    String task = id + ".scan";
    s.graph()
        .task(
            task,
            ChunkScans::scan,
            new KernelContext(),
            s.control(),
            rows.segments(),
            table,
            decay,
            added,
            state.array(),
            state.at(),
            prior,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            parts,
            chunks,
            room,
            keep);
    scanGrid(task);
  }

  private void scanBack(FloatArray dAdded, View dState, IntArray after) {
    String task = id + ".scan_back";
    s.graph()
        .task(
            task,
            ChunkScans::scanBack,
            new KernelContext(),
            s.control(),
            rows.segments(),
            table,
            decay,
            dAdded,
            dState.array(),
            dState.at(),
            after,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            parts,
            chunks,
            room);
    scanGrid(task);
  }

  private void scanGrid(String task) {
    int pairs = sizes.key() * sizes.value() / 2;
    long across = (long) segments * sizes.heads();
    int items = ChunkScans.MOST_ITEMS;
    while (items > ChunkScans.LEAST_ITEMS && across * Math.ceilDiv(pairs, items) < BUSY) {
      items /= 2;
    }
    s.grid(task, across, Math.ceilDiv(pairs, items), items);
  }

  private void rows(
      String name,
      IntArray left,
      IntArray states,
      FloatArray x,
      FloatArray to,
      int ofKeys,
      int inTiles) {
    String task = id + "." + name;
    s.graph()
        .task(
            task,
            ChunkProducts::outputs,
            new KernelContext(),
            table,
            rows.token(),
            left,
            states,
            scores,
            x,
            added,
            to,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            rowCount,
            room,
            blocks,
            ofKeys,
            inTiles);
    s.grid(task, chunks, sizes.heads() * blocks, ChunkProducts.ITEMS);
  }

  private void tokens(FloatArray out, Output output) {
    String task = id + ".output";
    View gateOrW = output.gate() == null ? output.w() : output.gate();
    s.graph()
        .task(
            task,
            TokenOutput::ofTiles,
            new KernelContext(),
            s.control(),
            out,
            slot,
            rows.tokenRow(),
            gateOrW.array(),
            gateOrW.at(),
            output.w().array(),
            output.w().at(),
            output.y().array(),
            output.y().at(),
            sizes.heads(),
            sizes.value(),
            output.valueDim(),
            output.eps(),
            output.gate() == null ? 0 : 1,
            rows.width());
    CudaOperations.tokenGrid(s, task, sizes, output.valueDim());
  }

  private void rowGradients(
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      FloatArray dOut,
      IntArray after,
      FloatArray dRows) {
    Buffers b = s.buffers();
    FloatArray through = b.floats(id + ".through", units() * sizes.key());
    FloatArray dScores =
        b.floats(id + ".d_scores", (long) sizes.heads() * rowCount * ChunkOperands.CHUNK);
    // What the chunks add to the states has been summed, and its place is free.
    s.graph()
        .task(
            id + ".through",
            StateGradients::through,
            new KernelContext(),
            table,
            place,
            v,
            dOut,
            decay,
            prior,
            after,
            added,
            through,
            dScores,
            dRows,
            sizes.heads(),
            sizes.key(),
            sizes.value(),
            s.tokens(),
            rowCount,
            room)
        .task(
            id + ".within",
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
    s.grid(id + ".through", chunks, sizes.heads(), StateGradients.ITEMS);
    int keyTiles = (sizes.key() + GlaGradients.CHANNELS - 1) / GlaGradients.CHANNELS;
    s.grid(id + ".within", units() * keyTiles, GlaGradients.ITEMS);
  }
}
