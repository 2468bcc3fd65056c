package io.github.tornadosse.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.UserError;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.ShortBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A safetensors file open for reading: eight bytes of header length, a JSON header that gives each
 * tensor's type, shape and place, then the raw data, all little-endian.
 *
 * <p>Opening reads the header only and trusts nothing of it: every tensor's type is known, its
 * shape fits its bytes, and the tensors cover the data exactly, without overlap or hole. Reading a
 * tensor reads its bytes only. A file is not to be changed while it is open; reading is safe from
 * several threads.
 */
public final class Safetensors implements AutoCloseable {
  /** The longest header that is read, as in other readers of the format. */
  public static final long MAX_HEADER_BYTES = 100_000_000;

  static final String METADATA = "__metadata__";
  private static final int LENGTH_BYTES = 8;
  private static final int MAX_DIMENSIONS = 64;
  private static final int CHUNK_BYTES = 1 << 20;

  // Names come from the file: they are not worth a shared table, which a hostile file could fill.
  private static final JsonFactory JSON =
      JsonFactory.builder().disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES).build();

  private final Path file;
  private final FileChannel channel;
  private final Map<String, String> metadata;
  private final Map<String, Entry> entries;
  private final long dataStart;

  /** What the header says of a tensor; begin and end count bytes from the start of the data. */
  private record Entry(String name, DType dtype, int[] shape, long begin, long end) {
    long elements() {
      return (end - begin) / dtype.bytes();
    }
  }

  private record Header(Map<String, String> metadata, Map<String, Entry> entries) {}

  private Safetensors(Path file, FileChannel channel, Header header, long dataStart) {
    this.file = file;
    this.channel = channel;
    this.metadata = Collections.unmodifiableMap(header.metadata());
    this.entries = header.entries();
    this.dataStart = dataStart;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param file the file
   * @return the open file, to be closed by the caller
   * @throws UserError if the file cannot be read or is not a right safetensors file
   */
  public static Safetensors open(Path file) {
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new UserError("cannot read " + file + ": not a regular file");
    }
    FileChannel channel = null;
    boolean opened = false;
    try {
      channel = FileChannel.open(file, StandardOpenOption.READ);
      long size = channel.size();
      byte[] header = readHeader(file, channel, size);
      long dataStart = LENGTH_BYTES + header.length;
      Safetensors tensors =
          new Safetensors(
              file, channel, new HeaderParser(file, size - dataStart).parse(header), dataStart);
      opened = true;
      return tensors;
    } catch (IOException e) {
      throw FileErrors.of("cannot read", file, e);
    } finally {
      if (channel != null && !opened) {
        close(channel, file);
      }
    }
  }

  /**
   * The file that was opened.
   *
   * @return its path, as given
   */
  public Path file() {
    return file;
  }

  /**
   * The names of the tensors.
   *
   * @return the names in the order of the header
   */
  public List<String> names() {
    return List.copyOf(entries.keySet());
  }

  /**
   * Says whether the file has a tensor.
   *
   * @param name the tensor's name
   * @return whether it is there
   */
  public boolean contains(String name) {
    return entries.containsKey(name);
  }

  /**
   * The element type of a tensor.
   *
   * @param name the tensor's name
   * @return its type
   * @throws UserError if the file has no such tensor
   */
  public DType dtype(String name) {
    return entry(name).dtype();
  }

  /**
   * The shape of a tensor.
   *
   * @param name the tensor's name
   * @return its dimensions, outermost first; empty for a scalar
   * @throws UserError if the file has no such tensor
   */
  public int[] shape(String name) {
    return entry(name).shape().clone();
  }

  /**
   * The free texts of the header.
   *
   * @return the texts by name, in the order of the header; empty if there are none
   */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * Reads a tensor of F32, F16, BF16 or F64 (rounded to float).
   *
   * @param name the tensor's name
   * @return its elements in row-major order
   * @throws UserError if the file has no such tensor, its type is another, it does not fit in an
   *     array, a number is too large for a float, or reading fails
   */
  public float[] floats(String name) {
    float[] values = new float[arrayLength(entry(name))];
    readInto(name, values, 0);
    return values;
  }

  /**
   * Reads a tensor of F32, F16, BF16 or F64 (rounded to float) into a part of an array.
   *
   * @param name the tensor's name
   * @param destination where its elements go, in row-major order
   * @param offset index of the first one in the destination
   * @throws UserError if the file has no such tensor, its type is another, a number is too large
   *     for a float, or reading fails
   * @throws IndexOutOfBoundsException if the destination is too short
   */
  public void readInto(String name, float[] destination, int offset) {
    Entry entry = entry(name);
    checkType(entry, DType.F32, DType.F16, DType.BF16, DType.F64);
    int length = arrayLength(entry);
    if (offset < 0 || offset > destination.length - length) {
      throw new IndexOutOfBoundsException(
          "%s needs %d elements from index %d of an array of %d"
              .formatted(name, length, offset, destination.length));
    }
    readChunks(
        entry,
        (bytes, from, count) -> {
          if (entry.dtype() == DType.F64) {
            narrow(entry, bytes, from, count, destination, offset);
          } else {
            convert(entry.dtype(), bytes, destination, offset + from, count);
          }
        });
  }

  /**
   * Reads a tensor of I64 or I32.
   *
   * @param name the tensor's name
   * @return its elements in row-major order
   * @throws UserError if the file has no such tensor, its type is another, it does not fit in an
   *     array, or reading fails
   */
  public long[] longs(String name) {
    Entry entry = entry(name);
    checkType(entry, DType.I64, DType.I32);
    long[] values = new long[arrayLength(entry)];
    readChunks(
        entry,
        (bytes, from, count) -> {
          if (entry.dtype() == DType.I64) {
            bytes.asLongBuffer().get(values, from, count);
          } else {
            for (int i = 0; i < count; i++) {
              values[from + i] = bytes.getInt(4 * i);
            }
          }
        });
    return values;
  }

  /** Closes the file. */
  @Override
  public void close() {
    close(channel, file);
  }

  private Entry entry(String name) {
    Entry entry = entries.get(name);
    if (entry == null) {
      throw new UserError(
          file + ": there is no tensor " + FileErrors.quote(name) + nearestHint(name));
    }
    return entry;
  }

  private String nearestHint(String name) {
    return NearestName.of(name, entries.keySet())
        .map(nearest -> "; the nearest name is " + FileErrors.quote(nearest))
        .orElse("");
  }

  private void checkType(Entry entry, DType... allowed) {
    if (!Arrays.asList(allowed).contains(entry.dtype())) {
      throw new UserError(
          "%s, tensor %s: its type is %s, here it has to be one of %s"
              .formatted(
                  file, FileErrors.quote(entry.name()), entry.dtype(), Arrays.toString(allowed)));
    }
  }

  private int arrayLength(Entry entry) {
    if (entry.elements() > Integer.MAX_VALUE - 16) {
      throw new UserError(
          "%s, tensor %s: %d elements do not fit in one array, which holds at most %d"
              .formatted(
                  file, FileErrors.quote(entry.name()), entry.elements(), Integer.MAX_VALUE - 16));
    }
    return (int) entry.elements();
  }

  private interface ChunkReader {
    void accept(ByteBuffer bytes, int from, int count);
  }

  private void readChunks(Entry entry, ChunkReader reader) {
    int size = entry.dtype().bytes();
    ByteBuffer buffer =
        ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, entry.end() - entry.begin()))
            .order(ByteOrder.LITTLE_ENDIAN);
    try {
      for (long at = entry.begin(); at < entry.end(); at += CHUNK_BYTES) {
        buffer.clear().limit((int) Math.min(CHUNK_BYTES, entry.end() - at));
        readFully(channel, buffer, dataStart + at);
        reader.accept(
            buffer.flip().order(ByteOrder.LITTLE_ENDIAN),
            (int) ((at - entry.begin()) / size),
            buffer.limit() / size);
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot read " + FileErrors.quote(entry.name()) + " of", file, e);
    }
  }

  private void narrow(Entry entry, ByteBuffer bytes, int from, int count, float[] to, int offset) {
    for (int i = 0; i < count; i++) {
      double value = bytes.getDouble(8 * i);
      float rounded = (float) value;
      if (Float.isInfinite(rounded) && Double.isFinite(value)) {
        throw new UserError(
            "%s, tensor %s: element %d, %s, is too large for float32, as which it is read"
                .formatted(file, FileErrors.quote(entry.name()), from + i, value));
      }
      to[offset + from + i] = rounded;
    }
  }

  private static void convert(DType dtype, ByteBuffer bytes, float[] to, int at, int count) {
    switch (dtype) {
      case F32 -> bytes.asFloatBuffer().get(to, at, count);
      case F16 -> {
        ShortBuffer halves = bytes.asShortBuffer();
        for (int i = 0; i < count; i++) {
          to[at + i] = Float.float16ToFloat(halves.get(i));
        }
      }
      case BF16 -> {
        ShortBuffer halves = bytes.asShortBuffer();
        for (int i = 0; i < count; i++) {
          to[at + i] = DType.fromBfloat16(halves.get(i));
        }
      }
      default -> throw new IllegalArgumentException(dtype + " is not read as floats");
    }
  }

  private static void close(FileChannel channel, Path file) {
    try {
      channel.close();
    } catch (IOException e) {
      throw FileErrors.of("cannot close", file, e);
    }
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer, long position)
      throws IOException {
    long start = position - buffer.position();
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, start + buffer.position()) < 0) {
        throw new EOFException("the file ends early: it was cut while it was open");
      }
    }
  }

  private static byte[] readHeader(Path file, FileChannel channel, long size) throws IOException {
    if (size < LENGTH_BYTES) {
      throw new UserError(
          file
              + ": "
              + size
              + " bytes are too few for a safetensors file, which has 8 and a header");
    }
    ByteBuffer prefix = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, prefix, 0);
    long length = prefix.getLong(0);
    if (length < 0 || length > size - LENGTH_BYTES) {
      throw new UserError(
          "%s: not a safetensors file, or cut short: a header of %s bytes is announced, %d follow%s"
              .formatted(
                  file,
                  Long.toUnsignedString(length),
                  size - LENGTH_BYTES,
                  foreignHint(prefix.array())));
    }
    if (length > MAX_HEADER_BYTES) {
      throw new UserError(
          "%s: a header of %d bytes; at most %d are read"
              .formatted(file, length, MAX_HEADER_BYTES));
    }
    ByteBuffer header = ByteBuffer.allocate((int) length);
    readFully(channel, header, LENGTH_BYTES);
    return header.array();
  }

  /** Names the usual mistakes by the first bytes of the file. */
  private static String foreignHint(byte[] start) {
    if (start[0] == 'P' && start[1] == 'K') {
      return " (it looks like a zip or a pickled PyTorch file)";
    }
    if (start[0] == (byte) 0x80) {
      return " (it looks like a pickled PyTorch file)";
    }
    if (new String(start, StandardCharsets.ISO_8859_1).equals("version ")) {
      return " (it looks like a Git LFS pointer: fetch the real file)";
    }
    return "";
  }

  /**
   * Reads the header as a stream, so that a hostile one costs little more memory than its length.
   */
  private static final class HeaderParser {
    private final Path file;
    private final long dataBytes;
    private final Map<String, String> metadata = new LinkedHashMap<>();
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private boolean metadataSeen;

    HeaderParser(Path file, long dataBytes) {
      this.file = file;
      this.dataBytes = dataBytes;
    }

    Header parse(byte[] header) throws IOException {
      String text = decode(header);
      if (!text.startsWith("{")) {
        throw new UserError(file + ": the header has to be a JSON object that starts with '{'");
      }
      try (JsonParser parser = JSON.createParser(text)) {
        parser.nextToken();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          if (name.equals(METADATA)) {
            readMetadata(parser);
          } else if (entries.putIfAbsent(name, readEntry(parser, name)) != null) {
            throw defect(name, "is in the header twice; every name may be there once");
          }
        }
        if (parser.nextToken() != null) {
          throw new UserError(file + ": the header goes on after its JSON object");
        }
      } catch (JsonProcessingException e) {
        throw new UserError(
            file + ": the header is not JSON: " + FileErrors.firstLine(e.getOriginalMessage()), e);
      }
      checkCover();
      return new Header(metadata, entries);
    }

    private String decode(byte[] header) {
      try {
        return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(header)).toString();
      } catch (CharacterCodingException e) {
        throw new UserError(file + ": the header is not UTF-8 text", e);
      }
    }

    private void readMetadata(JsonParser parser) throws IOException {
      if (metadataSeen) {
        throw defect(METADATA, "is in the header twice; every name may be there once");
      }
      metadataSeen = true;
      expect(parser, JsonToken.START_OBJECT, METADATA, "has to be an object of texts");
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String key = parser.currentName();
        parser.nextToken();
        expect(parser, JsonToken.VALUE_STRING, METADATA, "may hold texts only");
        if (metadata.putIfAbsent(key, parser.getText()) != null) {
          throw defect(METADATA, "has " + FileErrors.quote(key) + " twice");
        }
      }
    }

    private Entry readEntry(JsonParser parser, String name) throws IOException {
      expect(
          parser,
          JsonToken.START_OBJECT,
          name,
          "has to be an object of dtype, shape and data_offsets");
      DType dtype = null;
      long[] shape = null;
      long[] offsets = null;
      while (parser.nextToken() != JsonToken.END_OBJECT) {
        String field = parser.currentName();
        parser.nextToken();
        boolean twice;
        switch (field) {
          case "dtype" -> {
            twice = dtype != null;
            dtype = readType(parser, name);
          }
          case "shape" -> {
            twice = shape != null;
            shape = readNumbers(parser, name, field);
          }
          case "data_offsets" -> {
            twice = offsets != null;
            offsets = readNumbers(parser, name, field);
          }
          default ->
              throw defect(
                  name,
                  "has a field "
                      + FileErrors.quote(field)
                      + "; known are dtype, shape and data_offsets");
        }
        if (twice) {
          throw defect(name, "has " + field + " twice");
        }
      }
      if (dtype == null || shape == null || offsets == null) {
        throw defect(name, "needs each of dtype, shape and data_offsets");
      }
      return entry(name, dtype, shape, offsets);
    }

    private DType readType(JsonParser parser, String name) throws IOException {
      expect(parser, JsonToken.VALUE_STRING, name, "has a dtype that is not a text");
      String text = parser.getText();
      for (DType dtype : DType.values()) {
        if (dtype.name().equals(text)) {
          return dtype;
        }
      }
      throw defect(
          name,
          "has the unknown dtype "
              + FileErrors.quote(text)
              + "; known are "
              + Arrays.toString(DType.values()));
    }

    private long[] readNumbers(JsonParser parser, String name, String field) throws IOException {
      expect(
          parser,
          JsonToken.START_ARRAY,
          name,
          "has a " + field + " that is not an array of whole numbers");
      long[] numbers = new long[MAX_DIMENSIONS];
      int count = 0;
      while (parser.nextToken() != JsonToken.END_ARRAY) {
        boolean whole =
            parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                && parser.getLongValue() >= 0;
        if (!whole) {
          throw defect(
              name,
              "has the "
                  + field
                  + " element "
                  + FileErrors.quote(String.valueOf(parser.getText()))
                  + "; whole numbers from 0 to 2^63 - 1 are right");
        }
        if (count == MAX_DIMENSIONS) {
          throw defect(name, "has a " + field + " of more than " + MAX_DIMENSIONS + " numbers");
        }
        numbers[count++] = parser.getLongValue();
      }
      return Arrays.copyOf(numbers, count);
    }

    private Entry entry(String name, DType dtype, long[] shape, long[] offsets) {
      if (offsets.length != 2) {
        throw defect(name, "needs two data_offsets, begin and end; it has " + offsets.length);
      }
      if (offsets[0] > offsets[1] || offsets[1] > dataBytes) {
        throw defect(
            name,
            "has the data_offsets %s; right is begin <= end <= %d, the bytes after the header"
                .formatted(Arrays.toString(offsets), dataBytes));
      }
      int[] dimensions = new int[shape.length];
      long bytes = dtype.bytes();
      try {
        for (int i = 0; i < shape.length; i++) {
          dimensions[i] = Math.toIntExact(shape[i]);
          bytes = Math.multiplyExact(bytes, shape[i]);
        }
      } catch (ArithmeticException e) {
        throw defect(name, "has the shape " + Arrays.toString(shape) + ", which is too large");
      }
      if (bytes != offsets[1] - offsets[0]) {
        throw defect(
            name,
            "has %d bytes of data; its shape %s of %s needs %d"
                .formatted(offsets[1] - offsets[0], Arrays.toString(shape), dtype, bytes));
      }
      return new Entry(name, dtype, dimensions, offsets[0], offsets[1]);
    }

    private void checkCover() {
      List<Entry> ordered = new ArrayList<>(entries.values());
      ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
      long covered = 0;
      for (Entry entry : ordered) {
        if (entry.begin() < covered) {
          throw defect(
              entry.name(),
              "starts at byte %d of the data, inside the tensor before it, which ends at %d"
                  .formatted(entry.begin(), covered));
        }
        if (entry.begin() > covered) {
          throw defect(
              entry.name(),
              "starts at byte %d of the data, after a hole: it has to start at %d"
                  .formatted(entry.begin(), covered));
        }
        covered = entry.end();
      }
      if (covered != dataBytes) {
        throw new UserError(
            "%s: the tensors end at byte %d of the data, the file at %d; they have to end together"
                .formatted(file, covered, dataBytes));
      }
    }

    private void expect(JsonParser parser, JsonToken token, String name, String otherwise) {
      if (parser.currentToken() != token) {
        throw defect(name, otherwise);
      }
    }

    private UserError defect(String name, String what) {
      return new UserError(file + ", tensor " + FileErrors.quote(name) + ": " + what);
    }
  }
}
