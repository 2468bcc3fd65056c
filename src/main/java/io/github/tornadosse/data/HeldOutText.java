package io.github.tornadosse.data;

import io.github.tornadosse.data.TextSource.Document;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** The beginning of held-out documents, the same at every call, as batches and as bytes. */
public final class HeldOutText {
  private final TextSource source;
  private final List<Document> documents;

  /**
   * Held-out text.
   *
   * @param source where documents are read
   * @param documents which; they are taken in an order that the seed decides, so that a beginning is
   *     a sample of all
   * @param seed of the order
   */
  public HeldOutText(TextSource source, List<Document> documents, long seed) {
    this.source = source;
    List<Document> shuffled = new ArrayList<>(documents);
    Collections.shuffle(shuffled, new Random(seed));
    this.documents = shuffled;
  }

  /**
   * Documents until they hold that many bytes; the last one is cut.
   *
   * @param bytes at most that many
   * @return their contents
   */
  public List<byte[]> documents(long bytes) {
    List<byte[]> found = new ArrayList<>();
    long left = bytes;
    for (Document d : documents) {
      if (left <= 0) {
        break;
      }
      byte[] text = source.read(d);
      if (text.length > 0) {
        found.add(text.length <= left ? text : Arrays.copyOf(text, (int) left));
        left -= found.get(found.size() - 1).length;
      }
    }
    return found;
  }

  /**
   * Batches of these documents: each is cut to sequences and followed by a separator.
   *
   * @param tokenizer encodes them
   * @param shape capacity of a batch and longest sequence
   * @param tokens how many tokens in all, at most
   * @return the batches; the last may be shorter
   */
  public List<PackedBatch> batches(Tokenizer tokenizer, TokenStream.Shape shape, int tokens) {
    List<PackedBatch> batches = new ArrayList<>();
    List<int[]> pending = new ArrayList<>();
    int size = 0;
    int left = tokens;
    for (byte[] text : documents(tokens)) {
      int[] ids = tokenizer.encode(text);
      ids = Arrays.copyOf(ids, ids.length + 1);
      ids[ids.length - 1] = tokenizer.separator();
      for (int at = 0; at < ids.length && left > 0; at += shape.sequenceLength()) {
        int n = Math.min(Math.min(shape.sequenceLength(), ids.length - at), left);
        if (size + n > shape.tokens() || pending.size() == shape.maxSequences()) {
          batches.add(pack(pending, size));
          pending.clear();
          size = 0;
        }
        pending.add(Arrays.copyOfRange(ids, at, at + n));
        size += n;
        left -= n;
      }
    }
    if (size > 0) {
      batches.add(pack(pending, size));
    }
    return batches;
  }

  private static PackedBatch pack(List<int[]> sequences, int size) {
    int[] ids = new int[size];
    int[] targets = new int[size];
    int[] cu = new int[sequences.size() + 1];
    int at = 0;
    for (int i = 0; i < sequences.size(); i++) {
      int[] s = sequences.get(i);
      System.arraycopy(s, 0, ids, at, s.length);
      System.arraycopy(s, 1, targets, at, s.length - 1);
      targets[at + s.length - 1] = -1;
      at += s.length;
      cu[i + 1] = at;
    }
    return new PackedBatch(ids, targets, cu);
  }
}
