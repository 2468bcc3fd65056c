package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * The tokenizer of a {@code tokenizer.json}, as the transformers library writes it.
 *
 * <p>{@link #encode} gives the ids that library gives without its special tokens, but for two
 * things: what spells a special token is text here, and bytes that are not UTF-8 keep their values
 * where the vocabulary has tokens for bytes.
 *
 * <p>Safe for several threads; its decoders are not.
 *
 * <p>{@link #byteCount} is exact for vocabularies of bytes (byte-level ones and those with tokens
 * for the bytes of rare characters), unless the tokenizer changes the text first (Unicode
 * normalisation, lower case). Tokens of other vocabularies count what they are decoded to in the
 * middle of a text; what such a vocabulary lacks counts nothing.
 */
public final class JsonTokenizer implements Tokenizer {
  private static final byte[] NONE = new byte[0];

  private final String file;
  private final Vocabulary vocabulary;
  private final NativeTokenizer first;
  private final NativeTokenizer next;
  private final int separator;
  private final int[] opening;
  private final TextPieces textPieces;
  private final int anchor;
  private final String anchorText;
  private final AtomicReferenceArray<byte[]> pieces;
  private final Map<String, byte[]> files;

  /**
   * Makes a tokenizer.
   *
   * @param json the content of the file
   * @param tree the same, parsed
   * @param file names it in messages
   * @param separator finds the id that stands between documents
   * @param files the files of which it is made
   */
  JsonTokenizer(
      String json, ObjectNode tree, String file, Separator separator, Map<String, byte[]> files) {
    this.file = file;
    NativeGuard.check(tree, file);
    vocabulary = new Vocabulary(tree, file);
    // Which may add to the files what names it.
    this.separator = separator.of(vocabulary);
    this.files = Map.copyOf(files);
    opening = opening(tree.path("post_processor"));
    first = new NativeTokenizer(textAlone(tree) ? tree.toString() : json, file);
    next = withoutSpaceBefore(tree) ? new NativeTokenizer(tree.toString(), file) : first;
    vocabulary.setSpecial(this.separator);
    Arrays.stream(opening).forEach(vocabulary::setSpecial);
    textPieces = new TextPieces(vocabulary.reservedTexts(), vocabulary.byteIds());
    anchor = anchor();
    anchorText = first.decode(anchor);
    pieces = new AtomicReferenceArray<>(vocabulary.size());
  }

  /** Finds the id that stands between documents. */
  @FunctionalInterface
  interface Separator {
    int of(Vocabulary vocabulary);
  }

  @Override
  public int vocabSize() {
    return vocabulary.size();
  }

  @Override
  public int separator() {
    return separator;
  }

  @Override
  public int[] opening() {
    return opening.clone();
  }

  /**
   * {@inheritDoc}
   *
   * @throws UserError if a character is not in the vocabulary, and nothing stands for those
   */
  @Override
  public int[] encode(byte[] text) {
    return encode(text, first);
  }

  @Override
  public int[] encodeNext(byte[] text) {
    return encode(text, next);
  }

  private int[] encode(byte[] text, NativeTokenizer beginning) {
    IntStream.Builder ids = IntStream.builder();
    NativeTokenizer[] tokenizer = {beginning};
    textPieces.split(
        text,
        part -> {
          for (int id : tokenizer[0].encode(part)) {
            ids.add(id);
          }
          tokenizer[0] = next;
        },
        id -> {
          ids.add(id);
          tokenizer[0] = next;
        });
    return ids.build().toArray();
  }

  @Override
  public int cut(byte[] text) {
    return TextCuts.last(text);
  }

  @Override
  public int byteCount(int id) {
    return piece(id).length;
  }

  @Override
  public int firstByteCount(int id) {
    byte[] piece = piece(id);
    return next != first && startsWithSpace(piece) ? piece.length - 1 : piece.length;
  }

  @Override
  public Decoder decoder(int[] before, Consumer<String> out) {
    return new PieceDecoder((id, begins) -> begins ? firstPiece(id) : piece(id), before, out);
  }

  @Override
  public Map<String, byte[]> files() {
    return files;
  }

  /** The bytes of a token inside a text. */
  private byte[] piece(int id) {
    if (!vocabulary.isText(id)) {
      return NONE;
    }
    byte[] piece = pieces.get(id);
    if (piece == null) {
      piece = vocabulary.bytes(id);
      if (piece == null) {
        String text = first.decode(anchor, id);
        int common = text.startsWith(anchorText) ? anchorText.length() : 0;
        piece = text.substring(common).getBytes(StandardCharsets.UTF_8);
      }
      pieces.set(id, piece);
    }
    return piece;
  }

  /** The bytes of a token that begins a text: the decoder may take a space away there. */
  private byte[] firstPiece(int id) {
    byte[] piece = piece(id);
    if (piece.length == 0 || vocabulary.bytes(id) != null) {
      return piece;
    }
    return first.decode(id).getBytes(StandardCharsets.UTF_8);
  }

  private static boolean startsWithSpace(byte[] piece) {
    return piece.length > 0 && piece[0] == ' ';
  }

  /** A token that is the same in every place, to see what another one is after it. */
  private int anchor() {
    int found = -1;
    for (int id = 0; id < vocabulary.size(); id++) {
      if (vocabulary.isText(id)) {
        if (vocabulary.token(id).matches("[A-Za-z0-9]+")) {
          return id;
        }
        found = id;
      }
    }
    if (found < 0) {
      throw new UserError(file + ": its vocabulary has no token for text");
    }
    return found;
  }

  /** The special tokens that the file puts before a text. */
  private int[] opening(JsonNode processor) {
    IntStream.Builder ids = IntStream.builder();
    for (JsonNode template : processor.findParents("single")) {
      for (JsonNode part : template.path("single")) {
        if (!part.has("SpecialToken")) {
          break;
        }
        String name = part.path("SpecialToken").path("id").asText();
        for (JsonNode id : template.path("special_tokens").path(name).path("ids")) {
          if (!id.canConvertToInt() || vocabulary.token(id.intValue()) == null) {
            throw new UserError(
                "%s: not a right tokenizer.json: post_processor names the token %s"
                    .formatted(file, id));
          }
          ids.add(id.intValue());
        }
      }
    }
    return ids.build().toArray();
  }

  /**
   * Takes away what cuts texts short, fills them up or puts tokens around them.
   *
   * @return whether there was something
   */
  private static boolean textAlone(ObjectNode tree) {
    boolean changed = false;
    for (String name : new String[] {"truncation", "padding", "post_processor"}) {
      changed |= tree.hasNonNull(name);
      tree.putNull(name);
    }
    return changed;
  }

  /**
   * Takes away what puts a space before a text.
   *
   * @return whether there was something
   */
  private static boolean withoutSpaceBefore(ObjectNode tree) {
    boolean changed = false;
    for (JsonNode step : tree.path("pre_tokenizer").findParents("add_prefix_space")) {
      changed |= step.path("add_prefix_space").asBoolean();
      ((ObjectNode) step).put("add_prefix_space", false);
    }
    for (JsonNode step : tree.path("pre_tokenizer").findParents("prepend_scheme")) {
      changed |= !step.path("prepend_scheme").asText().equals("never");
      ((ObjectNode) step).put("prepend_scheme", "never");
    }
    JsonNode normalizer = tree.path("normalizer");
    if (normalizer.path("type").asText().equals("Prepend")) {
      tree.putNull("normalizer");
      return true;
    }
    if (normalizer.path("normalizers") instanceof ArrayNode steps) {
      for (int i = steps.size() - 1; i >= 0; i--) {
        if (steps.get(i).path("type").asText().equals("Prepend")) {
          steps.remove(i);
          changed = true;
        }
      }
    }
    return changed;
  }
}
