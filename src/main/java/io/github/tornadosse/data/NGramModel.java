package io.github.tornadosse.data;


/**
 * Counts of bytes after the three bytes before them, with shorter contexts mixed in as Witten and Bell
 * proposed: P(s | c) = (n(c, s) + t(c)·P(s | shorter c)) / (n(c) + t(c)), where t(c) is the number of
 * different bytes seen after c. What a language model has to beat. Takes about 300 MB.
 */
public final class NGramModel {
  private static final int ORDER = 3;

  private final long[] single = new long[256];
  private long total;
  private final int[] after1 = new int[1 << 16];
  private final int[] after2 = new int[1 << 24];
  private final IntCounter after3 = new IntCounter();
  private final int[][] contexts = {null, new int[1 << 8], new int[1 << 16], new int[1 << 24]};
  private final short[][] types = {null, new short[1 << 8], new short[1 << 16], new short[1 << 24]};

  /** A model that has seen nothing. */
  public NGramModel() {}

  /**
   * Counts a document.
   *
   * @param text its bytes
   */
  public void add(byte[] text) {
    int history = 0;
    for (int i = 0; i < text.length; i++) {
      int s = text[i] & 0xff;
      single[s]++;
      total++;
      for (int order = 1; order <= Math.min(ORDER, i); order++) {
        int context = history & mask(order);
        contexts[order][context]++;
        if (increment(order, context, s)) {
          types[order][context]++;
        }
      }
      history = history << 8 | s;
    }
  }

  private static int mask(int order) {
    return (1 << 8 * order) - 1;
  }

  /** Whether the byte was new after the context. */
  private boolean increment(int order, int context, int s) {
    int key = context << 8 | s;
    return switch (order) {
      case 1 -> after1[key]++ == 0;
      case 2 -> after2[key]++ == 0;
      default -> after3.increment(key) == 1;
    };
  }

  private int count(int order, int context, int s) {
    int key = context << 8 | s;
    return switch (order) {
      case 1 -> after1[key];
      case 2 -> after2[key];
      default -> after3.get(key);
    };
  }

  /**
   * Mean code length of documents.
   *
   * @param documents their bytes
   * @param order bytes of context, 0 to 3
   * @return bits per byte
   */
  public double bitsPerByte(Iterable<byte[]> documents, int order) {
    double bits = 0;
    long bytes = 0;
    for (byte[] text : documents) {
      int history = 0;
      for (int i = 0; i < text.length; i++) {
        int s = text[i] & 0xff;
        bits -= Math.log(probability(history, Math.min(order, i), s));
        history = history << 8 | s;
      }
      bytes += text.length;
    }
    return bits / Math.log(2) / bytes;
  }

  private double probability(int history, int order, int s) {
    double p = (single[s] + 1.0) / (total + 256.0);
    for (int k = 1; k <= order; k++) {
      int context = history & mask(k);
      double n = contexts[k][context];
      double t = types[k][context];
      if (n > 0) {
        p = (count(k, context, s) + t * p) / (n + t);
      }
    }
    return p;
  }

  /** Counts by int keys, in an open hash table. */
  private static final class IntCounter {
    private int[] keys = new int[1 << 16];
    private int[] counts = new int[1 << 16];
    private int used;

    int increment(int key) {
      if (used * 2 > keys.length) {
        grow();
      }
      int i = slot(key);
      if (counts[i] == 0) {
        keys[i] = key;
        used++;
      }
      return ++counts[i];
    }

    int get(int key) {
      return counts[slot(key)];
    }

    private int slot(int key) {
      int i = (key * 0x9E3779B9) >>> 1 & keys.length - 1;
      while (counts[i] != 0 && keys[i] != key) {
        i = i + 1 & keys.length - 1;
      }
      return i;
    }

    private void grow() {
      int[] oldKeys = keys;
      int[] oldCounts = counts;
      keys = new int[oldKeys.length * 2];
      counts = new int[keys.length];
      for (int i = 0; i < oldKeys.length; i++) {
        if (oldCounts[i] != 0) {
          int j = slot(oldKeys[i]);
          keys[j] = oldKeys[i];
          counts[j] = oldCounts[i];
        }
      }
    }
  }
}
