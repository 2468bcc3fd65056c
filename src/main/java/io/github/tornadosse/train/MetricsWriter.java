package io.github.tornadosse.train;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/** Appends to {@code metrics.jsonl}; every line is handed to the system at once. */
final class MetricsWriter implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;

  /**
   * Opens the file and drops what lies behind a step.
   *
   * @param file made if it is not there
   * @param step lines of later steps, and a last line that is cut off, are removed
   * @throws UserError if the file cannot be opened or a line is damaged
   */
  MetricsWriter(Path file, int step) {
    this.file = file;
    long kept = 0;
    List<MetricsReader.Line> lines = MetricsReader.lines(file);
    for (MetricsReader.Line line : lines) {
      if (line.step() > step) {
        // Steps only grow, so that all that follows goes too.
        break;
      }
      kept += line.text().getBytes(StandardCharsets.UTF_8).length + 1;
    }
    try {
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      channel.truncate(kept);
      channel.position(kept);
    } catch (IOException e) {
      throw error(e);
    }
  }

  void write(StepMetrics metrics) {
    line(MetricsLines.of(metrics));
  }

  void write(EvaluationMetrics metrics) {
    line(MetricsLines.of(metrics));
  }

  private void line(String text) {
    ByteBuffer bytes = ByteBuffer.wrap((text + '\n').getBytes(StandardCharsets.UTF_8));
    try {
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
    } catch (IOException e) {
      throw error(e);
    }
  }

  /** Puts what has been written onto the disk. */
  void force() {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw error(e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw error(e);
    }
  }

  private UserError error(IOException e) {
    return new UserError("cannot write " + file + ": " + e.getMessage(), e);
  }
}
