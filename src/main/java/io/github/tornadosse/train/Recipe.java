package io.github.tornadosse.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.github.tornadosse.data.tasks.TaskSettings;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * All that decides a training run: the model, its data, the optimiser and its schedule, and when to
 * evaluate and save. Read from YAML; keys that are left out have the defaults of {@code
 * tornado-config/demo.yaml}'s comments, keys that are unknown are errors.
 *
 * @param model the model's {@code config.json} keys; {@code vocab_size} is the tokenizer's where it
 *     is left out. With {@code train.init} those that the recipe names, until the run adds that
 *     model's
 * @param data what is read
 * @param train optimiser, schedule and batch
 * @param evaluate when the held-out part is measured, and how much of it
 * @param checkpoint when, where and how many checkpoints are kept
 */
public record Recipe(
    ObjectNode model, Data data, Train train, Evaluate evaluate, Checkpoint checkpoint) {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
          .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
          .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
          .build();

  /** Size of the byte-level vocabulary, which the model's keys are checked with. */
  private static final int BYTES = 257;

  /** What a checkpoint's name has digits for. */
  private static final int MAX_STEPS = 99_999_999;

  /** How the learning rate comes down. */
  public enum Shape {
    /** Half a cosine from the end of the warm-up to the last step. */
    COSINE,
    /** Constant, then linear over the last {@code decay_steps} steps. */
    WSD
  }

  /**
   * What is read.
   *
   * @param path file or folder of text, relative to the working directory; null with a task
   * @param include globs of the files to take from a folder; none takes every file
   * @param tokenizer {@code bytes}, or the path of a {@code tokenizer.json} or of a directory that
   *     holds one; relative to the working directory
   * @param heldOutShare share of the documents that is kept for evaluation, 0 if a path is given
   * @param heldOutPath file or folder that is evaluated on, null if a share is given
   * @param sequenceLength longest sequence of a batch, in tokens
   * @param shuffleWindow sequences that the order is shuffled among, besides the documents
   * @param seed of the shuffle and the split, or of a task's examples
   * @param task the task whose examples are read in place of text, each at most a sequence long;
   *     null for text. Path, files, tokenizer, held-out part and shuffle are not for tasks
   */
  public record Data(
      String path,
      List<String> include,
      String tokenizer,
      double heldOutShare,
      String heldOutPath,
      int sequenceLength,
      int shuffleWindow,
      long seed,
      TaskSettings task) {
    /**
     * Checks the ranges.
     *
     * @throws UserError naming the rule that is broken
     */
    public Data {
      include = List.copyOf(include);
      require(
          task != null || path != null && !path.isBlank(),
          "data.path is missing: name a file or folder of text");
      require(
          task == null || path == null && include.isEmpty(),
          "data.path and data.include are for text; with data.task leave them out");
      require(!tokenizer.isBlank(), "data.tokenizer must name a tokenizer: 'bytes' or a path");
      require(
          heldOutPath != null || (heldOutShare > 0 && heldOutShare < 1),
          "data.held_out (" + heldOutShare + ") must be between 0 and 1, or a path");
      atLeast("data.sequence_length", sequenceLength, 2);
      atLeast("data.shuffle_window", shuffleWindow, 1);
    }
  }

  /**
   * Optimiser, schedule and batch.
   *
   * @param steps number of steps
   * @param batchTokens tokens of one micro-batch: what the device must hold at once
   * @param accumulation micro-batches of a step
   * @param learningRate the highest
   * @param minLearningRate the one that the schedule ends with
   * @param warmupSteps steps over which the learning rate rises from 0
   * @param schedule its shape afterwards
   * @param decaySteps steps of the final decay, for {@link Shape#WSD} alone
   * @param beta1 decay of AdamW's first moment
   * @param beta2 decay of AdamW's second moment
   * @param eps AdamW's epsilon
   * @param weightDecay AdamW's weight decay
   * @param clipNorm largest norm of a step's gradients; 0 for no limit
   * @param seed of the initial weights
   * @param init directory of the model whose weights the run starts from; null to draw them
   * @param seconds wall-clock limit, 0 for none. With one the schedule follows the elapsed share,
   *     so that the learning rate comes down by then, and the run is not reproducible
   * @param recompute whether the device keeps only each layer's input, and computes the rest again
   *     in the backward pass: less memory, more time
   * @param maxSkippedSteps steps in a row whose loss or gradients are not finite before the run
   *     fails
   */
  public record Train(
      int steps,
      int batchTokens,
      int accumulation,
      double learningRate,
      double minLearningRate,
      int warmupSteps,
      Shape schedule,
      int decaySteps,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      double clipNorm,
      long seed,
      String init,
      double seconds,
      boolean recompute,
      int maxSkippedSteps) {
    /**
     * Checks the ranges.
     *
     * @throws UserError naming the rule that is broken
     */
    public Train {
      atLeast("train.steps", steps, 1);
      require(steps <= MAX_STEPS, "train.steps (" + steps + ") must be at most " + MAX_STEPS);
      atLeast("train.batch_tokens", batchTokens, 2);
      atLeast("train.accumulation", accumulation, 1);
      require(
          Double.isFinite(learningRate) && learningRate > 0,
          "train.learning_rate (" + learningRate + ") must be positive");
      require(
          minLearningRate >= 0 && minLearningRate <= learningRate,
          "train.min_learning_rate ("
              + minLearningRate
              + ") must be from 0 to train.learning_rate ("
              + learningRate
              + ")");
      require(
          warmupSteps >= 0 && warmupSteps <= steps,
          "train.warmup_steps (" + warmupSteps + ") must be from 0 to train.steps (" + steps + ")");
      require(
          schedule == Shape.WSD || decaySteps == 0,
          "train.decay_steps (" + decaySteps + ") is for schedule 'wsd'; leave it out");
      require(
          decaySteps >= 0 && (long) warmupSteps + decaySteps <= steps,
          "train.decay_steps ("
              + decaySteps
              + ") must be from 0 to train.steps less train.warmup_steps ("
              + (steps - warmupSteps)
              + ")");
      require(beta1 >= 0 && beta1 < 1, "train.beta1 (" + beta1 + ") must be from 0 to below 1");
      require(beta2 >= 0 && beta2 < 1, "train.beta2 (" + beta2 + ") must be from 0 to below 1");
      require(Double.isFinite(eps) && eps > 0, "train.eps (" + eps + ") must be positive");
      notNegative("train.weight_decay", weightDecay);
      notNegative("train.clip_norm", clipNorm);
      require(init == null || !init.isBlank(), "train.init must name the directory of a model");
      notNegative("train.seconds", seconds);
      atLeast("train.max_skipped_steps", maxSkippedSteps, 1);
    }

    /** Tokens of a step: those of a micro-batch times the micro-batches. */
    public long stepTokens() {
      return (long) batchTokens * accumulation;
    }
  }

  /**
   * When the held-out part is measured. It always is after the last step.
   *
   * @param every steps between; 0 for the end alone
   * @param tokens how much of the held-out part is measured, at most
   */
  public record Evaluate(int every, int tokens) {
    /**
     * Checks the ranges.
     *
     * @throws UserError naming the rule that is broken
     */
    public Evaluate {
      atLeast("evaluate.every", every, 0);
      atLeast("evaluate.tokens", tokens, 2);
    }
  }

  /**
   * When, where and how many checkpoints are kept. One is always written at the end.
   *
   * @param every steps between; 0 for the end alone
   * @param keep how many of the latest stay
   * @param directory the run's directory: checkpoints, metrics and report
   */
  public record Checkpoint(int every, int keep, String directory) {
    /**
     * Checks the ranges.
     *
     * @throws UserError naming the rule that is broken
     */
    public Checkpoint {
      atLeast("checkpoint.every", every, 0);
      atLeast("checkpoint.keep", keep, 1);
      require(!directory.isBlank(), "checkpoint.directory must name a directory");
    }
  }

  /**
   * Checks what must fit between sections.
   *
   * @throws UserError naming the rule that is broken
   */
  public Recipe {
    require(
        train.batchTokens % data.sequenceLength == 0,
        "train.batch_tokens ("
            + train.batchTokens
            + ") must be a multiple of data.sequence_length ("
            + data.sequenceLength
            + ")");
    model = model.deepCopy();
    if (train.init == null) {
      config(model, BYTES);
    }
  }

  /**
   * The recipe with other model keys.
   *
   * @param keys all of them
   */
  Recipe withModel(ObjectNode keys) {
    return new Recipe(keys, data, train, evaluate, checkpoint);
  }

  /**
   * Reads a recipe from a file.
   *
   * @param file YAML
   * @param overrides assignments to dotted keys that win over the file, such as {@code
   *     train.learning_rate=1e-3}
   * @return the recipe
   * @throws UserError if the file cannot be read, a key is unknown or a value does not fit
   */
  public static Recipe load(Path file, List<String> overrides) {
    String yaml;
    try {
      yaml = Files.readString(file);
    } catch (NoSuchFileException e) {
      throw new UserError("recipe " + file + " does not exist", e);
    } catch (CharacterCodingException e) {
      throw new UserError("recipe " + file + " is not text in UTF-8", e);
    } catch (IOException e) {
      throw new UserError("cannot read recipe " + file + ": " + e.getMessage(), e);
    }
    return parse(yaml, file.toString(), overrides);
  }

  /**
   * Reads a recipe from text.
   *
   * @param yaml the text; an empty one is all defaults, which then lack {@code data.path}
   * @param where names its source in messages
   * @param overrides assignments to dotted keys that win over the text
   * @return the recipe
   * @throws UserError if a key is unknown or a value does not fit
   */
  public static Recipe parse(String yaml, String where, List<String> overrides) {
    Values v = new Values(RecipeKeys.read(yaml, where, overrides));
    try {
      ObjectNode model = JSON.createObjectNode();
      v.values.forEach(
          (name, value) -> {
            if (name.startsWith("model.")) {
              put(model, name.substring("model.".length()), value);
            }
          });
      JsonNode heldOut = v.values.get("data.held_out");
      return new Recipe(
          model,
          new Data(
              v.text("data.path"),
              v.texts("data.include"),
              v.text("data.tokenizer"),
              heldOut.isNumber() ? heldOut.doubleValue() : 0,
              heldOut.isNumber() ? null : heldOut.textValue(),
              v.integer("data.sequence_length"),
              v.integer("data.shuffle_window"),
              v.whole("data.seed"),
              v.task()),
          new Train(
              v.integer("train.steps"),
              v.integer("train.batch_tokens"),
              v.integer("train.accumulation"),
              v.number("train.learning_rate"),
              v.number("train.min_learning_rate"),
              v.integer("train.warmup_steps"),
              v.shape("train.schedule"),
              v.integer("train.decay_steps"),
              v.number("train.beta1"),
              v.number("train.beta2"),
              v.number("train.eps"),
              v.number("train.weight_decay"),
              v.number("train.clip_norm"),
              v.whole("train.seed"),
              v.text("train.init"),
              v.number("train.seconds"),
              v.truth("train.recompute"),
              v.integer("train.max_skipped_steps")),
          new Evaluate(v.integer("evaluate.every"), v.integer("evaluate.tokens")),
          new Checkpoint(
              v.integer("checkpoint.every"),
              v.integer("checkpoint.keep"),
              v.text("checkpoint.directory")));
    } catch (UserError e) {
      throw new UserError(where + ": " + e.getMessage(), e);
    }
  }

  private record Values(Map<String, JsonNode> values) {
    long whole(String name) {
      return values.get(name).longValue();
    }

    int integer(String name) {
      return integer(name, whole(name));
    }

    private static int integer(String name, long value) {
      require(value == (int) value, name + " (" + value + ") is too large");
      return (int) value;
    }

    double number(String name) {
      return values.get(name).doubleValue();
    }

    boolean truth(String name) {
      return values.get(name).booleanValue();
    }

    String text(String name) {
      JsonNode value = values.get(name);
      return value == null ? null : value.textValue();
    }

    List<String> texts(String name) {
      JsonNode value = values.get(name);
      List<String> texts = new ArrayList<>();
      if (value != null && value.isTextual()) {
        texts.add(value.textValue());
      } else if (value != null) {
        value.forEach(element -> texts.add(element.textValue()));
      }
      return texts;
    }

    /** The task, null without one. */
    TaskSettings task() {
      if (values.keySet().stream().noneMatch(k -> k.startsWith("data.task."))) {
        return null;
      }
      require(values.containsKey("data.task.name"), "data.task.name is missing: name a task");
      List<Integer> pairs = new ArrayList<>();
      JsonNode list = values.get("data.task.pairs");
      if (list != null) {
        list.forEach(n -> pairs.add(integer("data.task.pairs", n.longValue())));
      }
      return new TaskSettings(
          text("data.task.name"),
          values.containsKey("data.task.vocabulary") ? integer("data.task.vocabulary") : 0,
          pairs,
          values.containsKey("data.task.power") ? number("data.task.power") : TaskSettings.POWER,
          values.containsKey("data.task.digits")
              ? integer("data.task.digits")
              : TaskSettings.DIGITS,
          text("data.task.haystack"));
    }

    Shape shape(String name) {
      return switch (text(name)) {
        case "cosine" -> Shape.COSINE;
        case "wsd" -> Shape.WSD;
        default ->
            throw new UserError(name + " is '" + text(name) + "'; it must be 'cosine' or 'wsd'");
      };
    }
  }

  /** Sets a key of dotted parts in the objects that they name. */
  private static void put(ObjectNode to, String name, JsonNode value) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      to.set(name, value);
    } else {
      put(to.withObjectProperty(name.substring(0, dot)), name.substring(dot + 1), value);
    }
  }

  /**
   * The model's configuration.
   *
   * @param vocabSize the tokenizer's
   * @return the configuration
   * @throws UserError if its sizes do not fit each other, or the vocabulary is smaller than the
   *     tokenizer's
   */
  public ModelConfig modelConfig(int vocabSize) {
    ModelConfig config = config(model, vocabSize);
    require(
        config.vocabSize() >= vocabSize,
        "model.vocab_size ("
            + config.vocabSize()
            + ") must be at least the tokenizer's, "
            + vocabSize
            + "; leave it out for that");
    return config;
  }

  private static ModelConfig config(ObjectNode model, int vocabSize) {
    ObjectNode json = model.deepCopy();
    if (!json.has("vocab_size")) {
      json.put("vocab_size", vocabSize);
    }
    return ModelConfig.fromJson(json, "model");
  }

  /** The recipe with every value, as a tree of its YAML's shape. */
  public ObjectNode toJson() {
    ObjectNode root = JSON.createObjectNode();
    root.set("model", model.deepCopy());
    ObjectNode d = root.putObject("data");
    if (data.task == null) {
      putText(d);
    } else {
      putTask(d.putObject("task"), data.task);
    }
    d.put("sequence_length", data.sequenceLength);
    if (data.task == null) {
      d.put("shuffle_window", data.shuffleWindow);
    }
    d.put("seed", data.seed);
    ObjectNode t = root.putObject("train");
    t.put("steps", train.steps);
    t.put("batch_tokens", train.batchTokens);
    t.put("accumulation", train.accumulation);
    t.put("learning_rate", train.learningRate);
    t.put("min_learning_rate", train.minLearningRate);
    t.put("warmup_steps", train.warmupSteps);
    t.put("schedule", train.schedule == Shape.COSINE ? "cosine" : "wsd");
    t.put("decay_steps", train.decaySteps);
    t.put("beta1", train.beta1);
    t.put("beta2", train.beta2);
    t.put("eps", train.eps);
    t.put("weight_decay", train.weightDecay);
    t.put("clip_norm", train.clipNorm);
    t.put("seed", train.seed);
    if (train.init != null) {
      t.put("init", train.init);
    }
    t.put("seconds", train.seconds);
    t.put("recompute", train.recompute);
    t.put("max_skipped_steps", train.maxSkippedSteps);
    root.putObject("evaluate").put("every", evaluate.every).put("tokens", evaluate.tokens);
    root.putObject("checkpoint")
        .put("every", checkpoint.every)
        .put("keep", checkpoint.keep)
        .put("directory", checkpoint.directory);
    return root;
  }

  private void putText(ObjectNode d) {
    d.put("path", data.path);
    if (!data.include.isEmpty()) {
      ArrayNode include = d.putArray("include");
      data.include.forEach(include::add);
    }
    d.put("tokenizer", data.tokenizer);
    if (data.heldOutPath == null) {
      d.put("held_out", data.heldOutShare);
    } else {
      d.put("held_out", data.heldOutPath);
    }
  }

  private static void putTask(ObjectNode t, TaskSettings task) {
    t.put("name", task.name());
    if (task.vocabulary() > 0) {
      t.put("vocabulary", task.vocabulary());
    }
    if (!task.pairs().isEmpty()) {
      ArrayNode pairs = t.putArray("pairs");
      task.pairs().forEach(pairs::add);
    }
    t.put("power", task.power());
    t.put("digits", task.digits());
    if (task.haystack() != null) {
      t.put("haystack", task.haystack());
    }
  }

  /** The recipe with every value as YAML, which {@link #parse} reads back. */
  public String toYaml() {
    try {
      return YAML.writeValueAsString(toJson());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a recipe that cannot be written", e);
    }
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new UserError(rule);
    }
  }

  private static void atLeast(String name, int value, int least) {
    require(value >= least, name + " (" + value + ") must be at least " + least);
  }

  private static void notNegative(String name, double value) {
    require(Double.isFinite(value) && value >= 0, name + " (" + value + ") must not be negative");
  }
}
