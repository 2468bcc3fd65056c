package io.github.tornadosse.data;

import java.util.Arrays;
import java.util.List;

/**
 * The tokens of documents one after another, each document followed by the separator. Training goes
 * on for ever, an epoch after another, each in an order of its own; otherwise the documents come
 * once, in their order.
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
  private int[] segment;
  private int index;
  private boolean documentEnded;

  /**
   * A place in the stream.
   *
   * @param epoch from 0
   * @param rank of the document in the epoch's order
   * @param segment the byte that the document's tokens are counted from, a multiple of the segment
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
        || position.segment() < 0
        || position.segment() % SEGMENT_BYTES != 0) {
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
  }

  private Document document() {
    return documents.get(order == null ? rank : order[rank]);
  }

  private void load(long begin) {
    if (reader == null) {
      reader = document().open(begin);
    }
    segmentBegin = begin;
    segmentBytes = reader.read(buffer);
    segment = tokenizer.encode(Arrays.copyOf(buffer, segmentBytes));
    index = 0;
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
