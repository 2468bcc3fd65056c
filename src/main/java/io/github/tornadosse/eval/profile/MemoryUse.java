package io.github.tornadosse.eval.profile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/**
 * Memory of a training run.
 *
 * @param planned bytes of all arrays, as planned before any was made
 * @param heap bytes of the heap that the model takes after its steps, garbage collected; on a
 *     device of a TornadoVM SDK arrays are elsewhere, and this says little
 * @param resident most bytes of memory that the process has had, if the system tells
 */
public record MemoryUse(long planned, long heap, OptionalLong resident) {
  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String PEAK = "VmHWM:";

  /** Bytes of the heap in use once the garbage is collected. */
  static long heapInUse() {
    System.gc();
    Runtime r = Runtime.getRuntime();
    return r.totalMemory() - r.freeMemory();
  }

  /** Most memory that this process has had so far; empty where there is no /proc. */
  static OptionalLong peakResident() {
    if (!Files.isReadable(STATUS)) {
      return OptionalLong.empty();
    }
    try {
      return Files.readAllLines(STATUS).stream()
          .filter(line -> line.startsWith(PEAK))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst();
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }
}
