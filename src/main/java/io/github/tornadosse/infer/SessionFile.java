package io.github.tornadosse.infer;

import io.github.tornadosse.checkpoint.DType;
import io.github.tornadosse.checkpoint.Safetensors;
import io.github.tornadosse.checkpoint.SafetensorsWriter;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.SessionState;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/**
 * A session on disk: a safetensors file with {@code tokens} [position] (I64), {@code logits}
 * [vocabulary] unless nothing was read, and the parts of {@link SessionState} (F32). Its metadata
 * has the format's name and version, the position, the model's fingerprint and a CRC-32C of the
 * tensors' bytes in this order.
 */
final class SessionFile {
  private static final String FORMAT = "tornado-sse session";
  private static final String VERSION = "1";
  private static final String TOKENS = "tokens";
  private static final String LOGITS = "logits";
  private static final int SHOWN_DIGITS = 12;
  private static final int CHUNK = 1 << 13;

  private SessionFile() {}

  /**
   * What is kept.
   *
   * @param tokens read so far
   * @param logits of the next token, [vocabulary]; null if nothing was read
   * @param state what the model keeps
   */
  record Content(int[] tokens, float[] logits, SessionState state) {}

  static void write(Path file, LanguageModel model, Content content) {
    SafetensorsWriter writer = new SafetensorsWriter();
    long[] tokens = Arrays.stream(content.tokens).asLongStream().toArray();
    writer.longs(new TensorSpec(TOKENS, new int[] {tokens.length}), tokens, 0);
    if (content.logits != null) {
      TensorSpec spec = new TensorSpec(LOGITS, new int[] {content.logits.length});
      writer.floats(spec, DType.F32, content.logits, 0);
    }
    for (TensorSpec part : model.sessionParts(content.tokens.length)) {
      writer.floats(part, DType.F32, content.state.parts().get(part.name()), 0);
    }
    writer
        .metadata("format", FORMAT)
        .metadata("version", VERSION)
        .metadata("position", Integer.toString(content.tokens.length))
        .metadata("fingerprint", model.weights().fingerprint())
        .metadata("crc32c", checksum(tokens, content))
        .write(file);
  }

  static int position(Path file) {
    try (Safetensors tensors = Safetensors.open(file)) {
      return position(tensors);
    }
  }

  /** Checks the header before anything is allocated by what it says. */
  static Content read(Path file, LanguageModel model) {
    try (Safetensors tensors = Safetensors.open(file)) {
      int position = position(tensors);
      requireModel(tensors, model);
      List<TensorSpec> parts;
      try {
        parts = model.sessionParts(position);
      } catch (UserError e) {
        throw new UserError(file + ": " + e.getMessage(), e);
      }
      requireTensors(tensors, model, position, parts);
      requireMemory(position, parts);
      long[] tokens = tensors.longs(TOKENS);
      Content content =
          new Content(
              tokens(file, tokens, model.config().vocabSize()),
              position == 0 ? null : tensors.floats(LOGITS),
              new SessionState(position, floats(tensors, parts)));
      if (!checksum(tokens, content).equals(tensors.metadata().get("crc32c"))) {
        throw new UserError(
            file
                + ": the data does not fit its checksum, so the file is damaged; take another"
                + " copy, or read the text anew");
      }
      return content;
    }
  }

  private static int position(Safetensors tensors) {
    Map<String, String> metadata = tensors.metadata();
    if (!FORMAT.equals(metadata.get("format"))) {
      throw new UserError(
          tensors.file() + ": not a saved session; --save-session and Session.save write them");
    }
    if (!VERSION.equals(metadata.get("version"))) {
      throw new UserError(
          "%s: a session of format version %s; this program reads version %s"
              .formatted(tensors.file(), shown(metadata.get("version")), VERSION));
    }
    String position = metadata.get("position");
    int[] tokens = tensors.contains(TOKENS) ? tensors.shape(TOKENS) : new int[0];
    if (tokens.length != 1 || !Integer.toString(tokens[0]).equals(position)) {
      throw new UserError(
          "%s: the position is %s; it must be the number of tokens, whose shape is %s"
              .formatted(tensors.file(), shown(position), Arrays.toString(tokens)));
    }
    return tokens[0];
  }

  private static String shown(String text) {
    return text == null ? "missing" : FileErrors.quote(text);
  }

  private static void requireModel(Safetensors tensors, LanguageModel model) {
    String saved = tensors.metadata().get("fingerprint");
    if (saved == null || !saved.matches("[0-9a-f]{64}")) {
      throw new UserError(
          "%s: the model's fingerprint is %s; it must be 64 hexadecimal digits"
              .formatted(tensors.file(), shown(saved)));
    }
    String own = model.weights().fingerprint();
    if (!own.equals(saved)) {
      throw new UserError(
          "%s: the session is of the model %s…, and this one is %s…; take the checkpoint that it was"
                  .formatted(
                      tensors.file(),
                      saved.substring(0, SHOWN_DIGITS),
                      own.substring(0, SHOWN_DIGITS))
              + " saved with, or read its text anew");
    }
  }

  private static void requireTensors(
      Safetensors tensors, LanguageModel model, int position, List<TensorSpec> parts) {
    List<String> names = new ArrayList<>();
    require(tensors, names, new TensorSpec(TOKENS, new int[] {position}), DType.I64);
    if (position > 0) {
      int vocabulary = model.config().vocabSize();
      require(tensors, names, new TensorSpec(LOGITS, new int[] {vocabulary}), DType.F32);
    }
    parts.forEach(part -> require(tensors, names, part, DType.F32));
    for (String name : tensors.names()) {
      if (!names.contains(name)) {
        throw new UserError(
            "%s: there is a tensor %s, which a session of this model does not have"
                .formatted(tensors.file(), FileErrors.quote(name)));
      }
    }
  }

  private static void require(
      Safetensors tensors, List<String> names, TensorSpec spec, DType dtype) {
    int[] shape = tensors.shape(spec.name());
    if (!Arrays.equals(shape, spec.shape()) || tensors.dtype(spec.name()) != dtype) {
      throw new UserError(
          "%s, tensor %s: it is %s %s; in a session of this model it is %s %s"
              .formatted(
                  tensors.file(),
                  FileErrors.quote(spec.name()),
                  tensors.dtype(spec.name()),
                  Arrays.toString(shape),
                  dtype,
                  Arrays.toString(spec.shape())));
    }
    names.add(spec.name());
  }

  private static void requireMemory(int position, List<TensorSpec> parts) {
    Buffers plan = Buffers.measuring();
    plan.ints("tokens", position);
    plan.ints("tokens of the file", 2L * position);
    parts.forEach(part -> plan.floats(part.name(), part.size()));
    MemoryBudget.check(plan, "the session");
  }

  private static int[] tokens(Path file, long[] saved, int vocabulary) {
    int[] tokens = new int[saved.length];
    for (int i = 0; i < saved.length; i++) {
      if (saved[i] < 0 || saved[i] >= vocabulary) {
        throw new UserError(
            "%s: token %d is %d; the model's vocabulary has ids 0 to %d"
                .formatted(file, i, saved[i], vocabulary - 1));
      }
      tokens[i] = (int) saved[i];
    }
    return tokens;
  }

  private static Map<String, float[]> floats(Safetensors tensors, List<TensorSpec> parts) {
    Map<String, float[]> values = new LinkedHashMap<>();
    parts.forEach(part -> values.put(part.name(), tensors.floats(part.name())));
    return values;
  }

  private static String checksum(long[] tokens, Content content) {
    CRC32C crc = new CRC32C();
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES * CHUNK).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < tokens.length; i += CHUNK) {
      int n = Math.min(CHUNK, tokens.length - i);
      bytes.clear().asLongBuffer().put(tokens, i, n);
      crc.update(bytes.limit(Long.BYTES * n));
    }
    if (content.logits != null) {
      update(crc, bytes, content.logits);
    }
    content.state.parts().values().forEach(values -> update(crc, bytes, values));
    return "%08x".formatted(crc.getValue());
  }

  private static void update(CRC32C crc, ByteBuffer bytes, float[] values) {
    for (int i = 0; i < values.length; i += CHUNK) {
      int n = Math.min(CHUNK, values.length - i);
      bytes.clear().asFloatBuffer().put(values, i, n);
      crc.update(bytes.limit(Float.BYTES * n));
    }
  }
}
