package io.github.tornadosse.data;

import java.util.Map;
import java.util.function.Consumer;

/** Every byte is a token; 256 stands between documents. */
public final class ByteTokenizer implements Tokenizer {
  /** Its name in recipes. */
  public static final String NAME = "bytes";

  static final int BYTES = 256;

  /** The tokenizer. */
  public ByteTokenizer() {}

  @Override
  public int vocabSize() {
    return BYTES + 1;
  }

  @Override
  public int separator() {
    return BYTES;
  }

  @Override
  public int[] encode(byte[] text) {
    int[] ids = new int[text.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = text[i] & 0xff;
    }
    return ids;
  }

  @Override
  public int byteCount(int id) {
    return id < BYTES ? 1 : 0;
  }

  @Override
  public Decoder decoder(int[] before, Consumer<String> out) {
    return new PieceDecoder(
        (id, first) -> id < BYTES ? new byte[] {(byte) id} : new byte[0], before, out);
  }

  @Override
  public Map<String, byte[]> files() {
    return ByteLevelFiles.files();
  }
}
