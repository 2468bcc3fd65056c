package io.github.tornadosse.parity;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.ReferenceShapes;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.graph.VectorOperations;
import io.github.tornadosse.kernels.Activation;
import io.github.tornadosse.kernels.reference.Model;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.ArrayList;
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
    int silu = Activation.SILU;
    int softmax = Activation.SOFTMAX;
    List<Arguments> shapes =
        List.of(
            Arguments.of("no sparse partitions", config(2, 2, 16, 1, 0, 0, 0, silu, softmax, 16)),
            Arguments.of("odd sizes", config(3, 3, 17, 1, 5, 2, 2, silu, softmax, 17)),
            Arguments.of("more writers", config(2, 4, 16, 0.5, 6, 3, 1, softmax, softmax, 16)),
            Arguments.of("more readers, row top-k", config(1, 2, 20, 2, 4, 1, 3, silu, softmax, 3)),
            Arguments.of("SiLU keys, one partition", config(2, 2, 16, 1, 1, 1, 1, silu, silu, 16)));
    return shapes.stream()
        .flatMap(a -> tiers().map(t -> Arguments.of(a.get()[0] + ", " + t.tier(), t, a.get()[1])));
  }

  private static ModelConfig config(
      int heads,
      int valueHeads,
      int headDim,
      double expandV,
      int partitions,
      int writers,
      int readers,
      int queryActivation,
      int keyActivation,
      int rowTopk) {
    boolean odd = headDim % 2 == 1;
    return new ModelConfig(
        VOCABULARY,
        odd ? 37 : 32,
        2,
        heads,
        valueHeads,
        headDim,
        expandV,
        partitions,
        writers,
        readers,
        odd ? 45 : 48,
        1e-5,
        0.1,
        queryActivation,
        keyActivation,
        rowTopk,
        !odd,
        odd ? 7 : 16,
        odd,
        0.02);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void agreesWithTheReference(String name, Operations ops, ModelConfig config) {
    Random random = new Random(name.length());
    Map<String, Variable> parameters = new LinkedHashMap<>();
    for (TensorSpec t : LanguageModel.tensors(config)) {
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
    List<float[]> ordered = new ArrayList<>();
    parameters.values().forEach(p -> ordered.add(floats(p.data())));
    try (LanguageModel model =
        LanguageModel.create(config, ops, batch.tokens(), batch.sequences(), ordered)) {
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
