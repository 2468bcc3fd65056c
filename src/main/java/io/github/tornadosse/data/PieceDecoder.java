package io.github.tornadosse.data;

import java.util.function.Consumer;

/** Decodes tokens that stand for bytes each. */
final class PieceDecoder implements Tokenizer.Decoder {
  /** A character is at most four bytes, and a token that is a part of one at least one. */
  private static final int LOOK_BACK = 4;

  private final Pieces pieces;
  private final Consumer<String> out;
  private final Utf8Decoder utf8 = new Utf8Decoder(this::hand);
  private boolean first;
  private boolean silent;

  /** What tokens stand for. */
  @FunctionalInterface
  interface Pieces {
    /**
     * The bytes of a token.
     *
     * @param id the token, of the tokenizer or not
     * @param first whether it begins a text
     * @return its bytes, none for special tokens and others' ids
     */
    byte[] bytes(int id, boolean first);
  }

  PieceDecoder(Pieces pieces, int[] before, Consumer<String> out) {
    this.pieces = pieces;
    this.out = out;
    first = true;
    for (int i = 0; i < before.length && first; i++) {
      // Of a space alone nothing is left at the beginning, but the text has begun.
      first = pieces.bytes(before[i], false).length == 0;
    }
    silent = true;
    int count = 0;
    int from = before.length;
    while (from > 0 && count < LOOK_BACK) {
      from--;
      count += pieces.bytes(before[from], false).length;
    }
    for (int i = from; i < before.length; i++) {
      utf8.accept(pieces.bytes(before[i], false));
    }
    silent = false;
  }

  @Override
  public void accept(int id) {
    byte[] bytes = pieces.bytes(id, first);
    first &= pieces.bytes(id, false).length == 0;
    utf8.accept(bytes);
  }

  @Override
  public void finish() {
    utf8.finish();
  }

  private void hand(String text) {
    if (!silent) {
      out.accept(text);
    }
  }
}
