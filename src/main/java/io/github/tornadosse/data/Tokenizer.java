package io.github.tornadosse.data;

import java.util.Map;
import java.util.function.Consumer;

/** Turns text into token ids and back. */
public interface Tokenizer {
  /**
   * Number of ids.
   *
   * @return the ids are 0 to this, exclusive
   */
  int vocabSize();

  /**
   * The id that stands between documents.
   *
   * @return an id
   */
  int separator();

  /**
   * The ids that stand before every text, such as that of {@code <s>}; {@link #encode} does not
   * give them.
   *
   * @return the ids, often none
   */
  default int[] opening() {
    return new int[0];
  }

  /**
   * Encodes a text from its beginning, without separators: a text that spells a special token is
   * text.
   *
   * @param text UTF-8 or any other bytes
   * @return its ids
   */
  int[] encode(byte[] text);

  /**
   * Encodes a text that goes on after another part of it.
   *
   * @param text UTF-8 or any other bytes, from a {@linkplain #cut cut} on
   * @return its ids
   */
  default int[] encodeNext(byte[] text) {
    return encode(text);
  }

  /**
   * Where a long text can be cut so that its parts, encoded by themselves, give the ids of the
   * whole, or nearly so.
   *
   * @param text the beginning of what is left of a longer text, at least 16 bytes
   * @return how many of its bytes are the first part, at least 1
   */
  default int cut(byte[] text) {
    return text.length;
  }

  /**
   * Number of bytes that a token stands for, inside a text.
   *
   * @param id a token
   * @return 0 for separators and other special tokens
   */
  int byteCount(int id);

  /**
   * Number of bytes that the first token of a text stands for: one less than {@link #byteCount}
   * where the tokenizer puts a space before a text. With it, the counts of a text's tokens add up
   * to the text's length.
   *
   * @param id a token
   * @return 0 for separators and other special tokens
   */
  default int firstByteCount(int id) {
    return byteCount(id);
  }

  /**
   * Decodes a stream of tokens.
   *
   * @param before the tokens before it, whose text is not handed out; none for the beginning of a
   *     text
   * @param out receives text as soon as its characters are whole
   * @return the decoder
   */
  Decoder decoder(int[] before, Consumer<String> out);

  /**
   * Decodes a text from its beginning.
   *
   * @param out receives text as soon as its characters are whole
   * @return the decoder
   */
  default Decoder decoder(Consumer<String> out) {
    return decoder(new int[0], out);
  }

  /**
   * The files that belong beside a model, from which {@link Tokenizers#of} makes this tokenizer
   * again.
   *
   * @return the files' content by name
   */
  Map<String, byte[]> files();

  /** Decodes one token after another. */
  interface Decoder {
    /**
     * Takes a token; separators and ids that are not the tokenizer's give nothing.
     *
     * @param id the token
     */
    void accept(int id);

    /** Ends the text: what is left of an unfinished character becomes U+FFFD. */
    void finish();
  }
}
