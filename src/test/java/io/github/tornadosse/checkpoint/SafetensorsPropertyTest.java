package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

class SafetensorsPropertyTest {
  private Path file;

  @BeforeProperty
  void makeFile() throws IOException {
    file = Files.createTempFile("fuzz", ".safetensors");
  }

  @AfterProperty
  void removeFile() throws IOException {
    Files.delete(file);
  }

  /** Either a user error of one line, or tensors that can all be read. */
  private void checkReading(byte[] bytes) throws IOException {
    Files.write(file, bytes);
    try (Safetensors read = Safetensors.open(file)) {
      long total = 0;
      for (String name : read.names()) {
        long elements = 1;
        for (int dimension : read.shape(name)) {
          elements *= dimension;
        }
        total += elements * read.dtype(name).bytes();
        switch (read.dtype(name)) {
          case F32, F16, BF16, F64 -> assertThat(read.floats(name)).hasSize((int) elements);
          case I32, I64 -> assertThat(read.longs(name)).hasSize((int) elements);
          default -> assertThat(elements).isNotNegative();
        }
      }
      long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
      assertThat(8 + header + total).isEqualTo(bytes.length);
    } catch (UserError e) {
      assertThat(e.getMessage()).startsWith(file.toString()).hasLineCount(1);
    }
  }

  private static byte[] withLength(byte[] header, int data) {
    return ByteBuffer.allocate(8 + header.length + data)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(header.length)
        .put(header)
        .array();
  }

  @Property(tries = 300)
  void arbitraryBytes(@ForAll byte[] bytes) throws IOException {
    checkReading(bytes);
  }

  @Property(tries = 300)
  void arbitraryHeaders(@ForAll byte[] header, @ForAll @IntRange(max = 20) int data)
      throws IOException {
    checkReading(withLength(header, data));
  }

  @Provide
  Arbitrary<String> almostHeaders() {
    Arbitrary<String> piece =
        Arbitraries.of(
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "0",
            "4",
            "8",
            "-1",
            "1e3",
            "\"a\"",
            "\"b\"",
            "null",
            "\"dtype\":",
            "\"F32\"",
            "\"shape\":",
            "[1]",
            "\"data_offsets\":",
            "[0,4]",
            "[4,8]",
            "\"__metadata__\":",
            "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}",
            "\"c\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]}",
            " ",
            "\\",
            "\u0000");
    return piece.list().ofMaxSize(12).map(pieces -> "{" + String.join("", pieces));
  }

  @Property(tries = 1000)
  void headersOfRightPieces(
      @ForAll("almostHeaders") String header, @ForAll @IntRange(max = 3) int words)
      throws IOException {
    checkReading(withLength(header.getBytes(StandardCharsets.UTF_8), 4 * words));
  }

  @Provide
  Arbitrary<List<TensorSpec>> specs() {
    Arbitrary<int[]> shape = Arbitraries.integers().between(0, 4).array(int[].class).ofMaxSize(3);
    return Combinators.combine(Arbitraries.strings().ofMinLength(1).ofMaxLength(8), shape)
        .as((name, dimensions) -> new TensorSpec("t" + name, dimensions))
        .list()
        .uniqueElements(TensorSpec::name)
        .ofMaxSize(5);
  }

  @Property(tries = 200)
  void aChangedByteNeverBreaksTheReader(
      @ForAll("specs") List<TensorSpec> specs, @ForAll int at, @ForAll byte value)
      throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter().metadata("k", "v");
    for (TensorSpec spec : specs) {
      writer.floats(spec, DType.F32, new float[spec.size()], 0);
    }
    writer.write(file);
    byte[] bytes = Files.readAllBytes(file);
    bytes[Math.floorMod(at, bytes.length)] = value;
    checkReading(bytes);
  }

  @Property(tries = 200)
  void whatIsWrittenIsReadAgain(
      @ForAll("specs") List<TensorSpec> specs, @ForAll @Size(320) float[] values) {
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < specs.size(); i++) {
      writer.floats(specs.get(i), DType.F32, values, i);
    }
    writer.write(file);
    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.names()).isEqualTo(specs.stream().map(TensorSpec::name).toList());
      for (int i = 0; i < specs.size(); i++) {
        String name = specs.get(i).name();
        assertThat(read.shape(name)).isEqualTo(specs.get(i).shape());
        float[] expected = new float[specs.get(i).size()];
        System.arraycopy(values, i, expected, 0, expected.length);
        assertThat(read.floats(name)).containsExactly(expected);
      }
    }
  }

  @Property(tries = 200)
  void whatWasReadIsWrittenInTheSameBytes(
      @ForAll("specs") List<TensorSpec> specs,
      @ForAll("halves") DType dtype,
      @ForAll @Size(320) short[] halves)
      throws IOException {
    float[] values = new float[halves.length];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          dtype == DType.F16 ? Float.float16ToFloat(halves[i]) : DType.fromBfloat16(halves[i]);
    }
    SafetensorsWriter writer = new SafetensorsWriter();
    for (int i = 0; i < specs.size(); i++) {
      writer.floats(specs.get(i), dtype, values, i);
    }
    writer.write(file);
    byte[] first = Files.readAllBytes(file);
    SafetensorsWriter again = new SafetensorsWriter();
    try (Safetensors read = Safetensors.open(file)) {
      for (TensorSpec spec : specs) {
        assertThat(read.dtype(spec.name())).isEqualTo(dtype);
        float[] tensor = read.floats(spec.name());
        again.floats(spec, dtype, tensor, 0);
      }
    }
    again.write(file);
    assertThat(Files.readAllBytes(file)).isEqualTo(first);
  }

  @Provide
  Arbitrary<DType> halves() {
    return Arbitraries.of(DType.F16, DType.BF16);
  }
}
