package io.github.tornadosse.eval.bench;

import com.sun.management.ThreadMXBean;
import io.github.tornadosse.runtime.Devices;
import java.lang.management.ManagementFactory;

/** How much of the heap a program takes, its arrays and its threads' scratch. */
final class Footprint {
  private final long before = live();

  /** Begins; what is live now is not counted. */
  Footprint() {}

  /**
   * Says what the program takes, once it has warmed up: before that, the JIT compiler's absence
   * shows as allocations.
   *
   * @param run a run
   * @param planned bytes of the program's arrays. They are counted even where scratch of an earlier
   *     program in this process has gone meanwhile and less is live than at the beginning
   * @return bytes that are live and were not at the beginning, and all that a run allocates: as
   *     much as there can be at once; −1 where arrays are not on the heap
   */
  long peak(Runnable run, long planned) {
    if (!Devices.embedded()) {
      return -1;
    }
    long held = Math.max(live() - before, planned);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long allocated = threads.getTotalThreadAllocatedBytes();
    run.run();
    return held + threads.getTotalThreadAllocatedBytes() - allocated;
  }

  private static long live() {
    if (!Devices.embedded()) {
      return 0;
    }
    System.gc();
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }
}
