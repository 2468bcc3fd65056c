package io.github.tornadosse.data;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/** Every byte is a token; 256 stands between documents. */
public final class ByteTokenizer implements Tokenizer {
  /** Its name in recipes and beside checkpoints. */
  public static final String NAME = "bytes";

  private static final int BYTES = 256;

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
  public Decoder decoder(Consumer<String> out) {
    return new Utf8(out);
  }

  private static final class Utf8 implements Decoder {
    private final Consumer<String> out;
    private final CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE);
    private final ByteBuffer bytes = ByteBuffer.allocate(8);
    private final CharBuffer chars = CharBuffer.allocate(16);

    Utf8(Consumer<String> out) {
      this.out = out;
    }

    @Override
    public void accept(int id) {
      if (id >= BYTES) {
        return;
      }
      bytes.put((byte) id);
      bytes.flip();
      decoder.decode(bytes, chars, false);
      bytes.compact();
      hand();
    }

    @Override
    public void finish() {
      bytes.flip();
      decoder.decode(bytes, chars, true);
      decoder.flush(chars);
      hand();
    }

    private void hand() {
      chars.flip();
      if (chars.hasRemaining()) {
        out.accept(chars.toString());
      }
      chars.clear();
    }
  }
}
