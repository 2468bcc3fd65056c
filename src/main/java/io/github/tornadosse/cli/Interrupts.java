package io.github.tornadosse.cli;

import java.util.concurrent.TimeUnit;

/**
 * While open, an interrupt (Ctrl-C, SIGTERM) calls an action instead of ending the process at once:
 * the command then finishes, and {@link #exit} ends the process with its exit code.
 */
final class Interrupts implements AutoCloseable {
  private static final long LONGEST_MINUTES = 10;
  private static volatile boolean interrupted;

  private final Thread hook;

  private Interrupts(Runnable action) {
    hook =
        new Thread(
            () -> {
              interrupted = true;
              action.run();
              try {
                // The process ends when this thread does, unless the command is done before.
                TimeUnit.MINUTES.sleep(LONGEST_MINUTES);
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

  /** Ends the process, also while an interrupt is ending it. */
  static void exit(int code) {
    if (interrupted) {
      System.out.flush();
      System.err.flush();
      Runtime.getRuntime().halt(code);
    }
    System.exit(code);
  }

  @Override
  public void close() {
    if (!interrupted) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }
}
