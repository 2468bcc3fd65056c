package io.github.tornadosse.embedded;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** The work-items of a group: their local memory and their barrier. */
public final class WorkGroup {
  private final int size;
  private final List<Object> localArrays = new ArrayList<>();

  // Of groups whose work-items are threads.
  private final AtomicInteger arrived = new AtomicInteger();
  private final AtomicInteger finished = new AtomicInteger();
  private volatile int phase;
  private volatile Throwable failure;
  private Thread[] threads;

  /** How the other work-items end when one has failed. */
  private static final class Abandoned extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super(null, null, false, false);
    }
  }

  WorkGroup(int size) {
    this.size = size;
  }

  /**
   * An array that all work-items of the group share.
   *
   * @param <T> its type
   * @param index how many arrays the work-item has asked for before this one
   * @param length number of elements
   * @param type the array's class
   * @param make makes the array
   * @return the array, the same for every work-item
   * @throws TornadoRuntimeException if another work-item has asked for a different array
   */
  public <T> T local(int index, int length, Class<T> type, IntFunction<T> make) {
    synchronized (localArrays) {
      if (index == localArrays.size()) {
        localArrays.add(make.apply(length));
      }
      Object array = localArrays.get(index);
      if (!type.isInstance(array) || java.lang.reflect.Array.getLength(array) != length) {
        throw new TornadoRuntimeException("work-items of a group differ in their local arrays");
      }
      return type.cast(array);
    }
  }

  /**
   * Waits until all work-items of the group are here.
   *
   * @throws TornadoRuntimeException if one of them has ended
   */
  public void barrier() {
    if (size == 1) {
      return;
    }
    int before = phase;
    if (finished.get() > 0) {
      throw notReached();
    }
    if (arrived.incrementAndGet() == size) {
      arrived.set(0);
      phase = before + 1;
      wakeAll();
      return;
    }
    while (phase == before) {
      if (failure != null) {
        throw new Abandoned();
      }
      LockSupport.park(this);
    }
  }

  private static TornadoRuntimeException notReached() {
    return new TornadoRuntimeException("a barrier that some work-items of a group do not reach");
  }

  /** Runs the work-items, each on a virtual thread of its own. */
  void run(IntFunction<Runnable> items) {
    threads = new Thread[size];
    for (int i = 0; i < size; i++) {
      Runnable item = items.apply(i);
      threads[i] = Thread.ofVirtual().unstarted(() -> run(item));
    }
    for (Thread thread : threads) {
      thread.start();
    }
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (true) {
        try {
          thread.join();
          break;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  private void run(Runnable item) {
    try {
      item.run();
      finished.incrementAndGet();
      if (arrived.get() > 0) {
        throw notReached();
      }
    } catch (Abandoned e) {
      // The failure that ended the others is reported.
      return;
    } catch (RuntimeException | Error e) {
      synchronized (localArrays) {
        if (failure == null) {
          failure = e;
        }
      }
      wakeAll();
    }
  }

  private void wakeAll() {
    for (Thread thread : threads) {
      LockSupport.unpark(thread);
    }
  }
}
