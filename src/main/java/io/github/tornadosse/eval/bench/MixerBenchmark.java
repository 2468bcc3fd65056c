package io.github.tornadosse.eval.bench;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.tensor.UserError;

/**
 * Times a token mixer from activated q, k, v, gates and routing logits to its output, and beside
 * it, in the same process, a matrix product and a copy.
 */
public final class MixerBenchmark {
  private MixerBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param c what to time
   * @param runs timed runs after warm-up
   * @param ops the tier of kernels
   * @return the figures
   * @throws UserError if it does not fit into memory
   */
  public static Figures run(MixerCase c, int runs, Operations ops) {
    if (runs < 1) {
      throw new UserError("runs must be 1 or more, not " + runs);
    }
    long planned = plannedBytes(c, ops);
    try (Yardsticks yardsticks = new Yardsticks(ops)) {
      Footprint footprint = new Footprint();
      try (MixerProgram program = new MixerProgram(c, ops, Buffers.allocating())) {
        program.fill();
        return Stopwatch.time(
            program::once, runs, c.flop(), c.tokens(), planned, c.ioBytes(), yardsticks, footprint);
      }
    }
  }

  /** Bytes that the program asks for, after checking that they are there. */
  private static long plannedBytes(MixerCase c, Operations ops) {
    Buffers plan = Buffers.measuring();
    try (MixerProgram measured = new MixerProgram(c, ops, plan)) {
      MemoryBudget.check(plan, "the benchmark");
      return plan.totalBytes();
    }
  }
}
