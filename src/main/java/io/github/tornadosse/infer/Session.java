package io.github.tornadosse.infer;

import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;

/**
 * A text that a model reads and continues: the states that reading on depends on, the tokens read
 * so far and the logits of the next one. States do not grow with the text; softmax attention keeps
 * keys and values of its context.
 *
 * <p>A session is for one thread at a time. Sessions of one model may be used from different
 * threads, which take turns in computing; {@link LanguageModel}s that share their weights compute
 * side by side.
 */
public final class Session implements AutoCloseable {
  private final LanguageModel model;
  private final int slot;
  private final BitSet seen = new BitSet();
  private int[] tokens = new int[64];
  private int position;
  private float[] logits;
  private boolean closed;

  private Session(LanguageModel model) {
    this.model = model;
    slot = model.openSession();
  }

  /**
   * Begins a text.
   *
   * @param model stays the caller's to close, after its sessions
   * @return the session, to be closed by the caller
   * @throws UserError if the model has no room for one more
   */
  public static Session open(LanguageModel model) {
    return new Session(model);
  }

  /**
   * Takes up a session that was saved.
   *
   * @param model with the weights that it was saved with; how many tokens, sessions and threads it
   *     was made for does not matter
   * @param file written by {@link #save}
   * @return the session, to be closed by the caller
   * @throws UserError if the file is missing, damaged or of another model, or the model has no room
   *     for one more session or for its context
   */
  public static Session restore(LanguageModel model, Path file) {
    SessionFile.Content content = SessionFile.read(file, model);
    Session session = new Session(model);
    boolean complete = false;
    try {
      model.load(session.slot, content.state());
      session.append(content.tokens());
      session.logits = content.logits();
      complete = true;
      return session;
    } finally {
      if (!complete) {
        session.close();
      }
    }
  }

  /**
   * Tokens that a saved session has read, from the file's header.
   *
   * @param file written by {@link #save}
   * @return their number, 0 or more
   * @throws UserError if the file is missing or not a saved session
   */
  public static int savedPosition(Path file) {
    return SessionFile.position(file);
  }

  /**
   * Reads on.
   *
   * @param text any number of tokens, at least one; more than the model takes in one execution are
   *     read in blocks
   * @return the logits of the next token, [vocabulary]
   * @throws UserError if a token is not in the vocabulary, or the text exceeds what the model's
   *     context has room for; then nothing is read
   */
  public float[] read(int... text) {
    return read(List.of(this), new int[][] {text})[0];
  }

  /**
   * Lets sessions of one model, however far each has read, read on together.
   *
   * @param sessions each once
   * @param texts the tokens of each, at least one
   * @return for each session the logits of its next token, [vocabulary]
   * @throws UserError if a token is not in the vocabulary, or a text exceeds what the model's
   *     context has room for; then nothing is read
   */
  public static float[][] read(List<Session> sessions, int[][] texts) {
    LanguageModel model = requireOneModel(sessions, texts.length);
    if (sessions.isEmpty()) {
      return new float[0][];
    }
    int[] slots = sessions.stream().mapToInt(s -> s.slot).toArray();
    float[][] rows;
    try {
      rows = model.read(slots, texts);
    } catch (UserError | IllegalArgumentException e) {
      throw e;
    } catch (RuntimeException | Error e) {
      // How far the states have come is not known: nobody may read on from them.
      sessions.forEach(Session::close);
      throw e;
    }
    for (int i = 0; i < rows.length; i++) {
      sessions.get(i).append(texts[i]);
      sessions.get(i).logits = rows[i].clone();
    }
    return rows;
  }

  /**
   * Lets sessions of one model read one token each, in one execution.
   *
   * @param sessions each once
   * @param next the token of each
   * @return for each session the logits of its next token, [vocabulary]
   * @throws UserError if a token is not in the vocabulary, or a session's context is full; then
   *     nothing is read
   */
  public static float[][] step(List<Session> sessions, int[] next) {
    return read(sessions, Arrays.stream(next).mapToObj(t -> new int[] {t}).toArray(int[][]::new));
  }

  private static LanguageModel requireOneModel(List<Session> sessions, int texts) {
    if (texts != sessions.size() || new HashSet<>(sessions).size() != texts) {
      throw new IllegalArgumentException(
          texts + " texts for " + sessions.size() + " sessions, each of which may come once");
    }
    for (Session s : sessions) {
      s.requireOpen();
      if (s.model != sessions.get(0).model) {
        throw new IllegalArgumentException("sessions that read together must be of one model");
      }
    }
    return sessions.isEmpty() ? null : sessions.get(0).model;
  }

  private void append(int[] text) {
    if (text.length > tokens.length - position) {
      long room = Math.max(position + (long) text.length, 2L * tokens.length);
      tokens = Arrays.copyOf(tokens, (int) Math.min(room, Integer.MAX_VALUE - 16));
    }
    System.arraycopy(text, 0, tokens, position, text.length);
    position += text.length;
    for (int token : text) {
      seen.set(token);
    }
  }

  /** The model that reads. */
  public LanguageModel model() {
    return model;
  }

  /** Number of tokens read. */
  public int position() {
    return position;
  }

  /**
   * The tokens read.
   *
   * @return a copy, [position]
   */
  public int[] tokens() {
    return Arrays.copyOf(tokens, position);
  }

  /**
   * The logits of the next token.
   *
   * @return a copy, [vocabulary]
   * @throws IllegalStateException if nothing was read yet
   */
  public float[] logits() {
    return lastLogits().clone();
  }

  float[] lastLogits() {
    if (logits == null) {
      throw new IllegalStateException("the session has read nothing yet");
    }
    return logits;
  }

  /** The tokens read, each once. */
  BitSet seen() {
    return seen;
  }

  /**
   * A second session that goes on from here on its own. Nothing is computed again.
   *
   * @return the session, to be closed by the caller
   * @throws UserError if the model has no room for one more
   */
  public Session fork() {
    requireOpen();
    Session copy = new Session(model);
    boolean complete = false;
    try {
      model.load(copy.slot, model.save(slot));
      copy.append(tokens());
      copy.logits = logits == null ? null : logits.clone();
      complete = true;
      return copy;
    } finally {
      if (!complete) {
        copy.close();
      }
    }
  }

  /**
   * Writes all that going on from here depends on to a file, in place of one that may be there; it
   * is there whole or not at all. The same session gives the same bytes.
   *
   * @param file its directory exists
   * @throws UserError if it cannot be written
   */
  public void save(Path file) {
    requireOpen();
    SessionFile.write(file, model, new SessionFile.Content(tokens(), logits, model.save(slot)));
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the session is closed");
    }
  }

  /** Gives its place in the model to another session. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      model.closeSession(slot);
    }
  }
}
