package io.github.tornadosse.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Writes a safetensors file. Tensors and metadata are named first and written by {@link #write},
 * tensor by tensor from the arrays given, without a second copy. The same input gives the same
 * bytes: the header keeps the order given, and is padded with spaces to a multiple of eight bytes.
 * The data of wide types comes before that of narrow ones, so that every tensor starts at a
 * multiple of its element size.
 */
public final class SafetensorsWriter {
  private static final int CHUNK_ELEMENTS = 1 << 17;
  private static final JsonFactory JSON = new JsonFactory();

  private final Map<String, String> metadata = new LinkedHashMap<>();
  private final Map<String, Tensor> tensors = new LinkedHashMap<>();

  private interface Content {
    void writeTo(FileChannel channel) throws IOException;
  }

  private record Tensor(TensorSpec spec, DType dtype, Content content) {
    long bytes() {
      return (long) spec.size() * dtype.bytes();
    }
  }

  /**
   * Adds a free text to the header.
   *
   * @param key the text's name
   * @param value the text
   * @return this
   */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /**
   * Adds a tensor of floats, to be read from the array when the file is written.
   *
   * @param spec its name and shape
   * @param dtype F32, or F16 or BF16, to which the values are rounded to nearest even; a finite
   *     value that rounds to infinity is a {@link UserError} when the file is written
   * @param data holds its elements in row-major order
   * @param offset index of the first one
   * @return this
   * @throws IllegalArgumentException if the name is there already, the type is another, or the
   *     array is too short
   */
  public SafetensorsWriter floats(TensorSpec spec, DType dtype, float[] data, int offset) {
    checkRange(spec, offset, data.length);
    return floats(spec, dtype, () -> data, offset);
  }

  /**
   * Adds a tensor of floats, to be asked for when the file is written, so that one tensor at a time
   * has to be in memory.
   *
   * @param spec its name and shape
   * @param dtype F32, or F16 or BF16, to which the values are rounded to nearest even; a finite
   *     value that rounds to infinity is a {@link UserError} when the file is written
   * @param data gives its elements in row-major order
   * @return this
   * @throws IllegalArgumentException if the name is there already or the type is another
   */
  public SafetensorsWriter floats(TensorSpec spec, DType dtype, Supplier<float[]> data) {
    return floats(spec, dtype, data, 0);
  }

  private SafetensorsWriter floats(
      TensorSpec spec, DType dtype, Supplier<float[]> data, int offset) {
    if (dtype != DType.F32 && dtype != DType.F16 && dtype != DType.BF16) {
      throw new IllegalArgumentException(
          spec + ": floats are written as F32, F16 or BF16, not as " + dtype);
    }
    return add(
        new Tensor(
            spec,
            dtype,
            channel -> {
              float[] values = data.get();
              checkRange(spec, offset, values.length);
              writeFloats(channel, spec, dtype, values, offset);
            }));
  }

  /**
   * Adds a tensor of type I64, to be read from the array when the file is written.
   *
   * @param spec its name and shape
   * @param data holds its elements in row-major order
   * @param offset index of the first one
   * @return this
   * @throws IllegalArgumentException if the name is there already or the array is too short
   */
  public SafetensorsWriter longs(TensorSpec spec, long[] data, int offset) {
    checkRange(spec, offset, data.length);
    int elements = spec.size();
    return add(new Tensor(spec, DType.I64, channel -> writeLongs(channel, elements, data, offset)));
  }

  /**
   * Writes the file, in place of one that may be there; it is there whole or not at all.
   *
   * @param file the file; its directory exists
   * @throws UserError if it cannot be written; then nothing is left behind and an old file is as it
   *     was
   */
  public void write(Path file) {
    AtomicFiles.write(file, this::writeTo);
  }

  /** Writes header and data to a channel. */
  void writeTo(FileChannel channel) throws IOException {
    List<Tensor> order = new ArrayList<>(tensors.values());
    order.sort(Comparator.comparingInt((Tensor tensor) -> tensor.dtype().bytes()).reversed());
    AtomicFiles.writeFully(channel, header(order));
    for (Tensor tensor : order) {
      tensor.content().writeTo(channel);
    }
  }

  private SafetensorsWriter add(Tensor tensor) {
    String name = tensor.spec().name();
    if (name.equals(Safetensors.METADATA)) {
      throw new IllegalArgumentException(name + " cannot name a tensor");
    }
    if (tensors.putIfAbsent(name, tensor) != null) {
      throw new IllegalArgumentException("two tensors are named " + name);
    }
    return this;
  }

  private static void checkRange(TensorSpec spec, int offset, int length) {
    if (offset < 0 || spec.size() > length - offset) {
      throw new IllegalArgumentException(
          "%s does not fit in an array of %d from index %d".formatted(spec, length, offset));
    }
  }

  private ByteBuffer header(List<Tensor> order) throws IOException {
    Map<String, Long> begins = new LinkedHashMap<>();
    long end = 0;
    for (Tensor tensor : order) {
      begins.put(tensor.spec().name(), end);
      end = Math.addExact(end, tensor.bytes());
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(Safetensors.METADATA);
        for (Map.Entry<String, String> text : metadata.entrySet()) {
          json.writeStringField(text.getKey(), text.getValue());
        }
        json.writeEndObject();
      }
      for (Tensor tensor : tensors.values()) {
        long begin = begins.get(tensor.spec().name());
        int[] shape = tensor.spec().shape();
        json.writeObjectFieldStart(tensor.spec().name());
        json.writeStringField("dtype", tensor.dtype().name());
        json.writeFieldName("shape");
        json.writeArray(shape, 0, shape.length);
        json.writeFieldName("data_offsets");
        json.writeArray(new long[] {begin, begin + tensor.bytes()}, 0, 2);
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    bytes.writeBytes(" ".repeat((8 - bytes.size() % 8) % 8).getBytes(StandardCharsets.US_ASCII));
    if (bytes.size() > Safetensors.MAX_HEADER_BYTES) {
      throw new UserError(
          "a safetensors header of %d bytes; at most %d can be read again"
              .formatted(bytes.size(), Safetensors.MAX_HEADER_BYTES));
    }
    return ByteBuffer.allocate(8 + bytes.size())
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(bytes.size())
        .put(bytes.toByteArray())
        .flip();
  }

  private static void writeFloats(
      FileChannel channel, TensorSpec spec, DType dtype, float[] data, int offset)
      throws IOException {
    int elements = spec.size();
    int size = Math.min(CHUNK_ELEMENTS, elements);
    ByteBuffer buffer = ByteBuffer.allocate(size * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    for (long from = 0; from < elements; from += size) {
      int first = offset + (int) from;
      int end = first + (int) Math.min(size, elements - from);
      buffer.clear();
      for (int i = first; i < end; i++) {
        if (dtype == DType.F32) {
          buffer.putFloat(data[i]);
        } else {
          short bits =
              dtype == DType.F16 ? Float.floatToFloat16(data[i]) : DType.toBfloat16(data[i]);
          if (Float.isFinite(data[i]) && dtype.isInfinite(bits)) {
            throw tooLarge(spec, dtype, i - offset, data[i]);
          }
          buffer.putShort(bits);
        }
      }
      AtomicFiles.writeFully(channel, buffer.flip());
    }
  }

  private static UserError tooLarge(TensorSpec spec, DType dtype, int element, float value) {
    boolean half = dtype == DType.F16;
    return new UserError(
        "tensor %s: element %d, %s, is too large for %s, which ends at %s; take %s"
            .formatted(
                FileErrors.quote(spec.name()),
                element,
                value,
                half ? "float16" : "bfloat16",
                half ? "65504" : "3.39e38",
                half ? "bfloat16 or float32" : "float32"));
  }

  private static void writeLongs(FileChannel channel, int elements, long[] data, int offset)
      throws IOException {
    int size = Math.min(CHUNK_ELEMENTS, elements);
    ByteBuffer buffer = ByteBuffer.allocate(8 * size).order(ByteOrder.LITTLE_ENDIAN);
    for (long from = 0; from < elements; from += size) {
      int count = (int) Math.min(size, elements - from);
      buffer.clear();
      for (int i = 0; i < count; i++) {
        buffer.putLong(data[offset + (int) from + i]);
      }
      AtomicFiles.writeFully(channel, buffer.flip());
    }
  }
}
