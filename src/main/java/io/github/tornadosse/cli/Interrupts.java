package io.github.tornadosse.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * While open, an interrupt (Ctrl-C, SIGTERM) calls an action instead of ending the process at once;
 * the process ends when this is closed, or after ten minutes.
 */
final class Interrupts implements AutoCloseable {
  private final CountDownLatch done = new CountDownLatch(1);
  private final Thread hook;

  private Interrupts(Runnable action) {
    hook =
        new Thread(
            () -> {
              action.run();
              try {
                done.await(10, TimeUnit.MINUTES);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
  }

  static Interrupts onFirst(Runnable action) {
    Interrupts i = new Interrupts(action);
    Runtime.getRuntime().addShutdownHook(i.hook);
    return i;
  }

  @Override
  public void close() {
    done.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already, and waited for this.
      Runtime.getRuntime().halt(0);
    }
  }
}
