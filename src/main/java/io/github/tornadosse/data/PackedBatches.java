package io.github.tornadosse.data;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.List;

/**
 * An endless, shuffled stream of training batches that can be taken up again anywhere.
 *
 * <p>Each epoch has all documents in an order of its own. Their tokens, each document followed by
 * the separator, are cut to pieces of the sequence length; the pieces are shuffled within windows
 * (of an epoch's end at the latest) and packed into batches of exactly the same number of tokens. A
 * piece is one sequence, or several where documents end in it; documents shorter than a quarter of
 * the sequence length go on in the same sequence. If the sequence length divides the batch, no
 * piece is cut between two batches.
 *
 * <p>Only a window of pieces is in memory. The same documents, settings and seed give the same
 * batches.
 */
public final class PackedBatches implements AutoCloseable {
  private static final long MOST_TOKENS_IN_MEMORY = 1L << 28;

  private final Settings settings;
  private final int length;
  private final String fingerprint;
  private final TokenStream stream;

  private TokenStream.Position windowStart;
  private List<Packer.Bin> window;
  private int[] order;
  private int index;
  private int offset;

  /**
   * How batches are made.
   *
   * @param tokens tokens of a batch, at least 2
   * @param sequenceLength most tokens of a sequence, at least 2
   * @param shuffleWindow pieces that are shuffled among each other, at least 1
   * @param seed decides the orders
   */
  public record Settings(int tokens, int sequenceLength, int shuffleWindow, long seed) {
    /**
     * Checks the ranges.
     *
     * @throws UserError naming what is out of range
     */
    public Settings {
      if (tokens < 2 || sequenceLength < 2 || shuffleWindow < 1) {
        throw new UserError(
            ("a batch of %d tokens, sequences of %d and a shuffle window of %d;"
                    + " at least 2, 2 and 1 are needed")
                .formatted(tokens, sequenceLength, shuffleWindow));
      }
      if ((long) shuffleWindow * Math.min(tokens, sequenceLength) > MOST_TOKENS_IN_MEMORY) {
        throw new UserError(
            "a shuffle window of %d sequences of %d tokens; together at most %d tokens are kept"
                .formatted(shuffleWindow, sequenceLength, MOST_TOKENS_IN_MEMORY));
      }
    }

    /**
     * The most sequences that a batch can have, of training or held-out texts.
     *
     * @return a bound that holds for all texts
     */
    public int maxSequences() {
      return Packer.maxSequences(tokens, Math.min(tokens, sequenceLength));
    }
  }

  /**
   * Begins the stream.
   *
   * @param documents the training texts, at least one, none empty
   * @param tokenizer makes their tokens
   * @param settings how batches are made
   * @throws UserError if a document cannot be read
   * @throws IllegalArgumentException if there is no document
   */
  public PackedBatches(List<Document> documents, Tokenizer tokenizer, Settings settings) {
    if (documents.isEmpty()) {
      throw new IllegalArgumentException("at least one training document is needed");
    }
    this.settings = settings;
    length = Math.min(settings.sequenceLength(), settings.tokens());
    fingerprint = fingerprint(documents, tokenizer);
    stream = TokenStream.shuffled(List.copyOf(documents), tokenizer, settings.seed());
    readWindow();
  }

  /**
   * The next batch.
   *
   * @return a batch of exactly the number of tokens of the settings
   * @throws UserError if a document cannot be read
   */
  public PackedBatch next() {
    Packer packer = new Packer(settings.tokens());
    while (!packer.isFull()) {
      if (index == order.length) {
        readWindow();
      }
      Packer.Bin bin = window.get(order[index]);
      offset += packer.add(bin, offset);
      if (offset == length) {
        index++;
        offset = 0;
      }
    }
    return packer.batch();
  }

  /**
   * The most sequences that a batch can have.
   *
   * @return {@link Settings#maxSequences}
   */
  public int maxSequences() {
    return settings.maxSequences();
  }

  /**
   * The epoch that the batches come from.
   *
   * @return the epoch of the current window's beginning, from 0
   */
  public long epoch() {
    return windowStart.epoch();
  }

  /**
   * Where the stream stands.
   *
   * @return the place, for {@link #seek}
   */
  public ObjectNode position() {
    return JsonNodeFactory.instance
        .objectNode()
        .put("data", fingerprint)
        .put("epoch", windowStart.epoch())
        .put("document", windowStart.rank())
        .put("byte", windowStart.segment())
        .put("token", windowStart.token())
        .put("piece", index)
        .put("offset", offset);
  }

  /**
   * Puts the stream where it stood, so that it gives the same batches again.
   *
   * @param position what {@link #position} gave, with the same documents and settings
   * @throws UserError if it is of other documents or settings or is damaged; the stream is not to
   *     be used then
   */
  public void seek(JsonNode position) {
    if (!position.path("data").asText().equals(fingerprint)) {
      throw new UserError(
          "the data position is of other texts or settings; go on with the same texts, tokenizer,"
              + " sequence length, shuffle window and seed, or start a new run");
    }
    boolean right =
        stream.seek(
            new TokenStream.Position(
                number(position, "epoch"),
                (int) Math.min(Integer.MAX_VALUE, number(position, "document")),
                number(position, "byte"),
                (int) Math.min(Integer.MAX_VALUE, number(position, "token"))));
    if (right) {
      readWindow();
      long piece = number(position, "piece");
      long within = number(position, "offset");
      right = piece <= order.length && within < length && (piece < order.length || within == 0);
      index = (int) piece;
      offset = (int) within;
    }
    if (!right) {
      throw new UserError("the data position names a place that is not in the texts: " + position);
    }
  }

  /** Closes the document that is being read. */
  @Override
  public void close() {
    stream.close();
  }

  /**
   * The beginning of the held-out texts, in their order.
   *
   * @param documents the held-out texts, at least one, none empty
   * @param tokenizer makes their tokens
   * @param settings how batches are made; nothing is shuffled
   * @param maxTokens how much of it, at most; at least 2
   * @return at least one batch with at least one target, the same at every call
   * @throws UserError if a document cannot be read
   */
  public static List<PackedBatch> heldOut(
      List<Document> documents, Tokenizer tokenizer, Settings settings, long maxTokens) {
    if (maxTokens < 2) {
      throw new UserError("at least 2 held-out tokens are needed, not " + maxTokens);
    }
    int length = Math.min(settings.sequenceLength(), settings.tokens());
    int shortest = Packer.Bin.shortest(length);
    List<PackedBatch> batches = new ArrayList<>();
    Packer packer = new Packer(settings.tokens());
    long left = maxTokens;
    try (TokenStream stream = TokenStream.once(List.copyOf(documents), tokenizer)) {
      Packer.Bin bin = Packer.Bin.read(stream, (int) Math.min(length, left), shortest);
      while (bin.ids().length > 0) {
        left -= bin.ids().length;
        for (int from = 0; from < bin.ids().length; ) {
          from += packer.add(bin, from);
          if (packer.isFull()) {
            batches.add(packer.batch());
            packer = new Packer(settings.tokens());
          }
        }
        bin = Packer.Bin.read(stream, (int) Math.min(length, left), shortest);
      }
    }
    if (!packer.isEmpty()) {
      batches.add(packer.batch());
    }
    return batches;
  }

  private static long number(JsonNode position, String key) {
    JsonNode value = position.get(key);
    if (value == null
        || !value.isIntegralNumber()
        || !value.canConvertToLong()
        || value.longValue() < 0) {
      throw new UserError("the data position needs a whole number " + key + ", not " + value);
    }
    return value.longValue();
  }

  private String fingerprint(List<Document> documents, Tokenizer tokenizer) {
    long hash = Mix.mix(tokenizer.vocabSize(), settings.seed());
    hash = Mix.mix(hash, length);
    hash = Mix.mix(hash, settings.shuffleWindow());
    for (Document document : documents) {
      hash = Mix.hash(document.signature(), hash);
    }
    return "%016x".formatted(hash);
  }

  /** Reads the pieces of a window, up to the end of an epoch, and shuffles them. */
  private void readWindow() {
    windowStart = stream.position();
    window = new ArrayList<>();
    do {
      window.add(Packer.Bin.read(stream, length, Packer.Bin.shortest(length)));
    } while (window.size() < settings.shuffleWindow() && stream.epoch() == windowStart.epoch());
    long seed = Mix.mix(settings.seed(), windowStart.epoch());
    seed = Mix.mix(seed, windowStart.rank());
    seed = Mix.mix(seed, windowStart.segment());
    order = Mix.permutation(window.size(), Mix.mix(seed, windowStart.token()));
    index = 0;
    offset = 0;
  }
}
