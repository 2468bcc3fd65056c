package io.github.tornadosse.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.github.tornadosse.data.PackedBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Batches for tests of sixteen letters with a structure that a bigram model can learn. */
class LetterData implements TrainingData {
  private static final int VOCAB = 16;
  private final Recipe recipe;
  private final List<PackedBatch> held = new ArrayList<>();
  private int batches;

  LetterData(Recipe recipe) {
    this.recipe = recipe;
  }

  @Override
  public int vocabSize() {
    return VOCAB;
  }

  @Override
  public int separator() {
    return 0;
  }

  @Override
  public Map<String, byte[]> files() {
    return Map.of();
  }

  @Override
  public int maxSequences() {
    return recipe.train().batchTokens() / recipe.data().sequenceLength();
  }

  @Override
  public PackedBatch next() {
    return batch(recipe.data().seed() + batches++);
  }

  private PackedBatch batch(long seed) {
    Random random = new Random(seed);
    int length = recipe.data().sequenceLength();
    int tokens = recipe.train().batchTokens();
    int[] ids = new int[tokens];
    int[] targets = new int[tokens];
    int[] bounds = new int[tokens / length + 1];
    for (int s = 0; s + 1 < bounds.length; s++) {
      int id = random.nextInt(VOCAB);
      for (int t = s * length; t < (s + 1) * length; t++) {
        ids[t] = id;
        id = (3 * id + (random.nextInt(4) == 0 ? 1 : 5)) % VOCAB;
        targets[t] = t + 1 < (s + 1) * length ? id : -1;
      }
      bounds[s + 1] = (s + 1) * length;
    }
    return new PackedBatch(ids, targets, bounds);
  }

  @Override
  public JsonNode position() {
    return JsonNodeFactory.instance.objectNode().put("batches", batches);
  }

  @Override
  public void seek(JsonNode position) {
    batches = position.get("batches").intValue();
  }

  /** A byte for each target of training, two for each held-out one. */
  @Override
  public long targetBytes(PackedBatch batch) {
    return (held.contains(batch) ? 2L : 1L) * batch.targetCount();
  }

  @Override
  public List<PackedBatch> heldOut(int tokens) {
    held.clear();
    for (int i = 0; i * recipe.train().batchTokens() < tokens; i++) {
      held.add(batch(-1 - i));
    }
    return List.copyOf(held);
  }

  @Override
  public void close() {}
}
