package io.github.tornadosse.eval.profile;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.bench.Yardsticks;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.Supplier;

/**
 * Runs training steps and finds out where their time goes. Times of tasks come from the runtime's
 * own profiler, which is off in any other run; what they do is counted as graphs are built.
 */
public final class StepProfiler {
  private static final double NANOS_PER_MS = 1e6;

  private final Options options;
  private final Supplier<PackedBatch> batches;
  private final IntToDoubleFunction learningRate;
  private TrainingModel model;
  private Step step;
  private int steps;

  /**
   * What to run.
   *
   * @param config the model
   * @param settings how it is trained
   * @param seed of the weights
   * @param accumulation batches of a step
   * @param sequenceLength tokens of a packed sequence, for the work of softmax attention
   * @param clipNorm largest norm of the gradients; 0 for no limit
   * @param warmup steps before the first that counts
   * @param steps steps that count
   */
  public record Options(
      ModelConfig config,
      TrainingModel.Settings settings,
      long seed,
      int accumulation,
      int sequenceLength,
      double clipNorm,
      int warmup,
      int steps) {
    /**
     * Checks the numbers of steps.
     *
     * @throws UserError if one is out of range
     */
    public Options {
      if (warmup < 0 || steps < 1) {
        throw new UserError("--warmup must be 0 or more, and --steps 1 or more");
      }
    }
  }

  /**
   * Prepares.
   *
   * @param options what to run
   * @param batches gives the training data
   * @param learningRate of a step, from 1
   */
  public StepProfiler(
      Options options, Supplier<PackedBatch> batches, IntToDoubleFunction learningRate) {
    this.options = options;
    this.batches = batches;
    this.learningRate = learningRate;
  }

  /** Times of one step. */
  private static final class Step {
    private final Map<String, Map<String, Timed>> graphs = new LinkedHashMap<>();
    private long nanos;
    private long dataNanos;
    private long profilerNanos;
    private long tokens;

    double ms() {
      return (nanos - profilerNanos) / NANOS_PER_MS;
    }
  }

  private static final class Timed {
    private long nanos;
    private int executions;
  }

  /** What the machine can do, as measured. */
  private record Limits(int productSize, double gflops, double gbs) {}

  /**
   * Runs the steps.
   *
   * @param ops the tier of kernels
   * @return the profile
   * @throws UserError if the model does not fit into memory
   */
  public TrainingProfile run(Operations ops) {
    CountedOperations counted = new CountedOperations(ops, options.sequenceLength());
    long planned = TrainingModel.plan(options.config(), options.settings(), ops).totalBytes();
    long before = MemoryUse.heapInUse();
    try (TrainingModel made =
        TrainingModel.create(
            options.config(), options.settings(), counted.operations(), options.seed())) {
      model = made;
      // From the first step on: a graph that was captured by then would have no times of its tasks.
      model.listen(this::executed);
      for (int i = 0; i < options.warmup(); i++) {
        step();
      }
      List<Step> profiled = new ArrayList<>();
      Limits limits = profile(ops, profiled);
      MemoryUse memory =
          new MemoryUse(planned, MemoryUse.heapInUse() - before, MemoryUse.peakResident());
      return result(counted, profiled, limits, memory);
    }
  }

  private Limits profile(Operations ops, List<Step> profiled) {
    try (MachineLimits limits = new MachineLimits(ops)) {
      limits.measure();
      for (int i = 0; i < options.steps(); i++) {
        profiled.add(step());
        limits.measure();
      }
      model.listen(null);
      return new Limits(Yardsticks.productSize(), limits.gflops(), limits.gbs());
    }
  }

  private Step step() {
    step = new Step();
    steps++;
    long start = System.nanoTime();
    List<PackedBatch> read = new ArrayList<>();
    long targets = 0;
    for (int i = 0; i < options.accumulation(); i++) {
      PackedBatch batch = batches.get();
      read.add(batch);
      targets += batch.targetCount();
      step.tokens += batch.tokens();
    }
    step.dataNanos = System.nanoTime() - start;
    model.zeroGradients();
    for (PackedBatch batch : read) {
      model.accumulate(batch, 1.0 / targets, options.config().auxLossCoef() / read.size());
    }
    double norm = model.gradientNorm();
    double most = options.clipNorm();
    model.update(
        steps, learningRate.applyAsDouble(steps), most > 0 && norm > most ? most / norm : 1);
    step.nanos = System.nanoTime() - start;
    return step;
  }

  private void executed(String graph, String part, long nanos, String log) {
    long start = System.nanoTime();
    Map<String, Timed> tasks = step.graphs.computeIfAbsent(graph, g -> new LinkedHashMap<>());
    ProfilerLog.tasks(part, log)
        .forEach(
            (task, time) -> {
              Timed timed = tasks.computeIfAbsent(task, t -> new Timed());
              timed.nanos += time;
              timed.executions++;
            });
    step.profilerNanos += System.nanoTime() - start;
  }

  private TrainingProfile result(
      CountedOperations counted, List<Step> profiled, Limits limits, MemoryUse memory) {
    List<Step> sorted = profiled.stream().sorted(Comparator.comparingDouble(Step::ms)).toList();
    Step fastest = sorted.get(0);
    List<TrainingProfile.Task> tasks = new ArrayList<>();
    fastest.graphs.forEach((graph, timed) -> tasks.addAll(tasks(counted, graph, timed)));
    double inTasks = tasks.stream().mapToDouble(TrainingProfile.Task::ms).sum();
    double data = fastest.dataNanos / NANOS_PER_MS;
    return new TrainingProfile(
        fastest.tokens,
        fastest.ms(),
        sorted.get(sorted.size() / 2).ms(),
        sorted.size(),
        tasks,
        Math.max(0, fastest.ms() - inTasks - data),
        data,
        limits.productSize(),
        limits.gflops(),
        limits.gbs(),
        memory);
  }

  /** Puts the kernels of each operation together. */
  private static List<TrainingProfile.Task> tasks(
      CountedOperations counted, String graph, Map<String, Timed> timed) {
    Map<String, TrainingProfile.Task> tasks = new LinkedHashMap<>();
    timed.forEach(
        (name, t) -> {
          Map.Entry<String, CountedOperations.Counted> of = counted.of(graph, name);
          CountedOperations.Counted c = of.getValue();
          double ms = t.nanos / NANOS_PER_MS;
          tasks.merge(
              of.getKey(),
              new TrainingProfile.Task(
                  graph,
                  of.getKey(),
                  c.operation(),
                  c.part(),
                  t.executions,
                  ms,
                  c.work().times(t.executions)),
              (a, b) ->
                  new TrainingProfile.Task(
                      graph,
                      a.id(),
                      a.operation(),
                      a.part(),
                      a.executions(),
                      a.ms() + ms,
                      a.work()));
        });
    return List.copyOf(tasks.values());
  }
}
