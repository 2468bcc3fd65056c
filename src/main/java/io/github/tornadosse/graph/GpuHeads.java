package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.gpu.DecayGates;
import io.github.tornadosse.kernels.gpu.HeadActivations;
import io.github.tornadosse.kernels.gpu.HeadGradients;
import io.github.tornadosse.kernels.gpu.Heads;
import io.github.tornadosse.kernels.gpu.MixerOutput;
import io.github.tornadosse.kernels.gpu.Sums;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * What surrounds the mixer's attention, in the GPU tier: activations, gates, norm and their sums.
 */
final class GpuHeads {
  /** Work-items of a group where each has a column of its own. */
  private static final int COLUMN_ITEMS = 128;

  private GpuHeads() {}

  private static void grid(Stage s, String id, int heads) {
    s.grid(id, Heads.groups(heads, s.tokens()), Heads.ITEMS);
  }

  static void activate(
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
            new KernelContext(),
            s.control(),
            base.array(),
            base.at(),
            delta.array(),
            delta.at(),
            out.array(),
            out.at(),
            kind,
            rowTopk,
            heads,
            dim,
            s.tokens(),
            source);
    grid(s, id, heads);
  }

  static void activationGradient(
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
    int rowCount = Math.multiplyExact(s.tokens(), 1 + rows.width());
    int offset = offset(rowsPart, heads, rowCount, dim);
    boolean sparse = rows.width() > 0;
    boolean weighted = dTop != null;
    if (sparse) {
      long tops = (long) heads * s.tokens() * rows.width();
      FloatArray top = s.buffers().floats(id + ".top", weighted ? tops : 1);
      s.graph()
          .task(
              id + ".sparse",
              HeadGradients::sparse,
              new KernelContext(),
              s.control(),
              base.array(),
              base.at(),
              delta.array(),
              delta.at(),
              dRows,
              offset,
              rows.tokenRow(),
              rows.weight(),
              weighted ? Math.multiplyExact(rowsPart, rowCount) : -1,
              top,
              dDelta.array(),
              dDelta.at(),
              kind,
              rowTopk,
              dim,
              s.tokens(),
              rows.width());
      grid(s, id + ".sparse", heads);
      if (weighted) {
        s.graph()
            .task(
                id + ".top",
                HeadGradients::addHeads,
                new KernelContext(),
                s.control(),
                top,
                dTop.array(),
                dTop.at(),
                heads,
                s.tokens(),
                rows.width());
        int groups = GpuTokens.groups(s.tokens() * rows.width(), COLUMN_ITEMS);
        s.grid(id + ".top", groups, COLUMN_ITEMS);
      }
    }
    boolean same = sparse && first.equals(base);
    View also = same ? dDelta : first;
    s.graph()
        .task(
            id + ".first",
            HeadGradients::first,
            new KernelContext(),
            s.control(),
            first.array(),
            first.at(),
            dRows,
            offset,
            also.array(),
            also.at(),
            dFirst.array(),
            dFirst.at(),
            same ? 1 : 0,
            kind,
            rowTopk,
            dim,
            s.tokens(),
            rows.width());
    grid(s, id + ".first", heads);
  }

  private static int offset(int part, int heads, int rowCount, int dim) {
    return Math.multiplyExact(part, Math.multiplyExact(heads, Math.multiplyExact(rowCount, dim)));
  }

  static void gate(
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
            new KernelContext(),
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
            offset(source, heads, s.tokens(), dim),
            rowTopk,
            dim,
            s.tokens());
    grid(s, id, heads);
  }

  static void gateGradient(
      Stage s,
      String id,
      View raw,
      View bias,
      View keyBase,
      View keyDelta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dRaw,
      View dBias,
      int rowTopk,
      int heads,
      int dim,
      int source) {
    int part = offset(source, heads, s.tokens(), dim);
    int rowCount = Math.multiplyExact(s.tokens(), 1 + rows.width());
    s.graph()
        .task(
            id + ".raw",
            DecayGates::gradient,
            new KernelContext(),
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            keyBase.array(),
            keyBase.at(),
            keyDelta.array(),
            keyDelta.at(),
            dRows,
            offset(rowsPart, heads, rowCount, dim),
            rows.tokenRow(),
            dRaw.array(),
            dRaw.at(),
            part,
            rowTopk,
            dim,
            s.tokens(),
            rows.width());
    grid(s, id + ".raw", heads);
    int blocks = Sums.blocks(s.tokens());
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * heads * dim);
    s.graph()
        .task(
            id + ".partial",
            Sums::headColumns,
            new KernelContext(),
            s.control(),
            dRaw.array(),
            dRaw.at(),
            partial,
            part,
            heads,
            dim,
            s.tokens());
    columns(s, id + ".partial", blocks, heads, dim);
    GpuTokens.addBlocks(s, id + ".bias", partial, dBias, heads * dim, 1);
  }

  private static void columns(Stage s, String id, int blocks, int heads, int dim) {
    int groups = GpuTokens.groups(dim, COLUMN_ITEMS);
    s.grid(id, (long) blocks * heads * groups, COLUMN_ITEMS);
  }

  static void values(Stage s, String id, View raw, View out, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::activateValues,
            new KernelContext(),
            s.control(),
            raw.array(),
            raw.at(),
            out.array(),
            out.at(),
            dim,
            s.tokens());
    grid(s, id, heads);
  }

  static void valueGradient(
      Stage s, String id, View raw, FloatArray dRows, Rows rows, View dRaw, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::valueGradient,
            new KernelContext(),
            s.control(),
            raw.array(),
            raw.at(),
            dRows,
            rows.tokenRow(),
            dRaw.array(),
            dRaw.at(),
            dim,
            s.tokens(),
            rows.width());
    grid(s, id, heads);
  }

  static void output(
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
            new KernelContext(),
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
            rows.width());
    grid(s, id, sizes.heads());
  }

  static void outputGradient(
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
    int heads = sizes.heads();
    int blocks = Sums.blocks(s.tokens());
    long norms = (long) heads * s.tokens() * (sizes.value() / valueDim);
    FloatArray rstd = s.buffers().floats(id + ".rstd", norms);
    FloatArray partial = s.buffers().floats(id + ".partial", (long) blocks * heads * valueDim);
    // Without a gate its gradient is not written, but the parameter takes an array of its own.
    FloatArray toGate = gate == null ? s.buffers().floats(id + ".none", 1) : dGate.array();
    s.graph()
        .task(
            id + ".input",
            MixerOutput::gradient,
            new KernelContext(),
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
            toGate,
            gate == null ? o.at() : dGate.at(),
            heads,
            sizes.value(),
            valueDim,
            eps,
            gated,
            s.tokens())
        .task(
            id + ".partial",
            MixerOutput::weightGradient,
            new KernelContext(),
            s.control(),
            dy.array(),
            dy.at(),
            o.array(),
            o.at(),
            gateOrW.array(),
            gateOrW.at(),
            rstd,
            partial,
            heads,
            sizes.value(),
            valueDim,
            gated,
            s.tokens());
    grid(s, id + ".input", heads);
    columns(s, id + ".partial", blocks, heads, valueDim);
    GpuTokens.addBlocks(s, id + ".weight", partial, dw, valueDim, heads);
  }
}
