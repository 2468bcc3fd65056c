package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import io.github.tornadosse.runtime.Devices;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/** What a figure has to name beside it: machine, JDK, device and build. */
final class BenchMachine {
  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");
  private static final String MODEL = "model name";

  private BenchMachine() {}

  /** Adds what stays the same in this process. */
  static void facts(ObjectNode j) {
    j.put("cpu", processor());
    j.put("cores", Runtime.getRuntime().availableProcessors());
    j.put("memory_bytes", system().getTotalMemorySize());
    j.put(
        "os",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch"));
    j.put("jdk", BuildInfo.jdk());
    j.put("device", Devices.name());
    j.put("device_name", Devices.description());
    j.put("commit", BuildInfo.commit());
  }

  /** Adds what holds at this moment: the date, and the load average of the last minute. */
  static void moment(ObjectNode j) {
    j.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    double load = system().getSystemLoadAverage();
    if (load >= 0) {
      j.put("load", Console.rounded(load, 2));
    }
  }

  private static OperatingSystemMXBean system() {
    return (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  }

  /** The processor's name where the system says it, else its architecture. */
  private static String processor() {
    if (Files.isReadable(PROCESSORS)) {
      try {
        for (String line : Files.readAllLines(PROCESSORS)) {
          if (line.startsWith(MODEL)) {
            return line.substring(line.indexOf(':') + 1).strip();
          }
        }
      } catch (IOException e) {
        return System.getProperty("os.arch");
      }
    }
    return System.getProperty("os.arch");
  }
}
