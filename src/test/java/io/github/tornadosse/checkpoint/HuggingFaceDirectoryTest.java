package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HuggingFaceDirectoryTest {
  private static final TensorSpec A = new TensorSpec("model.a.weight", new int[] {2, 2});
  private static final TensorSpec B = new TensorSpec("model.b.bias", new int[] {3});

  @TempDir Path directory;

  private static ObjectNode config() {
    return JsonNodeFactory.instance.objectNode().put("hidden_size", 2).put("model_type", "sse");
  }

  private static List<TensorSource> weights() {
    return List.of(
        new TensorSource(A, () -> new float[] {1, 2, 3, 4}),
        new TensorSource(B, () -> new float[] {5, 6, 7}));
  }

  private Path saved(WeightsFormat format) {
    Path model = directory.resolve("model");
    byte[] tokenizer = "{}".getBytes(StandardCharsets.UTF_8);
    HuggingFaceDirectory.save(
        model, config(), weights(), format, Map.of("tokenizer_config.json", tokenizer));
    return model;
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what)
        .isInstanceOf(UserError.class)
        .message()
        .hasLineCount(1)
        .contains(parts);
  }

  @Test
  void whatIsSavedIsLoaded() {
    Path path = saved(WeightsFormat.FLOAT32);
    assertThat(path.resolve("tokenizer_config.json")).hasContent("{}");
    try (HuggingFaceDirectory model = HuggingFaceDirectory.open(path)) {
      assertThat(model.directory()).isEqualTo(path);
      assertThat(model.config()).isEqualTo(config().put("torch_dtype", "float32"));
      assertThat(model.names()).containsExactly(A.name(), B.name());
      model.check(List.of(B, A));
      float[] values = new float[7];
      model.readInto(A, values, 3);
      model.readInto(B, values, 0);
      assertThat(values).containsExactly(5, 6, 7, 1, 2, 3, 4);
    }
    refused(
        () -> HuggingFaceDirectory.save(path, config(), weights(), WeightsFormat.FLOAT32, Map.of()),
        path.toString(),
        "is there already");
  }

  @Test
  void tensorsThatDoNotFitTheModelAreNamed() {
    try (HuggingFaceDirectory model = HuggingFaceDirectory.open(saved(WeightsFormat.FLOAT32))) {
      TensorSpec missing = new TensorSpec("model.a.weights", new int[] {2, 2});
      TensorSpec wide = new TensorSpec(A.name(), new int[] {2, 3});
      refused(
          () -> model.check(List.of(missing, B)),
          "\"model.a.weights\" is missing",
          "the nearest one that is there is \"model.a.weight\"");
      refused(
          () -> model.check(List.of(missing, new TensorSpec("x", new int[0]))),
          "is missing (and 1 more)");
      refused(() -> model.check(List.of(A)), "\"model.b.bias\" is not one of this model's");
      refused(
          () -> model.check(List.of(wide, B)),
          "\"model.a.weight\"",
          "its shape is [2, 2]",
          "has to be [2, 3]");
      refused(() -> model.readInto(wide, new float[6], 0), "has to be [2, 3]");
      refused(() -> model.readInto(missing, new float[6], 0), "is missing");
    }
  }

  @Test
  void shardsAreReadByTheirIndex() throws IOException {
    Path path = Files.createDirectory(directory.resolve("sharded"));
    AtomicFiles.write(path.resolve("config.json"), "{}");
    new SafetensorsWriter()
        .floats(A, DType.F32, new float[] {1, 2, 3, 4}, 0)
        .write(path.resolve("model-1.safetensors"));
    new SafetensorsWriter()
        .floats(B, DType.F32, new float[] {5, 6, 7}, 0)
        .write(path.resolve("model-2.safetensors"));
    Path index = path.resolve("model.safetensors.index.json");
    AtomicFiles.write(
        index,
        """
        {"metadata": {"total_size": 28}, "weight_map": {
          "model.a.weight": "model-1.safetensors", "model.b.bias": "model-2.safetensors"}}
        """);
    try (HuggingFaceDirectory model = HuggingFaceDirectory.open(path)) {
      model.check(List.of(A, B));
      float[] values = new float[3];
      model.readInto(B, values, 0);
      assertThat(values).containsExactly(5, 6, 7);
    }
    AtomicFiles.write(index, "{\"weight_map\": {\"model.a.weight\": \"model-2.safetensors\"}}");
    refused(() -> HuggingFaceDirectory.open(path), "\"model.a.weight\" is not in");
    AtomicFiles.write(index, "{\"weight_map\": {\"model.a.weight\": \"../model-1.safetensors\"}}");
    refused(() -> HuggingFaceDirectory.open(path), "has to be a file of this directory");
    AtomicFiles.write(index, "{\"weight_map\": {\"model.a.weight\": \"model-3.safetensors\"}}");
    refused(() -> HuggingFaceDirectory.open(path), "model-3.safetensors: no such file");
    AtomicFiles.write(index, "{\"weight_map\": []}");
    refused(() -> HuggingFaceDirectory.open(path), "needs weight_map");
    new SafetensorsWriter()
        .floats(A, DType.F32, new float[4], 0)
        .floats(B, DType.F32, new float[3], 0)
        .write(path.resolve("model-1.safetensors"));
    AtomicFiles.write(index, "{\"weight_map\": {\"model.a.weight\": \"model-1.safetensors\"}}");
    refused(() -> HuggingFaceDirectory.open(path), "\"model.b.bias\" is not listed");
  }

  @Test
  void directoriesThatAreNoModelAreExplained() throws IOException {
    Path path = Files.createDirectory(directory.resolve("m"));
    refused(() -> HuggingFaceDirectory.open(path), "there is no config.json");
    refused(() -> HuggingFaceDirectory.open(path.resolve("n")), "no such directory");
    AtomicFiles.write(path.resolve("config.json"), "[1]");
    refused(() -> HuggingFaceDirectory.open(path.resolve("config.json")), "a model is a directory");
    refused(() -> HuggingFaceDirectory.open(path), "config.json: has to hold a JSON object");
    AtomicFiles.write(path.resolve("config.json"), "{\n\"a\": 1,\n\"a\": 2}");
    refused(
        () -> HuggingFaceDirectory.open(path), "config.json, line 3: not right JSON: Duplicate");
    AtomicFiles.write(path.resolve("config.json"), "{} {}");
    refused(() -> HuggingFaceDirectory.open(path), "config.json, line 1: not right JSON");
    AtomicFiles.write(path.resolve("config.json"), "{}");
    refused(() -> HuggingFaceDirectory.open(path), "there is no model.safetensors");
    for (String name : List.of("pytorch_model-00001-of-00002.bin", "model.pt", "last.ckpt")) {
      AtomicFiles.write(path.resolve(name), "PK");
      refused(() -> HuggingFaceDirectory.open(path), name + ": pickled", "runs code");
      Files.delete(path.resolve(name));
    }
    Files.createDirectory(path.resolve("model.safetensors"));
    refused(() -> HuggingFaceDirectory.open(path), "not a regular file");
  }
}
