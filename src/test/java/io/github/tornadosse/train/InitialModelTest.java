package io.github.tornadosse.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.HuggingFaceDirectory;
import io.github.tornadosse.checkpoint.TensorSource;
import io.github.tornadosse.checkpoint.WeightsFormat;
import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs that start from the weights of a model. */
class InitialModelTest {
  private static final String MODEL =
      """
      hidden_size: 32, num_hidden_layers: 2, num_heads: 2, head_dim: 16, intermediate_size: 48,
      num_writer: 2, num_reader: 2, norm_eps: 1e-5, aux_loss_coef: 0.02,
      attn: {layers: [1], num_heads: 4, num_kv_heads: 2, rope_theta: 5e4}
      """;

  @TempDir private Path folder;
  private Path init;
  private final Map<String, float[]> weights = new LinkedHashMap<>();
  private ModelConfig config;

  @BeforeEach
  void writeModel() throws IOException {
    init = folder.resolve("init");
    config = recipe("model: {" + MODEL + "}").modelConfig(new ByteTokenizer().vocabSize());
    Random random = new Random(4);
    List<TensorSource> tensors = new ArrayList<>();
    for (TensorSpec t : ModelWeights.tensors(config)) {
      float[] w = new float[t.size()];
      for (int i = 0; i < w.length; i++) {
        w[i] = (float) (0.05 * random.nextGaussian()) + (t.name().endsWith("norm.weight") ? 1 : 0);
      }
      weights.put(t.name(), w);
      tensors.add(new TensorSource(t, () -> w));
    }
    Tokenizer bytes = new ByteTokenizer();
    HuggingFaceDirectory.save(init, config.toJson(), tensors, WeightsFormat.FLOAT32, bytes.files());
    Files.writeString(
        folder.resolve("text.txt"), "all work and no play makes jack dull. ".repeat(99));
  }

  private Recipe recipe(String yaml, String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("data.path=" + folder.resolve("text.txt"));
    all.add("data.held_out=0.2");
    all.add("data.sequence_length=32");
    all.add("train.batch_tokens=64");
    all.add("train.warmup_steps=0");
    all.add("checkpoint.directory=" + folder.resolve("run"));
    return Recipe.parse(yaml, "test.yaml", all);
  }

  private Recipe from(String yaml, String... overrides) {
    List<String> all = new ArrayList<>(List.of(overrides));
    all.add("train.init=" + init);
    return recipe(yaml, all.toArray(new String[0]));
  }

  private TrainingSummary run(Recipe recipe, TrainingRun.Options options) {
    return new TrainingRun(
            recipe,
            options,
            new TaskGraphModels(Tiers.choose("auto").operations(), false),
            Progress.NONE,
            CorpusData::open,
            TrainingRunTest::report,
            System::nanoTime)
        .run();
  }

  private Map<String, float[]> saved(Path checkpoint) {
    Map<String, float[]> all = new LinkedHashMap<>();
    try (HuggingFaceDirectory files = HuggingFaceDirectory.open(checkpoint)) {
      for (TensorSpec t : ModelWeights.tensors(config)) {
        float[] w = new float[t.size()];
        files.readInto(t, w, 0);
        all.put(t.name(), w);
      }
    }
    return all;
  }

  @Test
  void startsWithTheModelsWeightsAndConfiguration() {
    // A learning rate that changes no float leaves the weights as they were.
    TrainingSummary s =
        run(
            from("", "train.steps=1", "train.learning_rate=1e-30", "train.min_learning_rate=0"),
            TrainingRun.Options.fresh());
    Map<String, float[]> now = saved(s.checkpoint());
    weights.forEach((name, w) -> assertThat(now.get(name)).as(name).containsExactly(w));
    try (HuggingFaceDirectory files = HuggingFaceDirectory.open(s.checkpoint())) {
      assertThat(ModelConfig.fromJson(files.config(), "saved")).isEqualTo(config);
    }
  }

  @Test
  void writesARecipeThatIsWholeAndResumesWithoutTheModel() throws IOException {
    Recipe recipe = from("", "train.steps=2", "data.tokenizer=bytes", "model.aux_loss_coef=0.5");
    run(recipe, TrainingRun.Options.fresh());
    Path written = folder.resolve("run/recipe.yaml");
    Recipe whole = Recipe.load(written, List.of());
    assertThat(whole.train().init()).isEqualTo(init.toString());
    ModelConfig trained = whole.modelConfig(257);
    assertThat(trained.auxLossCoef()).isEqualTo(0.5);
    assertThat(trained.attention()).isEqualTo(config.attention());
    assertThat(trained.mixer()).isEqualTo(config.mixer());

    Files.move(init, folder.resolve("elsewhere"));
    List<String> longer = List.of("train.steps=4");
    assertThat(run(Recipe.load(written, longer), TrainingRun.Options.latest()).step()).isEqualTo(4);
    Recipe again = from("", "train.steps=5", "data.tokenizer=bytes", "model.aux_loss_coef=0.5");
    assertThat(run(again, TrainingRun.Options.latest()).step()).isEqualTo(5);
    assertThatThrownBy(
            () ->
                run(
                    Recipe.load(written, List.of("train.init=other")),
                    TrainingRun.Options.latest()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("was trained with train.init");
  }

  @Test
  void aRunThatIsResumedEndsAsOneThatIsNot() throws IOException {
    run(from("", "train.steps=6", "train.learning_rate=1e-2"), TrainingRun.Options.fresh());
    Map<String, String> straight = TrainingRunTest.content(folder.resolve("run/step-00000006"));
    Files.move(folder.resolve("run"), folder.resolve("straight"));
    TrainingRun[] stopped = new TrainingRun[1];
    stopped[0] =
        new TrainingRun(
            from("", "train.steps=6", "train.learning_rate=1e-2"),
            TrainingRun.Options.latest(),
            new TaskGraphModels(Tiers.choose("auto").operations(), false),
            new Progress() {
              @Override
              public void step(StepMetrics metrics) {
                if (metrics.step() == 2) {
                  stopped[0].requestStop();
                }
              }
            });
    assertThat(stopped[0].run().step()).isEqualTo(2);
    run(from("", "train.steps=6", "train.learning_rate=1e-2"), TrainingRun.Options.latest());
    assertThat(TrainingRunTest.content(folder.resolve("run/step-00000006"))).isEqualTo(straight);
  }

  @Test
  void takesTheModelsTokenizerWhereNoneIsNamed() {
    assertThat(from("").data().tokenizer()).isEqualTo(init.toString());
    assertThat(from("data: {tokenizer: bytes}").data().tokenizer()).isEqualTo("bytes");
    assertThat(recipe("").data().tokenizer()).isEqualTo("bytes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          num_heads: 2, num_v_heads: 2, expand_v: 1, row_topk: 16
          vocab_size: 257, use_output_gate: true, use_short_conv: false
          attn: {layers: [1], num_kv_heads: 2}
          sse_implementation: mask, initializer_range: 1, aux_loss_coef: 0
          """)
  void takesKeysThatAgreeOrDoNotTouchTheWeights(String keys) {
    ObjectNode all = InitialModel.keys(from("model: {" + keys + "}").model(), init);
    assertThat(all.get("num_writer").intValue()).isEqualTo(2);
    assertThat(all.get("attn").get("num_heads").intValue()).isEqualTo(4);
    boolean free = keys.contains("sse_implementation");
    assertThat(all.get("sse_implementation").textValue()).isEqualTo(free ? "mask" : "varlen");
    assertThat(all.get("aux_loss_coef").doubleValue()).isEqualTo(free ? 0 : 0.02);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          num_heads: 4         | model.num_heads is 4, which is not that of the model in
          num_heads: 4         | (2); leave it out
          hidden_ratio: 3      | model.hidden_ratio is 3.0, which is not that of the model
          row_topk: 3          | model.row_topk is 3
          use_output_gate: false | model.use_output_gate is false
          linear_attn_type: gdn | model.linear_attn_type is "gdn"
          vocab_size: 300      | model.vocab_size is 300
          attn: {layers: [0]}  | model.attn.layers is [0]
          attn: {window_size: 3} | model.attn.window_size is 3
          norm_eps: 1e-6       | model.norm_eps is
          """)
  void refusesKeysThatContradictTheModel(String keys, String message) throws IOException {
    Recipe recipe = from("model: {" + keys + "}");
    assertThatThrownBy(() -> run(recipe, TrainingRun.Options.fresh()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
    assertThat(folder.resolve("run")).doesNotExist();
  }

  @Test
  void saysWhatIsWrongWithTheModel() throws IOException {
    Recipe nowhere = recipe("train: {init: nowhere}");
    refused(nowhere, "cannot read nowhere");
    refused(recipe("train: {init: '" + folder + "'}"), "there is no config.json");
    assertThatThrownBy(() -> recipe("train: {init: ' '}", "data.tokenizer=bytes"))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("train.init must name the directory of a model");
    Path config = init.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replace("\"sse\"", "\"llama\""));
    refused(from(""), "model_type is \"llama\"");
    Files.writeString(config, text.replaceAll("\"num_writer\" : 2", "\"num_writer\" : 9"));
    refused(from(""), "num_writer (9)");
    Files.writeString(
        config,
        text.replaceAll("\"norm_eps\".*", "")
            .replace("\"num_hidden_layers\" : 2", "\"num_hidden_layers\" : 3"));
    refused(from(""), "is missing");
  }

  private void refused(Recipe recipe, String message) {
    assertThatThrownBy(() -> run(recipe, TrainingRun.Options.fresh()))
        .isInstanceOf(UserError.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("\n");
    assertThat(folder.resolve("run")).doesNotExist();
  }
}
