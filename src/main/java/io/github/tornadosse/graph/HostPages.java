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
 * stay on the device pinned when their plan is closed: whatever stood there later, or beside it on
 * the same page, would be copied from and to wrong places, or not at all. Pages that come back are
 * therefore only for arrays of as many pages, which are pinned as they have to be.
 */
final class HostPages {
  /** Bytes of the largest page that systems with this processor use for ordinary memory. */
  static final long PAGE = System.getProperty("os.arch").equals("amd64") ? 1 << 12 : 1 << 16;

  private final Map<Long, Deque<MemorySegment>> free = new HashMap<>();

  /**
   * Memory of zeros on pages of its own.
   *
   * @param bytes its size
   * @param lifetime when this ends, the pages are for others
   * @return the memory, at the beginning of a page
   */
  @SuppressWarnings("restricted") // the new scope is that of the same memory
  MemorySegment take(long bytes, Arena lifetime) {
    long pages = Math.ceilDiv(Math.max(bytes, 1), PAGE);
    MemorySegment block = reuse(pages);
    if (block == null) {
      block = Arena.global().allocate(pages * PAGE, PAGE);
    } else {
      block.fill((byte) 0);
    }
    MemorySegment whole = block;
    return block.reinterpret(bytes, lifetime, ended -> giveBack(pages, whole));
  }

  private synchronized MemorySegment reuse(long pages) {
    Deque<MemorySegment> blocks = free.get(pages);
    return blocks == null ? null : blocks.poll();
  }

  private synchronized void giveBack(long pages, MemorySegment block) {
    free.computeIfAbsent(pages, p -> new ArrayDeque<>()).push(block);
  }
}
