package io.github.tornadosse.embedded;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The threads of the embedded runtime. Items are independent, so results do not depend on how many
 * threads there are or which one takes an item.
 *
 * <p>A call hands its items to threads that wait in a short spin, so that a run of small tasks pays
 * about a microsecond for each; a thread that finds nothing to do for {@value #SPIN_MICROS}
 * microseconds parks. Calls from within an item, and calls while another thread's items are being
 * worked off, run on the calling thread alone.
 */
public final class Workers {
  /** How long an idle thread, or a caller that waits for the last items, spins before it parks. */
  private static final int SPIN_MICROS = 50;

  /** Lanes of {@link #shared}, a cache line or two apart. */
  private static final int NEXT = 16;

  private static final int STATE = 48;
  private static final int BUSY = 80;

  /** Low bits of the state: how many helpers are at work; then a closed bit; then the epoch. */
  private static final long ACTIVE_MASK = (1L << 30) - 1;

  private static final long CLOSED = 1L << 30;
  private static final long EPOCH = 1L << 31;

  private static volatile Workers instance = new Workers(defaultThreads());

  private final int threads;
  private final Helper[] helpers;
  private final long spinNanos;

  private final AtomicLongArray shared = new AtomicLongArray(112);

  // Written by the caller before it opens the state, read by helpers that have joined.
  private Body body;
  private int count;

  private volatile Throwable failure;
  private volatile Thread waiting;
  private volatile boolean stopped;

  private Workers(int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException(
          "number of threads is " + threads + ", must be at least 1");
    }
    this.threads = threads;
    // Spinning takes a processor from a thread that has work if there are more threads than those.
    boolean room = threads <= Runtime.getRuntime().availableProcessors();
    spinNanos = room ? SPIN_MICROS * 1000L : 0;
    shared.set(STATE, CLOSED);
    helpers = new Helper[threads - 1];
    for (int i = 0; i < helpers.length; i++) {
      helpers[i] = new Helper(i + 1);
    }
    for (Helper helper : helpers) {
      helper.start();
    }
  }

  private static int defaultThreads() {
    return Integer.getInteger("sse.threads", Runtime.getRuntime().availableProcessors());
  }

  /** One item of work, with the index of the thread that runs it (for scratch memory). */
  @FunctionalInterface
  public interface Body {
    /**
     * Runs one item.
     *
     * @param item its index
     * @param worker index of the thread, 0 for the one that called {@code forEach}
     */
    void run(int item, int worker);
  }

  /**
   * Number of threads in use, the calling one included.
   *
   * @return at least 1
   */
  public static int count() {
    return instance.threads;
  }

  /**
   * Replaces the threads; for tests and the {@code --threads} option.
   *
   * @param threads how many, the calling one included
   * @throws IllegalArgumentException if that is less than 1
   */
  public static synchronized void setCount(int threads) {
    if (threads == instance.threads) {
      return;
    }
    Workers old = instance;
    instance = new Workers(threads);
    old.stop();
  }

  /**
   * Runs the body for items 0 to count − 1 on all threads; returns when all are done.
   *
   * @param count number of items
   * @param body what to do for each; the first exception that one throws is thrown here, and items
   *     that have not begun by then are left out
   */
  public static void forEach(int count, Body body) {
    instance.run(count, body);
  }

  private void run(int count, Body body) {
    if (count <= 1 || helpers.length == 0 || !shared.compareAndSet(BUSY, 0, 1)) {
      int worker = Thread.currentThread() instanceof Helper helper ? helper.index : 0;
      for (int i = 0; i < count; i++) {
        body.run(i, worker);
      }
      return;
    }
    Throwable thrown;
    try {
      share(count, body);
    } finally {
      thrown = failure;
      failure = null;
      this.body = null;
      shared.set(BUSY, 0);
    }
    if (thrown != null) {
      Workers.<RuntimeException>rethrow(thrown);
    }
  }

  private void share(int count, Body body) {
    this.body = body;
    this.count = count;
    shared.set(NEXT, 0);
    long epoch = (shared.get(STATE) & -EPOCH) + EPOCH;
    shared.set(STATE, epoch);
    wakeChildren(0, count);
    drain(body, count, 0);
    // Whoever has not joined by now does not any more, so nobody waits for a thread to wake up.
    long state = shared.getAndAdd(STATE, CLOSED);
    if ((state & ACTIVE_MASK) != 0) {
      await();
    }
  }

  /** Threads wake each other along a binary tree, so that the caller pays for two of them only. */
  private void wakeChildren(int index, int count) {
    for (int child = 2 * index + 1; child <= 2 * index + 2; child++) {
      if (child <= helpers.length && child < count) {
        Helper helper = helpers[child - 1];
        if (helper.parked) {
          LockSupport.unpark(helper);
        }
      }
    }
  }

  private void drain(Body body, int count, int worker) {
    try {
      for (long i = shared.getAndIncrement(NEXT); i < count; i = shared.getAndIncrement(NEXT)) {
        body.run((int) i, worker);
      }
    } catch (Throwable t) {
      shared.set(NEXT, count);
      synchronized (this) {
        if (failure == null) {
          failure = t;
        }
      }
    }
  }

  private void await() {
    long limit = System.nanoTime() + spinNanos;
    for (int spins = 1; (shared.get(STATE) & ACTIVE_MASK) != 0; spins++) {
      if ((spins & 31) == 0 && System.nanoTime() >= limit) {
        park();
        return;
      }
      Thread.onSpinWait();
    }
  }

  private void park() {
    boolean interrupted = false;
    waiting = Thread.currentThread();
    while ((shared.get(STATE) & ACTIVE_MASK) != 0) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    waiting = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    stopped = true;
    for (Helper helper : helpers) {
      LockSupport.unpark(helper);
    }
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void rethrow(Throwable t) throws T {
    throw (T) t;
  }

  private final class Helper extends Thread {
    private final int index;
    private volatile boolean parked;

    Helper(int index) {
      super("sse-worker-" + index);
      this.index = index;
      setDaemon(true);
    }

    @Override
    public void run() {
      long seen = CLOSED;
      while (!stopped) {
        long state = waitForChange(seen);
        if (state == seen) {
          continue;
        }
        seen = state & -EPOCH;
        if (joins(seen)) {
          wakeChildren(index, count);
          drain(body, count, index);
          leave();
        }
      }
    }

    /**
     * The state once its epoch differs from the one seen, or the one seen if it is time to stop.
     */
    private long waitForChange(long seen) {
      long epoch = seen & -EPOCH;
      long limit = System.nanoTime() + spinNanos;
      for (int spins = 1; ; spins++) {
        long state = shared.get(STATE);
        if ((state & -EPOCH) != epoch) {
          return state;
        }
        if (stopped) {
          return seen;
        }
        if ((spins & 31) == 0 && System.nanoTime() >= limit) {
          parked = true;
          // The caller opens a new epoch first and looks at this flag afterwards.
          if ((shared.get(STATE) & -EPOCH) == epoch && !stopped) {
            LockSupport.park(Workers.this);
            Thread.interrupted();
          }
          parked = false;
          limit = System.nanoTime() + spinNanos;
        }
        Thread.onSpinWait();
      }
    }

    private boolean joins(long epoch) {
      for (long state = shared.get(STATE);
          (state & -EPOCH) == epoch && (state & CLOSED) == 0;
          state = shared.get(STATE)) {
        if (shared.compareAndSet(STATE, state, state + 1)) {
          return true;
        }
      }
      return false;
    }

    private void leave() {
      long state = shared.decrementAndGet(STATE);
      if ((state & ACTIVE_MASK) == 0 && (state & CLOSED) != 0) {
        Thread caller = waiting;
        if (caller != null) {
          LockSupport.unpark(caller);
        }
      }
    }
  }
}
