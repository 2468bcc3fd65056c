package io.github.tornadosse.kernels.reference;

import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;

/** The language model with its loss (docs/mathematics.md section 5). */
public final class Model {
  private final ModelShape shape;
  private final Map<String, Variable> parameters;

  /**
   * A model.
   *
   * @param shape see there
   * @param parameters by name (docs/mathematics.md section 6); gradients are added to them
   */
  public Model(ModelShape shape, Map<String, Variable> parameters) {
    this.shape = shape;
    this.parameters = parameters;
  }

  /**
   * What a forward pass gives.
   *
   * @param logits [L, vocabulary]
   * @param crossEntropy mean over the targets of the cross-entropy, in nats; one element
   * @param balance sum over the layers of the balance loss, one element
   * @param loss crossEntropy + auxLossCoef·balance, one element
   */
  public record Result(Variable logits, Variable crossEntropy, Variable balance, Variable loss) {}

  /**
   * Runs the model.
   *
   * @param tape notes what the gradients need
   * @param ids token ids, [L]
   * @param cu bounds of the packed sequences, [S + 1]
   * @return see there
   */
  public Result forward(Tape tape, int[] ids, int[] cu) {
    int hidden = shape.mixer().hidden();
    double eps = shape.mixer().normEps();
    Variable balance = new Variable(new double[1]);
    Variable x = tape.rows(parameter("model.embeddings.weight"), hidden, ids);
    for (int layer = 0; layer < shape.layers(); layer++) {
      String block = "model.layers." + layer + ".";
      Function<String, Variable> inMixer = name -> parameter(block + "attn." + name);
      Variable h = tape.rmsNorm(x, parameter(block + "attn_norm.weight"), eps);
      if (shape.attentionLayers().contains(layer)) {
        x = tape.add(x, new SoftmaxAttention(shape.attention()).forward(tape, h, cu, inMixer));
      } else {
        Mixer.Result mixed = new Mixer(shape.mixer()).forward(tape, h, cu, inMixer);
        x = tape.add(x, mixed.y());
        balance = tape.add(balance, mixed.balance());
      }
      x = tape.add(x, mlp(tape, tape.rmsNorm(x, parameter(block + "mlp_norm.weight"), eps), block));
    }
    x = tape.rmsNorm(x, parameter("model.norm.weight"), eps);
    String output = shape.tied() ? "model.embeddings.weight" : "lm_head.weight";
    Variable logits = tape.linear(x, parameter(output), hidden, shape.vocabulary());

    int[] targets = targets(ids, cu);
    Variable losses = tape.crossEntropy(logits, targets, shape.vocabulary());
    double[] mean = new double[ids.length];
    // tokens without a target have no loss, so their weight does not matter
    Arrays.fill(mean, 1.0 / Math.max(1, Arrays.stream(targets).filter(t -> t >= 0).count()));
    Variable crossEntropy = tape.weightedSum(losses, mean);
    Variable loss =
        tape.add(crossEntropy, tape.multiplyConstant(balance, new double[] {shape.auxLossCoef()}));
    return new Result(logits, crossEntropy, balance, loss);
  }

  private Variable mlp(Tape tape, Variable h, String block) {
    int hidden = shape.mixer().hidden();
    int inner = shape.intermediate();
    Variable gate = tape.linear(h, parameter(block + "mlp.gate_proj.weight"), hidden, inner);
    Variable up = tape.linear(h, parameter(block + "mlp.up_proj.weight"), hidden, inner);
    Variable product = tape.multiply(tape.silu(gate), up);
    return tape.linear(product, parameter(block + "mlp.down_proj.weight"), inner, hidden);
  }

  /**
   * The next token of each token within its sequence, −1 for a sequence's last one.
   *
   * @param ids token ids, [L]
   * @param cu bounds of the packed sequences, [S + 1]
   * @return [L]
   */
  public static int[] targets(int[] ids, int[] cu) {
    int[] targets = new int[ids.length];
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        targets[t] = t + 1 < cu[s + 1] ? ids[t + 1] : -1;
      }
    }
    return targets;
  }

  /**
   * Continues a text with the likeliest token each time (equal logits: lower id).
   *
   * @param prompt token ids, at least one
   * @param count how many tokens to add
   * @return [count], the added tokens
   */
  public int[] greedy(int[] prompt, int count) {
    int[] ids = Arrays.copyOf(prompt, prompt.length + count);
    for (int n = prompt.length; n < ids.length; n++) {
      int[] known = Arrays.copyOf(ids, n);
      double[] logits = forward(new Tape(), known, new int[] {0, n}).logits().data();
      ids[n] = Scalars.ranked(logits, (n - 1) * shape.vocabulary(), shape.vocabulary(), 1)[0];
    }
    return Arrays.copyOfRange(ids, prompt.length, ids.length);
  }

  private Variable parameter(String name) {
    Variable v = parameters.get(name);
    if (v == null) {
      throw new IllegalArgumentException("the model has no parameter '" + name + "'");
    }
    return v;
  }
}
