package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.vector.DecayGates;
import io.github.tornadosse.kernels.vector.HeadActivations;
import io.github.tornadosse.kernels.vector.Routing;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** The vector tier's inputs of mixers, and routing; see {@link VectorOperations}. */
abstract class VectorOperationsMixerInputs extends VectorOperationsLayers {
  private final PortableOperations portable = new PortableOperations();

  // ---------------------------------------------------------------- the mixer's inputs

  /** What the activation kernels take for a kind: the softmax's number of logits, or 0. */
  private static int topk(int kind, int rowTopk) {
    return kind == Activation.SILU ? 0 : rowTopk;
  }

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
    boolean sparse = delta != null;
    View second = sparse ? base : first;
    View third = sparse ? delta : first;
    s.graph()
        .task(
            id,
            HeadActivations::activate,
            s.control(),
            first.array(),
            first.at(),
            second.array(),
            second.at(),
            third.array(),
            third.at(),
            out.array(),
            out.at(),
            topk(kind, rowTopk),
            heads,
            dim,
            s.tokens(),
            sparse ? 2 : 1);
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
    boolean sparse = rows.width() > 0;
    boolean together = sparse && first.equals(base);
    if (!together) {
      s.graph()
          .task(
              id + ".first",
              HeadActivations::firstGradient,
              s.control(),
              first.array(),
              first.at(),
              dRows,
              rowsPart,
              dFirst.array(),
              dFirst.at(),
              topk(kind, rowTopk),
              heads,
              dim,
              s.tokens(),
              rows.width());
    }
    if (sparse) {
      s.graph()
          .task(
              id,
              HeadActivations::gradient,
              s.control(),
              base.array(),
              base.at(),
              delta.array(),
              delta.at(),
              dRows,
              rowsPart,
              rows.tokenRow(),
              rows.weight(),
              dTop == null ? dDelta.array() : dTop.array(),
              dTop == null ? -1 : dTop.at(),
              together ? dFirst.array() : dDelta.array(),
              together ? dFirst.at() : -1,
              dDelta.array(),
              dDelta.at(),
              topk(kind, rowTopk),
              heads,
              dim,
              s.tokens(),
              rows.width());
    }
  }

  private static int part(Stage s, Rows rows, int part, int heads, int dim) {
    return part * heads * s.tokens() * (1 + rows.width()) * dim;
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
    int masked = mask(s, id, keyFirst, keyBase, keyDelta, out, rowTopk, heads, dim);
    gate(s, id + ".always", raw, bias0, out, masked, 0, heads, dim);
    if (bias1 != null) {
      gate(s, id + ".sparse", raw, bias1, out, masked, 1, heads, dim);
    }
  }

  private static int mask(
      Stage s,
      String id,
      View keyFirst,
      View keyBase,
      View keyDelta,
      View out,
      int rowTopk,
      int heads,
      int dim) {
    if (rowTopk >= dim) {
      return 0;
    }
    boolean sparse = keyDelta != null;
    View second = sparse ? keyBase : keyFirst;
    View third = sparse ? keyDelta : keyFirst;
    s.graph()
        .task(
            id + ".mask",
            DecayGates::mask,
            s.control(),
            keyFirst.array(),
            keyFirst.at(),
            second.array(),
            second.at(),
            third.array(),
            third.at(),
            out.array(),
            out.at(),
            rowTopk,
            heads,
            dim,
            s.tokens(),
            sparse ? 2 : 1);
    return 1;
  }

  private static void gate(
      Stage s,
      String id,
      View raw,
      View bias,
      View out,
      int masked,
      int source,
      int heads,
      int dim) {
    s.graph()
        .task(
            id,
            DecayGates::forward,
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            out.array(),
            out.at(),
            masked,
            source,
            heads,
            dim,
            s.tokens());
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
    int masked = mask(s, id, keyFirst, keyBase, keyDelta, dRaw, rowTopk, heads, dim);
    int from = part(s, rows, rowsPart, heads, dim);
    gateGradient(
        s, id + ".always", raw, bias0, dRows, from, rows, dRaw, dBias0, masked, 0, heads, dim);
    if (bias1 != null) {
      gateGradient(
          s, id + ".sparse", raw, bias1, dRows, from, rows, dRaw, dBias1, masked, 1, heads, dim);
    }
  }

  private static void gateGradient(
      Stage s,
      String id,
      View raw,
      View bias,
      FloatArray dRows,
      int from,
      Rows rows,
      View dRaw,
      View dBias,
      int masked,
      int source,
      int heads,
      int dim) {
    s.graph()
        .task(
            id,
            DecayGates::gradient,
            s.control(),
            raw.array(),
            raw.at(),
            bias.array(),
            bias.at(),
            dRows,
            from,
            rows.tokenRow(),
            dRaw.array(),
            dRaw.at(),
            dBias.array(),
            dBias.at(),
            masked,
            source,
            heads,
            dim,
            s.tokens(),
            rows.width());
  }

  @Override
  public void valueActivation(Stage s, String id, View raw, View out, int heads, int dim) {
    s.graph()
        .task(
            id,
            HeadActivations::value,
            s.control(),
            raw.array(),
            raw.at(),
            out.array(),
            out.at(),
            heads,
            dim,
            s.tokens());
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
            heads,
            dim,
            s.tokens(),
            rows.width());
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
            width);
  }

  @Override
  public void routeRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection) {
    portable.routeRows(s, id, e, top, cu, rows, selection);
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
    s.graph()
        .task(
            id,
            Routing::balance,
            s.control(),
            e.array(),
            e.at(),
            top.array(),
            top.at(),
            load.array(),
            load.at(),
            aux.array(),
            aux.at(),
            partitions,
            width,
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
            writers);
  }
}
