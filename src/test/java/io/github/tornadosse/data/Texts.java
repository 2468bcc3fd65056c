package io.github.tornadosse.data;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;

/** Documents in memory. */
final class Texts {
  private Texts() {}

  static Document of(String name, byte[] bytes) {
    return new Document(name, name, bytes.length, () -> new ByteArrayInputStream(bytes));
  }

  static Document of(String name, String text) {
    return of(name, text.getBytes(StandardCharsets.UTF_8));
  }

  static String read(Document document) {
    byte[] bytes = new byte[(int) document.bytes()];
    try (Document.Reader reader = document.open(0)) {
      reader.read(bytes);
    }
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
