package io.github.tornadosse.eval.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.verify.CaseResult;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.graph.VectorOperations;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SuiteRunnerTest {
  static Stream<Arguments> mixers() {
    return Stream.of(new PortableOperations(), new VectorOperations())
        .flatMap(
            ops ->
                MixerCase.MIXERS.stream()
                    .flatMap(
                        m -> cases(m).map(c -> Arguments.of(c.name() + " " + ops.tier(), c, ops))));
  }

  private static Stream<MixerCase> cases(String mixer) {
    if (!mixer.startsWith("sse-")) {
      return Stream.of(new MixerCase(mixer, "varlen", true, 150, 2, 24, 0, 0));
    }
    return Stream.of(
        new MixerCase(mixer, "varlen", true, 150, 2, 24, 5, 2),
        new MixerCase(mixer, "mask", true, 130, 1, 16, 4, 1));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("mixers")
  void whatIsTimedIsRight(String name, MixerCase c, Operations ops) {
    CaseResult result = MixerParity.check(c, ops);
    assertThat(result.reason()).isEmpty();
    assertThat(result.outcome()).isEqualTo(CaseResult.Outcome.PASSED);
    // Float32 against double precision: an error of zero would mean that nothing was compared.
    assertThat(result.forward().error()).isPositive().isLessThanOrEqualTo(1e-5);
    assertThat(result.gradient().error()).isPositive().isLessThanOrEqualTo(1e-4);
  }

  private static SuiteEntry entry(MixerCase c) {
    return new SuiteEntry(c, null, "float32", 1, 2, false);
  }

  private static MixerCase small(boolean backward) {
    return new MixerCase("sse-gla", "varlen", backward, 70, 1, 16, 4, 1);
  }

  private static ObjectNode run(SuiteEntry entry) {
    return new SuiteRunner(precision -> new VectorOperations()).run(entry);
  }

  @Test
  void aResultHasItsEntryItsParityAndAllRuns() {
    ObjectNode j = run(entry(small(false)));
    assertThat(j.get("outcome").textValue()).as(j.toString()).isEqualTo("measured");
    assertThat(j.get("name").textValue()).isEqualTo(entry(small(false)).name());
    assertThat(j.get("parity").get("passed").booleanValue()).isTrue();
    assertThat(j.get("times_ms")).hasSize(2);
    assertThat(j.get("product_times_ms")).hasSize(10);
    assertThat(j.get("io_bytes").longValue())
        // q, k and gates of two sources, v, the output, and logits
        .isEqualTo(4 * (70 * 16 * (2 * 3 + 2) + 70 * 4));
    assertThat(j.get("planned_bytes").longValue()).isGreaterThan(j.get("io_bytes").longValue());
    assertThat(j.get("peak_bytes").longValue()).isPositive();
    for (String name :
        List.of("min_ms", "median_ms", "gflops", "product_gflops", "of_product", "copy_gbs")) {
      assertThat(j.get(name).doubleValue()).as(name).isPositive();
    }
    assertThat(j.get("min_ms").doubleValue()).isLessThanOrEqualTo(j.get("median_ms").doubleValue());
  }

  @Test
  void anEntryAfterALargerOneTakesAtLeastItsArrays() {
    run(entry(new MixerCase("sse-gla", "varlen", true, 2000, 1, 128, 4, 1)));
    ObjectNode j = run(entry(small(true)));
    assertThat(j.get("peak_bytes").longValue())
        .isGreaterThanOrEqualTo(j.get("planned_bytes").longValue());
  }

  static Stream<MixerCase> longForwards() {
    return Stream.of("sse-gla", "sse-gdn", "gla", "gdn")
        .flatMap(
            mixer ->
                Stream.of(1 << 17, 1 << 20)
                    .map(tokens -> new MixerCase(mixer, "varlen", false, tokens, 2, 64, 4, 1)));
  }

  /** What a long forward pass has beside inputs and outputs is less than a tenth of them. */
  @ParameterizedTest
  @MethodSource("longForwards")
  void aLongForwardPassTakesItsInputsAndOutputsAndLittleElse(MixerCase c) {
    Buffers plan = Buffers.measuring();
    new MixerProgram(c, new VectorOperations(), plan).close();
    assertThat((double) plan.totalBytes() / c.ioBytes()).isBetween(1.0, 1.1);
  }

  /** The portable tier with an epsilon of the output's norm that is not the one asked for. */
  private static Operations broken() {
    Operations right = new PortableOperations();
    return (Operations)
        Proxy.newProxyInstance(
            SuiteRunnerTest.class.getClassLoader(),
            new Class<?>[] {Operations.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("mixerOutput")) {
                arguments[arguments.length - 1] = 1e-2f;
              }
              if (method.getName().equals("glaOutput")) {
                Operations.Output o = (Operations.Output) arguments[8];
                arguments[8] =
                    new Operations.Output(
                        o.gate(), o.w(), o.o(), o.y(), o.valueDim(), 1e-2f, o.reads());
              }
              try {
                return method.invoke(right, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  @Test
  void whatIsNotRightHasNoTime() {
    ObjectNode j = new SuiteRunner(precision -> broken()).run(entry(small(false)));
    assertThat(j.get("outcome").textValue()).isEqualTo("failed");
    assertThat(j.get("reason").textValue()).startsWith("y is off by");
    assertThat(j.get("parity").get("passed").booleanValue()).isFalse();
    assertThat(j.get("parity").get("forward").get("error").doubleValue()).isGreaterThan(1e-5);
    assertThat(j.has("times_ms")).isFalse();
    assertThat(j.has("median_ms")).isFalse();
  }

  @Test
  void whatADeviceHasNotGotIsSkipped() {
    SuiteRunner runner =
        new SuiteRunner(
            precision -> {
              throw new UserError("no " + precision + " here");
            });
    ObjectNode j = runner.run(entry(small(false)));
    assertThat(j.get("outcome").textValue()).isEqualTo("skipped");
    assertThat(j.get("reason").textValue()).isEqualTo("no float32 here");
  }

  @Test
  void whatDoesNotFitIsSkipped() {
    ObjectNode j = run(entry(new MixerCase("gla", "varlen", false, 1 << 20, 15, 128, 0, 0)));
    assertThat(j.get("outcome").textValue()).as(j.toString()).isEqualTo("skipped");
    assertThat(j.get("reason").textValue()).contains("are available");
    assertThat(j.get("parity").get("passed").booleanValue()).isTrue();
  }

  @Test
  void anExceptionIsOneBrokenEntry() {
    SuiteRunner runner =
        new SuiteRunner(
            precision -> {
              throw new IllegalStateException("a bug\nin two lines");
            });
    ObjectNode j = runner.run(entry(small(false)));
    assertThat(j.get("outcome").textValue()).isEqualTo("broken");
    assertThat(j.get("reason").textValue()).hasLineCount(1).contains("a bug in two lines");
  }

  private static ModelCase model(String measure, boolean attention) throws IOException {
    String attn = attention ? ", \"attn\": {\"layers\": [1], \"num_heads\": 2}" : "";
    String json =
        "{\"hidden_size\": 32, \"num_hidden_layers\": 3, \"num_heads\": 2, \"head_dim\": 16,"
            + " \"vocab_size\": 100, \"num_sparse_partition\": 4%s}".formatted(attn);
    ModelConfig config = ModelConfig.fromJson(new ObjectMapper().readTree(json), "tiny");
    return new ModelCase("tiny", measure, config, 40);
  }

  @Test
  void modelsAreComparedAndTimed() throws IOException {
    for (String measure : ModelCase.MEASURES) {
      SuiteEntry e = new SuiteEntry(null, model(measure, true), "float32", 1, 2, false);
      ObjectNode j = run(e);
      assertThat(j.get("outcome").textValue()).as(j.toString()).isEqualTo("measured");
      assertThat(j.get("times_ms")).hasSize(2);
      assertThat(j.get("tokens_per_second").doubleValue()).isPositive();
      assertThat(j.has("config")).isFalse();
    }
  }

  @Test
  void aSmallModelKeepsBothKindsOfLayers() throws IOException {
    ModelConfig small = model("training", true).small();
    assertThat(small.layers()).isEqualTo(2);
    assertThat(small.count(ModelConfig.Kind.ATTENTION)).isEqualTo(1);
    assertThat(model("training", false).small().count(ModelConfig.Kind.ATTENTION)).isZero();
  }

  @Test
  void aWrongTierFailsAModel() throws IOException {
    for (String measure : List.of("training", "prefill")) {
      ObjectNode j =
          new SuiteRunner(precision -> broken())
              .run(new SuiteEntry(null, model(measure, false), "float32", 1, 1, false));
      assertThat(j.get("outcome").textValue()).as(j.toString()).isEqualTo("failed");
    }
  }

  @Test
  void countsAreNominal() {
    MixerCase gla = new MixerCase("gla", "mask", false, 128, 2, 64, 9, 9);
    assertThat(gla.partitions()).isZero();
    assertThat(gla.flop()).isEqualTo(2.0 * 2 * (4 * 64 * 64 * 64 + 4 * 64 * 64 * 64));
    MixerCase sse = new MixerCase("sse-gla", "mask", true, 128, 2, 64, 4, 1);
    assertThat(sse.flop()).isEqualTo(6 * gla.flop());
    MixerCase softmax = new MixerCase("softmax", "varlen", false, 128, 2, 64, 0, 0);
    assertThat(softmax.flop()).isEqualTo(2.0 * 2 * 64 * 128 * 128);
  }
}
