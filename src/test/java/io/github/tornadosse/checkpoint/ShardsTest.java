package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ShardsTest {
  private static final String INDEX = "model.safetensors.index.json";

  private Path directory;

  @BeforeTry
  @BeforeEach
  void makeDirectory() throws IOException {
    directory = Files.createTempDirectory("shards");
  }

  @AfterTry
  @AfterEach
  void removeDirectory() {
    AtomicFiles.deleteTree(directory);
  }

  private static TensorSource tensor(String name, int elements) {
    float[] values = new float[elements];
    for (int i = 0; i < elements; i++) {
      values[i] = 1 + i;
    }
    return new TensorSource(new TensorSpec(name, new int[] {elements}), () -> values);
  }

  private Path save(String name, List<TensorSource> tensors, WeightsFormat format) {
    Path model = directory.resolve(name);
    ObjectNode config = JsonNodeFactory.instance.objectNode().put("model_type", "sse");
    HuggingFaceDirectory.save(model, config, tensors, format, Map.of());
    return model;
  }

  private static Map<String, byte[]> bytes(Path model) throws IOException {
    Map<String, byte[]> bytes = new TreeMap<>();
    for (Path file : AtomicFiles.list(model)) {
      bytes.put(file.getFileName().toString(), Files.readAllBytes(file));
    }
    return bytes;
  }

  private static JsonNode json(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  /** Tensors of 40, 24, 200, 60 and 4 bytes as halves, at most 100 in a file. */
  private Path sharded() {
    return save(
        "sharded",
        List.of(
            tensor("c", 20), tensor("a", 12), tensor("e", 100), tensor("b", 30), tensor("d", 2)),
        new WeightsFormat(DType.BF16, 100));
  }

  @Test
  void tensorsAreSpreadInTheirOrderAndLargeOnesStandAlone() throws IOException {
    Path model = sharded();
    assertThat(bytes(model))
        .containsOnlyKeys(
            "config.json",
            INDEX,
            "model-00001-of-00003.safetensors",
            "model-00002-of-00003.safetensors",
            "model-00003-of-00003.safetensors");
    assertThat(json(model.resolve(INDEX)))
        .hasToString(
            "{\"metadata\":{\"total_size\":328},\"weight_map\":{"
                + "\"a\":\"model-00002-of-00003.safetensors\","
                + "\"b\":\"model-00003-of-00003.safetensors\","
                + "\"c\":\"model-00002-of-00003.safetensors\","
                + "\"d\":\"model-00003-of-00003.safetensors\","
                + "\"e\":\"model-00001-of-00003.safetensors\"}}");
    assertThat(json(model.resolve("config.json")).get("torch_dtype").asText())
        .isEqualTo("bfloat16");
    try (Safetensors first = Safetensors.open(model.resolve("model-00002-of-00003.safetensors"))) {
      assertThat(first.names()).containsExactly("c", "a");
      assertThat(first.dtype("c")).isEqualTo(DType.BF16);
      assertThat(first.metadata()).containsExactly(Map.entry("format", "pt"));
    }
  }

  @Test
  void whatFitsIsOneFileWithoutAnIndex() throws IOException {
    Path model = save("one", List.of(tensor("a", 25)), new WeightsFormat(DType.F32, 100));
    assertThat(bytes(model)).containsOnlyKeys("config.json", "model.safetensors");
    Path empty = save("none", List.of(), new WeightsFormat(DType.F32, 1));
    assertThat(bytes(empty)).containsOnlyKeys("config.json", "model.safetensors");
  }

  @Test
  void theTypeReplacesTheConfigurations() throws IOException {
    ObjectNode config = JsonNodeFactory.instance.objectNode();
    config.put("torch_dtype", "float32").put("dtype", "float32").put("x", 1);
    Path model = directory.resolve("m");
    HuggingFaceDirectory.save(
        model, config, List.of(tensor("a", 1)), new WeightsFormat(DType.F16, 9), Map.of());
    assertThat(json(model.resolve("config.json")))
        .hasToString("{\"torch_dtype\":\"float16\",\"dtype\":\"float16\",\"x\":1}");
    assertThat(config.get("torch_dtype").asText()).isEqualTo("float32");
  }

  @Test
  void aTensorIsAskedForWhenItsTurnComes() {
    List<String> events = new ArrayList<>();
    List<TensorSource> tensors = new ArrayList<>();
    for (String name : List.of("a", "b", "c")) {
      tensors.add(
          new TensorSource(
              new TensorSpec(name, new int[] {2}),
              () -> {
                events.add(name);
                assertThat(directory.resolve("lazy")).doesNotExist();
                return new float[2];
              }));
    }
    save("lazy", tensors, new WeightsFormat(DType.F32, 8));
    assertThat(events).containsExactly("a", "b", "c");
  }

  @Test
  void aNumberThatDoesNotFitLeavesNothingBehind() {
    TensorSource large =
        new TensorSource(new TensorSpec("large", new int[] {1}), () -> new float[] {70000});
    List<TensorSource> tensors = List.of(tensor("a", 8), large);
    assertThatThrownBy(() -> save("half", tensors, new WeightsFormat(DType.F16, 16)))
        .isInstanceOf(UserError.class)
        .message()
        .contains("tensor \"large\"", "70000.0")
        .hasLineCount(1);
    assertThat(AtomicFiles.list(directory)).isEmpty();
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what)
        .isInstanceOf(UserError.class)
        .message()
        .hasLineCount(1)
        .contains(parts);
  }

  @Test
  void damagedShardsAndIndexesAreNamed() throws IOException {
    Path model = sharded();
    Map<String, byte[]> good = bytes(model);
    for (Map.Entry<String, byte[]> file : good.entrySet()) {
      Path path = model.resolve(file.getKey());
      byte[] content = file.getValue();
      for (int length : new int[] {0, 1, 7, 8, 9, content.length / 2, content.length - 3}) {
        Files.write(path, Arrays.copyOf(content, length));
        refused(() -> HuggingFaceDirectory.open(model), path.toString());
      }
      Files.delete(path);
      refused(() -> HuggingFaceDirectory.open(model), model.toString());
      Files.write(path, content);
    }
    String second = "model-00002-of-00003.safetensors";
    String third = "model-00003-of-00003.safetensors";
    Files.write(model.resolve(second), good.get(third));
    refused(() -> HuggingFaceDirectory.open(model), "\"a\" is not in " + model.resolve(second));
    Files.write(model.resolve(second), good.get(second));
    String index = Files.readString(model.resolve(INDEX));
    for (String place :
        List.of(
            "/etc/passwd",
            "../model.safetensors",
            "sub/model.safetensors",
            "sub\\\\model.safetensors",
            ".hidden.safetensors",
            "model.bin",
            "")) {
      Files.writeString(
          model.resolve(INDEX), index.replaceFirst(third, place.replace("\\", "\\\\")));
      refused(() -> HuggingFaceDirectory.open(model), "has to be a file of this directory");
    }
    Files.writeString(model.resolve(INDEX), index.replace("\"a\"", "\"b\""));
    refused(() -> HuggingFaceDirectory.open(model), INDEX, "Duplicate");
    Files.writeString(model.resolve(INDEX), index);
    HuggingFaceDirectory.open(model).close();
  }

  @Provide
  Arbitrary<WeightsFormat> formats() {
    Arbitrary<Long> sizes = Arbitraries.longs().between(1, 400);
    return Arbitraries.of(DType.F32, DType.F16, DType.BF16)
        .flatMap(dtype -> sizes.map(size -> new WeightsFormat(dtype, size)));
  }

  @Property(tries = 100)
  void whatWasLoadedIsSavedInTheSameBytes(
      @ForAll @Size(max = 12) List<@IntRange(max = 40) Integer> sizes,
      @ForAll("formats") WeightsFormat format)
      throws IOException {
    List<TensorSource> tensors = new ArrayList<>();
    for (int i = 0; i < sizes.size(); i++) {
      tensors.add(tensor("layer." + i, sizes.get(i)));
    }
    List<TensorSpec> specs = tensors.stream().map(TensorSource::spec).toList();
    Path first = save("first", tensors, format);
    Path second;
    try (HuggingFaceDirectory model = HuggingFaceDirectory.open(first)) {
      model.check(specs);
      List<TensorSource> loaded = new ArrayList<>();
      for (int i = 0; i < specs.size(); i++) {
        TensorSpec spec = specs.get(i);
        float[] values = new float[spec.size()];
        model.readInto(spec, values, 0);
        assertThat(values).containsExactly(tensors.get(i).values().get());
        assertThat(model.dtype(spec.name())).isEqualTo(format.dtype());
        loaded.add(new TensorSource(spec, () -> values));
      }
      second = save("second", loaded, format);
    }
    Map<String, byte[]> expected = bytes(first);
    assertThat(bytes(second).keySet()).isEqualTo(expected.keySet());
    bytes(second).forEach((name, actual) -> assertThat(actual).isEqualTo(expected.get(name)));
  }
}
