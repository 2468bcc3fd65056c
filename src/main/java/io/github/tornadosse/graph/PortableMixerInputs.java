package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.portable.DecayGates;
import io.github.tornadosse.kernels.portable.HeadActivations;
import io.github.tornadosse.kernels.portable.Routing;
import io.github.tornadosse.kernels.portable.RowGradients;
import io.github.tornadosse.kernels.portable.Sums;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The portable tier's inputs of mixers, and routing; see {@link PortableOperations}. */
abstract class PortableMixerInputs extends PortableLayers {
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
}
