package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.vector.DeltaGates;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The gates of the delta rule in the vector tier; the contract is {@link DeltaRuleOperations}. The
 * weights' gradient, a gather of single numbers, is the portable tier's.
 */
final class VectorOperationsDeltaGates {
  private VectorOperationsDeltaGates() {}

  static void gates(
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
    s.graph()
        .task(
            id,
            DeltaGates::gates,
            s.control(),
            a.array(),
            a.at(),
            b.array(),
            b.at(),
            aLog.array(),
            aLog.at(),
            dtBias.array(),
            dtBias.at(),
            gates,
            ld,
            sources * valueHeads,
            s.tokens(),
            betaScale);
  }

  static void gatesGradient(
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
    s.graph()
        .task(
            id + ".decay",
            DeltaGates::decayGradient,
            s.control(),
            a.array(),
            a.at(),
            aLog.array(),
            aLog.at(),
            dtBias.array(),
            dtBias.at(),
            dGateRows,
            rows.tokenRow(),
            da.array(),
            da.at(),
            dALog.array(),
            dALog.at(),
            dDtBias.array(),
            dDtBias.at(),
            ld,
            valueHeads,
            sources * valueHeads,
            s.tokens(),
            rows.width())
        .task(
            id + ".strength",
            DeltaGates::strengthGradient,
            s.control(),
            b.array(),
            b.at(),
            dGateRows,
            rows.tokenRow(),
            db.array(),
            db.at(),
            ld,
            valueHeads,
            sources * valueHeads,
            s.tokens(),
            rows.width(),
            betaScale);
  }

  static void weightGradient(
      Stage s,
      String id,
      FloatArray dWeightRows,
      Rows rows,
      View dTop,
      boolean readGate,
      boolean writeGate,
      int valueHeads) {
    PortableDeltaGates.weightGradient(
        s, id, dWeightRows, rows, dTop, readGate, writeGate, valueHeads);
  }
}
