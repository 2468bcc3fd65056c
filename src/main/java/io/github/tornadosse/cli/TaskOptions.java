package io.github.tornadosse.cli;

import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.TrainingCheckpoint;
import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.data.tasks.Task;
import io.github.tornadosse.data.tasks.TaskSettings;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Recipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What examples of a task a checkpoint is measured on. */
final class TaskOptions {
  private static final int USUAL_LENGTH = 256;

  @Option(
      names = "--lengths",
      split = ",",
      paramLabel = "N",
      description =
          "Task: lengths of examples in tokens (default: 1, 2 and 4 times that of the training).")
  List<Integer> lengths = new ArrayList<>();

  @Option(
      names = "--pairs",
      split = ",",
      paramLabel = "N",
      description =
          "Task: pairs, needles, entries or symbols of an example (default: those of the training,"
              + " or the task's own).")
  List<Integer> pairs = new ArrayList<>();

  @Option(
      names = "--examples",
      paramLabel = "N",
      defaultValue = "200",
      description =
          "Task: examples of each length and number of pairs (default: ${DEFAULT-VALUE}).")
  int examples;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Task: token ids of a task of integers (default: the training's or the model's).")
  int vocabulary;

  @Option(
      names = "--digits",
      paramLabel = "N",
      description = "Task: digits of the numbers (default: the training's, or 4).")
  Integer digits;

  @Option(
      names = "--haystack",
      paramLabel = "FILE",
      description = "Task: text around needles (default: the training's, or made-up sentences).")
  String haystack;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Task: write heat maps as an HTML page, and beside it as PNG.")
  Path report;

  private TaskSettings settings;
  private int trained;

  /** Takes over what the checkpoint was trained on, if it was this task, and checks the rest. */
  Task open(String name, Path checkpoint, ModelConfig config) {
    Tasks.requireKnown(name);
    if (examples < 1) {
      throw new UserError("--examples must be 1 or more, not " + examples);
    }
    settings = TaskSettings.of(name);
    Recipe.Data data = trainedOn(checkpoint);
    if (data != null && data.task().name().equals(name)) {
      settings = data.task();
      trained = data.sequenceLength();
    } else if (Tasks.ofIntegers(name)) {
      settings = settings.withVocabulary(config.vocabSize() / 2 * 2);
    }
    settings =
        new TaskSettings(
            name,
            vocabulary > 0 ? vocabulary : settings.vocabulary(),
            pairs.isEmpty() ? settings.pairs() : pairs,
            settings.power(),
            digits == null ? settings.digits() : digits,
            haystack == null ? settings.haystack() : haystack);
    Task task = Tasks.of(settings);
    requireVocabulary(task, checkpoint, config);
    return task;
  }

  private static void requireVocabulary(Task task, Path checkpoint, ModelConfig config) {
    if (config.vocabSize() < task.vocabSize()) {
      throw new UserError(
          "%s: the model has %d token ids, task %s needs %d"
              .formatted(checkpoint, config.vocabSize(), task.name(), task.vocabSize()));
    }
    boolean tokenizer = Files.exists(checkpoint.resolve("tokenizer.json"));
    if (task.text() && !(tokenizer && Checkpoints.tokenizer(checkpoint) instanceof ByteTokenizer)) {
      throw new UserError(
          "%s: task %s is text in bytes, and the model has no byte-level tokenizer"
              .formatted(checkpoint, task.name()));
    }
  }

  /** The data section of a training run on a task; null for other models. */
  static Recipe.Data trainedOn(Path checkpoint) {
    if (!Files.exists(checkpoint.resolve("trainer.json"))
        || !Files.exists(checkpoint.resolve(HuggingFaceDirectory.CONFIG))) {
      return null;
    }
    try (TrainingCheckpoint files = TrainingCheckpoint.open(checkpoint)) {
      var recipe = files.trainer().path("recipe");
      if (!recipe.path("data").has("task")) {
        return null;
      }
      String where = checkpoint.resolve("trainer.json").toString();
      return Recipe.parse(recipe.toString(), where, List.of()).data();
    }
  }

  /** Lengths of the examples. */
  List<Integer> lengths() {
    if (lengths.isEmpty()) {
      return trained == 0 ? List.of(USUAL_LENGTH) : List.of(trained, 2 * trained, 4 * trained);
    }
    for (int length : lengths) {
      if (length < 1) {
        throw new UserError("--lengths must be 1 or more, not " + length);
      }
    }
    return lengths;
  }

  /** Numbers of pairs at a length. */
  List<Integer> pairs(Task task, int length) {
    return settings.pairs().isEmpty() ? List.of(task.usualPairs(length)) : settings.pairs();
  }
}
