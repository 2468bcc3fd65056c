package io.github.tornadosse.convert;

import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.IntFunction;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;

/**
 * Values of the parameters that a Transformer does not have, chosen so that a mixer starts with the
 * queries, keys and values that it took over, and with memories of all lengths
 * (docs/conversion.md).
 */
final class InitialValues {
  /**
   * Logits of the decay gate, from the quickest to the slowest: log-decays of −softplus(6)/16 and
   * −softplus(−6)/16 a token, in which a state falls to 1/e in about 3 and 6,500 tokens.
   */
  private static final double QUICK = -6;

  private static final double SLOW = 6;

  /** The authors' scale of the logarithm of the decay. */
  private static final double GATE_SCALE = 1.0 / 16;

  private final ModelConfig target;
  private final long seed;
  private final IntFunction<float[]> valueScale;

  /** How a parameter begins. */
  enum Rule {
    /** Independent draws. */
    NORMAL("normal(0, %s)"),
    /** Independent draws of the weights of routing logits. */
    ROUTER("normal(0, %s)"),
    /** Zeros. */
    ZERO("0"),
    /** A convolution that passes the present token on. */
    IDENTITY("identity: the present token's tap 1, the others 0"),
    /** Biases of decays from quick to slow. */
    DECAY("decays to 1/e in 3 to 6,500 tokens"),
    /** Norm weights that give the output the scale of the values. */
    VALUE_SCALE("RMS of the source's values");

    private final String words;

    Rule(String words) {
      this.words = words;
    }
  }

  /**
   * Values for a model.
   *
   * @param target the model
   * @param seed of what is drawn
   * @param valueScale gives the root mean square of each channel of a layer's values, [V]
   */
  InitialValues(ModelConfig target, long seed, IntFunction<float[]> valueScale) {
    this.target = target;
    this.seed = seed;
    this.valueScale = valueScale;
  }

  /**
   * How a parameter begins.
   *
   * @param name its name, without {@code model.layers.i.}
   */
  static Rule rule(String name) {
    return switch (name) {
      case "attn.lora_q_proj.1.weight",
          "attn.lora_k_proj.1.weight",
          "attn.gk_proj.0.1.weight",
          "attn.gk_proj.1.1.weight",
          "attn.a_proj.weight",
          "attn.A_log" ->
          Rule.ZERO;
      case "attn.gk_proj.0.1.bias", "attn.gk_proj.1.1.bias", "attn.dt_bias" -> Rule.DECAY;
      case "attn.q_conv1d_shared.weight", "attn.k_conv1d_shared.weight" -> Rule.IDENTITY;
      case "attn.o_norm.weight" -> Rule.VALUE_SCALE;
      case "attn.e_proj.weight" -> Rule.ROUTER;
      default -> Rule.NORMAL;
    };
  }

  /** A rule for people. */
  String words(Rule rule) {
    double range =
        rule == Rule.ROUTER ? target.routerInitializerRange() : target.initializerRange();
    return String.format(Locale.ROOT, rule.words, range);
  }

  /**
   * The values of a parameter.
   *
   * @param t its name and shape
   * @param layer which layer's it is
   * @param rule how it begins
   * @return [size of t]
   */
  float[] values(TensorSpec t, int layer, Rule rule) {
    float[] w = new float[t.size()];
    switch (rule) {
      case NORMAL, ROUTER -> normal(t.name(), w);
      case IDENTITY -> identity(w, target.mixer().convolution());
      case DECAY -> decay(t.name(), w);
      case VALUE_SCALE -> w = valueScale.apply(layer);
      case ZERO -> Arrays.fill(w, 0);
    }
    return w;
  }

  /** Drawn for each parameter anew, so that it does not matter which others there are. */
  private void normal(String name, float[] w) {
    RandomGenerator random =
        new Well19937c(new int[] {(int) (seed >>> 32), (int) seed, name.hashCode()});
    for (int i = 0; i < w.length; i++) {
      w[i] = (float) (target.initialRange(name) * random.nextGaussian());
    }
  }

  private static void identity(float[] w, int taps) {
    for (int i = taps - 1; i < w.length; i += taps) {
      w[i] = 1;
    }
  }

  /**
   * Gated linear attention: by the pairs of channels that the rotary embedding turns together.
   * Those that it turns quickly tell near tokens apart, and forget first. Delta rule: by the heads.
   */
  private void decay(String name, float[] w) {
    boolean steps = name.endsWith("dt_bias");
    int period = steps ? target.mixer().valueHeads() : Math.max(1, target.mixer().headDim() / 2);
    for (int i = 0; i < w.length; i++) {
      double share = period == 1 ? 0.5 : i % period / (period - 1.0);
      double logit = QUICK + (SLOW - QUICK) * share;
      double rate = GATE_SCALE * Math.log1p(Math.exp(-logit));
      w[i] = (float) (steps ? Math.log(Math.expm1(rate)) : logit);
    }
  }
}
