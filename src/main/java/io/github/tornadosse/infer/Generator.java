package io.github.tornadosse.infer;

import io.github.tornadosse.nn.LanguageModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Continues texts token by token. For one thread at a time, except {@link #cancel}; an interrupt of
 * that thread has the same effect, and its interrupted status remains.
 */
public final class Generator {
  private final LanguageModel model;
  private volatile boolean cancelled;

  /**
   * A generator on a model.
   *
   * @param model stays the caller's to close
   */
  public Generator(LanguageModel model) {
    this.model = model;
  }

  /** Why a text ended. */
  public enum End {
    /** It has as many tokens as were asked for. */
    LENGTH,
    /** The one who receives the tokens said so. */
    STOPPED,
    /** The context of softmax attention is full. */
    CONTEXT,
    /** By {@link #cancel} or an interrupt. */
    CANCELLED
  }

  /**
   * A text to continue.
   *
   * @param session where it goes on from; has read the prompt and every token drawn afterwards
   * @param prompt read first; may be empty if the session has read something before
   * @param tokens how many to draw at most
   * @param options how to draw them
   * @param each receives every token as it is drawn; false ends the text
   */
  public record Request(
      Session session, int[] prompt, int tokens, SamplingOptions options, IntPredicate each) {}

  /**
   * What became of a text.
   *
   * @param tokens number of tokens drawn
   * @param end why there are not more
   */
  public record Result(int tokens, End end) {}

  /**
   * Continues a prompt in a session of its own.
   *
   * @param prompt at least one token
   * @param tokens how many to draw at most
   * @param options how to draw them
   * @param each receives every token as it is drawn; false ends the text
   * @return what became of it
   * @throws io.github.tornadosse.tensor.UserError if the model has no room for the session or the
   *     prompt, or a token is not in its vocabulary
   */
  public Result generate(int[] prompt, int tokens, SamplingOptions options, IntPredicate each) {
    try (Session session = Session.open(model)) {
      return generate(List.of(new Request(session, prompt, tokens, options, each))).get(0);
    }
  }

  /**
   * Continues texts that step together; one that ends leaves the others to go on.
   *
   * @param requests sessions of the generator's model, each once
   * @return what became of each, in the order of the requests
   * @throws io.github.tornadosse.tensor.UserError if the context has no room for a prompt, or a
   *     token is not in the vocabulary
   */
  public List<Result> generate(List<Request> requests) {
    List<Text> texts = requests.stream().map(Text::new).toList();
    List<Text> active = new ArrayList<>(texts);
    readPrompts(active);
    while (!active.isEmpty()) {
      active.removeIf(text -> !text.draw());
      step(active);
      active.removeIf(text -> text.end != null);
    }
    return texts.stream().map(text -> new Result(text.drawn, text.end)).toList();
  }

  /**
   * Ends what is being generated, from any thread: after the current execution, and for all calls
   * to come.
   */
  public void cancel() {
    cancelled = true;
  }

  private boolean isCancelled() {
    return cancelled || Thread.currentThread().isInterrupted();
  }

  /** In executions as full as they can be, with a look at the cancellation between them. */
  private void readPrompts(List<Text> texts) {
    List<Text> unread = new ArrayList<>(texts);
    unread.removeIf(text -> text.unread() == 0);
    while (!unread.isEmpty() && !isCancelled()) {
      List<Session> sessions = new ArrayList<>();
      List<int[]> parts = new ArrayList<>();
      int room = model.capacity().tokens();
      for (Text text : unread) {
        int n = Math.min(room, text.unread());
        if (n > 0) {
          sessions.add(text.request.session);
          parts.add(text.part(n));
          room -= n;
        }
      }
      Session.read(sessions, parts.toArray(int[][]::new));
      unread.removeIf(text -> text.unread() == 0);
    }
  }

  private static void step(List<Text> texts) {
    Session.step(
        texts.stream().map(text -> text.request.session).toList(),
        texts.stream().mapToInt(text -> text.token).toArray());
  }

  private final class Text {
    final Request request;
    final Sampler sampler;
    int read;
    int drawn;
    int token;
    End end;

    Text(Request request) {
      if (request.session.model() != model) {
        throw new IllegalArgumentException("the session is of another model than the generator");
      }
      if (request.prompt.length == 0 && request.session.position() == 0) {
        throw new IllegalArgumentException("neither the prompt nor the session has a token");
      }
      this.request = request;
      sampler = new Sampler(request.options);
    }

    int unread() {
      return request.prompt.length - read;
    }

    int[] part(int n) {
      read += n;
      return Arrays.copyOfRange(request.prompt, read - n, read);
    }

    /** Draws the next token; false if the text has ended without one. */
    boolean draw() {
      Session session = request.session;
      if (isCancelled()) {
        end = End.CANCELLED;
      } else if (drawn == request.tokens) {
        end = End.LENGTH;
      } else if (session.position() >= model.positionLimit()) {
        end = End.CONTEXT;
      } else {
        token = sampler.next(session.lastLogits(), session.seen(), session.position());
        drawn++;
        if (!request.each.test(token)) {
          end = End.STOPPED;
        }
        return true;
      }
      return false;
    }
  }
}
