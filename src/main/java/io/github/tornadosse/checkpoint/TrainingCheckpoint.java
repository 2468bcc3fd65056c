package io.github.tornadosse.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.JsonFiles;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a training run needs to go on: a directory {@code step-00000123} with the model as a {@link
 * HuggingFaceDirectory}, the optimiser's moments in {@code optimizer.safetensors} (tensors {@code
 * m.NAME} and {@code v.NAME}) and {@code trainer.json}, which is the trainer's own.
 *
 * <p>A checkpoint is there whole or not at all, whenever the process is killed: it gets its name
 * when all its files are on the disk. The same content gives the same bytes.
 */
public final class TrainingCheckpoint implements AutoCloseable {
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final String TRAINER = "trainer.json";
  private static final List<String> FILES =
      List.of(HuggingFaceDirectory.CONFIG, HuggingFaceDirectory.WEIGHTS, OPTIMIZER, TRAINER);
  private static final Pattern NAME = Pattern.compile("step-(\\d{8,18})");
  private static final String TRASH = ".trash-";

  private final HuggingFaceDirectory model;
  private final Safetensors optimizer;
  private final ObjectNode trainer;

  private TrainingCheckpoint(
      HuggingFaceDirectory model, Safetensors optimizer, ObjectNode trainer) {
    this.model = model;
    this.optimizer = optimizer;
    this.trainer = trainer;
  }

  /**
   * What is written.
   *
   * @param config the model's configuration
   * @param model the model's tensors, which are written as float32
   * @param optimizer the moments, under the names of {@link #momentName}
   * @param trainer all else that the trainer needs
   * @param files further files by name, such as the tokenizer's
   */
  public record Content(
      ObjectNode config,
      List<TensorSource> model,
      SafetensorsWriter optimizer,
      ObjectNode trainer,
      Map<String, byte[]> files) {}

  /**
   * The name of a parameter's moment among the optimiser's tensors.
   *
   * @param moment 0 for the first, 1 for the second
   * @param parameter the parameter's name
   * @return {@code m.NAME} or {@code v.NAME}
   */
  public static String momentName(int moment, String parameter) {
    return (moment == 0 ? "m." : "v.") + parameter;
  }

  /**
   * Writes a checkpoint, in place of one of the same step.
   *
   * @param directory where the checkpoints of the run are; made where needed
   * @param step the number of steps done
   * @param content what is written
   * @return the checkpoint's directory
   * @throws UserError if it cannot be written; then nothing is left behind
   */
  public static Path save(Path directory, long step, Content content) {
    Path target = directory.resolve("step-%08d".formatted(step));
    AtomicFiles.cleanStale(directory);
    if (Files.exists(target)) {
      // A run that was taken up again from an older checkpoint passes its old steps once more.
      remove(target);
    }
    AtomicFiles.writeDirectory(
        target,
        temporary -> {
          HuggingFaceDirectory.writeFiles(
              temporary, content.config(), content.model(), WeightsFormat.FLOAT32, content.files());
          content.optimizer().write(temporary.resolve(OPTIMIZER));
          AtomicFiles.write(temporary.resolve(TRAINER), JsonFiles.text(content.trainer()));
        });
    return target;
  }

  /**
   * Finds the newest checkpoint that has all its files.
   *
   * @param directory where the checkpoints of the run are
   * @return its directory; empty if there is none
   * @throws UserError if the directory cannot be listed
   */
  public static Optional<Path> latest(Path directory) {
    List<Path> complete = complete(directory);
    return complete.isEmpty() ? Optional.empty() : Optional.of(complete.get(complete.size() - 1));
  }

  /**
   * Removes all but the newest checkpoints, and what a killed process left half removed or half
   * written.
   *
   * @param directory where the checkpoints of the run are
   * @param keep how many stay, at least 1
   * @throws UserError if one cannot be removed
   */
  public static void keepLast(Path directory, int keep) {
    if (keep < 1) {
      throw new IllegalArgumentException("at least one checkpoint has to stay, not " + keep);
    }
    AtomicFiles.cleanStale(directory);
    for (Path entry : AtomicFiles.list(directory)) {
      if (entry.getFileName().toString().startsWith(TRASH + "step-")) {
        AtomicFiles.deleteTree(entry);
      }
    }
    List<Path> complete = complete(directory);
    for (Path old : complete.subList(0, Math.max(0, complete.size() - keep))) {
      remove(old);
    }
  }

  /**
   * Opens a checkpoint.
   *
   * @param checkpoint its directory
   * @return the open checkpoint, to be closed by the caller
   * @throws UserError if a file of it is missing or not right
   */
  public static TrainingCheckpoint open(Path checkpoint) {
    HuggingFaceDirectory model = HuggingFaceDirectory.open(checkpoint);
    Safetensors optimizer = null;
    boolean complete = false;
    try {
      optimizer = Safetensors.open(checkpoint.resolve(OPTIMIZER));
      ObjectNode trainer = JsonFiles.readObject(checkpoint.resolve(TRAINER));
      complete = true;
      return new TrainingCheckpoint(model, optimizer, trainer);
    } finally {
      if (!complete) {
        model.close();
        if (optimizer != null) {
          optimizer.close();
        }
      }
    }
  }

  /**
   * The model.
   *
   * @return the model; closed with the checkpoint
   */
  public HuggingFaceDirectory model() {
    return model;
  }

  /**
   * The optimiser's moments, under the names of {@link #momentName}.
   *
   * @return the moments; closed with the checkpoint
   */
  public Safetensors optimizer() {
    return optimizer;
  }

  /**
   * The trainer's own.
   *
   * @return a copy of what was saved
   */
  public ObjectNode trainer() {
    return trainer.deepCopy();
  }

  /** Closes the files. */
  @Override
  public void close() {
    model.close();
    optimizer.close();
  }

  /** The checkpoints with all their files, the newest last. */
  private static List<Path> complete(Path directory) {
    return AtomicFiles.list(directory).stream()
        .filter(path -> NAME.matcher(path.getFileName().toString()).matches())
        .filter(path -> FILES.stream().allMatch(name -> Files.isRegularFile(path.resolve(name))))
        .sorted((a, b) -> Long.compare(step(a), step(b)))
        .toList();
  }

  private static long step(Path checkpoint) {
    Matcher matcher = NAME.matcher(checkpoint.getFileName().toString());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(checkpoint + " is not the name of a checkpoint");
    }
    return Long.parseLong(matcher.group(1));
  }

  /**
   * Takes the name away first, so that a half removed checkpoint is never taken for a whole one.
   */
  private static void remove(Path checkpoint) {
    Path trash = checkpoint.resolveSibling(TRASH + checkpoint.getFileName());
    AtomicFiles.deleteTree(trash);
    try {
      Files.move(checkpoint, trash, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw FileErrors.of("cannot remove", checkpoint, e);
    }
    AtomicFiles.deleteTree(trash);
  }
}
