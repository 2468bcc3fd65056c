package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.tasks.Part;
import io.github.tornadosse.data.tasks.Task;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.data.tasks.TaskSettings;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Generated examples of a task as the data of a run, with targets at the answers alone. There is no
 * end to them, and none comes twice; what is held out are examples for validation.
 */
public final class TaskData implements TrainingData {
  private static final ByteTokenizer BYTES = new ByteTokenizer();

  private final Task task;
  private final TaskExamples training;
  private final TaskExamples validation;
  private final String fingerprint;
  private final int perBatch;
  private long next;

  private TaskData(Recipe recipe) {
    Recipe.Data d = recipe.data();
    TaskSettings settings = d.task();
    task = Tasks.of(settings);
    training =
        new TaskExamples(task, Part.TRAINING, d.sequenceLength(), settings.pairs(), d.seed());
    validation =
        new TaskExamples(task, Part.VALIDATION, d.sequenceLength(), settings.pairs(), d.seed());
    fingerprint = settings + " " + d.sequenceLength() + " " + d.seed();
    perBatch = recipe.train().batchTokens() / d.sequenceLength();
  }

  /**
   * Opens the task of a recipe.
   *
   * @param recipe names it, and the length and seed of its examples
   * @return the data
   * @throws UserError if there is no such task or its settings do not fit
   */
  public static TaskData open(Recipe recipe) {
    return new TaskData(recipe);
  }

  @Override
  public int vocabSize() {
    return task.vocabSize();
  }

  /** The token that ends a text; the one that is never drawn where tokens are integers. */
  @Override
  public int separator() {
    return task.text() ? BYTES.separator() : 0;
  }

  @Override
  public Map<String, byte[]> files() {
    return task.text() ? BYTES.files() : Map.of();
  }

  @Override
  public int maxSequences() {
    return perBatch;
  }

  @Override
  public PackedBatch next() {
    PackedBatch batch = TaskExamples.pack(training.examples(next, perBatch));
    next += perBatch;
    return batch;
  }

  @Override
  public JsonNode position() {
    return JsonNodeFactory.instance.objectNode().put("data", fingerprint).put("example", next);
  }

  @Override
  public void seek(JsonNode position) {
    if (!position.path("data").asText().equals(fingerprint)) {
      throw new UserError(
          "the data position is of another task, length or seed; go on with the same, or start a"
              + " new run");
    }
    JsonNode example = position.path("example");
    if (!example.isIntegralNumber() || !example.canConvertToLong() || example.longValue() < 0) {
      throw new UserError("the data position needs a whole number example, not " + example);
    }
    next = example.longValue();
  }

  /** Each target counts as a byte, so that bits per byte are bits for each token of an answer. */
  @Override
  public long targetBytes(PackedBatch batch) {
    return batch.targetCount();
  }

  @Override
  public List<PackedBatch> heldOut(int tokens) {
    List<PackedBatch> batches = new ArrayList<>();
    long left = Math.max(1, tokens / training.length());
    for (long from = 0; left > 0; from += perBatch) {
      int count = (int) Math.min(perBatch, left);
      batches.add(TaskExamples.pack(validation.examples(from, count)));
      left -= count;
    }
    return batches;
  }

  @Override
  public void close() {
    // Nothing is open.
  }
}
