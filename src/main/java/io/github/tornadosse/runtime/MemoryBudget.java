package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.tensor.UserError;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Compares what a program will allocate with what there is, before anything is allocated. */
public final class MemoryBudget {
  private MemoryBudget() {}

  /**
   * Checks a plan against the free heap.
   *
   * @param plan a measuring instance that the program was built with
   * @param what names the program in the message
   * @throws UserError if the plan does not fit, with planned and available bytes
   */
  public static void check(Buffers plan, String what) {
    Runtime r = Runtime.getRuntime();
    long available = r.maxMemory() - (r.totalMemory() - r.freeMemory());
    if (plan.totalBytes() > available) {
      String largest =
          plan.byName().entrySet().stream()
              .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
              .limit(3)
              .map(e -> e.getKey() + " " + format(e.getValue()))
              .collect(Collectors.joining(", "));
      throw new UserError(
          what
              + " needs "
              + plan.totalBytes()
              + " bytes ("
              + format(plan.totalBytes())
              + "), and "
              + available
              + " ("
              + format(available)
              + ") are available; largest: "
              + largest
              + "; take fewer tokens a batch, a smaller model, or a larger heap (-Xmx)");
    }
  }

  /** Bytes for people: 12.3 MiB. */
  public static String format(long bytes) {
    if (bytes < 1024) {
      return bytes + " B";
    }
    double v = bytes;
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    int u = 0;
    while (v >= 1024 && u < units.length - 1) {
      v /= 1024;
      u++;
    }
    return String.format(Locale.ROOT, "%.1f %s", v, units[u]);
  }
}
