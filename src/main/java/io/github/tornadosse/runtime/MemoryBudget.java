package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.tensor.UserError;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Compares what a program will allocate with what there is, before anything is allocated. */
public final class MemoryBudget {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryBudget.class);

  private MemoryBudget() {}

  /**
   * Checks a plan against the free heap, or on a TornadoVM device against its memory; logs both.
   *
   * @param plan a measuring instance that the program was built with
   * @param what names the program in the message
   * @throws UserError if the plan does not fit, with planned and available bytes
   */
  public static void check(Buffers plan, String what) {
    if (!Devices.embedded()) {
      checkLargest(plan, what);
    }
    long available = available();
    LOG.info(
        "{}: {} bytes ({}) planned, {} ({}) available on {}",
        what,
        plan.totalBytes(),
        format(plan.totalBytes()),
        available,
        format(available),
        Devices.name());
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
              + "; take fewer tokens a batch, a smaller model, or "
              + (Devices.embedded() ? "a larger heap (-Xmx)" : "more memory (--device-memory)"));
    }
  }

  private static void checkLargest(Buffers plan, String what) {
    long most = Devices.largestArray();
    for (Map.Entry<String, Long> array : plan.byName().entrySet()) {
      if (most > 0 && array.getValue() > most) {
        throw new UserError(
            what
                + " needs "
                + format(array.getValue())
                + " for array '"
                + array.getKey()
                + "', and an array on "
                + Devices.name()
                + " holds at most "
                + format(most)
                + "; take fewer tokens a batch or a smaller model");
      }
    }
  }

  /**
   * What large arrays can take: on a TornadoVM device its memory; else the heap, which may be in
   * parts, and they stand in the largest one.
   *
   * @return bytes
   */
  public static long available() {
    if (!Devices.embedded()) {
      return Devices.memory();
    }
    long largest = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage usage = pool.getUsage();
      if (pool.getType() == MemoryType.HEAP && usage != null && usage.getMax() > 0) {
        largest = Math.max(largest, usage.getMax() - usage.getUsed());
      }
    }
    Runtime r = Runtime.getRuntime();
    long free = r.maxMemory() - (r.totalMemory() - r.freeMemory());
    return largest == 0 ? free : Math.min(largest, free);
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
