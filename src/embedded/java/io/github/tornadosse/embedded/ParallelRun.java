package io.github.tornadosse.embedded;

/**
 * Runs a kernel's parallel loop over the workers. Small ones stay on the calling thread: how long
 * an iteration takes is measured as they run. That decides only who runs an iteration, never its
 * result.
 */
final class ParallelRun implements Runnable, Workers.Body {
  /** Loops shorter than this are not worth a hand-over. */
  private static final double INLINE_NANOS = 10_000;

  /** A loop that looks this long after all is handed over in mid-run. */
  private static final double TOO_LONG_NANOS = 4 * INLINE_NANOS;

  /** Blocks of iterations last at least this long, as far as is known. */
  private static final double BLOCK_NANOS = 5_000;

  private static final int BLOCKS_PER_THREAD = 4;

  private final ParallelKernel kernel;
  private final boolean splits;

  /** Estimated from below at once and from above slowly; negative until measured. */
  private double nanosPerIteration = -1;

  // Of the iterations that are shared out now.
  private int first;
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
    int all = kernel.count();
    if (Workers.count() == 1 || all == 0) {
      kernel.run(0, all, 0, 1);
    } else if (all == 1 && !splits
        || nanosPerIteration >= 0 && nanosPerIteration * all < INLINE_NANOS) {
      runHere(all);
    } else {
      share(0, all);
    }
  }

  /**
   * Runs iterations on this thread. What they take may depend on data, so a look at the clock after
   * an eighth of them tells whether to share out the rest after all.
   */
  private void runHere(int all) {
    long start = System.nanoTime();
    int done = all / 8;
    if (done > 0) {
      kernel.run(0, done, 0, 1);
      long nanos = System.nanoTime() - start;
      if ((double) nanos / done * all > TOO_LONG_NANOS) {
        measure(nanos, done);
        share(done, all);
        return;
      }
    }
    kernel.run(done, all, 0, 1);
    measure(System.nanoTime() - start, all);
  }

  private void share(int from, int to) {
    first = from;
    count = to - from;
    int threads = Workers.count();
    int wanted = threads * BLOCKS_PER_THREAD;
    if (nanosPerIteration >= 0) {
      double worth = nanosPerIteration * count / BLOCK_NANOS;
      wanted = (int) Math.max(2, Math.min(wanted, worth));
    }
    blocks = Math.min(count, wanted);
    parts = splits && count < threads ? (wanted + count - 1) / count : 1;
    measured = false;
    Workers.forEach(blocks * parts, this);
  }

  @Override
  public void run(int item, int worker) {
    int block = item / parts;
    int from = first + ParallelKernel.start(count, block, blocks);
    int to = first + ParallelKernel.start(count, block + 1, blocks);
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
    boolean unknown = nanosPerIteration < 0;
    nanosPerIteration =
        unknown || each < nanosPerIteration
            ? each
            : nanosPerIteration + (each - nanosPerIteration) / 4;
  }
}
