package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.portable.DecayGates;
import io.github.tornadosse.kernels.portable.Dense;
import io.github.tornadosse.kernels.portable.Embedding;
import io.github.tornadosse.kernels.portable.GatedLinearAttention;
import io.github.tornadosse.kernels.portable.GatedLinearAttentionGradient;
import io.github.tornadosse.kernels.portable.HeadActivations;
import io.github.tornadosse.kernels.portable.Loss;
import io.github.tornadosse.kernels.portable.MixerOutput;
import io.github.tornadosse.kernels.portable.MlpKernels;
import io.github.tornadosse.kernels.portable.Norms;
import io.github.tornadosse.kernels.portable.Optimizer;
import io.github.tornadosse.kernels.portable.Routing;
import io.github.tornadosse.kernels.portable.RowGradients;
import io.github.tornadosse.kernels.portable.Sums;
import io.github.tornadosse.kernels.portable.Views;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The portable tier: the kernels of {@code kernels.portable}, which run on every device and on the
 * embedded runtime. Where an operation leaves out an array, its kernels receive another one in its
 * place and a number that says so. TornadoVM never finishes building a graph in which a task gets
 * an array again after a parameter that writes it: kernels take what they write last, and no
 * stand-in is an array that the task writes.
 */
public class PortableOperations implements Operations {
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

  // ---------------------------------------------------------------- dense

  @Override
  public void linear(Stage s, String id, Linear l) {
    linear(s, id, l, l.x(), 0);
  }

  @Override
  public void linearAdd(Stage s, String id, Linear l, View addend) {
    linear(s, id, l, addend, 1);
  }

  private static void linear(Stage s, String id, Linear l, View addend, int add) {
    s.graph()
        .task(
            id,
            Dense::linear,
            s.control(),
            l.x().array(),
            l.x().at(),
            l.w().array(),
            l.w().at(),
            addend.array(),
            addend.at(),
            l.y().array(),
            l.y().at(),
            add,
            l.ldx(),
            l.ldy(),
            headDim(l),
            stride(l),
            l.in(),
            l.out(),
            fours(l.out()),
            s.tokens());
  }

  @Override
  public void linearInputGradient(Stage s, String id, Linear l, boolean accumulate) {
    s.graph()
        .task(
            id,
            Dense::inputGradient,
            s.control(),
            l.w().array(),
            l.w().at(),
            l.y().array(),
            l.y().at(),
            l.x().array(),
            l.x().at(),
            accumulate ? 1 : 0,
            l.ldx(),
            headDim(l),
            stride(l),
            l.in(),
            l.out(),
            fours(l.in()),
            s.tokens());
  }

  @Override
  public void linearWeightGradient(Stage s, String id, Linear l) {
    s.graph()
        .task(
            id,
            Dense::weightGradient,
            s.control(),
            l.x().array(),
            l.x().at(),
            l.y().array(),
            l.y().at(),
            l.w().array(),
            l.w().at(),
            l.ldx(),
            headDim(l),
            stride(l),
            l.in(),
            l.out(),
            fours(l.in()),
            s.tokens());
  }

  private static int headDim(Linear l) {
    return l.headDim() > 0 ? l.headDim() : l.out();
  }

  private static int stride(Linear l) {
    return l.headDim() > 0 ? l.headDim() : l.ldy();
  }

  private static int fours(int n) {
    return (n + 3) / 4;
  }

  // ---------------------------------------------------------------- norms, MLP, embedding, loss

  @Override
  public void rmsNorm(Stage s, String id, View x, View w, View y, View rstd, int size, float eps) {
    s.graph()
        .task(
            id,
            Norms::rmsNorm,
            s.control(),
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            y.array(),
            y.at(),
            rstd.array(),
            rstd.at(),
            size,
            eps,
            s.tokens());
    s.spread(id, s.tokens());
  }

  @Override
  public void rmsNormGradient(
      Stage s, String id, View x, View w, View rstd, View dy, View dx, View dw, int size) {
    int blocks = Sums.blocks(s.tokens());
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * size);
    s.graph()
        .task(
            id + ".input",
            Norms::inputGradient,
            s.control(),
            x.array(),
            x.at(),
            w.array(),
            w.at(),
            rstd.array(),
            rstd.at(),
            dy.array(),
            dy.at(),
            dx.array(),
            dx.at(),
            size,
            s.tokens())
        .task(
            id + ".partial",
            Norms::weightGradient,
            s.control(),
            x.array(),
            x.at(),
            rstd.array(),
            rstd.at(),
            dy.array(),
            dy.at(),
            partial,
            size,
            blocks);
    s.spread(id + ".input", s.tokens());
    addBlocks(s, id + ".weight", partial, dw, size);
  }

  private static void addBlocks(Stage s, String id, FloatArray partial, View total, int size) {
    s.graph().task(id, Sums::addBlocks, s.control(), partial, total.array(), total.at(), size);
    s.spread(id, size);
  }

  @Override
  public void swiglu(Stage s, String id, View gateUp, View y, int size) {
    s.graph()
        .task(
            id,
            MlpKernels::swiglu,
            s.control(),
            gateUp.array(),
            gateUp.at(),
            y.array(),
            y.at(),
            size,
            s.tokens());
  }

  @Override
  public void swigluGradient(Stage s, String id, View gateUp, View dy, View dGateUp, int size) {
    s.graph()
        .task(
            id,
            MlpKernels::swigluGradient,
            s.control(),
            gateUp.array(),
            gateUp.at(),
            dy.array(),
            dy.at(),
            dGateUp.array(),
            dGateUp.at(),
            size,
            s.tokens());
  }

  @Override
  public void embedding(Stage s, String id, IntArray ids, View weight, View x, int size) {
    s.graph()
        .task(
            id,
            Embedding::lookUp,
            s.control(),
            ids,
            weight.array(),
            weight.at(),
            x.array(),
            x.at(),
            size,
            s.tokens());
  }

  @Override
  public void embeddingGradient(
      Stage s,
      String id,
      IntArray order,
      IntArray starts,
      View dx,
      View dWeight,
      int vocabulary,
      int size) {
    int blocks = (size + Embedding.COLUMNS_PER_ITEM - 1) / Embedding.COLUMNS_PER_ITEM;
    s.graph()
        .task(
            id,
            Embedding::gradient,
            s.control(),
            order,
            starts,
            dx.array(),
            dx.at(),
            dWeight.array(),
            dWeight.at(),
            vocabulary,
            size,
            blocks);
  }

  @Override
  public void crossEntropy(
      Stage s,
      String id,
      View logits,
      IntArray targets,
      View loss,
      FloatArray scale,
      int vocabulary) {
    s.graph()
        .task(
            scale == null ? id : id + ".loss",
            Loss::crossEntropy,
            s.control(),
            logits.array(),
            logits.at(),
            targets,
            loss.array(),
            loss.at(),
            vocabulary,
            s.tokens());
    s.spread(scale == null ? id : id + ".loss", s.tokens());
    if (scale != null) {
      s.graph()
          .task(
              id + ".gradient",
              Loss::gradient,
              s.control(),
              targets,
              loss.array(),
              loss.at(),
              scale,
              logits.array(),
              logits.at(),
              vocabulary,
              s.tokens());
      s.spread(id + ".gradient", s.tokens());
    }
  }

  // ---------------------------------------------------------------- the mixer's inputs

  @Override
  public void headActivation(
      Stage s,
      String id,
      View first,
      View base,
      View delta,
      View out,
      int kind,
      int rowTopk,
      int heads,
      int dim) {
    activate(s, id + ".source0", first, first, out, kind, rowTopk, heads, dim, 0);
    if (delta != null) {
      activate(s, id + ".source1", base, delta, out, kind, rowTopk, heads, dim, 1);
    }
  }

  private static void activate(
      Stage s,
      String id,
      View base,
      View delta,
      View out,
      int kind,
      int rowTopk,
      int heads,
      int dim,
      int source) {
    s.graph()
        .task(
            id,
            HeadActivations::activate,
            s.control(),
            base.array(),
            base.at(),
            delta.array(),
            delta.at(),
            out.array(),
            out.at(),
            kind,
            rowTopk,
            dim,
            s.tokens(),
            source,
            items(heads, s.tokens()));
    s.spread(id, items(heads, s.tokens()));
  }

  @Override
  public void headActivationGradient(
      Stage s,
      String id,
      View first,
      View base,
      View delta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dTop,
      View dFirst,
      View dDelta,
      int kind,
      int rowTopk,
      int heads,
      int dim) {
    int units = items(heads, s.tokens());
    int rowCount = rowCount(s, rows);
    int offset = items(rowsPart, heads, rowCount, dim);
    gather(s, id + ".rows0", dRows, offset, rows, -1, dFirst, 0, 0, dim, units);
    activationGradient(s, id + ".source0", first, first, dFirst, kind, rowTopk, dim, 0, units);
    if (rows.width() > 0) {
      if (dTop != null) {
        s.graph()
            .task(
                id + ".top",
                HeadActivations::routingGradient,
                s.control(),
                base.array(),
                base.at(),
                delta.array(),
                delta.at(),
                dRows,
                offset,
                rows.tokenRow(),
                dTop.array(),
                dTop.at(),
                kind,
                rowTopk,
                heads,
                dim,
                s.tokens(),
                rows.width());
        s.spread(id + ".top", s.tokens());
      }
      int weightAt = dTop == null ? -1 : items(rowsPart, rowCount);
      gather(s, id + ".rows1", dRows, offset, rows, weightAt, dDelta, 0, 1, dim, units);
      activationGradient(s, id + ".source1", base, delta, dDelta, kind, rowTopk, dim, 1, units);
      if (first.equals(base)) {
        s.graph()
            .task(
                id + ".sum",
                HeadActivations::add,
                s.control(),
                dDelta.array(),
                dDelta.at(),
                dFirst.array(),
                dFirst.at(),
                dim,
                s.tokens(),
                units);
      }
    }
  }

  private static void gather(
      Stage s,
      String id,
      FloatArray dRows,
      int offset,
      Rows rows,
      int weightAt,
      View out,
      int outOffset,
      int source,
      int dim,
      int units) {
    s.graph()
        .task(
            id,
            RowGradients::gather,
            s.control(),
            dRows,
            offset,
            rows.tokenRow(),
            rows.weight(),
            weightAt,
            out.array(),
            out.at(),
            outOffset,
            dim,
            s.tokens(),
            rows.width(),
            source,
            units);
    s.spread(id, units);
  }

  private static void activationGradient(
      Stage s,
      String id,
      View base,
      View delta,
      View d,
      int kind,
      int rowTopk,
      int dim,
      int source,
      int units) {
    s.graph()
        .task(
            id,
            HeadActivations::gradient,
            s.control(),
            base.array(),
            base.at(),
            delta.array(),
            delta.at(),
            d.array(),
            d.at(),
            kind,
            rowTopk,
            dim,
            s.tokens(),
            source,
            units);
    s.spread(id, units);
  }

  @Override
  public void decayGate(
      Stage s,
      String id,
      View raw,
      View bias0,
      View bias1,
      View keyFirst,
      View keyBase,
      View keyDelta,
      View out,
      int rowTopk,
      int heads,
      int dim) {
    gate(s, id + ".source0", raw, bias0, keyFirst, keyFirst, out, rowTopk, heads, dim, 0);
    if (bias1 != null) {
      gate(s, id + ".source1", raw, bias1, keyBase, keyDelta, out, rowTopk, heads, dim, 1);
    }
  }

  private static void gate(
      Stage s,
      String id,
      View raw,
      View bias,
      View keyBase,
      View keyDelta,
      View out,
      int rowTopk,
      int heads,
      int dim,
      int source) {
    s.graph()
        .task(
            id,
            DecayGates::gate,
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            keyBase.array(),
            keyBase.at(),
            keyDelta.array(),
            keyDelta.at(),
            out.array(),
            out.at(),
            rowTopk,
            dim,
            s.tokens(),
            source,
            items(heads, s.tokens()));
    s.spread(id, items(heads, s.tokens()));
  }

  @Override
  public void decayGateGradient(
      Stage s,
      String id,
      View raw,
      View bias0,
      View bias1,
      View keyFirst,
      View keyBase,
      View keyDelta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dRaw,
      View dBias0,
      View dBias1,
      int rowTopk,
      int heads,
      int dim) {
    int units = items(heads, s.tokens());
    int offset = items(rowsPart, heads, rowCount(s, rows), dim);
    gather(s, id + ".rows0", dRows, offset, rows, -1, dRaw, 0, 0, dim, units);
    gateGradient(s, id + ".raw0", raw, bias0, keyFirst, keyFirst, dRaw, rowTopk, dim, 0, units);
    biasGradient(s, id + ".bias0", dRaw, 0, dBias0, heads, dim);
    if (rows.width() > 0) {
      int second = items(units, dim);
      gather(s, id + ".rows1", dRows, offset, rows, -1, dRaw, second, 1, dim, units);
      gateGradient(s, id + ".raw1", raw, bias1, keyBase, keyDelta, dRaw, rowTopk, dim, 1, units);
      biasGradient(s, id + ".bias1", dRaw, second, dBias1, heads, dim);
    }
  }

  private static void gateGradient(
      Stage s,
      String id,
      View raw,
      View bias,
      View keyBase,
      View keyDelta,
      View dRaw,
      int rowTopk,
      int dim,
      int source,
      int units) {
    s.graph()
        .task(
            id,
            DecayGates::gradient,
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            keyBase.array(),
            keyBase.at(),
            keyDelta.array(),
            keyDelta.at(),
            dRaw.array(),
            dRaw.at(),
            rowTopk,
            dim,
            s.tokens(),
            source,
            units);
    s.spread(id, units);
  }

  private static void biasGradient(
      Stage s, String id, View dRaw, int offset, View dBias, int heads, int dim) {
    int blocks = Sums.blocks(s.tokens());
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * heads * dim);
    s.graph()
        .task(
            id + ".partial",
            Sums::headColumns,
            s.control(),
            dRaw.array(),
            dRaw.at(),
            offset,
            partial,
            heads,
            dim,
            blocks,
            s.tokens());
    addBlocks(s, id + ".total", partial, dBias, heads * dim);
  }

  @Override
  public void valueActivation(Stage s, String id, View raw, View out, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::activateValues,
            s.control(),
            raw.array(),
            raw.at(),
            out.array(),
            out.at(),
            dim,
            s.tokens(),
            items(heads, s.tokens()));
  }

  @Override
  public void valueActivationGradient(
      Stage s, String id, View raw, FloatArray dRows, Rows rows, View dRaw, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::valueGradient,
            s.control(),
            raw.array(),
            raw.at(),
            dRows,
            rows.tokenRow(),
            dRaw.array(),
            dRaw.at(),
            dim,
            s.tokens(),
            rows.width(),
            items(heads, s.tokens()));
    s.spread(id, items(heads, s.tokens()));
  }

  // ---------------------------------------------------------------- routing

  @Override
  public void router(
      Stage s,
      String id,
      View low,
      int ld,
      int column,
      View e,
      IntView top,
      int partitions,
      int width) {
    s.graph()
        .task(
            id,
            Routing::route,
            s.control(),
            low.array(),
            low.at(),
            ld,
            column,
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            partitions,
            width,
            s.tokens());
    s.spread(id, s.tokens());
  }

  @Override
  public void routeRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection) {
    s.graph()
        .task(
            id + ".tokens",
            Routing::tokenRows,
            s.control(),
            rows.token(),
            rows.mode(),
            rows.weight(),
            selection.always() ? Routing.WRITTEN + Routing.READ : 0,
            s.tokens(),
            rows.width())
        .task(
            id + ".sequences",
            Routing::tokenSegments,
            s.control(),
            cu,
            rows.segments(),
            rows.partitions() + 1,
            s.sequences());
    s.spread(id + ".sequences", s.sequences());
    s.spread(id + ".tokens", s.tokens());
    if (rows.width() > 0) {
      s.graph()
          .task(
              id + ".sparse",
              Routing::sparseRows,
              s.control(),
              e.array(),
              e.at(),
              top.array(),
              top.at(),
              cu,
              rows.token(),
              rows.mode(),
              rows.weight(),
              rows.tokenRow(),
              rows.segments(),
              rows.partitions(),
              rows.width(),
              selection.writers(),
              selection.readers(),
              selection.writeGate() ? 1 : 0,
              selection.readGate() ? 1 : 0,
              s.tokens(),
              s.sequences());
      s.spread(id + ".sparse", s.sequences());
    }
  }

  @Override
  public void balance(
      Stage s,
      String id,
      View e,
      IntView top,
      View load,
      View aux,
      int partitions,
      int width,
      int writers) {
    int blocks = Sums.blocks(s.tokens());
    FloatArray partial = s.buffers().floats(id + ".partial", 2L * blocks * partitions);
    s.graph()
        .task(
            id + ".partial",
            Routing::loadBlocks,
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            partial,
            partitions,
            width,
            writers,
            blocks)
        .task(
            id + ".total",
            Routing::balance,
            s.control(),
            partial,
            load.array(),
            load.at(),
            aux.array(),
            aux.at(),
            partitions,
            writers);
  }

  @Override
  public void routerGradient(
      Stage s,
      String id,
      View e,
      IntView top,
      View dTop,
      View load,
      FloatArray scale,
      View dLow,
      int ld,
      int column,
      int partitions,
      int width,
      int writers) {
    s.graph()
        .task(
            id,
            Routing::gradient,
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            dTop.array(),
            dTop.at(),
            load.array(),
            load.at(),
            scale,
            dLow.array(),
            dLow.at(),
            ld,
            column,
            partitions,
            width,
            writers,
            s.tokens());
    s.spread(id, s.tokens());
  }

  // ---------------------------------------------------------------- gated linear attention

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

  // ---------------------------------------------------------------- optimiser

  @Override
  public void copy(Stage s, String id, View from, View to, int n) {
    s.graph().task(id, Views::copy, s.control(), from.array(), from.at(), to.array(), to.at(), n);
    s.spread(id, n);
  }

  @Override
  public void clear(Stage s, String id, View values, int n) {
    s.graph().task(id, Views::clear, s.control(), values.array(), values.at(), n);
    s.spread(id, n);
  }

  @Override
  public void zero(Stage s, String id, FloatArray values, int n) {
    s.graph().task(id, Optimizer::zero, values, n);
    s.spread(id, n);
  }

  @Override
  public void zeroTokens(Stage s, String id, View values, int size) {
    s.graph()
        .task(
            id, Optimizer::zeroTokens, s.control(), values.array(), values.at(), size, s.tokens());
  }

  @Override
  public void squaredNorm(Stage s, String id, FloatArray x, int n, FloatArray partial) {
    int blocks = n / Optimizer.NORM_BLOCK + (n % Optimizer.NORM_BLOCK == 0 ? 0 : 1);
    s.graph().task(id, Optimizer::squaredNorm, x, n, partial, blocks);
    s.spread(id, blocks);
  }

  @Override
  public void adamw(
      Stage s,
      String id,
      FloatArray w,
      FloatArray grad,
      FloatArray m,
      FloatArray v,
      FloatArray hyper,
      int n,
      int decayed,
      float beta1,
      float beta2,
      float eps) {
    s.graph().task(id, Optimizer::adamw, w, grad, m, v, hyper, n, decayed, beta1, beta2, eps);
    s.spread(id, n);
  }

  // ---------------------------------------------------------------- sizes

  private static int rowCount(Stage s, Rows rows) {
    return items(s.tokens(), 1 + rows.width());
  }

  private static int items(int... sizes) {
    int product = 1;
    for (int size : sizes) {
      product = Math.multiplyExact(product, size);
    }
    return product;
  }
}
