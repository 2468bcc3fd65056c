package io.github.tornadosse.eval.bench;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.verify.CaseResult;
import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.ReferenceShapes;
import io.github.tornadosse.eval.verify.Tolerances;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.Session;
import io.github.tornadosse.kernels.reference.Model;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Compares a model of the same layers, fewer of them, with the reference in double precision: its
 * loss and gradients, or the logits of a session that reads and then steps.
 */
final class ModelParity {
  private static final int TOKENS = 80;
  private static final int STEPS = 4;
  private static final int SEED = 1;

  private final ModelConfig config;
  private final Operations ops;
  private final Map<String, Variable> parameters = new LinkedHashMap<>();
  private final int[] ids;
  private final int[] cu;
  private final Model.Result expected;

  private ModelParity(ModelCase c, Operations ops) {
    config = c.small();
    this.ops = ops;
    Random random = new Random(SEED);
    for (TensorSpec t : ModelWeights.tensors(config)) {
      parameters.put(t.name(), new Variable(draw(t, random)));
    }
    ids = random.ints(TOKENS, 0, config.vocabSize()).toArray();
    cu = c.training() ? new int[] {0, TOKENS / 3, TOKENS} : new int[] {0, TOKENS};
    Tape tape = new Tape();
    expected = new Model(ReferenceShapes.model(config.toJson()), parameters).forward(tape, ids, cu);
    if (c.training()) {
      expected.loss().grad()[0] = 1;
      tape.backward();
    }
  }

  /**
   * Runs the comparison.
   *
   * @param c the case
   * @param ops the tier
   * @return passed, or failed with the reason
   */
  static CaseResult check(ModelCase c, Operations ops) {
    ModelParity parity = new ModelParity(c, ops);
    Comparison comparison = new Comparison(Tolerances.of(ops.tier()));
    if (c.training()) {
      parity.train(comparison);
    } else {
      parity.read(comparison);
    }
    return comparison.result(c.name(), ops.tier());
  }

  /** Weights of a size at which all parts of the model matter. */
  private static double[] draw(TensorSpec t, Random random) {
    double[] w = new double[t.size()];
    int columns = t.shape()[t.shape().length - 1];
    boolean norm = t.name().endsWith("norm.weight");
    for (int i = 0; i < w.length; i++) {
      double draw = random.nextGaussian();
      w[i] = (float) (norm ? 1 + 0.1 * draw : draw / Math.sqrt(columns));
    }
    return w;
  }

  private void train(Comparison comparison) {
    PackedBatch batch = new PackedBatch(ids, Model.targets(ids, cu), cu);
    TrainingModel.Settings settings =
        new TrainingModel.Settings(
            batch.tokens(), batch.sequences(), new AdamSettings(0.9, 0.95, 1e-8, 0), false);
    try (TrainingModel model = TrainingModel.create(config, settings, ops, 0)) {
      List<TensorSpec> tensors = model.tensors();
      for (int i = 0; i < tensors.size(); i++) {
        model.writeParameter(i, floats(tensors.get(i).name()), 0);
      }
      model.zeroGradients();
      TrainingModel.Outcome outcome =
          model.accumulate(batch, 1.0 / batch.targetCount(), config.auxLossCoef());
      comparison.forward(
          "loss",
          new double[] {outcome.crossEntropy() / outcome.targets()},
          expected.crossEntropy().data());
      for (int i = 0; i < tensors.size(); i++) {
        float[] gradient = new float[tensors.get(i).size()];
        model.readGradient(i, gradient, 0);
        String name = tensors.get(i).name();
        comparison.gradient(name, doubles(gradient), parameters.get(name).grad());
      }
    }
  }

  private void read(Comparison comparison) {
    ModelWeights weights =
        ModelWeights.read(
            config, (t, to) -> System.arraycopy(floats(t.name()), 0, to, 0, to.length));
    LanguageModel.Capacity capacity = LanguageModel.Capacity.reading(TOKENS, 1, TOKENS);
    try (LanguageModel model = LanguageModel.create(weights, ops, capacity);
        Session session = Session.open(model)) {
      int read = TOKENS - STEPS;
      compare(comparison, session.read(Arrays.copyOf(ids, read)), read - 1);
      for (int t = read; t < TOKENS; t++) {
        compare(comparison, session.read(ids[t]), t);
      }
    }
  }

  private void compare(Comparison comparison, float[] logits, int token) {
    int n = config.vocabSize();
    comparison.forward(
        "logits of token " + token,
        doubles(logits),
        Arrays.copyOfRange(expected.logits().data(), token * n, (token + 1) * n));
  }

  private float[] floats(String name) {
    double[] x = parameters.get(name).data();
    float[] f = new float[x.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) x[i];
    }
    return f;
  }

  private static double[] doubles(float[] x) {
    double[] d = new double[x.length];
    for (int i = 0; i < d.length; i++) {
      d[i] = x[i];
    }
    return d;
  }
}
