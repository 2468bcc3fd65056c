package io.github.tornadosse.infer;

import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.Variants;
import io.github.tornadosse.runtime.Tiers;
import java.util.SplittableRandom;

/** Models with logits that differ, and texts for them. */
final class SmallModels {
  static final int VOCABULARY = 29;

  private SmallModels() {}

  /** Weights of one of {@link Variants}, larger than when training begins. */
  static ModelWeights weights(String variant) {
    return ModelWeights.initial(
        ModelConfig.fromJson(Variants.json(variant).put("initializer_range", 0.25), variant), 1);
  }

  static LanguageModel model(ModelWeights weights, int tokens, int sessions) {
    return model(weights, tokens, sessions, 200);
  }

  static LanguageModel model(ModelWeights weights, int tokens, int sessions, int context) {
    return LanguageModel.create(
        weights,
        Tiers.choose("vector").operations(),
        LanguageModel.Capacity.reading(tokens, sessions, context));
  }

  static int[] text(int n, int seed) {
    return new SplittableRandom(seed).ints(n, 0, VOCABULARY).toArray();
  }
}
