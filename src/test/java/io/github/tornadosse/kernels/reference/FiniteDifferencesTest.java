package io.github.tornadosse.kernels.reference;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The reference's gradients against differences, above all where no golden case reaches. */
class FiniteDifferencesTest {
  private static final int[] CU = {0, 5, 6, 11};
  private static final double STEP = 1e-6;

  static Stream<Arguments> mixers() {
    return Stream.of(
        Arguments.of("gla", mixer(2, 1, 1, false, 4, true, false)),
        Arguments.of("gla, row top-k, R > W", mixer(3, 1, 2, false, 2, true, false)),
        Arguments.of("gla, convolution, SiLU keys", mixer(3, 2, 1, false, 4, false, true)),
        Arguments.of("gla without sparse partitions", mixer(0, 0, 0, false, 4, true, false)),
        Arguments.of(
            "gla, read gate alone",
            gates(mixer(3, 2, 2, false, 4, true, false), false, true, false, true)),
        Arguments.of(
            "gla, write gate alone, without partition 0",
            gates(mixer(3, 1, 1, false, 4, true, false), true, false, false, false)),
        Arguments.of(
            "gdn, gate on values",
            gates(mixer(3, 1, 2, true, 4, false, false), true, true, true, true)),
        Arguments.of("gdn", mixer(2, 1, 1, true, 4, false, true)),
        Arguments.of("gdn, R > W", mixer(3, 1, 2, true, 4, false, false)),
        Arguments.of("gdn, W > R", mixer(3, 2, 1, true, 4, false, false)),
        Arguments.of("gdn without sparse partitions", mixer(0, 0, 0, true, 4, false, false)));
  }

  private static MixerShape mixer(
      int partitions,
      int writers,
      int readers,
      boolean deltaRule,
      int rowTopk,
      boolean keySoftmax,
      boolean convolution) {
    return new MixerShape(
        6,
        2,
        4,
        4,
        3,
        partitions,
        writers,
        readers,
        deltaRule,
        !keySoftmax,
        keySoftmax,
        rowTopk,
        keySoftmax,
        convolution,
        deltaRule,
        true,
        true,
        false,
        true,
        1e-5);
  }

  /** A shape with other gates, or without partition 0. */
  private static MixerShape gates(
      MixerShape s, boolean write, boolean read, boolean values, boolean always) {
    return new MixerShape(
        s.hidden(),
        s.heads(),
        s.valueHeads(),
        s.key(),
        s.value(),
        s.partitions(),
        s.writers(),
        s.readers(),
        s.deltaRule(),
        s.querySoftmax(),
        s.keySoftmax(),
        s.rowTopk(),
        s.outputGate(),
        s.shortConvolution(),
        s.negativeEigenvalues(),
        write,
        read,
        values,
        always,
        s.normEps());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mixers")
  void ofTheMixer(String name, MixerShape shape) {
    Parameters parameters = new Parameters(name.hashCode());
    addMixer(parameters, "", shape);
    Variable x = parameters.add("x", CU[CU.length - 1] * shape.hidden());
    double[] direction = new Random(3).doubles(x.size(), -1, 1).toArray();
    check(
        parameters,
        tape -> {
          Mixer.Result result = new Mixer(shape).forward(tape, x, CU, parameters.values::get);
          Variable along = tape.weightedSum(result.y(), direction);
          return tape.add(along, tape.multiplyConstant(result.balance(), new double[] {3}));
        });
  }

  static Stream<Arguments> models() {
    MixerShape mixer = mixer(2, 1, 1, false, 4, true, false);
    return Stream.of(
        Arguments.of(
            "tied, grouped keys with bias, window",
            new ModelShape(
                2, 7, 5, true, 0.1, mixer, new AttentionShape(6, 3, 1, 3, 100, true), Set.of(1))),
        Arguments.of(
            "untied, without attention",
            new ModelShape(2, 7, 5, false, 0.1, mixer, null, Set.of())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("models")
  void ofTheModel(String name, ModelShape shape) {
    Parameters parameters = new Parameters(name.hashCode());
    int hidden = shape.mixer().hidden();
    parameters.add("model.embeddings.weight", shape.vocabulary() * hidden);
    parameters.add("model.norm.weight", hidden);
    if (!shape.tied()) {
      parameters.add("lm_head.weight", shape.vocabulary() * hidden);
    }
    for (int layer = 0; layer < shape.layers(); layer++) {
      String block = "model.layers." + layer + ".";
      parameters.add(block + "attn_norm.weight", hidden);
      parameters.add(block + "mlp_norm.weight", hidden);
      parameters.add(block + "mlp.gate_proj.weight", shape.intermediate() * hidden);
      parameters.add(block + "mlp.up_proj.weight", shape.intermediate() * hidden);
      parameters.add(block + "mlp.down_proj.weight", shape.intermediate() * hidden);
      if (shape.attentionLayers().contains(layer)) {
        addAttention(parameters, block + "attn.", shape.attention());
      } else {
        addMixer(parameters, block + "attn.", shape.mixer());
      }
    }
    int[] ids = new Random(5).ints(CU[CU.length - 1], 0, shape.vocabulary()).toArray();
    check(parameters, tape -> new Model(shape, parameters.values).forward(tape, ids, CU).loss());
  }

  private static void addMixer(Parameters p, String prefix, MixerShape s) {
    int hidden = s.hidden();
    p.add(prefix + "q_proj.weight", s.keySize() * hidden);
    p.add(prefix + "k_proj.weight", s.keySize() * hidden);
    p.add(prefix + "v_proj.weight", s.valueSize() * hidden);
    p.add(prefix + "o_proj.weight", hidden * s.valueSize());
    p.add(prefix + "o_norm.weight", s.value());
    if (s.outputGate()) {
      p.addPair(prefix + "g_proj", hidden, s.value(), s.valueSize());
    }
    if (s.shortConvolution()) {
      p.add(prefix + "q_conv1d_shared.weight", s.keySize() * 4);
      p.add(prefix + "k_conv1d_shared.weight", s.keySize() * 4);
    }
    int gates = (s.partitions() > 0 ? 2 : 1) * s.valueHeads();
    if (s.deltaRule()) {
      p.add(prefix + "a_proj.weight", gates * hidden);
      p.add(prefix + "b_proj.weight", gates * hidden);
      p.add(prefix + "A_log", gates);
      p.add(prefix + "dt_bias", gates);
    } else {
      addDecay(p, prefix + "gk_proj.0", s);
    }
    if (s.partitions() > 0) {
      p.add(prefix + "e_proj.weight", s.partitions() * hidden);
      p.addPair(prefix + "lora_q_proj", hidden, s.value(), s.keySize());
      p.addPair(prefix + "lora_k_proj", hidden, s.value(), s.keySize());
      if (!s.deltaRule()) {
        addDecay(p, prefix + "gk_proj.1", s);
      }
    }
  }

  private static void addDecay(Parameters p, String name, MixerShape s) {
    p.addPair(name, s.hidden(), 3, s.keySize());
    p.add(name + ".1.bias", s.keySize());
  }

  private static void addAttention(Parameters p, String prefix, AttentionShape s) {
    int keys = s.keyHeads() * s.headDim();
    p.add(prefix + "q_proj.weight", s.hidden() * s.hidden());
    p.add(prefix + "k_proj.weight", keys * s.hidden());
    p.add(prefix + "v_proj.weight", keys * s.hidden());
    p.add(prefix + "o_proj.weight", s.hidden() * s.hidden());
    p.add(prefix + "q_proj.bias", s.hidden());
    p.add(prefix + "k_proj.bias", keys);
    p.add(prefix + "v_proj.bias", keys);
  }

  /** Every parameter's gradient along a random direction against a central difference. */
  private static void check(Parameters parameters, Function<Tape, Variable> loss) {
    Tape tape = new Tape();
    loss.apply(tape).grad()[0] = 1;
    tape.backward();
    parameters.values.forEach(
        (name, p) -> {
          double[] direction = new Random(name.hashCode()).doubles(p.size(), -1, 1).toArray();
          double expected = 0;
          for (int i = 0; i < p.size(); i++) {
            expected += direction[i] * p.grad()[i];
          }
          move(p, direction, STEP);
          double up = loss.apply(new Tape()).data()[0];
          move(p, direction, -2 * STEP);
          double down = loss.apply(new Tape()).data()[0];
          move(p, direction, STEP);
          double actual = (up - down) / (2 * STEP);
          // without partition 0 its decay has no effect
          boolean unused = expected == 0 && actual == 0 && name.startsWith("gk_proj.0");
          assertThat(expected == 0 && !unused).as(name).isFalse();
          assertThat(Math.abs(actual - expected))
              .as("%s: %s and %s", name, expected, actual)
              .isLessThan(1e-6 * Math.max(1, Math.abs(expected)));
        });
  }

  private static void move(Variable p, double[] direction, double step) {
    for (int i = 0; i < p.size(); i++) {
      p.data()[i] += step * direction[i];
    }
  }

  private static final class Parameters {
    final Map<String, Variable> values = new LinkedHashMap<>();
    private final Random random;

    Parameters(long seed) {
      random = new Random(seed);
    }

    Variable add(String name, int size) {
      Variable v = new Variable(random.doubles(size, -1, 1).toArray());
      values.put(name, v);
      return v;
    }

    void addPair(String name, int in, int rank, int out) {
      add(name + ".0.weight", rank * in);
      add(name + ".1.weight", out * rank);
    }
  }
}
