package io.github.tornadosse.eval.verify;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.verify.GoldenCase.Content;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.StandaloneMixer;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Golden cases on a tier of kernels, through the task graphs that training and inference use. */
public final class OperationsRunner implements TierRunner {
  /** What a mixer's case multiplies the balance loss by. */
  private static final float BALANCE_GRADIENT = 3;

  private static final AdamSettings UNUSED_ADAM = new AdamSettings(0.9, 0.95, 1e-8, 0);

  private final Operations ops;

  /**
   * A runner.
   *
   * @param ops the tier
   */
  public OperationsRunner(Operations ops) {
    this.ops = ops;
  }

  @Override
  public String tier() {
    return ops.tier();
  }

  @Override
  public CaseResult run(GoldenCase golden) {
    return switch (golden.kind()) {
      case OP -> new RecurrenceCase(ops, golden).run();
      case MIXER -> mixer(golden);
      case MODEL -> model(golden);
    };
  }

  private CaseResult mixer(GoldenCase golden) {
    Content c = GoldenCase.read(golden.path());
    ModelConfig config;
    try {
      config = config(c, golden);
    } catch (UserError e) {
      return CaseResult.skipped(golden.name(), tier(), e.getMessage());
    }
    Map<String, float[]> weights = new LinkedHashMap<>();
    c.under("param.").forEach((name, values) -> weights.put(name, floats(values)));
    try (StandaloneMixer mixer = new StandaloneMixer(config, ops, c.ints("cu_seqlens"), weights)) {
      Comparison comparison = new Comparison(Tolerances.of(ops.tier()));
      comparison.forward("o", doubles(mixer.forward(floats(c.get("x")))), c.get("o"));
      comparison.forward("aux", new double[] {mixer.balance()}, c.get("aux"));
      comparison.forward("states", doubles(mixer.states()), c.get("states"));
      float[] dx = mixer.backward(floats(c.get("do")), BALANCE_GRADIENT);
      comparison.gradient("dx", doubles(dx), c.get("dx"));
      Map<String, float[]> gradients = mixer.gradients();
      c.under("grad.")
          .forEach(
              (name, expected) ->
                  comparison.gradient(name, doubles(gradients.get(name)), expected));
      return comparison.result(golden.name(), tier());
    }
  }

  private CaseResult model(GoldenCase golden) {
    Content c = GoldenCase.read(golden.path().resolve("case.safetensors"));
    ModelConfig config;
    try {
      config = config(c, golden);
    } catch (UserError e) {
      return CaseResult.skipped(golden.name(), tier(), e.getMessage());
    }
    Content weights = GoldenCase.read(golden.path().resolve("model.safetensors"));
    PackedBatch batch = batch(c.ints("ids"), c.ints("cu_seqlens"));
    Comparison comparison = new Comparison(Tolerances.of(ops.tier()));
    compareTraining(comparison, c, config, weights, batch);
    compareInference(comparison, c, config, weights, batch);
    return comparison.result(golden.name(), tier());
  }

  private static ModelConfig config(Content c, GoldenCase golden) {
    String where = golden.name();
    return ModelConfig.fromJson(ReferenceShapes.parse(c.metadata().get("config"), where), where);
  }

  private void compareTraining(
      Comparison comparison, Content c, ModelConfig config, Content weights, PackedBatch batch) {
    TrainingModel.Settings settings =
        new TrainingModel.Settings(batch.tokens(), batch.sequences(), UNUSED_ADAM, false);
    try (TrainingModel model = TrainingModel.create(config, settings, ops, 0)) {
      List<TensorSpec> tensors = model.tensors();
      for (int i = 0; i < tensors.size(); i++) {
        model.writeParameter(i, floats(weights.get(tensors.get(i).name())), 0);
      }
      model.zeroGradients();
      TrainingModel.Outcome outcome =
          model.accumulate(batch, 1.0 / batch.targetCount(), config.auxLossCoef());
      double crossEntropy = outcome.crossEntropy() / outcome.targets();
      comparison.forward("ce", new double[] {crossEntropy}, c.get("ce"));
      comparison.forward("aux", new double[] {outcome.balance()}, c.get("aux"));
      double loss = crossEntropy + config.auxLossCoef() * outcome.balance();
      comparison.forward("loss", new double[] {loss}, c.get("loss"));
      for (int i = 0; i < tensors.size(); i++) {
        float[] gradient = new float[tensors.get(i).size()];
        model.readGradient(i, gradient, 0);
        String name = tensors.get(i).name();
        comparison.gradient(name, doubles(gradient), c.get("grad." + name));
      }
    }
  }

  private void compareInference(
      Comparison comparison, Content c, ModelConfig config, Content weights, PackedBatch batch) {
    ModelWeights shared =
        ModelWeights.read(
            config,
            (t, to) -> System.arraycopy(floats(weights.get(t.name())), 0, to, 0, to.length));
    LanguageModel.Capacity capacity =
        LanguageModel.Capacity.scoring(batch.tokens(), batch.sequences());
    try (LanguageModel model = LanguageModel.create(shared, ops, capacity)) {
      comparison.forward("logits", doubles(model.logits(batch)), c.get("logits"));
    }
    // Logits that are within bfloat16's tolerance may have another maximum where two are near.
    if (Tolerances.of(ops.tier()).equals(Tolerances.FLOAT32)) {
      new GreedyText(shared, ops, c.ints("prompt"), c.get("greedy")).compare(comparison);
    }
  }

  private static PackedBatch batch(int[] ids, int[] cu) {
    int[] targets = new int[ids.length];
    for (int s = 0; s + 1 < cu.length; s++) {
      for (int t = cu[s]; t < cu[s + 1]; t++) {
        targets[t] = t + 1 < cu[s + 1] ? ids[t + 1] : -1;
      }
    }
    return new PackedBatch(ids, targets, cu);
  }

  static float[] floats(double[] x) {
    float[] f = new float[x.length];
    for (int i = 0; i < f.length; i++) {
      f[i] = (float) x[i];
    }
    return f;
  }

  static double[] doubles(float[] x) {
    double[] d = new double[x.length];
    for (int i = 0; i < d.length; i++) {
      d[i] = x[i];
    }
    return d;
  }
}
