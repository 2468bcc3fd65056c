package io.github.tornadosse.data;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * A {@code tokenizer.json} in the native code of DJL's tokenizers. The code comes from DJL's jar
 * and is on the disk only while it is loaded; nothing is fetched or kept. Safe for several threads;
 * its memory goes with the object.
 */
final class NativeTokenizer {
  private static final Cleaner CLEANER = Cleaner.create();
  private static final TokenizersLibrary LIBRARY = TokenizersLibrary.LIB;
  private static boolean loaded;

  private final String file;
  private final long handle;

  /**
   * Makes a tokenizer.
   *
   * @param json the content of the file
   * @param file names it in messages
   * @throws UserError if the native code does not take it, or there is none for this machine
   */
  NativeTokenizer(String json, String file) {
    load();
    this.file = file;
    long made = call("not a right tokenizer.json", () -> LIBRARY.createTokenizerFromString(json));
    handle = made;
    CLEANER.register(this, () -> LIBRARY.deleteTokenizer(made));
  }

  /**
   * Encodes a text.
   *
   * @throws UserError if a part of the text is not in the vocabulary, and nothing stands for it
   */
  int[] encode(String text) {
    return call(
        "cannot encode a text",
        () -> {
          long encoding = LIBRARY.encode(handle, text, false);
          try {
            return toInts(LIBRARY.getTokenIds(encoding));
          } finally {
            LIBRARY.deleteEncoding(encoding);
          }
        });
  }

  /** The text of tokens from a text's beginning; special ones and unknown ids have none. */
  String decode(int... ids) {
    long[] wide = Arrays.stream(ids).asLongStream().toArray();
    return call("cannot decode " + Arrays.toString(ids), () -> LIBRARY.decode(handle, wide, true));
  }

  private <T> T call(String failure, Supplier<T> code) {
    try {
      return code.get();
    } catch (RuntimeException e) {
      String reason = FileErrors.firstLine(String.valueOf(e.getMessage()));
      throw new UserError(file + ": " + failure + ": " + reason, e);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private static int[] toInts(long[] values) {
    int[] ints = new int[values.length];
    for (int i = 0; i < ints.length; i++) {
      ints[i] = Math.toIntExact(values[i]);
    }
    return ints;
  }

  @SuppressWarnings("restricted")
  private static synchronized void load() {
    if (loaded) {
      return;
    }
    String name = System.mapLibraryName("tokenizers");
    String resource = "/native/lib/" + platform() + "/cpu/" + name;
    try (InputStream code = TokenizersLibrary.class.getResourceAsStream(resource)) {
      if (code == null) {
        throw new UserError(
            "tokenizer.json is read by native code, and there is none for " + platform());
      }
      Path directory = Files.createTempDirectory("sse-tokenizers");
      Path file = directory.resolve(name);
      try {
        Files.copy(code, file);
        System.load(file.toString());
      } finally {
        Files.deleteIfExists(file);
        Files.deleteIfExists(directory);
      }
      loaded = true;
    } catch (IOException e) {
      throw failure("unpack", FileErrors.reason(e), e);
    } catch (UnsatisfiedLinkError e) {
      throw failure("load", FileErrors.firstLine(String.valueOf(e.getMessage())), e);
    }
  }

  private static UserError failure(String what, String reason, Throwable cause) {
    return new UserError(
        "cannot "
            + what
            + " the native code for tokenizer.json from "
            + System.getProperty("java.io.tmpdir")
            + " (-Djava.io.tmpdir names another place): "
            + reason,
        cause);
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch");
    return (os.startsWith("mac") ? "osx" : os) + "-" + (arch.equals("amd64") ? "x86_64" : arch);
  }
}
