package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {
  @TempDir Path directory;

  private static TensorSpec spec(String name, int... shape) {
    return new TensorSpec(name, shape);
  }

  private Path raw(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return raw(text.length, text, dataBytes);
  }

  private Path raw(long length, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(length).put(header);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) i);
    }
    return Files.write(directory.resolve("raw.safetensors"), bytes.array());
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    Path file = directory.resolve("a.safetensors");
    float[] data = {9, 1.5f, -2, Float.NaN, Float.NEGATIVE_INFINITY, -0f, 1e-42f};
    new SafetensorsWriter()
        .metadata("format", "pt")
        .metadata("who", "ünïcode \"quoted\"\n")
        .floats(spec("half", 3), DType.F16, new float[] {1, 65504, Float.POSITIVE_INFINITY}, 0)
        .floats(spec("a", 2, 3), DType.F32, data, 1)
        .floats(spec("empty", 2, 0), DType.F32, new float[0], 0)
        .floats(spec("scalar"), DType.BF16, new float[] {3}, 0)
        .longs(spec("ids", 3), new long[] {0, Long.MIN_VALUE, Long.MAX_VALUE, 7}, 1)
        .write(file);
    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.names()).containsExactly("half", "a", "empty", "scalar", "ids");
      assertThat(read.metadata())
          .containsEntry("format", "pt")
          .containsEntry("who", "ünïcode \"quoted\"\n");
      assertThat(read.dtype("half")).isEqualTo(DType.F16);
      assertThat(read.shape("a")).containsExactly(2, 3);
      assertThat(read.shape("scalar")).isEmpty();
      assertThat(read.floats("a")).containsExactly(Arrays.copyOfRange(data, 1, 7));
      assertThat(read.floats("half")).containsExactly(1, 65504, Float.POSITIVE_INFINITY);
      assertThat(read.floats("scalar")).containsExactly(3);
      assertThat(read.floats("empty")).isEmpty();
      assertThat(read.longs("ids")).containsExactly(Long.MIN_VALUE, Long.MAX_VALUE, 7);
      assertThat(read.contains("b")).isFalse();
      float[] destination = new float[8];
      read.readInto("a", destination, 2);
      assertThat(destination).startsWith(0, 0, 1.5f, -2);
      assertThatThrownBy(() -> read.readInto("a", destination, 3))
          .isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> read.floats("ids"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("its type is I64");
      assertThatThrownBy(() -> read.longs("a"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("[I64, I32]");
      assertThatThrownBy(() -> read.floats("hal"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("there is no tensor \"hal\"; the nearest name is \"half\"");
    }
  }

  @Test
  void tensorsLargerThanAChunkAreReadWhole() {
    float[] data = new float[300_001];
    long[] ids = new long[200_003];
    for (int i = 0; i < data.length; i++) {
      data[i] = i;
    }
    for (int i = 0; i < ids.length; i++) {
      ids[i] = -i;
    }
    Path file = directory.resolve("large.safetensors");
    new SafetensorsWriter()
        .floats(spec("f", data.length), DType.F32, data, 0)
        .longs(spec("i", ids.length), ids, 0)
        .write(file);
    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.floats("f")).isEqualTo(data);
      assertThat(read.longs("i")).isEqualTo(ids);
    }
  }

  @Test
  void theSameInputGivesTheSameAlignedBytes() throws IOException {
    Path first = directory.resolve("1");
    Path second = directory.resolve("2");
    for (Path file : new Path[] {first, second}) {
      new SafetensorsWriter()
          .floats(spec("odd", 3), DType.F16, new float[] {1, 2, 3}, 0)
          .floats(spec("wide", 1), DType.F32, new float[] {4}, 0)
          .write(file);
    }
    byte[] bytes = Files.readAllBytes(first);
    assertThat(Files.readAllBytes(second)).isEqualTo(bytes);
    long length = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(length % 8).isZero();
    String header = new String(bytes, 8, (int) length, StandardCharsets.UTF_8);
    assertThat(header.strip())
        .isEqualTo(
            "{\"odd\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[4,10]},"
                + "\"wide\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}");
  }

  @Test
  void typesThatAreNotWrittenAreConvertedOnReading() throws IOException {
    byte[] header =
        ("{\"d\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[0,16]},"
                + "\"e\":{\"dtype\":\"F64\",\"shape\":[2],\"data_offsets\":[16,32]},"
                + "\"i\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[32,40]}}   ")
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + header.length + 40).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(header.length).put(header);
    bytes.putDouble(Math.PI).putDouble(Double.NEGATIVE_INFINITY);
    bytes.putDouble(1).putDouble(1e300).putInt(-5).putInt(6);
    Path file = Files.write(directory.resolve("f64.safetensors"), bytes.array());
    try (Safetensors read = Safetensors.open(file)) {
      assertThat(read.floats("d")).containsExactly((float) Math.PI, Float.NEGATIVE_INFINITY);
      assertThatThrownBy(() -> read.floats("e"))
          .isInstanceOf(UserError.class)
          .hasMessage(
              file
                  + ", tensor \"e\": element 1, 1.0E300, is too large for float32, as which it is read");
      assertThat(read.longs("i")).containsExactly(-5, 6);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0x3f800000, 3f80", // 1
    "0x3f808000, 3f80", // a tie, to even
    "0x3f808001, 3f81", // above the tie
    "0x3f818000, 3f82", // a tie, to even
    "0x7f7fffff, 7f80", // overflows to infinity
    "0xff800000, ff80", // minus infinity
    "0x80000000, 8000", // minus zero
    "0x7f800001, 7fc0", // a NaN that would become infinity if it were cut
  })
  void bfloat16RoundsToNearestEven(String bits, String expected) {
    float value = Float.intBitsToFloat((int) (long) Long.decode(bits));
    short rounded = DType.toBfloat16(value);
    assertThat(String.format("%04x", rounded)).isEqualTo(expected);
  }

  /** The nearest half of a float, by looking at all of them; of two the one with an even end. */
  private static short nearestHalf(float value) {
    int best = 0;
    for (int bits = 0; bits < 0x7c00; bits++) {
      double distance = Math.abs(Float.float16ToFloat((short) bits) - (double) Math.abs(value));
      double least = Math.abs(Float.float16ToFloat((short) best) - (double) Math.abs(value));
      if (distance < least || (distance == least && bits % 2 == 0)) {
        best = bits;
      }
    }
    return (short) (best | (Float.floatToRawIntBits(value) >>> 31 << 15));
  }

  private short[] written(DType dtype, float... values) throws IOException {
    Path file = directory.resolve("written.safetensors");
    new SafetensorsWriter().floats(spec("a", values.length), dtype, values, 0).write(file);
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    short[] halves = new short[values.length];
    bytes.position(bytes.capacity() - 2 * values.length).asShortBuffer().get(halves);
    return halves;
  }

  @ParameterizedTest
  @ValueSource(
      floats = {
        1,
        -1.0004883f, // a tie between two halves
        1.0014648f, // the next one
        1.00049f,
        0.1f,
        65504,
        65519.996f, // just below what overflows
        6.1035156e-5f, // the smallest normal half
        6.0975552e-5f, // the largest that is not
        5.9604645e-8f, // the smallest half
        -2.9802322e-8f, // a tie with zero
        2.9802326e-8f,
        8.940697e-8f, // a tie between subnormals
        1e-45f,
        -0f
      })
  void halvesAreTheNearest(float value) throws IOException {
    assertThat(written(DType.F16, value)).containsExactly(nearestHalf(value));
  }

  @ParameterizedTest
  @EnumSource(names = {"F16", "BF16"})
  void everyHalfComesBack(DType dtype) throws IOException {
    float[] values = new float[1 << 16];
    short[] halves = new short[1 << 16];
    for (int i = 0; i < values.length; i++) {
      halves[i] = (short) i;
      values[i] =
          dtype == DType.F16 ? Float.float16ToFloat((short) i) : DType.fromBfloat16((short) i);
      if (Float.isNaN(values[i])) {
        // A signalling NaN may become a quiet one; it stays a NaN.
        halves[i] |= dtype == DType.F16 ? 0x200 : 0x40;
      }
    }
    short[] written = written(dtype, values);
    for (int i = 0; i < values.length; i++) {
      if (Float.isNaN(values[i])) {
        written[i] |= dtype == DType.F16 ? 0x200 : 0x40;
      }
    }
    assertThat(written).isEqualTo(halves);
  }

  @ParameterizedTest
  @CsvSource({
    "F16, 65520, is too large for float16; bfloat16 or float32",
    "F16, -1e30, is too large for float16; bfloat16 or float32",
    "BF16, 3.4e38, is too large for bfloat16; float32",
    "BF16, -3.3961776e38, is too large for bfloat16; float32"
  })
  void whatWouldBecomeInfiniteIsRefused(DType dtype, float value, String message)
      throws IOException {
    assertThatThrownBy(() -> written(dtype, 1, 2, value))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith("tensor \"a\": element 2, " + value + ", ")
        .contains(message.split("; "))
        .hasLineCount(1);
    assertThat(AtomicFiles.list(directory)).isEmpty();
    assertThat(written(dtype, Float.NEGATIVE_INFINITY, Float.NaN)).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void aFileThatIsCutAnywhereIsRefused(DType dtype) throws IOException {
    Path file = directory.resolve("whole.safetensors");
    new SafetensorsWriter()
        .metadata("format", "pt")
        .floats(spec("a", 3), dtype, new float[] {1, 2, 3}, 0)
        .floats(spec("b", 2, 2), dtype, new float[4], 0)
        .write(file);
    byte[] bytes = Files.readAllBytes(file);
    for (int length = 0; length < bytes.length; length++) {
      Path cut = Files.write(directory.resolve("cut"), Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> Safetensors.open(cut))
          .as("%d of %d bytes", length, bytes.length)
          .isInstanceOf(UserError.class)
          .message()
          .startsWith(cut.toString())
          .hasLineCount(1);
    }
    Path longer = Files.write(directory.resolve("long"), Arrays.copyOf(bytes, bytes.length + 1));
    assertThatThrownBy(() -> Safetensors.open(longer))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("they have to end together");
  }

  static Stream<String[]> defects() {
    String ok = "\"dtype\":\"F32\",\"shape\":[2],";
    return Stream.of(
        new String[] {"[]", "JSON object"},
        new String[] {"", "JSON object"},
        new String[] {" {}", "starts with '{'"},
        new String[] {"{", "not JSON"},
        new String[] {"{\"a\":", "not JSON"},
        new String[] {"{} x", "not JSON"},
        new String[] {"{}{}", "goes on after"},
        new String[] {"{\"a\":1}", "\"a\": has to be an object"},
        new String[] {"{\"a\":{}}", "needs each of dtype, shape and data_offsets"},
        new String[] {"{\"a\":{" + ok + "\"x\":1}}", "unknown field".substring(8)},
        new String[] {"{\"a\":{" + ok + "\"dtype\":\"F32\"}}", "has dtype twice"},
        new String[] {
          "{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}",
          "unknown dtype \"F31\""
        },
        new String[] {"{\"a\":{\"dtype\":7}}", "not a text"},
        new String[] {"{\"a\":{\"dtype\":\"F32\",\"shape\":2}}", "not an array of whole numbers"},
        new String[] {"{\"a\":{\"shape\":[-1]}}", "shape element \"-1\""},
        new String[] {"{\"a\":{\"shape\":[1.5]}}", "shape element \"1.5\""},
        new String[] {"{\"a\":{\"shape\":[[1]]}}", "shape element \"[\""},
        new String[] {"{\"a\":{\"shape\":[9223372036854775808]}}", "shape element"},
        new String[] {"{\"a\":{\"shape\":[" + "1,".repeat(64) + "1]}}", "more than 64"},
        new String[] {
          "{\"a\":{\"dtype\":\"F32\",\"shape\":[3000000000,0],\"data_offsets\":[0,0]}}", "too large"
        },
        new String[] {
          "{\"a\":{\"dtype\":\"F32\",\"shape\":[2000000000,2000000000,2000000000],"
              + "\"data_offsets\":[0,8]}}",
          "too large"
        },
        new String[] {"{\"a\":{" + ok + "\"data_offsets\":[0]}}", "two data_offsets"},
        new String[] {"{\"a\":{" + ok + "\"data_offsets\":[8,0]}}", "begin <= end <= 8"},
        new String[] {"{\"a\":{" + ok + "\"data_offsets\":[8,16]}}", "begin <= end <= 8"},
        new String[] {"{\"a\":{" + ok + "\"data_offsets\":[0,4]}}", "of F32 needs 8"},
        new String[] {"{}", "end at byte 0 of the data, the file at 8"},
        new String[] {
          "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "after a hole"
        },
        new String[] {
          "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "end at byte 4"
        },
        new String[] {
          "{\"a\":{"
              + ok
              + "\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],"
              + "\"data_offsets\":[4,8]}}",
          "\"b\": starts at byte 4 of the data, inside"
        },
        new String[] {
          "{\"a\":{" + ok + "\"data_offsets\":[0,8]},\"a\":{" + ok + "\"data_offsets\":[0,8]}}",
          "in the header twice"
        },
        new String[] {"{\"__metadata__\":{},\"__metadata__\":{}}", "in the header twice"},
        new String[] {"{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", "\"a\" twice"},
        new String[] {"{\"__metadata__\":{\"a\":1}}", "texts only"},
        new String[] {"{\"__metadata__\":[]}", "object of texts"},
        new String[] {"{\"two\\nlines\":1}", "\"two\\u000alines\""},
        new String[] {"{\"" + "x".repeat(5000) + "\":1}", "xxx…\""});
  }

  @ParameterizedTest
  @MethodSource("defects")
  void everyDefectOfTheHeaderIsNamed(String header, String named) throws IOException {
    Path file = raw(header, 8);
    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith(file.toString())
        .contains(named)
        .hasLineCount(1);
  }

  @Test
  void aHeaderThatIsNotUtf8IsRefused() throws IOException {
    Path file = raw(3, new byte[] {'{', (byte) 0xff, '}'}, 0);
    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("not UTF-8");
  }

  @ParameterizedTest
  @ValueSource(longs = {3, 1L << 40, -1, Long.MIN_VALUE})
  void aHeaderLongerThanTheFileIsRefused(long length) throws IOException {
    Path file = raw(length, new byte[] {'{', '}'}, 0);
    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("announced, 2 follow");
  }

  @Test
  void anOversizedHeaderIsRefusedBeforeItIsRead() throws IOException {
    Path file = raw(Safetensors.MAX_HEADER_BYTES + 1, new byte[] {'{'}, 0);
    try (FileChannel sparse = FileChannel.open(file, StandardOpenOption.WRITE)) {
      sparse.write(ByteBuffer.allocate(1), Safetensors.MAX_HEADER_BYTES + 100);
    }
    assertThatThrownBy(() -> Safetensors.open(file))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("at most 100000000");
  }

  @Test
  void foreignFilesAreNamed() throws IOException {
    Path zip = Files.write(directory.resolve("model.bin"), new byte[] {'P', 'K', 3, 4, 0, 0, 8, 8});
    assertThatThrownBy(() -> Safetensors.open(zip))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("pickled PyTorch");
    Path pointer = Files.writeString(directory.resolve("lfs"), "version https://git-lfs");
    assertThatThrownBy(() -> Safetensors.open(pointer))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("Git LFS pointer");
    Path empty = Files.write(directory.resolve("empty"), new byte[0]);
    assertThatThrownBy(() -> Safetensors.open(empty))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("0 bytes are too few");
    assertThatThrownBy(() -> Safetensors.open(directory))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("not a regular file");
    assertThatThrownBy(() -> Safetensors.open(directory.resolve("absent")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("no such file or directory");
  }

  @Test
  void aFileCutWhileItIsOpenIsAnError() throws IOException {
    Path file = directory.resolve("cut.safetensors");
    new SafetensorsWriter().floats(spec("a", 100), DType.F32, new float[100], 0).write(file);
    try (Safetensors read = Safetensors.open(file);
        FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(100);
      assertThatThrownBy(() -> read.floats("a"))
          .isInstanceOf(UserError.class)
          .hasMessageContaining("cannot read \"a\" of " + file)
          .hasMessageContaining("cut while it was open");
    }
  }

  @Test
  void wrongUseOfTheWriterIsRefused() {
    SafetensorsWriter writer =
        new SafetensorsWriter().floats(spec("a", 1), DType.F32, new float[1], 0);
    assertThatThrownBy(() -> writer.floats(spec("a", 1), DType.F32, new float[1], 0))
        .hasMessage("two tensors are named a");
    assertThatThrownBy(() -> writer.floats(spec("b", 2), DType.F32, new float[3], 2))
        .hasMessage("b [2] does not fit in an array of 3 from index 2");
    assertThatThrownBy(() -> writer.longs(spec("b", 2), new long[3], -1))
        .hasMessage("b [2] does not fit in an array of 3 from index -1");
    assertThatThrownBy(() -> writer.floats(spec("b", 1), DType.F64, new float[1], 0))
        .hasMessageContaining("not as F64");
    assertThatThrownBy(() -> writer.floats(spec("__metadata__", 1), DType.F32, new float[1], 0))
        .hasMessageContaining("cannot name a tensor");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aFullDiskIsAUserErrorThatLeavesNothingBehind() throws IOException {
    SafetensorsWriter writer =
        new SafetensorsWriter().floats(spec("a", 1000), DType.F32, new float[1000], 0);
    Path file = Files.writeString(directory.resolve("full.safetensors"), "old");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    temporary -> {
                      try (FileChannel full =
                          FileChannel.open(Path.of("/dev/full"), StandardOpenOption.WRITE)) {
                        writer.writeTo(full);
                      }
                    }))
        .isInstanceOf(UserError.class)
        .hasMessage("cannot write " + file + ": No space left on device");
    assertThat(file).hasContent("old");
    assertThat(AtomicFiles.list(directory)).containsExactly(file);
  }

  @Test
  void aPlaceThatCannotBeWrittenIsAUserError() throws IOException {
    SafetensorsWriter writer = new SafetensorsWriter();
    Path file = Files.writeString(directory.resolve("file"), "x");
    assertThatThrownBy(() -> writer.write(file.resolve("a.safetensors")))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("cannot write " + file.resolve("a.safetensors"));
    assertThatThrownBy(() -> writer.write(directory.resolve("absent/a.safetensors")))
        .isInstanceOf(UserError.class)
        .hasMessageEndingWith("no such file or directory");
    assertThatThrownBy(() -> writer.write(directory))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("it is a directory");
  }
}
