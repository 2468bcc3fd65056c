package io.github.tornadosse.eval.tasks;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.tasks.Example;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.LayerTrace;
import io.github.tornadosse.nn.MixerConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/** Lets a model answer examples of a task. */
public final class TaskEvaluation {
  private static final int BATCH = 4096;

  private long queries;
  private long correct;
  private int exact;
  private double nats;
  private long targets;
  private final long[] asked = new long[TaskScore.DEPTHS];
  private final long[] right = new long[TaskScore.DEPTHS];
  private final SortedMap<Integer, long[]> routes = new TreeMap<>(); // of a layer: queries, met

  private TaskEvaluation() {}

  /**
   * What a model has to have room for.
   *
   * @param length of the longest example
   * @return room for scoring such examples, several at a time where they are short
   */
  public static LanguageModel.Capacity capacity(int length) {
    int tokens = Math.max(length, BATCH);
    return LanguageModel.Capacity.scoring(tokens, tokens);
  }

  /**
   * Scores examples, each from an empty state. An answer is right if all of its tokens are the
   * likeliest ones.
   *
   * @param model with room for the longest
   * @param examples makes them
   * @param pairs how much each asks to remember
   * @param count how many, at least 1; their numbers are 0 to count − 1
   * @param progress told of the number of examples after each batch
   * @return the score
   */
  public static TaskScore run(
      LanguageModel model, TaskExamples examples, int pairs, int count, LongConsumer progress) {
    TaskEvaluation sums = new TaskEvaluation();
    List<Example> batch = new ArrayList<>();
    int tokens = 0;
    for (int i = 0; i < count; i++) {
      Example e = examples.example(i);
      if (tokens + e.length() > model.capacity().tokens()
          || batch.size() == model.capacity().sequences()) {
        sums.add(model, batch);
        progress.accept(i);
        batch.clear();
        tokens = 0;
      }
      batch.add(e);
      tokens += e.length();
    }
    sums.add(model, batch);
    progress.accept(count);
    TaskScore.Depth[] depths = new TaskScore.Depth[TaskScore.DEPTHS];
    Arrays.setAll(depths, d -> new TaskScore.Depth(sums.asked[d], sums.right[d]));
    return new TaskScore(
        examples.length(),
        pairs,
        count,
        sums.queries,
        sums.correct,
        sums.exact,
        sums.nats / sums.targets,
        depths,
        sums.routes.entrySet().stream()
            .map(r -> new TaskScore.Route(r.getKey(), r.getValue()[0], r.getValue()[1]))
            .toList());
  }

  private void add(LanguageModel model, List<Example> batch) {
    PackedBatch packed = TaskExamples.pack(batch);
    float[] logits = model.logits(packed);
    int vocabulary = model.config().vocabSize();
    for (int i = 0; i < batch.size(); i++) {
      int wrong = 0;
      for (Example.Query q : batch.get(i).queries()) {
        boolean all = true;
        for (int t = packed.cuSeqlens()[i] + q.from(); t < packed.cuSeqlens()[i] + q.to(); t++) {
          all &= likeliest(logits, t * vocabulary, vocabulary, packed.targets()[t]);
        }
        int depth = Math.min(TaskScore.DEPTHS - 1, (int) (q.depth() * TaskScore.DEPTHS));
        queries++;
        correct += all ? 1 : 0;
        asked[depth]++;
        right[depth] += all ? 1 : 0;
        wrong += all ? 0 : 1;
      }
      exact += wrong == 0 ? 1 : 0;
    }
    if (model.config().mixer().sparse()) {
      for (LayerTrace trace : model.traces(packed)) {
        route(model.config().mixer(), trace, batch, packed.cuSeqlens());
      }
    }
  }

  private void route(MixerConfig m, LayerTrace trace, List<Example> batch, int[] start) {
    int chosen = Math.max(m.writers(), m.readers());
    for (int i = 0; i < batch.size(); i++) {
      for (Example.Query q : batch.get(i).queries()) {
        if (q.told() < 0) {
          continue;
        }
        int written = (start[i] + q.told()) * chosen;
        int read = (start[i] + q.from()) * chosen;
        boolean met = false;
        for (int w = written; w < written + m.writers(); w++) {
          for (int r = read; r < read + m.readers(); r++) {
            met |= trace.chosen()[w] == trace.chosen()[r];
          }
        }
        long[] counts = routes.computeIfAbsent(trace.layer(), l -> new long[2]);
        counts[0]++;
        counts[1] += met ? 1 : 0;
      }
    }
  }

  /** Whether a target has the largest logit; adds its cross-entropy. */
  private boolean likeliest(float[] logits, int from, int vocabulary, int target) {
    double most = Double.NEGATIVE_INFINITY;
    int best = -1;
    for (int v = 0; v < vocabulary; v++) {
      if (logits[from + v] > most) {
        most = logits[from + v];
        best = v;
      }
    }
    double sum = 0;
    for (int v = 0; v < vocabulary; v++) {
      sum += Math.exp(logits[from + v] - most);
    }
    nats += most + Math.log(sum) - logits[from + target];
    targets++;
    return best == target;
  }
}
