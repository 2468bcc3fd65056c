package io.github.tornadosse.data;

import java.util.List;

/**
 * Counts of bytes in their context of up to three bytes: what a language model has to beat.
 *
 * <p>Probabilities are interpolated after Witten and Bell: with n occurrences of a context h, t
 * different bytes after it, and c of them the byte w,
 *
 * <pre>p(w | h) = (c + t · p(w | h without its first byte)) / (n + t)</pre>
 *
 * down to the empty context, whose own fallback is 1/256. A context that was never seen falls back
 * altogether. Contexts do not reach over the beginning of a document.
 *
 * <p>Memory is about 160 MB, and 8 to 16 bytes for each different sequence of four bytes, of which
 * at most 40 million are counted; those met first are.
 */
public final class NGramModel {
  /** The longest context in bytes. */
  public static final int MAX_ORDER = 3;

  private static final int SYMBOLS = 256;
  private static final int LARGEST_TABLE = 1 << 26;
  private static final double LOAD = 0.6;

  // For a context of k bytes: how often it was seen, how many different bytes followed.
  private final int[][] seen = new int[MAX_ORDER + 1][];
  private final short[][] kinds = new short[MAX_ORDER + 1][];
  // Occurrences of the byte after the context, by context · 256 + byte; the longest in a hash
  // table.
  private final int[][] counts = new int[MAX_ORDER][];
  private final int largestTable;
  private int[] keys = new int[1 << 16];
  private int[] values = new int[1 << 16];
  private int used;

  private NGramModel(int largestTable) {
    this.largestTable = largestTable;
    for (int order = 0; order <= MAX_ORDER; order++) {
      seen[order] = new int[1 << (8 * order)];
      kinds[order] = new short[1 << (8 * order)];
      if (order < MAX_ORDER) {
        counts[order] = new int[1 << (8 * order + 8)];
      }
    }
  }

  /**
   * Counts the beginning of texts.
   *
   * @param documents the texts, in their order
   * @param maxBytes how much of them, at most; at most 2^31 - 1 are counted
   * @return the model
   * @throws io.github.tornadosse.tensor.UserError if a document cannot be read
   */
  public static NGramModel count(List<Document> documents, long maxBytes) {
    return count(documents, maxBytes, LARGEST_TABLE);
  }

  static NGramModel count(List<Document> documents, long maxBytes, int largestTable) {
    NGramModel model = new NGramModel(largestTable);
    forEach(documents, Math.min(maxBytes, Integer.MAX_VALUE), model::add);
    return model;
  }

  /**
   * The cross-entropy of texts.
   *
   * @param order bytes of context, from 0 to {@link #MAX_ORDER}
   * @param documents the texts, in their order
   * @param maxBytes how much of them, at most
   * @return bits for each byte
   * @throws io.github.tornadosse.tensor.UserError if a document cannot be read
   * @throws IllegalArgumentException if the order is out of range or there is no byte
   */
  public double bitsPerByte(int order, List<Document> documents, long maxBytes) {
    if (order < 0 || order > MAX_ORDER) {
      throw new IllegalArgumentException("the order is from 0 to 3, not " + order);
    }
    double[] sum = new double[1];
    long bytes =
        forEach(
            documents,
            maxBytes,
            (history, known, symbol) ->
                sum[0] -= Math.log(probability(Math.min(order, known), history, symbol)));
    if (bytes == 0) {
      throw new IllegalArgumentException("there is no byte to measure");
    }
    return sum[0] / Math.log(2) / bytes;
  }

  /**
   * The probability of a byte after a context.
   *
   * @param order bytes of context, from 0 to 3
   * @param history the bytes before, the last one in the lowest eight bits
   * @param symbol the byte, from 0 to 255
   */
  double probability(int order, int history, int symbol) {
    double probability = 1.0 / SYMBOLS;
    for (int k = 0; k <= order; k++) {
      int context = history & ((1 << (8 * k)) - 1);
      int n = seen[k][context];
      if (n > 0) {
        int t = kinds[k][context];
        int key = (context << 8) | symbol;
        int c = k < MAX_ORDER ? counts[k][key] : values[slot(key)];
        probability = (c + t * probability) / ((double) n + t);
      }
    }
    return probability;
  }

  private interface Visitor {
    void visit(int history, int known, int symbol);
  }

  /** Visits the bytes of documents with up to three bytes before each; returns how many. */
  private static long forEach(List<Document> documents, long maxBytes, Visitor visitor) {
    byte[] buffer = new byte[TokenStream.SEGMENT_BYTES];
    long left = maxBytes;
    for (Document document : documents) {
      if (left <= 0) {
        break;
      }
      try (Document.Reader reader = document.open(0)) {
        int history = 0;
        int known = 0;
        int length = reader.read(buffer);
        while (length > 0 && left > 0) {
          int count = (int) Math.min(length, left);
          for (int i = 0; i < count; i++) {
            int symbol = buffer[i] & 0xff;
            visitor.visit(history, known, symbol);
            history = ((history << 8) | symbol) & 0xffffff;
            known = Math.min(MAX_ORDER, known + 1);
          }
          left -= count;
          length = reader.read(buffer);
        }
      }
    }
    return maxBytes - left;
  }

  private void add(int history, int known, int symbol) {
    for (int k = 0; k <= known; k++) {
      int context = history & ((1 << (8 * k)) - 1);
      int key = (context << 8) | symbol;
      int before = k < MAX_ORDER ? counts[k][key]++ : increment(key);
      if (before >= 0) {
        seen[k][context]++;
        if (before == 0) {
          kinds[k][context]++;
        }
      }
    }
  }

  /** Counts a sequence of four bytes; returns its count before, −1 if there is no place for it. */
  private int increment(int key) {
    int slot = slot(key);
    if (values[slot] == 0) {
      if (used >= LOAD * keys.length) {
        if (keys.length >= largestTable) {
          return -1;
        }
        grow();
        slot = slot(key);
      }
      keys[slot] = key;
      used++;
    }
    return values[slot]++;
  }

  /** The place of a key in the table, or the empty one where it would go. */
  private int slot(int key) {
    int mask = keys.length - 1;
    int slot = (key * 0x9e3779b1) >>> Integer.numberOfLeadingZeros(mask);
    while (values[slot] != 0 && keys[slot] != key) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private void grow() {
    int[] oldKeys = keys;
    int[] oldValues = values;
    keys = new int[2 * oldKeys.length];
    values = new int[2 * oldValues.length];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldValues[i] != 0) {
        int slot = slot(oldKeys[i]);
        keys[slot] = oldKeys[i];
        values[slot] = oldValues[i];
      }
    }
  }
}
