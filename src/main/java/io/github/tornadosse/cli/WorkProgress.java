package io.github.tornadosse.cli;

import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on standard error how far a piece of work is: a bar on a terminal, a line every few seconds
 * otherwise, and nothing for what is done before that.
 */
final class WorkProgress implements AutoCloseable {
  private static final long LINE_NANOS = 10_000_000_000L;

  private final String task;
  private ProgressBar bar;
  private long nextLine = System.nanoTime() + LINE_NANOS;

  WorkProgress(String task) {
    this.task = task;
  }

  void update(long done, long all) {
    // The launcher knows whether standard error is a terminal.
    if (Boolean.getBoolean("sse.terminal")) {
      if (bar == null) {
        bar =
            new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(all)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(500)
                .build();
      }
      bar.stepTo(done);
    } else if (System.nanoTime() - nextLine >= 0) {
      nextLine = System.nanoTime() + LINE_NANOS;
      Console.err("%s: %.0f %%", task, 100.0 * done / all);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
