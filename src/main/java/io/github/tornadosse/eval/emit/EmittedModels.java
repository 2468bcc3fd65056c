package io.github.tornadosse.eval.emit;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.graph.KernelTask;
import io.github.tornadosse.graph.KernelTasks;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.TrainingModel;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The tasks of training, scoring and decoding with models; no array is allocated. */
final class EmittedModels {
  static final int TOKENS = 2048;
  static final int SEQUENCES = 8;
  static final int CONTEXT = 4096;

  private static final AdamSettings ADAM = new AdamSettings(0.9, 0.95, 1e-8, 0.1);

  private EmittedModels() {}

  /**
   * The tasks of models, each of those that differ in kernel or constants once.
   *
   * @param models their configurations
   * @param tier the tier of kernels
   * @return the tasks, in the order of their first use
   */
  static Collection<KernelTask> tasks(Collection<ModelConfig> models, Operations tier) {
    Map<List<Object>, KernelTask> found = new LinkedHashMap<>();
    Consumer<KernelTask> note = t -> found.putIfAbsent(List.of(t.kernel(), t.constants()), t);
    KernelTasks.uploads(note);
    Operations recording = KernelTasks.of(tier, note);
    for (ModelConfig config : models) {
      for (boolean recompute : new boolean[] {false, true}) {
        TrainingModel.plan(
            config, new TrainingModel.Settings(TOKENS, SEQUENCES, ADAM, recompute), recording);
      }
      LanguageModel.plan(
          config, recording, LanguageModel.Capacity.reading(TOKENS, SEQUENCES, CONTEXT));
      LanguageModel.plan(config, recording, LanguageModel.Capacity.scoring(TOKENS, SEQUENCES));
    }
    return found.values();
  }

  /**
   * A model of another head dim, with all widths that go with it.
   *
   * @param config the model
   * @param headDim a multiple of its head dim
   * @return the wider model
   */
  static ModelConfig wider(ModelConfig config, int headDim) {
    int factor = Math.max(1, headDim / config.mixer().headDim());
    ObjectNode json = config.toJson();
    for (String key : List.of("hidden_size", "head_dim", "intermediate_size", "row_topk")) {
      if (json.has(key)) {
        json.put(key, json.get(key).asInt() * factor);
      }
    }
    return ModelConfig.fromJson(json, "model");
  }
}
