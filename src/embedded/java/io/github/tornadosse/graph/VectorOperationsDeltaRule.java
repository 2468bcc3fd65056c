package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.vector.Delta;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** The gated delta rule in the vector tier. */
final class VectorOperationsDeltaRule implements DeltaRuleOperations {
  VectorOperationsDeltaRule() {}

  @Override
  public void gates(
      Stage s,
      String id,
      View a,
      View b,
      int ld,
      View aLog,
      View dtBias,
      FloatArray gates,
      int sources,
      int valueHeads,
      float betaScale) {
    VectorOperationsDeltaGates.gates(
        s, id, a, b, ld, aLog, dtBias, gates, sources, valueHeads, betaScale);
  }

  @Override
  public void gatesGradient(
      Stage s,
      String id,
      View a,
      View b,
      int ld,
      View aLog,
      View dtBias,
      FloatArray dGateRows,
      Rows rows,
      View da,
      View db,
      View dALog,
      View dDtBias,
      int sources,
      int valueHeads,
      float betaScale) {
    VectorOperationsDeltaGates.gatesGradient(
        s,
        id,
        a,
        b,
        ld,
        aLog,
        dtBias,
        dGateRows,
        rows,
        da,
        db,
        dALog,
        dDtBias,
        sources,
        valueHeads,
        betaScale);
  }

  @Override
  public void forward(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      FloatArray out,
      Sizes sizes) {
    s.graph()
        .task(
            id,
            Delta::forward,
            s.control(),
            q,
            k,
            v,
            gates,
            rows.token(),
            rows.mode(),
            rows.weight(),
            rows.segments(),
            state.array(),
            out,
            state.at(),
            rows.partitions(),
            sizes.heads(),
            sizes.valueHeads(),
            s.tokens(),
            gateValues ? 1 : 0,
            sizes.key(),
            sizes.value());
  }

  @Override
  public void gradient(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      FloatArray dOut,
      View dState,
      FloatArray dRows,
      FloatArray dvRows,
      FloatArray dGateRows,
      FloatArray dWeightRows,
      Sizes sizes) {
    if (gateValues) {
      s.graph()
          .task(
              id,
              Delta::gradientOfGatedValues,
              s.control(),
              q,
              k,
              v,
              gates,
              rows.token(),
              rows.mode(),
              rows.weight(),
              rows.segments(),
              state.array(),
              dOut,
              dState.array(),
              dRows,
              dvRows,
              dGateRows,
              dWeightRows,
              state.at(),
              dState.at(),
              rows.partitions(),
              sizes.key());
    } else {
      s.graph()
          .task(
              id,
              Delta::gradient,
              s.control(),
              q,
              k,
              v,
              gates,
              rows.token(),
              rows.mode(),
              rows.weight(),
              rows.segments(),
              state.array(),
              dOut,
              dState.array(),
              dRows,
              dvRows,
              dGateRows,
              state.at(),
              dState.at(),
              rows.partitions(),
              sizes.key());
    }
  }

  @Override
  public void weightGradient(
      Stage s,
      String id,
      FloatArray dWeightRows,
      Rows rows,
      View dTop,
      boolean readGate,
      boolean writeGate,
      int valueHeads) {
    VectorOperationsDeltaGates.weightGradient(
        s, id, dWeightRows, rows, dTop, readGate, writeGate, valueHeads);
  }
}
