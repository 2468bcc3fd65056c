package io.github.tornadosse.data;

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
   * Encodes text, without separators.
   *
   * @param text UTF-8 or any other bytes
   * @return its ids
   */
  int[] encode(byte[] text);

  /**
   * Number of bytes that a token stands for.
   *
   * @param id a token
   * @return 0 for the separator
   */
  int byteCount(int id);

  /**
   * Decodes a stream of tokens.
   *
   * @param out receives text as soon as its characters are whole
   * @return the decoder
   */
  Decoder decoder(Consumer<String> out);

  /** Decodes one token after another. */
  interface Decoder {
    /**
     * Takes a token; separators give nothing.
     *
     * @param id the token
     */
    void accept(int id);

    /** Ends the text: what is left of an unfinished character becomes U+FFFD. */
    void finish();
  }
}
