package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipeTest {
  private static final String PATH = "data: {path: text}\n";

  private static Recipe parse(String yaml, String... overrides) {
    return Recipe.parse(yaml, "test.yaml", List.of(overrides));
  }

  @Test
  void fillsInDefaults() {
    Recipe r = parse(PATH);
    assertThat(r.data().tokenizer()).isEqualTo("bytes");
    assertThat(r.data().heldOutShare()).isEqualTo(0.05);
    assertThat(r.data().heldOutPath()).isNull();
    assertThat(r.train().schedule()).isEqualTo(Recipe.Shape.COSINE);
    assertThat(r.train().stepTokens()).isEqualTo(4096);
    assertThat(r.modelConfig(256).partitions()).isEqualTo(4);
  }

  @Test
  void readsEverySection() {
    Recipe r =
        parse(
            """
            model:
              hidden_size: 96
              num_hidden_layers: 3
              num_heads: 3
              head_dim: 32
              num_sparse_partition: 8
              num_writer: 2
              num_reader: 2
              intermediate_size: 192
              use_q_softmax: true
              norm_eps: 1e-5
            data:
              path: books
              include: ["**.txt", "**.md"]
              held_out: books/valid
              sequence_length: 64
              shuffle_window: 7
              seed: 99
            train:
              steps: 20
              batch_tokens: 128
              accumulation: 3
              learning_rate: 3e-4
              min_learning_rate: 0
              warmup_steps: 2
              schedule: wsd
              decay_steps: 5
              beta1: 0.8
              beta2: 0.99
              eps: 1.0e-9
              weight_decay: 0
              clip_norm: 0.5
              seed: 12345678901
              seconds: 60
              recompute: true
              max_skipped_steps: 4
            evaluate: {every: 5, tokens: 100}
            checkpoint: {every: 6, keep: 7, directory: out}
            """);
    ModelConfig c = r.modelConfig(500);
    assertThat(c.vocabSize()).isEqualTo(500);
    assertThat(c.mixer().partitions()).isEqualTo(8);
    assertThat(c.mixer().queryActivation()).isEqualTo(1);
    assertThat(c.normEps()).isEqualTo(1e-5);
    assertThat(r.data())
        .isEqualTo(
            new Recipe.Data(
                "books", List.of("**.txt", "**.md"), "bytes", 0, "books/valid", 64, 7, 99, null));
    assertThat(r.train())
        .isEqualTo(
            new Recipe.Train(
                20,
                128,
                3,
                3e-4,
                0,
                2,
                Recipe.Shape.WSD,
                5,
                0.8,
                0.99,
                1e-9,
                0,
                0.5,
                12345678901L,
                null,
                60,
                true,
                4));
    assertThat(r.evaluate()).isEqualTo(new Recipe.Evaluate(5, 100));
    assertThat(r.checkpoint()).isEqualTo(new Recipe.Checkpoint(6, 7, "out"));
  }

  @Test
  void writesWhatItReads() {
    for (String yaml :
        List.of(
            PATH,
            "data: {path: 'a: #b', include: '*.java', held_out: v}",
            "data: {path: '12', held_out: 0.25}\ntrain: {seed: -3, learning_rate: 1e-7,"
                + " min_learning_rate: 1e-12}")) {
      Recipe r = parse(yaml);
      assertThat(parse(r.toYaml())).usingRecursiveComparison().isEqualTo(r);
      assertThat(parse(r.toYaml()).toJson().toString()).isEqualTo(r.toJson().toString());
    }
  }

  @Test
  void overridesWinOverTheFile() {
    Recipe r =
        parse(
            PATH + "train: {steps: 10, warmup_steps: 1}",
            "train.learning_rate=1e-3",
            "train.steps=40",
            "data.held_out=0.5",
            "data.include=[a, b]",
            "model.use_output_gate=false",
            "data.path=0012",
            "checkpoint.directory=x=y");
    assertThat(r.data().path()).isEqualTo("0012");
    assertThat(r.train().learningRate()).isEqualTo(1e-3);
    assertThat(r.train().steps()).isEqualTo(40);
    assertThat(r.train().warmupSteps()).isEqualTo(1);
    assertThat(r.data().heldOutShare()).isEqualTo(0.5);
    assertThat(r.data().include()).containsExactly("a", "b");
    assertThat(r.modelConfig(256).mixer().outputGate()).isFalse();
    assertThat(r.checkpoint().directory()).isEqualTo("x=y");
    Recipe other = parse(PATH, "data.include=*.java", "data.held_out=a: b", "data.path='q'");
    assertThat(other.data().include()).containsExactly("*.java");
    assertThat(other.data().heldOutPath()).isEqualTo("a: b");
    assertThat(other.data().path()).isEqualTo("q");
  }

  @Test
  void theVocabularyIsTheTokenizersOrLarger() {
    assertThat(parse(PATH).modelConfig(300).vocabSize()).isEqualTo(300);
    Recipe padded = parse(PATH + "model: {vocab_size: 320}");
    assertThat(padded.modelConfig(300).vocabSize()).isEqualTo(320);
    assertThat(padded.modelConfig(320).vocabSize()).isEqualTo(320);
    assertThat(parse(padded.toYaml()).modelConfig(300).vocabSize()).isEqualTo(320);
    assertThatThrownBy(() -> padded.modelConfig(321))
        .isInstanceOf(UserError.class)
        .hasMessage(
            "model.vocab_size (320) must be at least the tokenizer's, 321; leave it out for that");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          train: {learning_rat: 1} | unknown key 'train.learning_rat'; did you mean 'train.learning_rate'?
          train: {sequence_length: 1} | unknown key 'train.sequence_length'; did you mean 'data.sequence_length'?
          tran: {steps: 1} | unknown key 'tran'
          seed: 3 | unknown key 'seed'; did you mean 'data.seed'?
          model: {vocab_size: big} | model.vocab_size is "big"; it must be a whole number
          model: {vocab_size: 0} | vocab_size must be positive, not 0
          model: {num_writers: 1} | did you mean 'model.num_writer'?
          train: {qqqqqqqqqqqqqqqq: 1} | its sections are model, data, train, evaluate and checkpoint
          train: {steps: many} | train.steps is "many"; it must be a whole number
          train: {steps: 1.5} | train.steps is 1.5; it must be a whole number
          train: {steps: null} | train.steps is null; it must be a whole number
          train: {steps: 99999999999} | train.steps (99999999999) is too large
          train: {beta1: true} | train.beta1 is true; it must be a number
          model: {use_q_softmax: 1} | model.use_q_softmax is 1; it must be true or false
          data: {include: [1]} | data.include is [1]; it must be a text or a list of texts
          data: {held_out: [1]} | it must be a share such as 0.05 or the path
          train: 7 | train must be a section
          [1, 2] | a recipe must be a section
          train: {steps: 0} | train.steps (0) must be at least 1
          train: {steps: 10} | train.warmup_steps (50) must be from 0 to train.steps (10)
          train: {batch_tokens: 1000} | train.batch_tokens (1000) must be a multiple of data.sequence_length (512)
          train: {min_learning_rate: 1} | train.min_learning_rate (1.0) must be from 0 to train.learning_rate (0.002)
          train: {learning_rate: 0} | train.learning_rate (0.0) must be positive
          train: {schedule: linear} | train.schedule is 'linear'; it must be 'cosine' or 'wsd'
          train: {decay_steps: 5} | is for schedule 'wsd'
          train: {schedule: wsd, decay_steps: 951} | must be from 0 to train.steps less train.warmup_steps (950)
          train: {beta2: 1} | train.beta2 (1.0) must be from 0 to below 1
          train: {eps: 0} | train.eps (0.0) must be positive
          train: {weight_decay: -1} | train.weight_decay (-1.0) must not be negative
          train: {max_skipped_steps: 0} | train.max_skipped_steps (0) must be at least 1
          evaluate: {tokens: 1} | evaluate.tokens (1) must be at least 2
          checkpoint: {keep: 0} | checkpoint.keep (0) must be at least 1
          data: {held_out: 1.5} | data.held_out (1.5) must be between 0 and 1, or a path
          data: {sequence_length: 1} | data.sequence_length (1) must be at least 2
          model: {num_writer: 5} | num_writer (5) must be from 1 to num_sparse_partition (4)
          model: {linear_attn_type: rwkv} | linear_attn_type is "rwkv"; it must be one of gla, gdn
          model: {linear_attn_type: gdn, row_topk: 8} | row_topk needs use_k_softmax
          model: {num_sparse_partition: 0, always_selected: false} | always_selected must be true
          model: {attn: {layers: [1, 4], num_heads: 2}} | attn.layers must ascend from 0 to num_hidden_layers - 1 (3)
          model: {attn: {layers: 1, num_heads: 2}} | model.attn.layers is 1; it must be a list of whole numbers
          model: {attn: {layers: [0], num_heads: 3}} | hidden_size (128) must be a multiple of attn.num_heads (3)
          model: {attn: {layers: [0], num_heads: 4, num_kv_heads: 3}} | must be a multiple of attn.num_kv_heads (3)
          model: {attn: {layer: [0]}} | did you mean 'model.attn.layers'?
          """)
  void saysWhatIsWrongAndWhere(String yaml, String message) {
    String whole = yaml.startsWith("data") || yaml.startsWith("[") ? yaml : PATH + yaml;
    if (yaml.startsWith("data")) {
      whole = yaml.replace("{", "{path: text, ");
    }
    String text = whole;
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("test.yaml")
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
  }

  @Test
  void needsAPath() {
    assertThatThrownBy(() -> parse(""))
        .isInstanceOf(UserError.class)
        .hasMessage("test.yaml: data.path is missing: name a file or folder of text");
  }

  @ParameterizedTest
  @ValueSource(strings = {"train: {steps: 1", "a: b: c", "train:\n\tsteps: 1", "{a: 1, a: 2}"})
  void refusesWhatIsNotYaml(String yaml) {
    assertThatThrownBy(() -> parse(yaml))
        .isInstanceOf(UserError.class)
        .hasMessageStartingWith("test.yaml line ")
        .hasMessageNotContaining("\n");
  }

  @ParameterizedTest
  @CsvSource({
    "steps,override 'steps' must be key=value",
    "=3,override '=3' must be key=value",
    "train.step=3,override 'train.step=3': unknown key 'train.step'; did you mean 'train.steps'?",
    "train.steps=x,override 'train.steps=x': train.steps is \"x\"; it must be a whole number",
    "train.steps=,it must be a whole number"
  })
  void saysWhichOverrideIsWrong(String override, String message) {
    assertThatThrownBy(() -> parse(PATH, override))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message);
  }

  @Test
  void saysThatTheFileIsMissingOrNotText(@TempDir Path folder) throws IOException {
    Path missing = folder.resolve("none.yaml");
    assertThatThrownBy(() -> Recipe.load(missing, List.of()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("none.yaml");
    Path binary = Files.write(folder.resolve("binary.yaml"), new byte[] {(byte) 0xff, 0, 1});
    assertThatThrownBy(() -> Recipe.load(binary, List.of()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("binary.yaml");
    assertThatThrownBy(() -> Recipe.load(folder, List.of())).isInstanceOf(UserError.class);
  }

  static Stream<Path> recipes() throws IOException {
    // Those of experiments are grids of recipes, which ExperimentRecipesTest reads.
    try (Stream<Path> files = Files.walk(Path.of("tornado-config"))) {
      return files
          .filter(p -> p.toString().endsWith(".yaml") && !p.getParent().endsWith("experiments"))
          .toList()
          .stream();
    }
  }

  @ParameterizedTest
  @MethodSource("recipes")
  void readsTheRecipesThatAreShipped(Path file) throws IOException {
    Recipe r = Recipe.load(file, List.of());
    assertThat(r.modelConfig(256).layers()).isPositive();
    // Each key is explained where it stands.
    for (String line : Files.readAllLines(file)) {
      if (line.matches("\\s+[a-z_0-9]+:.*")) {
        assertThat(line).contains(" # ");
      }
    }
  }
}
