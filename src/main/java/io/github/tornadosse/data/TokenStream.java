package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.TextSource.Document;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * An endless stream of packed batches over documents. Every epoch shuffles the documents; each is cut
 * to sequences; a window of sequences is shuffled again. A batch takes sequences in that order and
 * cuts the last one where it is full; the rest begins the next batch. One window is in memory at a
 * time, and the position is a few numbers, from which exactly the same batches follow.
 */
public final class TokenStream {
  private final TextSource source;
  private final List<Document> documents;
  private final Tokenizer tokenizer;
  private final Shape shape;
  private final long seed;

  private long epoch;
  private Document[] order;
  private Cursor windowStart = new Cursor(0, 0);
  private Cursor windowEnd;
  private long windowIndex;
  private List<int[]> window;
  private int sequence;
  private int offset;

  /**
   * How tokens are packed.
   *
   * @param tokens L of every batch
   * @param sequenceLength longest sequence
   * @param window sequences that are shuffled among each other
   * @param maxSequences most sequences of a batch; text beyond joins the last one
   */
  public record Shape(int tokens, int sequenceLength, int window, int maxSequences) {}

  private record Cursor(int document, int token) {}

  /**
   * A stream at its beginning.
   *
   * @param source where documents are read
   * @param documents which
   * @param tokenizer encodes them; a separator ends each
   * @param shape how tokens are packed
   * @param seed of the shuffling
   */
  public TokenStream(
      TextSource source, List<Document> documents, Tokenizer tokenizer, Shape shape, long seed) {
    this.source = source;
    this.documents = List.copyOf(documents);
    this.tokenizer = tokenizer;
    this.shape = shape;
    this.seed = seed;
    shuffleDocuments();
    fill();
  }

  private void shuffleDocuments() {
    order = documents.toArray(new Document[0]);
    shuffle(order, new SplittableRandom(seed * 31 + epoch));
  }

  private static <T> void shuffle(T[] a, SplittableRandom random) {
    for (int i = a.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      T t = a[i];
      a[i] = a[j];
      a[j] = t;
    }
  }

  /** Reads the window that begins at windowStart, and shuffles it. */
  private void fill() {
    List<int[]> read = new ArrayList<>();
    int document = windowStart.document;
    int token = windowStart.token;
    while (read.size() < shape.window && document < order.length) {
      int[] ids = tokenizer.encode(source.read(order[document]));
      if (ids.length > 0) {
        ids = Arrays.copyOf(ids, ids.length + 1);
        ids[ids.length - 1] = tokenizer.separator();
      }
      while (token < ids.length && read.size() < shape.window) {
        int end = Math.min(ids.length, token + shape.sequenceLength);
        read.add(Arrays.copyOfRange(ids, token, end));
        token = end;
      }
      if (token >= ids.length) {
        document++;
        token = 0;
      }
    }
    windowEnd = new Cursor(document, token);
    int[][] shuffled = read.toArray(new int[0][]);
    shuffle(shuffled, new SplittableRandom((seed * 31 + epoch) * 31 + windowIndex + 1));
    window = Arrays.asList(shuffled);
  }

  private void advance() {
    sequence = 0;
    offset = 0;
    windowIndex++;
    if (windowEnd.document >= order.length) {
      if (windowIndex == 1 && window.isEmpty()) {
        throw new UserError("there is no text to train on: every document is empty or binary");
      }
      epoch++;
      windowIndex = 0;
      windowStart = new Cursor(0, 0);
      shuffleDocuments();
    } else {
      windowStart = windowEnd;
    }
    fill();
  }

  /**
   * The next batch.
   *
   * @return exactly as many tokens as the shape says
   * @throws UserError if reading fails, or all documents are empty
   */
  public PackedBatch next() {
    int[] ids = new int[shape.tokens];
    int[] targets = new int[shape.tokens];
    List<Integer> bounds = new ArrayList<>();
    int at = 0;
    while (at < shape.tokens) {
      while (sequence >= window.size()) {
        advance();
      }
      int[] s = window.get(sequence);
      int n = Math.min(s.length - offset, shape.tokens - at);
      System.arraycopy(s, offset, ids, at, n);
      if (bounds.size() < shape.maxSequences) {
        bounds.add(at);
      }
      at += n;
      offset += n;
      if (offset == s.length) {
        sequence++;
        offset = 0;
      }
    }
    int[] cu = new int[bounds.size() + 1];
    for (int i = 0; i < bounds.size(); i++) {
      cu[i] = bounds.get(i);
    }
    cu[bounds.size()] = shape.tokens;
    for (int i = 0; i + 1 < cu.length; i++) {
      System.arraycopy(ids, cu[i] + 1, targets, cu[i], cu[i + 1] - cu[i] - 1);
      targets[cu[i + 1] - 1] = -1;
    }
    return new PackedBatch(ids, targets, cu);
  }

  /**
   * Where the stream stands.
   *
   * @return for {@link #seek}
   */
  public ObjectNode position() {
    ObjectNode p = JsonNodeFactory.instance.objectNode();
    p.put("documents", documents.size());
    p.put("seed", seed);
    p.put("epoch", epoch);
    p.put("window", windowIndex);
    p.put("document", windowStart.document);
    p.put("token", windowStart.token);
    p.put("sequence", sequence);
    p.put("offset", offset);
    return p;
  }

  /**
   * Puts the stream where it stood.
   *
   * @param p what {@link #position} gave for the same documents, shape and seed
   * @throws UserError if it is of other data
   */
  public void seek(JsonNode p) {
    long stored = number(p, "documents");
    if (stored != documents.size() || number(p, "seed") != seed) {
      throw new UserError(
          "the data position is of other data ("
              + stored
              + " documents, seed "
              + number(p, "seed")
              + "; here are "
              + documents.size()
              + ", seed "
              + seed
              + "); resume on the data that the run began with");
    }
    epoch = number(p, "epoch");
    windowIndex = number(p, "window");
    shuffleDocuments();
    int document = (int) number(p, "document");
    if (document < 0 || document > order.length) {
      throw new UserError("the data position is damaged: there is no document " + document);
    }
    windowStart = new Cursor(document, (int) number(p, "token"));
    fill();
    sequence = (int) number(p, "sequence");
    offset = (int) number(p, "offset");
    if (sequence < 0
        || sequence > window.size()
        || offset < 0
        || (sequence < window.size() && offset >= window.get(sequence).length)) {
      throw new UserError("the data position is damaged: it lies outside the data");
    }
  }

  private static long number(JsonNode p, String name) {
    JsonNode n = p.get(name);
    if (n == null || !n.canConvertToLong()) {
      throw new UserError("the data position is damaged: '" + name + "' is missing or no number");
    }
    return n.longValue();
  }
}
