package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.kernels.portable.DeltaGates;
import io.github.tornadosse.kernels.portable.Sums;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The gates of the delta rule in the portable tier; the contract is {@link DeltaRuleOperations}.
 */
final class PortableDeltaGates {
  private PortableDeltaGates() {}

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
            Math.multiplyExact(sources, valueHeads),
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
    int columns = Math.multiplyExact(sources, valueHeads);
    int blocks = Sums.blocks(s.tokens());
    FloatArray partialLog = s.buffers().floats(id + ".partial_log", (long) blocks * columns);
    FloatArray partialBias = s.buffers().floats(id + ".partial_bias", (long) blocks * columns);
    // da and db may be parts of one array, so no task writes both.
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
            partialLog,
            partialBias,
            ld,
            valueHeads,
            columns,
            s.tokens(),
            rows.width(),
            blocks)
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
            columns,
            s.tokens(),
            rows.width(),
            betaScale)
        .task(
            id + ".a_log",
            Sums::addBlocks,
            s.control(),
            partialLog,
            dALog.array(),
            dALog.at(),
            columns)
        .task(
            id + ".dt_bias",
            Sums::addBlocks,
            s.control(),
            partialBias,
            dDtBias.array(),
            dDtBias.at(),
            columns);
    s.spread(id + ".dt_bias", columns);
    s.spread(id + ".a_log", columns);
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
    int parts = (readGate ? 1 : 0) + (writeGate ? 1 : 0);
    s.graph()
        .task(
            id,
            DeltaGates::weightGradient,
            s.control(),
            dWeightRows,
            rows.tokenRow(),
            dTop.array(),
            dTop.at(),
            readGate ? 0 : 1,
            parts,
            valueHeads,
            Math.multiplyExact(s.tokens(), 1 + rows.width()),
            rows.width(),
            s.tokens());
  }
}
