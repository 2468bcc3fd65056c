package io.github.tornadosse.train;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A run's directory, locked against a second process: checkpoints, metrics, recipe and report. */
final class RunDirectory implements AutoCloseable {
  private static final Pattern CHECKPOINT = Pattern.compile("step-(\\d{8})");

  private final Path root;
  private final boolean made;
  private final FileChannel channel;
  private final FileLock lock;

  /**
   * Opens a run's directory, and removes what a killed process left half written.
   *
   * @param root made if it is not there
   * @throws UserError if it cannot be made or another process trains in it
   */
  RunDirectory(Path root) {
    this.root = root;
    made = !Files.exists(root);
    try {
      Files.createDirectories(root);
      channel =
          FileChannel.open(
              root.resolve(".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      lock = lock(channel);
    } catch (IOException e) {
      throw FileErrors.of("cannot use as the run's directory", root, e);
    }
    if (lock == null) {
      close();
      throw new UserError("another run is writing to " + root + "; choose another directory");
    }
    AtomicFiles.cleanStale(root);
  }

  private static FileLock lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by this very process: as good as held by another one.
      return null;
    }
  }

  Path root() {
    return root;
  }

  Path metrics() {
    return root.resolve("metrics.jsonl");
  }

  Path recipe() {
    return root.resolve("recipe.yaml");
  }

  Path report() {
    return root.resolve("report.html");
  }

  Path plot() {
    return root.resolve("loss.png");
  }

  /** Whether something has been trained here. */
  boolean holdsRun() {
    return Files.exists(metrics()) || !checkpoints().isEmpty();
  }

  /** Whole checkpoints, by step. */
  private List<Path> checkpoints() {
    try (Stream<Path> entries = Files.list(root)) {
      return entries
          .filter(p -> CHECKPOINT.matcher(p.getFileName().toString()).matches())
          .sorted(Comparator.comparingInt(RunDirectory::step))
          .toList();
    } catch (IOException e) {
      throw FileErrors.of("cannot list", root, e);
    }
  }

  /** The checkpoint with the most steps. */
  Optional<Path> latest() {
    return TrainingCheckpoint.latest(root);
  }

  /** The steps that a checkpoint's name tells. */
  static int step(Path checkpoint) {
    Matcher matcher = CHECKPOINT.matcher(checkpoint.getFileName().toString());
    if (!matcher.matches()) {
      throw new UserError(checkpoint + " is not a checkpoint's directory, such as step-00000100");
    }
    return Integer.parseInt(matcher.group(1));
  }

  /**
   * Puts checkpoints of later steps out of the way, because the run is taken up before them: they
   * are renamed to {@code step-…​.superseded}.
   */
  void supersede(int step) {
    for (Path later : checkpoints()) {
      if (step(later) > step) {
        Path aside = root.resolve(later.getFileName() + ".superseded");
        AtomicFiles.deleteTree(aside);
        try {
          Files.move(later, aside);
        } catch (IOException e) {
          throw FileErrors.of("cannot rename", later, e);
        }
      }
    }
  }

  @Override
  public void close() {
    try {
      if (lock != null) {
        removeIfEmpty();
      }
      // Closing the channel gives the lock back.
      channel.close();
    } catch (IOException e) {
      throw FileErrors.of("cannot close", root.resolve(".lock"), e);
    }
  }

  /** A run that did not begin leaves nothing behind. */
  private void removeIfEmpty() throws IOException {
    try (Stream<Path> files = Files.list(root)) {
      if (files.anyMatch(f -> !f.equals(root.resolve(".lock")))) {
        return;
      }
    }
    Files.deleteIfExists(root.resolve(".lock"));
    if (made) {
      Files.deleteIfExists(root);
    }
  }
}
