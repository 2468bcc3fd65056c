package io.github.tornadosse.eval.verify;

import io.github.tornadosse.eval.verify.GoldenCase.Content;
import io.github.tornadosse.kernels.reference.GatedDeltaRule;
import io.github.tornadosse.kernels.reference.GatedLinearAttention;
import io.github.tornadosse.kernels.reference.Mixer;
import io.github.tornadosse.kernels.reference.Model;
import io.github.tornadosse.kernels.reference.Recurrence;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Golden cases on the reference tier. */
public final class ReferenceRunner implements TierRunner {
  /** What a mixer's case multiplies the balance loss by. */
  private static final double BALANCE_GRADIENT = 3;

  /** A runner. */
  public ReferenceRunner() {}

  @Override
  public String tier() {
    return "reference";
  }

  @Override
  public CaseResult run(GoldenCase golden) {
    Comparison comparison =
        switch (golden.kind()) {
          case OP -> op(GoldenCase.read(golden.path()));
          case MIXER -> mixer(GoldenCase.read(golden.path()));
          case MODEL -> model(golden.path());
        };
    return comparison.result(golden.name(), tier());
  }

  private static Comparison op(Content c) {
    boolean deltaRule = "gdn".equals(c.metadata().get("kind"));
    Recurrence recurrence = deltaRule ? new GatedDeltaRule() : new GatedLinearAttention();
    int heads = c.size("q", 1);
    int key = c.size("q", 2);
    int value = c.size("v", 2);
    Map<String, double[]> actual = new LinkedHashMap<>();
    for (String name : c.tensors().keySet()) {
      actual.put(name, new double[c.get(name).length]);
    }
    for (int h = 0; h < heads; h++) {
      Recurrence.Inputs in =
          new Recurrence.Inputs(
              head(c.get("q"), heads, h, key),
              head(c.get("k"), heads, h, key),
              head(c.get("v"), heads, h, value),
              head(c.get("g"), heads, h, deltaRule ? 1 : key),
              deltaRule ? head(c.get("beta"), heads, h, 1) : new double[0],
              stateHead(c.get("s0"), h, key * value));
      Recurrence.Outputs out = recurrence.forward(in, key, value);
      Recurrence.Outputs gradient =
          new Recurrence.Outputs(
              head(c.get("do"), heads, h, value), stateHead(c.get("ds"), h, key * value));
      Recurrence.Inputs d = recurrence.backward(in, gradient, key, value);
      setHead(actual.get("o"), out.o(), heads, h, value);
      System.arraycopy(out.state(), 0, actual.get("s"), h * key * value, key * value);
      setHead(actual.get("dq"), d.q(), heads, h, key);
      setHead(actual.get("dk"), d.k(), heads, h, key);
      setHead(actual.get("dv"), d.v(), heads, h, value);
      setHead(actual.get("dg"), d.g(), heads, h, deltaRule ? 1 : key);
      if (deltaRule) {
        setHead(actual.get("dbeta"), d.beta(), heads, h, 1);
      }
      System.arraycopy(d.state(), 0, actual.get("ds0"), h * key * value, key * value);
    }
    Comparison comparison = new Comparison();
    comparison.forward("o", actual.get("o"), c.get("o"));
    comparison.forward("s", actual.get("s"), c.get("s"));
    for (String name : c.tensors().keySet()) {
      if (name.length() > 1 && name.startsWith("d") && !name.equals("do") && !name.equals("ds")) {
        comparison.gradient(name, actual.get(name), c.get(name));
      }
    }
    return comparison;
  }

  /** One head of [T, heads, width] as [T, width]. */
  private static double[] head(double[] x, int heads, int head, int width) {
    double[] rows = new double[x.length / heads];
    for (int at = 0; at < rows.length; at += width) {
      System.arraycopy(x, at * heads + head * width, rows, at, width);
    }
    return rows;
  }

  private static void setHead(double[] x, double[] rows, int heads, int head, int width) {
    for (int at = 0; at < rows.length; at += width) {
      System.arraycopy(rows, at, x, at * heads + head * width, width);
    }
  }

  private static double[] stateHead(double[] states, int head, int size) {
    return Arrays.copyOfRange(states, head * size, (head + 1) * size);
  }

  private static Comparison mixer(Content c) {
    Map<String, Variable> parameters = variables(c.under("param."));
    Variable x = new Variable(c.get("x"));
    Tape tape = new Tape();
    Mixer mixer =
        new Mixer(
            ReferenceShapes.mixer(ReferenceShapes.parse(c.metadata().get("config"), "the case")));
    Mixer.Result result = mixer.forward(tape, x, c.ints("cu_seqlens"), parameters::get);
    System.arraycopy(c.get("do"), 0, result.y().grad(), 0, result.y().size());
    result.balance().grad()[0] = BALANCE_GRADIENT;
    tape.backward();

    Comparison comparison = new Comparison();
    comparison.forward("o", result.y().data(), c.get("o"));
    comparison.forward("aux", result.balance().data(), c.get("aux"));
    comparison.forward("states", result.states(), c.get("states"));
    comparison.gradient("dx", x.grad(), c.get("dx"));
    compareGradients(comparison, parameters, c);
    return comparison;
  }

  private static Comparison model(Path directory) {
    Content c = GoldenCase.read(directory.resolve("case.safetensors"));
    Map<String, Variable> parameters =
        variables(GoldenCase.read(directory.resolve("model.safetensors")).tensors());
    Path config = directory.resolve("config.json");
    Model model =
        new Model(
            ReferenceShapes.model(ReferenceShapes.parse(text(config), config.toString())),
            parameters);
    Tape tape = new Tape();
    Model.Result result = model.forward(tape, c.ints("ids"), c.ints("cu_seqlens"));
    result.loss().grad()[0] = 1;
    tape.backward();

    Comparison comparison = new Comparison();
    comparison.forward("logits", result.logits().data(), c.get("logits"));
    comparison.forward("loss", result.loss().data(), c.get("loss"));
    comparison.forward("ce", result.crossEntropy().data(), c.get("ce"));
    comparison.forward("aux", result.balance().data(), c.get("aux"));
    compareGradients(comparison, parameters, c);
    double[] expected = c.get("greedy");
    int[] greedy = model.greedy(c.ints("prompt"), expected.length);
    comparison.forward("greedy", Arrays.stream(greedy).asDoubleStream().toArray(), expected);
    return comparison;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UserError("cannot read " + file + ": " + e.getMessage(), e);
    }
  }

  private static Map<String, Variable> variables(Map<String, double[]> tensors) {
    Map<String, Variable> variables = new LinkedHashMap<>();
    tensors.forEach((name, values) -> variables.put(name, new Variable(values)));
    return variables;
  }

  private static void compareGradients(
      Comparison comparison, Map<String, Variable> parameters, Content c) {
    c.under("grad.")
        .forEach(
            (name, expected) -> comparison.gradient(name, parameters.get(name).grad(), expected));
  }
}
