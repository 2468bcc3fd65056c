package io.github.tornadosse.parity;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.ReferenceShapes;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.graph.VectorOperations;
import io.github.tornadosse.kernels.reference.Model;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.nn.Variants;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole models of shapes that no golden case has, on every tier, against the reference. */
class ModelParityTest {
  private static final int[] CU = {0, 1, 38, 103};
  private static final int VOCABULARY = 29;

  static Stream<Operations> tiers() {
    return Stream.of(new PortableOperations(), new VectorOperations());
  }

  static Stream<Arguments> models() {
    return Variants.names().stream()
        .flatMap(name -> tiers().map(t -> Arguments.of(name + ", " + t.tier(), t, name)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void agreesWithTheReference(String name, Operations ops, String variant) {
    ModelConfig config = Variants.config(variant);
    Random random = new Random(variant.length());
    Map<String, Variable> parameters = new LinkedHashMap<>();
    for (TensorSpec t : ModelWeights.tensors(config)) {
      parameters.put(t.name(), new Variable(weights(t, random)));
    }
    int[] ids = random.ints(CU[CU.length - 1], 0, VOCABULARY).toArray();
    PackedBatch batch = new PackedBatch(ids, Model.targets(ids, CU), CU);
    Tape tape = new Tape();
    Model.Result expected =
        new Model(ReferenceShapes.model(config.toJson()), parameters).forward(tape, ids, CU);
    expected.loss().grad()[0] = 1;
    tape.backward();

    Comparison comparison = new Comparison();
    ModelWeights weights =
        ModelWeights.read(
            config,
            (t, to) ->
                System.arraycopy(floats(parameters.get(t.name()).data()), 0, to, 0, to.length));
    try (LanguageModel model =
        LanguageModel.create(
            weights, ops, LanguageModel.Capacity.scoring(batch.tokens(), batch.sequences()))) {
      comparison.forward("logits", doubles(model.logits(batch)), expected.logits().data());
    }
    for (boolean recompute : new boolean[] {false, true}) {
      train(comparison, ops, config, batch, parameters, expected, recompute);
    }
    assertThat(comparison.result(name, ops.tier()).reason()).isEmpty();
  }

  private static void train(
      Comparison comparison,
      Operations ops,
      ModelConfig config,
      PackedBatch batch,
      Map<String, Variable> parameters,
      Model.Result expected,
      boolean recompute) {
    // room for more tokens and sequences than there are
    TrainingModel.Settings settings =
        new TrainingModel.Settings(
            batch.tokens() + 9,
            batch.sequences() + 2,
            new AdamSettings(0.9, 0.95, 1e-8, 0),
            recompute);
    try (TrainingModel model = TrainingModel.create(config, settings, ops, 0)) {
      List<TensorSpec> tensors = model.tensors();
      for (int i = 0; i < tensors.size(); i++) {
        model.writeParameter(i, floats(parameters.get(tensors.get(i).name()).data()), 0);
      }
      model.zeroGradients();
      TrainingModel.Outcome outcome =
          model.accumulate(batch, 1.0 / batch.targetCount(), config.auxLossCoef());
      comparison.forward(
          "cross-entropy",
          new double[] {outcome.crossEntropy() / outcome.targets()},
          expected.crossEntropy().data());
      comparison.forward("balance", new double[] {outcome.balance()}, expected.balance().data());
      for (int i = 0; i < tensors.size(); i++) {
        float[] gradient = new float[tensors.get(i).size()];
        model.readGradient(i, gradient, 0);
        String name = tensors.get(i).name();
        comparison.gradient(
            name + (recompute ? " (recomputed)" : ""),
            doubles(gradient),
            parameters.get(name).grad());
      }
    }
  }

  private static double[] weights(TensorSpec t, Random random) {
    double[] w = new double[t.size()];
    int columns = t.shape()[t.shape().length - 1];
    boolean norm = t.name().endsWith("norm.weight");
    for (int i = 0; i < w.length; i++) {
      double draw = random.nextGaussian();
      w[i] = (float) (norm ? 1 + 0.1 * draw : draw / Math.sqrt(columns));
    }
    return w;
  }

  private static float[] floats(double[] x) {
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
