package io.github.tornadosse.eval.bench;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.Session;
import io.github.tornadosse.kernels.reference.Model;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.TrainingModel;
import java.util.Random;

/** Times training steps, reading and decoding of a model with drawn weights. */
final class ModelBenchmark {
  private static final int SEED = 1;

  /** Tokens of a text that are read at a time. */
  private static final int BLOCK = 2048;

  /**
   * At least the runs beside the timed ones: warm-up, and what finds out how much memory it takes.
   */
  private static final int OTHER_RUNS = 64;

  private static final double LEARNING_RATE = 1e-4;
  private static final double CLIP = 1;

  private ModelBenchmark() {}

  /**
   * Runs the benchmark.
   *
   * @param c what to time
   * @param runs timed runs after warm-up
   * @param ops the tier of kernels
   * @return the figures
   * @throws io.github.tornadosse.tensor.UserError if it does not fit into memory
   */
  static Figures run(ModelCase c, int runs, Operations ops) {
    try (Yardsticks yardsticks = new Yardsticks(ops)) {
      Footprint footprint = new Footprint();
      Clock clock = (plan, run) -> time(c, runs, plan, yardsticks, footprint, run);
      return c.training() ? training(c, ops, clock) : reading(c, runs, ops, clock);
    }
  }

  /** Times runs of a program that was planned so. */
  private interface Clock {
    Figures time(Buffers plan, Runnable run);
  }

  private static Figures training(ModelCase c, Operations ops, Clock clock) {
    TrainingModel.Settings settings =
        new TrainingModel.Settings(c.tokens(), 1, new AdamSettings(0.9, 0.95, 1e-8, 0.1), false);
    Buffers plan = TrainingModel.plan(c.config(), settings, ops);
    int[] cu = {0, c.tokens()};
    int[] ids = tokens(c, c.tokens());
    PackedBatch batch = new PackedBatch(ids, Model.targets(ids, cu), cu);
    try (TrainingModel model = TrainingModel.create(c.config(), settings, ops, SEED)) {
      int[] step = {0};
      Runnable run =
          () -> {
            model.zeroGradients();
            model.accumulate(batch, 1.0 / batch.targetCount(), c.config().auxLossCoef());
            double norm = model.gradientNorm();
            model.update(++step[0], LEARNING_RATE, norm > CLIP ? CLIP / norm : 1);
          };
      return clock.time(plan, run);
    }
  }

  private static Figures reading(ModelCase c, int runs, Operations ops, Clock clock) {
    int room = c.tokens() + (c.decode() ? (runs + OTHER_RUNS) * ModelCase.STEPS : 0);
    LanguageModel.Capacity capacity =
        LanguageModel.Capacity.reading(Math.min(BLOCK, c.tokens()), 1, room);
    Buffers plan = LanguageModel.plan(c.config(), ops, capacity);
    ModelWeights weights = ModelWeights.initial(c.config(), SEED);
    int[] text = tokens(c, c.tokens());
    try (LanguageModel model = LanguageModel.create(weights, ops, capacity)) {
      if (!c.decode()) {
        return clock.time(plan, () -> read(model, text));
      }
      try (Session session = Session.open(model)) {
        session.read(text);
        Random random = new Random(SEED);
        Runnable run =
            () -> {
              for (int i = 0; i < ModelCase.STEPS; i++) {
                session.read(random.nextInt(c.config().vocabSize()));
              }
            };
        return clock.time(plan, run);
      }
    }
  }

  private static void read(LanguageModel model, int[] text) {
    try (Session session = Session.open(model)) {
      session.read(text);
    }
  }

  private static Figures time(
      ModelCase c,
      int runs,
      Buffers plan,
      Yardsticks yardsticks,
      Footprint footprint,
      Runnable run) {
    return Stopwatch.time(
        run,
        runs,
        c.flop(),
        c.timedTokens(),
        plan.totalBytes(),
        c.ioBytes(),
        yardsticks,
        footprint);
  }

  private static int[] tokens(ModelCase c, int n) {
    return new Random(SEED).ints(n, 0, c.config().vocabSize()).toArray();
  }
}
