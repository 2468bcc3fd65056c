package io.github.tornadosse.eval.verify;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.eval.verify.GoldenCase.Content;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.HeadSizes;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.infer.Generator;
import io.github.tornadosse.infer.SamplingOptions;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.nn.StandaloneMixer;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

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
      case OP -> op(golden);
      case MIXER -> mixer(golden);
      case MODEL -> model(golden);
    };
  }

  private CaseResult op(GoldenCase golden) {
    Content c = GoldenCase.read(golden.path());
    if (!"gla".equals(c.metadata().get("kind"))) {
      return CaseResult.skipped(
          golden.name(), tier(), "the gated delta rule is not built in this tier");
    }
    int tokens = c.size("q", 0);
    int heads = c.size("q", 1);
    int key = c.size("q", 2);
    int value = c.size("v", 2);
    try (Program program = new Program(tokens, 1, Buffers.allocating())) {
      Buffers buffers = program.buffers();
      ControlTable table = program.control();
      FloatArray q = headMajor(program, "q", c.get("q"), heads, key);
      FloatArray k = headMajor(program, "k", c.get("k"), heads, key);
      FloatArray g = headMajor(program, "g", c.get("g"), heads, key);
      FloatArray v = headMajor(program, "v", c.get("v"), heads, value);
      FloatArray dO = headMajor(program, "do", c.get("do"), heads, value);
      FloatArray state = buffers.floats("state", c.get("s0").length);
      FloatArray initial = buffers.floats("initial", c.get("s0").length);
      FloatArray dState = buffers.floats("dState", c.get("ds").length);
      fill(state, c.get("s0"));
      fill(initial, c.get("s0"));
      fill(dState, c.get("ds"));
      IntArray cu = program.intInput("cu", 2);
      cu.set(1, tokens);
      Rows rows =
          new Rows(
              buffers.ints("rows.token", tokens),
              buffers.ints("rows.mode", tokens),
              buffers.floats("rows.weight", 2L * tokens),
              buffers.ints("rows.of_token", 0),
              buffers.ints("rows.segments", 2),
              0,
              0);
      FloatArray out = buffers.floats("out", (long) heads * tokens * value);
      FloatArray dRows = buffers.floats("dRows", 3L * heads * tokens * key);
      FloatArray dvRows = buffers.floats("dvRows", (long) heads * tokens * value);
      HeadSizes sizes = new HeadSizes(heads, key, value);
      View stateView = table.whole(state);
      View initialView = table.whole(initial);
      View dStateView = table.whole(dState);
      program.graph(
          "forward",
          s -> {
            ops.routeRows(
                s, "rows", null, null, cu, rows, new Operations.Selection(0, 0, true, true, true));
            ops.gla(s, "gla", q, k, v, g, rows, stateView, out, sizes);
          });
      program.graph(
          "backward",
          s ->
              ops.glaGradient(
                  s,
                  "gradient",
                  q,
                  k,
                  v,
                  g,
                  rows,
                  initialView,
                  dO,
                  dStateView,
                  dRows,
                  dvRows,
                  sizes));
      table.set(Control.TOKENS, tokens);
      table.set(Control.SEQUENCES, 1);
      table.set(Control.USE_STATE, 1);
      table.select(ControlTable.Position.ORIGIN);
      program.execute("forward");
      program.fetch("forward", out, state);
      program.execute("backward");
      program.fetch("backward", dRows, dvRows, dState);

      Comparison comparison = new Comparison();
      comparison.forward("o", tokenMajor(out, 0, heads, tokens, value), c.get("o"));
      comparison.forward("s", doubles(state.toHeapArray()), c.get("s"));
      int part = heads * tokens * key;
      comparison.gradient("dq", tokenMajor(dRows, 0, heads, tokens, key), c.get("dq"));
      comparison.gradient("dk", tokenMajor(dRows, part, heads, tokens, key), c.get("dk"));
      comparison.gradient("dg", tokenMajor(dRows, 2 * part, heads, tokens, key), c.get("dg"));
      comparison.gradient("dv", tokenMajor(dvRows, 0, heads, tokens, value), c.get("dv"));
      comparison.gradient("ds0", doubles(dState.toHeapArray()), c.get("ds0"));
      return comparison.result(golden.name(), tier());
    }
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
      Comparison comparison = new Comparison();
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
    Comparison comparison = new Comparison();
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
    double[] prompt = c.get("prompt");
    int length = prompt.length + c.get("greedy").length;
    LanguageModel.Capacity capacity =
        new LanguageModel.Capacity(batch.tokens(), batch.sequences(), 1, length);
    try (LanguageModel model = LanguageModel.create(shared, ops, capacity)) {
      comparison.forward("logits", doubles(model.logits(batch)), c.get("logits"));
      double[] expected = c.get("greedy");
      List<Double> greedy = new ArrayList<>();
      new Generator(model)
          .generate(
              c.ints("prompt"),
              expected.length,
              SamplingOptions.greedy(),
              token -> greedy.add((double) token));
      comparison.forward(
          "greedy", greedy.stream().mapToDouble(Double::doubleValue).toArray(), expected);
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

  /** [T, heads, width] as [heads, T, width]. */
  private static FloatArray headMajor(
      Program program, String name, double[] x, int heads, int width) {
    FloatArray a = program.floatInput(name, x.length);
    int tokens = x.length / heads / width;
    for (int t = 0; t < tokens; t++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < width; i++) {
          a.set((h * tokens + t) * width + i, (float) x[(t * heads + h) * width + i]);
        }
      }
    }
    return a;
  }

  private static double[] tokenMajor(FloatArray a, int offset, int heads, int tokens, int width) {
    double[] x = new double[heads * tokens * width];
    for (int t = 0; t < tokens; t++) {
      for (int h = 0; h < heads; h++) {
        for (int i = 0; i < width; i++) {
          x[(t * heads + h) * width + i] = a.get(offset + (h * tokens + t) * width + i);
        }
      }
    }
    return x;
  }

  private static void fill(FloatArray to, double[] from) {
    for (int i = 0; i < from.length; i++) {
      to.set(i, (float) from[i]);
    }
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
