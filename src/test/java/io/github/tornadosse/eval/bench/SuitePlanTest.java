package io.github.tornadosse.eval.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.UniqueElements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SuitePlanTest {
  private static final String MODEL =
      "{\"hidden_size\": 16, \"num_hidden_layers\": 1, \"num_heads\": 1, \"head_dim\": 8,"
          + " \"vocab_size\": 20}";

  private static ModelConfig model(String recipe) {
    try {
      return ModelConfig.fromJson(new ObjectMapper().readTree(MODEL), recipe);
    } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static SuitePlan parse(String yaml) {
    return SuitePlan.parse(yaml, "plan.yaml", SuitePlanTest::model);
  }

  @Test
  void aGroupStandsForAllCombinationsOfItsLists() {
    SuitePlan plan =
        parse(
            """
            title: Two groups
            runs: 3
            mixers:
              - mixers: [sse-gla, gla]
                passes: [forward, forward+backward]
                tokens: [100, 200]
                partitions: [4, 8]
                threads: 2
              - {mixers: softmax, tokens: 64, heads: 2, dims: 32, threads: [1, 2], runs: 7, peer: true}
            models:
              - {name: tiny, recipe: tiny.yaml, tokens: 50, threads: 1}
            """);
    assertThat(plan.title()).isEqualTo("Two groups");
    // The plain mixer has no partitions, so both of them are one entry.
    assertThat(plan.entries()).hasSize(2 * 2 * 2 + 2 * 2 + 2 + 3);
    assertThat(plan.entries().get(0).name())
        .isEqualTo("mixer/sse-gla/varlen/forward/L100/H4/K128/N4/k1/float32/t2");
    List<String> names = plan.entries().stream().map(SuiteEntry::name).toList();
    assertThat(names)
        .doesNotHaveDuplicates()
        .contains(
            "mixer/gla/forward+backward/L200/H4/K128/float32/t2",
            "mixer/softmax/forward/L64/H2/K32/float32/t1",
            "model/tiny/decode/L50/float32/t1");
    SuiteEntry softmax =
        plan.entries().stream().filter(e -> e.name().contains("softmax")).findFirst().orElseThrow();
    assertThat(softmax.runs()).isEqualTo(7);
    assertThat(softmax.peer()).isTrue();
    assertThat(plan.entries().get(0).runs()).isEqualTo(3);
  }

  @Test
  void entriesComeBackFromTheirJson() throws Exception {
    SuitePlan plan =
        parse(
            """
            mixers:
              - {mixers: [sse-gdn, softmax], forms: [varlen, mask], tokens: 9, precisions: bf16}
            models:
              - {name: tiny, recipe: tiny.yaml, tokens: 50}
            """);
    for (SuiteEntry e : plan.entries()) {
      String line = e.toJson().toString();
      SuiteEntry read = SuiteEntry.fromJson(new ObjectMapper().readTree(line));
      assertThat(read.name()).isEqualTo(e.name());
      assertThat(read.toJson()).isEqualTo(e.toJson());
    }
  }

  @Test
  void onlyTheEmbeddedRuntimeHasThreads() {
    SuiteEntry e = parse("mixers: [{mixers: gla, tokens: 9, threads: 2}]").entries().get(0);
    assertThat(e.on(true, 0).name()).endsWith("/float32/t2");
    assertThat(e.on(true, 5).name()).endsWith("/float32/t5");
    assertThat(e.on(false, 5).name()).endsWith("/float32");
  }

  @Test
  void theShippedPlansAreRight() {
    for (String name : List.of("suite.yaml", "quick.yaml", "gpu.yaml")) {
      SuitePlan plan =
          SuitePlan.load(
              Path.of("benchmarks", name),
              recipe -> {
                assertThat(recipe).exists();
                return model(recipe.toString());
              });
      assertThat(plan.entries()).hasSizeGreaterThan(10);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'mixers: [{mixer: gla, tokens: 9}]' | unknown key \"mixer\" in mixers 1; did you mean 'mixers'?",
        "'mixers: [{mixers: gla}]' | mixers 1: tokens is missing; it must be a whole number",
        "'mixers: [{mixers: mamba, tokens: 9}]' | mixers is \"mamba\"; it must be one or more of sse-gla",
        "'mixers: [{mixers: gla, tokens: 0}]' | tokens is \"0\"",
        "'mixers: [{mixers: gla, tokens: 1e3}]' | tokens is",
        "'mixers: [{mixers: gla, tokens: 99999999999}]' | tokens is \"99999999999\"",
        "'mixers: [{mixers: gla, tokens: []}]' | tokens is \"[]\"; it must be a value, or a list",
        "'mixers: [{mixers: gla, tokens: [9, 9]}]' | names nothing twice",
        "'mixers: [{mixers: sse-gla, tokens: 9, topk: 5}]' | mixers 1: topk (5) must be from 1 to partitions (4)",
        "'mixers: [{mixers: gla, tokens: 9, peer: 1}]' | peer is \"1\"; it must be true or false",
        "'mixers: [{mixers: gla, tokens: 9, runs: [1, 2]}]' | runs is",
        "'mixers: [{mixers: gla, tokens: 9, precisions: fp8}]' | precision must be one of float32, bf16",
        "'mixers: gla' | mixers is \"gla\"; it must be a list of groups",
        "'mixers: [gla]' | mixers 1 must be lines of key: value",
        "'models: [{name: a/b, recipe: r.yaml, tokens: 9}]' | name is",
        "'models: [{name: a, recipe: r.yaml, tokens: 1}]' | models 1: tokens must be 2 or more",
        "'title: nothing' | nothing is to be timed",
        "'- 1' | a plan must be lines of key: value",
        "'runs: 3\nruns: 4' | this is not YAML: Duplicate field 'runs'",
        "'a: [' | this is not YAML"
      })
  void whatIsWrongIsSaidInOneLine(String yaml, String expected) {
    assertThatThrownBy(() -> parse(yaml))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("plan.yaml: ")
        .hasMessageContaining(expected)
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  @Test
  void aPlanThatWouldNeverEndIsRefused() {
    StringBuilder many = new StringBuilder("mixers: [{mixers: gla, tokens: [1");
    for (int i = 2; i <= SuitePlan.MOST_ENTRIES + 1; i++) {
      many.append(", ").append(i);
    }
    assertThatThrownBy(() -> parse(many + "]}]")).hasMessageContaining("more than 5000 entries");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\u0000",
        "--- a\n--- b",
        "a: &x [*x]",
        "&a [*a, *a]",
        "!!java.net.URL [x]: y",
        "mixers: [{? [a] : b}]",
        "mixers: [{mixers: gla, tokens: .inf}]",
        "mixers: [{mixers: gla, tokens: 0x7fffffffffffffffffff}]",
        "mixers:\n\t- x",
        "%YAML 9.9\n--- a",
        "{{{{{{{{",
        "mixers: [{mixers: &m [gla], tokens: *m}]"
      })
  void hostileTextIsAUserError(String yaml) {
    assertThatThrownBy(() -> parse(yaml))
        .isInstanceOf(UserError.class)
        .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
  }

  @Property(tries = 300)
  void anyTextIsAPlanOrAUserErrorOfOneLine(@ForAll("texts") String yaml) {
    try {
      assertThat(parse(yaml).entries()).isNotEmpty();
    } catch (UserError e) {
      assertThat(e.getMessage()).startsWith("plan.yaml: ").hasLineCount(1);
    }
  }

  @Provide
  Arbitrary<String> texts() {
    Arbitrary<String> words =
        Arbitraries.of(
            "mixers", "tokens", "models", "name", "runs", ": ", "[", "]", "{", "}", ", ", "gla",
            "9", "\n", "  ", "- ", "&a ", "*a", "\"", "'", "#", "!!", "|", "true", "-1", "1.5",
            "null");
    return Arbitraries.oneOf(
        words.list().ofMaxSize(30).map(w -> String.join("", w)),
        Arbitraries.strings().ofMaxLength(60));
  }

  @Property(tries = 100)
  void aGroupHasAsManyEntriesAsCombinations(
      @ForAll @Size(min = 1, max = 4) @UniqueElements
          List<@IntRange(min = 1, max = 9999) Integer> l,
      @ForAll @Size(min = 1, max = 3) @UniqueElements List<@IntRange(min = 1, max = 64) Integer> h,
      @ForAll @Size(min = 1, max = 3) @UniqueElements List<@IntRange(min = 3, max = 99) Integer> n,
      @ForAll @Size(min = 1, max = 2) @UniqueElements List<@IntRange(min = 1, max = 3) Integer> k) {
    SuitePlan plan =
        parse(
            "mixers: [{mixers: sse-gla, tokens: %s, heads: %s, partitions: %s, topk: %s}]"
                .formatted(l, h, n, k));
    assertThat(plan.entries()).hasSize(l.size() * h.size() * n.size() * k.size());
    assertThat(new HashSet<>(plan.entries().stream().map(SuiteEntry::name).toList()))
        .hasSize(plan.entries().size());
  }
}
