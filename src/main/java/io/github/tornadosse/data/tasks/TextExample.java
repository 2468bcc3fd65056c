package io.github.tornadosse.data.tasks;

import io.github.tornadosse.data.ByteTokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds an example of bytes, which ends with an answer. */
final class TextExample {
  /** Ids of the byte-level tokenizer. */
  static final int VOCABULARY = new ByteTokenizer().vocabSize();

  private record Answer(int begin, int end, int source) {}

  private final ByteArrayOutputStream text = new ByteArrayOutputStream();
  private final List<Answer> answers = new ArrayList<>();

  void add(String more) {
    text.writeBytes(bytes(more));
  }

  void add(byte[] more) {
    text.writeBytes(more);
  }

  /**
   * Adds an answer.
   *
   * @param source where that stands which the answer is found in
   */
  void answer(String more, int source) {
    int begin = text.size();
    add(more);
    answers.add(new Answer(begin, text.size(), source));
  }

  /** The text without its last byte, which is only predicted. */
  Example example(int pairs) {
    byte[] all = text.toByteArray();
    int length = all.length - 1;
    int[] ids = new int[length];
    for (int t = 0; t < length; t++) {
      ids[t] = all[t] & 0xff;
    }
    int[] targets = new int[length];
    Arrays.fill(targets, -1);
    List<Example.Query> queries = new ArrayList<>();
    for (Answer a : answers) {
      for (int t = a.begin; t < a.end; t++) {
        targets[t - 1] = all[t] & 0xff;
      }
      queries.add(new Example.Query(a.begin - 1, a.end - 1, -1, (double) a.source / length));
    }
    return new Example(ids, targets, queries, pairs);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
