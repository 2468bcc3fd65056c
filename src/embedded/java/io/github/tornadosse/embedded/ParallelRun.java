package io.github.tornadosse.embedded;

/**
 * Runs a kernel's parallel loop over the workers. Small ones stay on the calling thread: how long
 * an iteration takes is measured as they run. That decides only who runs an iteration, never its
 * result.
 */
final class ParallelRun implements Runnable, Workers.Body {
  /** Loops shorter than this are not worth a hand-over. */
  private static final double INLINE_NANOS = 10_000;

  /** Blocks of iterations last at least this long, as far as is known. */
  private static final double BLOCK_NANOS = 5_000;

  private static final int BLOCKS_PER_THREAD = 4;

  private final ParallelKernel kernel;
  private final boolean splits;

  /** Estimated from below at once and from above slowly; negative until measured. */
  private double nanosPerIteration = -1;

  // Of the run in progress.
  private int count;
  private int blocks;
  private int parts;
  private boolean measured;

  ParallelRun(ParallelKernel kernel, boolean splits) {
    this.kernel = kernel;
    this.splits = splits;
  }

  @Override
  public void run() {
    count = kernel.count();
    int threads = Workers.count();
    if (threads == 1 || count == 0) {
      kernel.run(0, count, 0, 1);
      return;
    }
    boolean known = nanosPerIteration >= 0;
    double nanos = nanosPerIteration * count;
    boolean single = count == 1 && !splits;
    if (known && nanos < INLINE_NANOS || single) {
      long start = System.nanoTime();
      kernel.run(0, count, 0, 1);
      measure(System.nanoTime() - start, count);
      return;
    }
    int wanted = threads * BLOCKS_PER_THREAD;
    if (known) {
      wanted = (int) Math.max(2, Math.min(wanted, nanos / BLOCK_NANOS));
    }
    blocks = Math.min(count, wanted);
    parts = splits && count < threads ? (wanted + count - 1) / count : 1;
    measured = false;
    Workers.forEach(blocks * parts, this);
  }

  @Override
  public void run(int item, int worker) {
    int block = item / parts;
    int from = ParallelKernel.start(count, block, blocks);
    int to = ParallelKernel.start(count, block + 1, blocks);
    if (worker == 0 && !measured) {
      long start = System.nanoTime();
      kernel.run(from, to, item % parts, parts);
      measure((System.nanoTime() - start) * parts, to - from);
      measured = true;
    } else {
      kernel.run(from, to, item % parts, parts);
    }
  }

  private void measure(long nanos, int iterations) {
    double each = (double) nanos / iterations;
    boolean first = nanosPerIteration < 0;
    nanosPerIteration =
        first || each < nanosPerIteration
            ? each
            : nanosPerIteration + (each - nanosPerIteration) / 4;
  }
}
