package io.github.tornadosse.data;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The tokens of documents one after another, each document between the tokenizer's opening and its
 * separator. A document is encoded in segments. Training goes on for ever, an epoch after another,
 * each in an order of its own; otherwise the documents come once, in their order.
 */
final class TokenStream implements AutoCloseable {
  static final int SEGMENT_BYTES = 1 << 16;

  private final List<Document> documents;
  private final Tokenizer tokenizer;
  private final boolean endless;
  private final long seed;
  private final byte[] buffer = new byte[SEGMENT_BYTES];

  private long epoch = -1;
  private int[] order;
  private int rank;
  private Document.Reader reader;
  private long segmentBegin;
  private int segmentBytes;
  private int carried;
  private int[] segment;
  private int index;
  private boolean documentEnded;

  /**
   * A place in the stream.
   *
   * @param epoch from 0
   * @param rank of the document in the epoch's order
   * @param segment the byte that the document's tokens are counted from: the document's first, or
   *     where the tokenizer cuts it
   * @param token tokens read since that byte
   */
  record Position(long epoch, int rank, long segment, int token) {
    static final Position START = new Position(0, 0, 0, 0);
  }

  private TokenStream(List<Document> documents, Tokenizer tokenizer, boolean endless, long seed) {
    this.documents = documents;
    this.tokenizer = tokenizer;
    this.endless = endless;
    this.seed = seed;
    enterEpoch(0);
  }

  /** Endless, in a new order each epoch. */
  static TokenStream shuffled(List<Document> documents, Tokenizer tokenizer, long seed) {
    return new TokenStream(documents, tokenizer, true, seed);
  }

  /** Once, in the order of the documents. */
  static TokenStream once(List<Document> documents, Tokenizer tokenizer) {
    return new TokenStream(documents, tokenizer, false, 0);
  }

  /**
   * The next token.
   *
   * @return its id, −1 at the end of the stream
   */
  int next() {
    if (rank == documents.size()) {
      return -1;
    }
    if (segment == null) {
      load(0);
    }
    while (index == segment.length) {
      if (segmentBegin + segmentBytes == document().bytes()) {
        leaveDocument();
        documentEnded = true;
        return tokenizer.separator();
      }
      load(segmentBegin + segmentBytes);
    }
    documentEnded = false;
    return segment[index++];
  }

  /** Whether the last token was the end of a document. */
  boolean documentEnded() {
    return documentEnded;
  }

  /** The epoch of the next token. */
  long epoch() {
    return epoch;
  }

  /** The place of the next token. */
  Position position() {
    return segment == null
        ? new Position(epoch, rank, 0, 0)
        : new Position(epoch, rank, segmentBegin, index);
  }

  /**
   * Goes to a place.
   *
   * @return whether there is such a place
   */
  boolean seek(Position position) {
    close();
    if (position.epoch() < 0
        || position.rank() < 0
        || position.rank() >= documents.size()
        || position.segment() < 0) {
      return false;
    }
    enterEpoch(position.epoch());
    rank = position.rank();
    if (position.segment() >= document().bytes()) {
      return false;
    }
    load(position.segment());
    index = position.token();
    return index >= 0 && index <= segment.length;
  }

  /** Closes the document that is being read. */
  @Override
  public void close() {
    if (reader != null) {
      reader.close();
      reader = null;
    }
    segment = null;
    carried = 0;
  }

  private Document document() {
    return documents.get(order == null ? rank : order[rank]);
  }

  private void load(long begin) {
    if (reader == null) {
      reader = document().open(begin);
    }
    int filled = carried + reader.read(buffer, carried);
    boolean last = begin + filled == document().bytes();
    segmentBegin = begin;
    segmentBytes = last ? filled : tokenizer.cut(buffer);
    byte[] text = Arrays.copyOf(buffer, segmentBytes);
    segment = begin == 0 ? opened(tokenizer.encode(text)) : tokenizer.encodeNext(text);
    carried = filled - segmentBytes;
    System.arraycopy(buffer, segmentBytes, buffer, 0, carried);
    index = 0;
  }

  private int[] opened(int[] ids) {
    int[] opening = tokenizer.opening();
    return IntStream.concat(Arrays.stream(opening), Arrays.stream(ids)).toArray();
  }

  private void leaveDocument() {
    close();
    rank++;
    if (endless && rank == documents.size()) {
      enterEpoch(epoch + 1);
    }
  }

  private void enterEpoch(long next) {
    if (endless && next != epoch) {
      order = Mix.permutation(documents.size(), Mix.mix(seed, next));
    }
    epoch = next;
    rank = 0;
  }
}
