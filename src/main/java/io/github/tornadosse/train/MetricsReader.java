package io.github.tornadosse.train;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a run has measured so far, from its {@code metrics.jsonl}. The file may be growing, and its
 * last line may be cut off by a process that was killed: such a line is left out.
 *
 * @param steps the training steps, in order
 * @param evaluations the evaluations, in order
 */
public record MetricsReader(List<StepMetrics> steps, List<EvaluationMetrics> evaluations) {
  /**
   * Reads a file.
   *
   * @param file {@code metrics.jsonl}; one that is not there has no lines
   * @return what is in it
   * @throws UserError if it cannot be read or a line other than the last is damaged
   */
  public static MetricsReader read(Path file) {
    List<StepMetrics> steps = new ArrayList<>();
    List<EvaluationMetrics> evaluations = new ArrayList<>();
    for (Line line : lines(file)) {
      if (line.metrics instanceof StepMetrics step) {
        steps.add(step);
      } else {
        evaluations.add((EvaluationMetrics) line.metrics);
      }
    }
    return new MetricsReader(List.copyOf(steps), List.copyOf(evaluations));
  }

  /** Seconds since the run began at the last line; 0 without any. */
  public double seconds() {
    double step = steps.isEmpty() ? 0 : steps.get(steps.size() - 1).seconds();
    double evaluation =
        evaluations.isEmpty() ? 0 : evaluations.get(evaluations.size() - 1).seconds();
    return Math.max(step, evaluation);
  }

  /**
   * A whole line.
   *
   * @param text without its end
   * @param metrics a StepMetrics or an EvaluationMetrics
   */
  record Line(String text, Object metrics) {
    int step() {
      return metrics instanceof StepMetrics s ? s.step() : ((EvaluationMetrics) metrics).step();
    }
  }

  static List<Line> lines(Path file) {
    String content;
    try {
      content = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw new UserError("cannot read " + file + ": " + e.getMessage(), e);
    }
    List<Line> lines = new ArrayList<>();
    int begin = 0;
    for (int end = content.indexOf('\n'); end >= 0; end = content.indexOf('\n', begin)) {
      String text = content.substring(begin, end);
      begin = end + 1;
      try {
        lines.add(new Line(text, MetricsLines.parse(text)));
      } catch (IOException e) {
        // A disk that lost power may hold a last line that is whole in length alone.
        if (begin < content.length()) {
          throw new UserError(
              file
                  + " line "
                  + (lines.size() + 1)
                  + " is damaged ("
                  + e.getMessage()
                  + "); remove that line",
              e);
        }
      }
    }
    return lines;
  }
}
