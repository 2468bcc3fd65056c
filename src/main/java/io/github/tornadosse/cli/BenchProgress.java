package io.github.tornadosse.cli;

import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows on standard error how far a suite is: a bar with rate and remaining time on a terminal, a
 * line for each entry otherwise.
 */
final class BenchProgress implements AutoCloseable {
  private static final double MINUTE = 60;

  private final int all;
  private final ProgressBar bar;
  private final long began = System.nanoTime();
  private int done;

  BenchProgress(int all) {
    this.all = all;
    // The launcher knows whether standard error is a terminal.
    bar =
        Boolean.getBoolean("sse.terminal")
            ? new ProgressBarBuilder()
                .setTaskName("bench")
                .setInitialMax(all)
                .setStyle(ProgressBarStyle.ASCII)
                .setUnit(" entries", 1)
                .showSpeed()
                .setUpdateIntervalMillis(500)
                .build()
            : null;
  }

  /** An entry begins. */
  void began(String name) {
    if (bar != null) {
      bar.setExtraMessage(" " + name);
    }
  }

  /** An entry is done. */
  void done(String what) {
    done++;
    if (bar != null) {
      bar.stepTo(done);
      return;
    }
    double minutes = (System.nanoTime() - began) / 1e9 / MINUTE;
    double left = minutes / done * (all - done);
    Console.err(
        "%d of %d: %s%s",
        done,
        all,
        what,
        done == all ? "" : String.format(Locale.ROOT, "; about %.0f min left", left));
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
