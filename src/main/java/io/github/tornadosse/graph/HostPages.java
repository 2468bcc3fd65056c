package io.github.tornadosse.graph;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Host memory in whole pages that belong to one array at a time and are never given back to the
 * system. TornadoVM's PTX backend has the driver pin the memory of an array and leaves arrays that
 * stay on the device pinned when their plan is closed: whatever stands there later, in part or
 * beside it on the same page, would be copied from and to wrong places, or not at all. Memory that
 * comes back is therefore only for arrays of as many bytes, which are pinned as they have to be.
 */
final class HostPages {
  /** Bytes of the largest page that systems with this processor use for ordinary memory. */
  static final long PAGE = System.getProperty("os.arch").equals("amd64") ? 1 << 12 : 1 << 16;

  private final Map<Long, Deque<MemorySegment>> free = new HashMap<>();

  /**
   * Memory of zeros on pages of its own.
   *
   * @param bytes its size
   * @param lifetime when this ends, the memory is for others
   * @return the memory, at the beginning of a page
   */
  @SuppressWarnings("restricted") // the new scope is that of the same memory
  MemorySegment take(long bytes, Arena lifetime) {
    MemorySegment whole = reuse(bytes);
    if (whole == null) {
      whole = Arena.global().allocate(Math.ceilDiv(Math.max(bytes, 1), PAGE) * PAGE, PAGE);
    } else {
      whole.fill((byte) 0);
    }
    MemorySegment block = whole;
    return block.reinterpret(bytes, lifetime, ended -> giveBack(bytes, block));
  }

  private synchronized MemorySegment reuse(long bytes) {
    Deque<MemorySegment> blocks = free.get(bytes);
    return blocks == null ? null : blocks.poll();
  }

  private synchronized void giveBack(long bytes, MemorySegment block) {
    free.computeIfAbsent(bytes, b -> new ArrayDeque<>()).push(block);
  }
}
