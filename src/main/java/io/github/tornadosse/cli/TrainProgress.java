package io.github.tornadosse.cli;

import io.github.tornadosse.train.EvaluationMetrics;
import io.github.tornadosse.train.Progress;
import io.github.tornadosse.train.StepMetrics;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows a training run on standard error: a bar on a terminal, a line every few seconds otherwise.
 */
final class TrainProgress implements Progress {
  private static final double LINE_SECONDS = 10;

  // The launcher knows whether standard error is one.
  private final boolean terminal = Boolean.getBoolean("sse.terminal");
  private Start start;
  private ProgressBar bar;
  private double nextLine;
  private double firstSecond = Double.NaN;

  @Override
  public void started(Start start) {
    this.start = start;
    Console.err(
        "training %,d parameters, %,d tokens a step, into %s",
        start.parameters(), start.stepTokens(), start.directory());
    if (terminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("train")
              .setInitialMax(start.seconds() > 0 ? Math.round(start.seconds()) : start.steps())
              .setStyle(ProgressBarStyle.ASCII)
              .setUnit(start.seconds() > 0 ? " s" : " steps", 1)
              .setUpdateIntervalMillis(500)
              .build();
    }
  }

  @Override
  public void step(StepMetrics m) {
    if (Double.isNaN(firstSecond)) {
      firstSecond = m.seconds();
    }
    String text =
        String.format(
            Locale.ROOT,
            "loss %.3f (%.3f bits per byte), %.0f tokens/s%s",
            m.loss(),
            m.bitsPerByte(),
            m.tokensPerSecond(),
            m.skipped() ? ", skipped" : "");
    if (bar != null) {
      bar.stepTo(start.seconds() > 0 ? Math.round(m.seconds()) : m.step());
      bar.setExtraMessage(text);
    } else if (m.seconds() >= nextLine) {
      nextLine = m.seconds() + LINE_SECONDS;
      Console.err("step %d of %s: %s%s", m.step(), end(), text, left(m));
    }
  }

  private String end() {
    return start.seconds() > 0
        ? String.format(Locale.ROOT, "%.0f s", start.seconds())
        : Integer.toString(start.steps());
  }

  /** The time that is left; nothing can be said of it after a single step. */
  private String left(StepMetrics m) {
    double seconds;
    if (start.seconds() > 0) {
      seconds = start.seconds() - m.seconds();
    } else if (m.step() > start.firstStep()) {
      double each = (m.seconds() - firstSecond) / (m.step() - start.firstStep());
      seconds = each * (start.steps() - m.step());
    } else {
      return "";
    }
    long s = Math.max(0, Math.round(seconds));
    if (s < 60) {
      return ", " + s + " s left";
    }
    return s < 3600
        ? ", " + s / 60 + " min left"
        : ", " + s / 3600 + " h " + s % 3600 / 60 + " min left";
  }

  @Override
  public void evaluated(EvaluationMetrics m) {
    if (bar == null) {
      Console.err(
          "step %d: held-out %.3f bits per byte, perplexity %.2f",
          m.step(), m.bitsPerByte(), m.perplexity());
    }
  }

  @Override
  public void ended() {
    if (bar != null) {
      bar.close();
    }
  }
}
