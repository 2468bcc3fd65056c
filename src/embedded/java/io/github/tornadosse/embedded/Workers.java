package io.github.tornadosse.embedded;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The threads of the embedded runtime. Items are independent, so results do not depend on how many
 * threads there are or which one takes an item.
 */
public final class Workers {
  private static volatile Workers instance = new Workers(defaultThreads());

  private final int threads;
  private final ExecutorService pool;

  private Workers(int threads) {
    this.threads = threads;
    this.pool =
        Executors.newFixedThreadPool(
            Math.max(1, threads - 1),
            r -> {
              Thread t = new Thread(r, "sse-worker");
              t.setDaemon(true);
              return t;
            });
  }

  private static int defaultThreads() {
    return Integer.getInteger("sse.threads", Runtime.getRuntime().availableProcessors());
  }

  /** One item of work, with the index of the thread that runs it (for scratch memory). */
  @FunctionalInterface
  public interface Body {
    /** Runs item {@code item} as worker {@code worker} (0 is the calling thread). */
    void run(int item, int worker);
  }

  /** Number of threads in use. */
  public static int count() {
    return instance.threads;
  }

  /** Replaces the threads; for tests and the {@code --threads} option. */
  public static synchronized void setCount(int threads) {
    instance.pool.shutdown();
    instance = new Workers(threads);
  }

  /** Runs the body for items 0 to count − 1 on all threads; returns when all are done. */
  public static void forEach(int count, Body body) {
    instance.run(count, body);
  }

  private void run(int count, Body body) {
    if (count <= 1 || threads == 1) {
      for (int i = 0; i < count; i++) body.run(i, 0);
      return;
    }
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    int helpers = Math.min(threads, count) - 1;
    CountDownLatch done = new CountDownLatch(helpers);
    for (int w = 1; w <= helpers; w++) {
      int worker = w;
      pool.execute(
          () -> {
            drain(next, count, body, worker, failure);
            done.countDown();
          });
    }
    drain(next, count, body, 0, failure);
    try {
      done.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
    Throwable t = failure.get();
    if (t instanceof RuntimeException e) throw e;
    if (t instanceof Error e) throw e;
  }

  private static void drain(
      AtomicInteger next, int count, Body body, int worker, AtomicReference<Throwable> failure) {
    try {
      for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
        body.run(i, worker);
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
  }
}
