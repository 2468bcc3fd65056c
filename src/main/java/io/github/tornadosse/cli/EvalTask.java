package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.tasks.Part;
import io.github.tornadosse.data.tasks.Task;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.eval.tasks.TaskEvaluation;
import io.github.tornadosse.eval.tasks.TaskPage;
import io.github.tornadosse.eval.tasks.TaskScore;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.Pictures;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Measures a model on a task: {@code sse eval TASK CHECKPOINT}. */
final class EvalTask {
  private static final int DIGITS = 6;

  private final Globals globals;
  private final TaskOptions options;
  private final Path checkpoint;
  private final long seed;

  EvalTask(Globals globals, TaskOptions options, Path checkpoint, long seed) {
    this.globals = globals;
    this.options = options;
    this.checkpoint = checkpoint;
    this.seed = seed;
  }

  void run(String name) {
    if (options.report != null) {
      Pictures.require(options.report);
    }
    ModelWeights weights = ModelLoader.weights(checkpoint);
    Task task = options.open(name, checkpoint, weights.config());
    List<TaskExamples> cells = new ArrayList<>();
    List<Integer> pairs = new ArrayList<>();
    for (int length : options.lengths()) {
      for (int count : options.pairs(task, length)) {
        // Examples that do not fit are refused before anything is computed.
        cells.add(new TaskExamples(task, Part.TEST, length, List.of(count), seed));
        pairs.add(count);
      }
    }
    List<TaskScore> scores = new ArrayList<>();
    int longest = Collections.max(options.lengths());
    try (LanguageModel model =
            LanguageModel.create(
                weights, globals.tier().operations(), TaskEvaluation.capacity(longest));
        WorkProgress progress = new WorkProgress(name)) {
      for (int i = 0; i < cells.size(); i++) {
        long before = (long) i * options.examples;
        scores.add(
            TaskEvaluation.run(
                model,
                cells.get(i),
                pairs.get(i),
                options.examples,
                done -> progress.update(before + done, (long) cells.size() * options.examples)));
      }
    }
    if (options.report != null) {
      TaskPage.write(options.report, name, scores, facts(task, weights.config()));
    }
    if (globals.json()) {
      Console.json(json(task, scores));
    } else {
      print(task, scores);
    }
  }

  private Map<String, String> facts(Task task, ModelConfig config) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Checkpoint", checkpoint.toString());
    facts.put("Model", config.describe());
    facts.put("Task", task.name() + ", " + task.vocabSize() + " token ids");
    facts.put("Examples", options.examples + " of each length and number of pairs, seed " + seed);
    facts.putAll(TrainCommand.facts(globals));
    return facts;
  }

  private ObjectNode json(Task task, List<TaskScore> scores) {
    ObjectNode j = Console.object();
    j.put("checkpoint", checkpoint.toString());
    j.put("task", task.name());
    j.put("vocabulary", task.vocabSize());
    j.put("seed", seed);
    j.put("chance", task.chance());
    j.put("accuracy", rounded(accuracy(scores)));
    ArrayNode list = j.putArray("scores");
    for (TaskScore s : scores) {
      ObjectNode o = list.addObject();
      o.put("length", s.length());
      o.put("pairs", s.pairs());
      o.put("accuracy", rounded(s.accuracy()));
      o.put("low", rounded(s.interval().low()));
      o.put("high", rounded(s.interval().high()));
      o.put("exact", rounded((double) s.exact() / s.examples()));
      o.put("loss", rounded(s.nats()));
      o.put("examples", s.examples());
      o.put("answers", s.queries());
      ArrayNode routes = o.putArray("routes");
      for (TaskScore.Route r : s.routes()) {
        routes.addObject().put("layer", r.layer()).put("met", rounded(r.share()));
      }
      ArrayNode depths = o.putArray("depths");
      for (int d = 0; d < s.depths().length; d++) {
        ObjectNode depth = depths.addObject();
        depth.put("from", (double) d / s.depths().length);
        depth.put("answers", s.depths()[d].queries());
        if (s.depths()[d].queries() > 0) {
          depth.put("accuracy", rounded(s.depths()[d].accuracy()));
        }
      }
    }
    return j;
  }

  private static double rounded(double x) {
    return Console.rounded(x, DIGITS);
  }

  private static double accuracy(List<TaskScore> scores) {
    return scores.stream().mapToDouble(TaskScore::accuracy).average().orElse(Double.NaN);
  }

  private void print(Task task, List<TaskScore> scores) {
    Console.out("%s of %s", task.name(), checkpoint);
    Console.out("length   pairs  accuracy   95 %% interval      all right  nats    routes met");
    for (TaskScore s : scores) {
      TaskScore.Interval i = s.interval();
      Console.out(
          "%6d  %6d  %8.4f   %.4f to %.4f   %8.4f  %.4f  %s",
          s.length(),
          s.pairs(),
          s.accuracy(),
          i.low(),
          i.high(),
          (double) s.exact() / s.examples(),
          s.nats(),
          s.routes().isEmpty()
              ? "–"
              : s.routes().stream()
                  .map(r -> String.format(Locale.ROOT, "%.3f", r.share()))
                  .collect(Collectors.joining(" ")));
    }
    if (options.report != null) {
      Console.out("report  %s", options.report);
    }
  }
}
