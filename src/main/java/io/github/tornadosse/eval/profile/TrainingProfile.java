package io.github.tornadosse.eval.profile;

import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Where the time of one training step goes: that of the fastest step that was profiled.
 *
 * @param tokens tokens of the step
 * @param wallMs time of the step in milliseconds, without what profiling itself took
 * @param medianMs median of all profiled steps
 * @param steps profiled steps
 * @param tasks its operations, in the order of their first execution
 * @param hostMs time of the host between tasks
 * @param dataMs time of making batches
 * @param productSize rows, columns and terms of the product that is the machine's limit
 * @param sgemmGflops 10⁹ operations a second of that product
 * @param copyGbs 10⁹ bytes a second that a copy reads and writes
 * @param memory planned and used
 */
public record TrainingProfile(
    long tokens,
    double wallMs,
    double medianMs,
    int steps,
    List<Task> tasks,
    double hostMs,
    double dataMs,
    int productSize,
    double sgemmGflops,
    double copyGbs,
    MemoryUse memory) {

  /**
   * One operation of one graph, with all its kernels and executions in the step.
   *
   * @param graph the graph
   * @param id the operation's name in it
   * @param operation what it is, such as linear; empty for tasks of no operation
   * @param part what it is for
   * @param executions how often it ran
   * @param ms time of all of them
   * @param work nominal work of all of them
   */
  public record Task(
      String graph, String id, String operation, Part part, int executions, double ms, Work work) {
    /** 10⁹ nominal operations a second. */
    public double gflops() {
      return rate(work.flop(), ms);
    }

    /** 10⁹ nominal bytes a second. */
    public double gbs() {
      return rate(work.bytes(), ms);
    }
  }

  /**
   * A part of the step.
   *
   * @param part what it is
   * @param ms its time
   * @param work its nominal work
   */
  public record Share(Part part, double ms, Work work) {
    /** 10⁹ nominal operations a second. */
    public double gflops() {
      return rate(work.flop(), ms);
    }

    /** 10⁹ nominal bytes a second. */
    public double gbs() {
      return rate(work.bytes(), ms);
    }
  }

  private static double rate(double amount, double ms) {
    return ms > 0 ? amount / ms / 1e6 : 0;
  }

  /** The parts that took time, the longest first. */
  public List<Share> parts() {
    Map<Part, Share> shares = new EnumMap<>(Part.class);
    for (Task t : tasks) {
      add(shares, new Share(t.part, t.ms, t.work));
    }
    add(shares, new Share(Part.HOST, hostMs, Work.NONE));
    add(shares, new Share(Part.DATA, dataMs, Work.NONE));
    return shares.values().stream()
        .sorted(Comparator.comparingDouble(Share::ms).reversed())
        .toList();
  }

  private static void add(Map<Part, Share> shares, Share s) {
    shares.merge(s.part, s, (a, b) -> new Share(s.part, a.ms + b.ms, a.work.plus(b.work)));
  }

  /** The operations, the longest first. */
  public List<Task> longest() {
    return tasks.stream().sorted(Comparator.comparingDouble(Task::ms).reversed()).toList();
  }

  /** Nominal work of the whole step. */
  public Work work() {
    return tasks.stream().map(Task::work).reduce(Work.NONE, Work::plus);
  }

  /** 10⁹ nominal operations a second over the whole step. */
  public double gflops() {
    return rate(work().flop(), wallMs);
  }

  /** The same over the product's. */
  public double ofSgemm() {
    return gflops() / sgemmGflops;
  }

  /** Tokens a second. */
  public double tokensPerSecond() {
    return 1e3 * tokens / wallMs;
  }

  /**
   * Share of what the machine could do at best: the time that the work's arithmetic or its bytes
   * would take at the limits, whichever is longer, over the time it took. Above 1 where arrays stay
   * in caches.
   *
   * @param work nominal work
   * @param ms its time
   */
  public double ofLimit(Work work, double ms) {
    double best = Math.max(work.flop() / sgemmGflops, work.bytes() / copyGbs) / 1e6;
    return ms > 0 ? best / ms : 0;
  }
}
