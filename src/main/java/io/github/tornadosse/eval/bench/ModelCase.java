package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.nn.MixerConfig;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelConfig.Kind;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.List;

/**
 * A model and what of it is timed.
 *
 * @param model its name
 * @param measure one of {@link #MEASURES}: a training step with its update; reading a text; {@link
 *     #STEPS} tokens one by one after a text
 * @param config the configuration
 * @param tokens of the training step's batch, one sequence; of the text
 */
public record ModelCase(String model, String measure, ModelConfig config, int tokens) {
  /** What can be timed. */
  public static final List<String> MEASURES = List.of("training", "prefill", "decode");

  /** Tokens of a timed run of decoding. */
  public static final int STEPS = 32;

  private static final int MOST_LAYERS = 2;
  private static final int MOST_TOKENS_OF_VOCABULARY = 64;

  /**
   * Checks the case.
   *
   * @throws UserError naming what is out of range
   */
  public ModelCase {
    MixerCase.requireOneOf("measure", measure, MEASURES);
    if (tokens < 2) {
      throw new UserError("tokens must be 2 or more, not " + tokens);
    }
  }

  boolean training() {
    return measure.equals("training");
  }

  boolean decode() {
    return measure.equals("decode");
  }

  /** Tokens of a timed run. */
  int timedTokens() {
    return decode() ? STEPS : tokens;
  }

  /**
   * Nominal count of additions and multiplications of a run: 2 for each token and each parameter
   * that multiplies it, and what the mixers' states or softmax attention take; three times that in
   * training.
   */
  public double flop() {
    double weights = 0;
    for (TensorSpec t : ModelWeights.tensors(config)) {
      boolean lookedUp = t.name().equals("model.embeddings.weight") && !config.tieEmbeddings();
      weights += lookedUp ? 0 : t.size();
    }
    double[] each = new double[Kind.values().length];
    MixerConfig m = config.mixer();
    int used = 1 + (m.sparse() ? Math.max(m.writers(), m.readers()) : 0);
    each[Kind.MIXER.ordinal()] = 4.0 * m.headDim() * m.valueSize() * used;
    double seen = decode() ? tokens : tokens / 2.0;
    each[Kind.ATTENTION.ordinal()] =
        config.count(Kind.ATTENTION) == 0 ? 0 : 4.0 * config.attention().querySize() * seen;
    double perToken = 2 * weights;
    for (Kind kind : Kind.values()) {
      perToken += config.count(kind) * each[kind.ordinal()];
    }
    return perToken * timedTokens() * (training() ? 3 : 1);
  }

  /**
   * Bytes that a run has to move at least: in training parameters, gradients and moments once in
   * and once out; otherwise the parameters, for each token that is decoded.
   */
  public long ioBytes() {
    long parameters =
        Float.BYTES * ModelWeights.tensors(config).stream().mapToLong(TensorSpec::size).sum();
    return parameters * (training() ? 8 : decode() ? STEPS : 1);
  }

  /** A model of the same layers, fewer of them, with a small vocabulary. */
  ModelConfig small() {
    ObjectNode json = config.toJson();
    int layers = Math.min(MOST_LAYERS, config.layers());
    json.put("num_hidden_layers", layers);
    json.put("vocab_size", Math.min(MOST_TOKENS_OF_VOCABULARY, config.vocabSize()));
    if (json.get("attn") instanceof ObjectNode attention) {
      ArrayNode kept = attention.putArray("layers");
      boolean only = config.count(Kind.MIXER) == 0;
      for (int i = only ? 0 : layers - 1; i < layers; i++) {
        kept.add(i);
      }
    }
    return ModelConfig.fromJson(json, model);
  }

  /** The case in a name, such as {@code model/demo/training/L2048}. */
  public String name() {
    return "model/" + model + "/" + measure + "/L" + tokens;
  }
}
