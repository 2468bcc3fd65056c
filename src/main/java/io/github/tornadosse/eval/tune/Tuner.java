package io.github.tornadosse.eval.tune;

import io.github.tornadosse.eval.tune.Workload.Kind;
import io.github.tornadosse.eval.tune.Workload.Sizes;
import io.github.tornadosse.graph.GpuOperations;
import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.commons.math3.stat.StatUtils;

/**
 * Times every candidate of every setting of the GPU tier on what it matters for, in rounds that
 * take all candidates in turn, and keeps the fastest by median.
 */
public final class Tuner {
  /** What each setting matters for. */
  static final Map<String, List<Kind>> MATTERS =
      Map.of(
          GpuSettings.REDUCTION_ITEMS, List.of(Kind.NORM, Kind.FEW),
          GpuSettings.LOSS_ITEMS, List.of(Kind.LOSS),
          GpuSettings.DENSE_TILE, List.of(Kind.DENSE),
          GpuSettings.DENSE_GROUPS, List.of(Kind.DENSE),
          GpuSettings.DENSE_PART, List.of(Kind.DENSE),
          GpuSettings.DENSE_FEW, List.of(Kind.FEW));

  /** By how much another candidate must be faster than the usual best one to take its place. */
  private static final double GAIN = 0.03;

  private static final int EXECUTIONS = 10;

  private final Sizes sizes;
  private final int rounds;

  /**
   * A tuner for models of a size.
   *
   * @param tokens of a training step
   * @param hidden width of the residual stream
   * @param vocabulary number of tokens
   * @param rounds timings of each candidate
   */
  public Tuner(int tokens, int hidden, int vocabulary, int rounds) {
    sizes = new Sizes(tokens, hidden, vocabulary);
    this.rounds = rounds;
  }

  /**
   * What was found for a setting.
   *
   * @param name the setting
   * @param seconds median of one execution by candidate, those left out that the device refused
   * @param chosen the candidate to take
   */
  public record Finding(String name, Map<Integer, Double> seconds, int chosen) {}

  /**
   * Finds the fastest settings, one after another, each with those found before.
   *
   * @param device what is known of the device
   * @param found is told of each setting
   * @return the settings that differ from the usual best
   */
  public Map<String, Integer> run(GpuSettings device, Consumer<Finding> found) {
    Map<String, Integer> tuned = new TreeMap<>();
    for (String name : new TreeSet<>(GpuSettings.CANDIDATES.keySet())) {
      Finding f = find(name, device, tuned);
      found.accept(f);
      if (f.chosen != GpuSettings.CANDIDATES.get(name).getFirst()) {
        tuned.put(name, f.chosen);
      }
    }
    return tuned;
  }

  private Finding find(String name, GpuSettings device, Map<String, Integer> tuned) {
    List<Integer> candidates = GpuSettings.CANDIDATES.get(name);
    Map<Integer, double[]> times = new LinkedHashMap<>();
    candidates.forEach(c -> times.put(c, new double[rounds]));
    for (Kind kind : MATTERS.get(name)) {
      time(kind, name, device, tuned, times);
    }
    if (times.isEmpty()) {
      throw new UserError("the device refuses every candidate of " + name);
    }
    Map<Integer, Double> medians = new LinkedHashMap<>();
    times.forEach((c, t) -> medians.put(c, StatUtils.percentile(t, 50)));
    return new Finding(name, medians, choose(candidates, medians));
  }

  /** The fastest, unless the usual best is as good. */
  static int choose(List<Integer> candidates, Map<Integer, Double> medians) {
    int best = medians.entrySet().stream().min(Map.Entry.comparingByValue()).orElseThrow().getKey();
    Double usual = medians.get(candidates.getFirst());
    return usual != null && medians.get(best) > usual * (1 - GAIN) ? candidates.getFirst() : best;
  }

  /** Adds the times of one kind of work, and leaves out candidates that do not run. */
  private void time(
      Kind kind,
      String name,
      GpuSettings device,
      Map<String, Integer> tuned,
      Map<Integer, double[]> times) {
    Map<Integer, Workload> ready = new LinkedHashMap<>();
    try {
      for (int candidate : new ArrayList<>(times.keySet())) {
        Map<String, Integer> settings = new TreeMap<>(tuned);
        settings.put(name, candidate);
        GpuSettings all = new GpuSettings(device.groupItems(), device.localBytes(), settings);
        Workload w = new Workload(kind, sizes, new GpuOperations(all));
        ready.put(candidate, w);
        try {
          w.run(EXECUTIONS);
        } catch (UserError e) {
          times.remove(candidate);
        }
      }
      for (int round = 0; round < rounds; round++) {
        for (Map.Entry<Integer, double[]> e : times.entrySet()) {
          e.getValue()[round] += ready.get(e.getKey()).run(EXECUTIONS);
        }
      }
    } finally {
      ready.values().forEach(Workload::close);
    }
  }
}
