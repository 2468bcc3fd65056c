package io.github.tornadosse.nn;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.graph.Workspace;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.nn.ModelConfig.Kind;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * An SSE language model without gradients: reads texts block by block with states kept in between,
 * a slot for each session, and scores packed sequences. States do not grow with the length of the
 * text; softmax attention keeps keys and values of its context. May be used from several threads,
 * which take turns.
 */
public final class LanguageModel implements AutoCloseable {
  /**
   * What a model has room for.
   *
   * @param tokens largest number of tokens of one execution (a block)
   * @param sequences largest number of packed sequences that are scored at a time
   * @param sessions number of sessions whose states are kept
   * @param context most tokens of a session of a model with softmax attention over all of them
   */
  public record Capacity(int tokens, int sequences, int sessions, int context) {
    /**
     * Room for scoring alone.
     *
     * @param tokens largest number of tokens of one execution
     * @param sequences largest number of packed sequences of one execution
     */
    public static Capacity scoring(int tokens, int sequences) {
      return new Capacity(tokens, sequences, 0, 0);
    }

    /**
     * Room for reading and continuing texts.
     *
     * @param tokens largest number of tokens of one execution; longer texts are read in blocks
     * @param sessions number of sessions
     * @param context most tokens of a session of a model with softmax attention over all of them
     */
    public static Capacity reading(int tokens, int sessions, int context) {
      return new Capacity(tokens, sessions, sessions, context);
    }
  }

  private static final String STEP = "step.";

  private final ModelWeights weights;
  private final ModelConfig config;
  private final Capacity capacity;
  private final Program program;
  private final ControlTable control;
  private final Graphs blocks;
  private final Graphs steps;
  private final SseMixer mixer;
  private final IntArray ids;
  private final IntArray targets;
  private final IntArray cu;
  private final IntArray positions;
  private final IntArray past;
  private final IntArray lastRows;
  private final FloatArray logits;
  private final FloatArray lastLogits;
  private final FloatArray loss;
  private final SessionTable sessions;

  /**
   * Makes a model after checking that it fits.
   *
   * @param weights its parameters, which it shares
   * @param ops the tier of kernels
   * @param capacity what it has room for
   * @return the model
   * @throws UserError if it does not fit into memory
   */
  public static LanguageModel create(ModelWeights weights, Operations ops, Capacity capacity) {
    Buffers plan = Buffers.measuring();
    new LanguageModel(weights, ops, capacity, plan);
    MemoryBudget.check(plan, "the model");
    return new LanguageModel(weights, ops, capacity, Buffers.allocating());
  }

  /**
   * Bytes that {@link #create} would allocate beside the weights, by array.
   *
   * @param config of the weights
   * @param ops the tier of kernels
   * @param capacity what it has room for
   * @return what measured them
   */
  public static Buffers plan(ModelConfig config, Operations ops, Capacity capacity) {
    Buffers plan = Buffers.measuring();
    new LanguageModel(ModelWeights.measuring(config), ops, capacity, plan);
    return plan;
  }

  private LanguageModel(ModelWeights weights, Operations ops, Capacity capacity, Buffers buffers) {
    this.weights = weights;
    this.capacity = capacity;
    config = weights.config();
    int tokens = capacity.tokens();
    int sequences = Math.max(capacity.sequences(), capacity.sessions());
    program = new Program(tokens, sequences, buffers);
    control = program.control();
    buffers.adopt("parameters", weights.parameters());
    ids = program.intInput("ids", tokens);
    targets = program.intInput("targets", tokens);
    cu = program.intInput("cu_seqlens", sequences + 1L);
    positions = program.intInput("positions", tokens);
    past = program.intInput("past", sequences);
    lastRows = program.intInput("last_rows", sequences);
    loss = buffers.floats("loss", tokens);
    logits = buffers.floats("head.logits", (long) tokens * config.vocabSize());
    lastLogits = buffers.floats("head.last_logits", (long) sequences * config.vocabSize());
    Weights w = new Weights(weights.layout(), control, weights.parameters(), null);
    Block block = block("", tokens, w, ops);
    blocks = new Graphs("", tokens, block, w, ops);
    scoringGraphs(w, ops, buffers, block);
    steps = steps(block, w, ops);
    mixer = block.mixer();
    sessions =
        capacity.sessions() == 0 ? null : new SessionTable(config, ops, program, block, capacity);
  }

  /**
   * One token of each session costs what it is, not what a block is, where kernels go by capacity,
   * and less still where a tier has kernels for layers of few tokens.
   */
  private Graphs steps(Block block, Weights w, Operations ops) {
    int together = Math.min(capacity.sessions(), capacity.tokens());
    if (together > 0 && StepBlock.takes(config, ops)) {
      Workspace space = program.workspace().within(STEP);
      Layer layer = new StepBlock(config, ops, space, w, inputs(), together, block);
      return new Graphs(STEP, together, layer, w, ops);
    }
    if (together > 0 && together < capacity.tokens()) {
      return new Graphs(STEP, together, block(STEP, together, w, ops), w, ops);
    }
    return blocks;
  }

  private SoftmaxLayer.Inputs inputs() {
    return new SoftmaxLayer.Inputs(cu, positions, past);
  }

  private Block block(String prefix, int tokens, Weights w, Operations ops) {
    int sequences = Math.max(capacity.sequences(), capacity.sessions());
    return new Block(
        config,
        ops,
        program.workspace().within(prefix),
        w,
        inputs(),
        new Block.Sizes(
            tokens, capacity.tokens(), sequences, capacity.sessions(), capacity.context()),
        true,
        2);
  }

  private static String layer(Kind kind) {
    return kind == Kind.MIXER ? "mixer-layer" : "attention-layer";
  }

  /** The graphs that tokens go through, for executions of at most so many. */
  private final class Graphs {
    final String prefix;
    final int tokens;

    Graphs(String prefix, int tokens, Layer block, Weights w, Operations ops) {
      this.prefix = prefix;
      this.tokens = tokens;
      Workspace space = program.workspace().within(prefix);
      View table = w.weight("model.embeddings.weight");
      View x = block.input();
      graph(
          "embed", space, s -> ops.embedding(s, "embed.rows", ids, table, x, config.hiddenSize()));
      for (Kind kind : kinds()) {
        if (kind == Kind.MIXER || prefix.isEmpty()) {
          graph(layer(kind), space, s -> block.forward(s, kind, false));
        }
      }
      if (capacity.sessions() > 0) {
        if (config.count(Kind.ATTENTION) > 0) {
          graph(
              layer(Kind.ATTENTION) + "-cached",
              space,
              s -> block.forward(s, Kind.ATTENTION, true));
        }
        lastLogitsGraph(w, ops, x);
      }
    }

    private void graph(String name, Workspace space, Consumer<Stage> body) {
      program.graph(prefix + name, tokens, space.buffers(), body);
    }

    /** Logits of the last tokens of texts, of which there are at most as many as sessions. */
    private void lastLogitsGraph(Weights w, Operations ops, View x) {
      Workspace space = program.workspace().within("last.");
      int d = config.hiddenSize();
      int most = capacity.sessions();
      View rows = control.whole(space.buffers().floats("head.rows", (long) most * d));
      View normed = control.whole(space.buffers().floats("head.normed", (long) most * d));
      View rstd = control.whole(space.buffers().floats("head.rstd", most));
      program.graph(
          prefix + "head",
          most,
          space.buffers(),
          s -> {
            View result = control.whole(lastLogits);
            if (ops.steps().takes(most)) {
              Linear logits = logits(w, x, result);
              float eps = (float) config.normEps();
              ops.steps().normedLinear(s, "head.logits", logits, norm(w), eps, lastRows);
            } else {
              ops.embedding(s, "head.gather", lastRows, x, rows, d);
              head(s, ops, w, rows, normed, rstd, result);
            }
          });
    }

    /** Runs all layers, for the tokens that the inputs hold. */
    void layers(boolean cached) {
      run("embed", 0);
      for (int i = 0; i < config.layers(); i++) {
        Kind kind = config.kind(i);
        run(layer(kind) + (cached && kind == Kind.ATTENTION ? "-cached" : ""), i);
      }
    }

    void run(String graph, int layer) {
      int i = Math.min(layer, config.layers() - 1);
      control.select(
          new ControlTable.Position(i, config.kindIndex(i), 0, 0, layer % 2, (layer + 1) % 2, 0));
      program.execute(prefix + graph);
    }
  }

  private void scoringGraphs(Weights w, Operations ops, Buffers buffers, Block block) {
    int d = config.hiddenSize();
    View x = block.input();
    View normed = control.whole(buffers.floats("head.normed", (long) capacity.tokens() * d));
    View rstd = control.whole(buffers.floats("head.rstd", capacity.tokens()));
    View all = control.whole(logits);
    program.graph("logits", s -> head(s, ops, w, x, normed, rstd, all));
    program.graph(
        "score",
        s -> {
          head(s, ops, w, x, normed, rstd, all);
          View losses = control.whole(loss);
          ops.crossEntropy(s, "head.loss", all, targets, losses, null, config.vocabSize());
        });
  }

  private void head(
      Stage s, Operations ops, Weights w, View x, View normed, View rstd, View result) {
    float eps = (float) config.normEps();
    ops.rmsNorm(s, "head.norm", x, norm(w), normed, rstd, config.hiddenSize(), eps);
    ops.linear(s, "head.logits", logits(w, normed, result));
  }

  private static View norm(Weights w) {
    return w.weight("model.norm.weight");
  }

  private Linear logits(Weights w, View x, View result) {
    int d = config.hiddenSize();
    int vocabulary = config.vocabSize();
    View weight = w.weight(config.tieEmbeddings() ? "model.embeddings.weight" : "lm_head.weight");
    return new Linear(x, d, weight, result, vocabulary, 0, d, vocabulary);
  }

  private List<Kind> kinds() {
    return Stream.of(Kind.values()).filter(kind -> config.count(kind) > 0).toList();
  }

  /** The configuration. */
  public ModelConfig config() {
    return config;
  }

  /** The parameters. */
  public ModelWeights weights() {
    return weights;
  }

  /** What it has room for. */
  public Capacity capacity() {
    return capacity;
  }

  /** Bytes of the states and caches that a session has here. */
  public long sessionBytes() {
    return table().bytes();
  }

  /**
   * What a session keeps, off the device: names and shapes of {@link SessionState#parts}, in their
   * order. Only those of softmax attention depend on the number of tokens.
   *
   * @param tokens that the session has read
   * @return the parts
   * @throws UserError if the number is negative or the model's context has no room for so many
   */
  public List<TensorSpec> sessionParts(int tokens) {
    return table().parts(tokens);
  }

  /** Most tokens that a session can read; limited by the context of softmax attention only. */
  public int positionLimit() {
    return table().positionLimit();
  }

  /**
   * Takes a free slot for a text that begins.
   *
   * @return the slot, to be given back by {@link #closeSession}
   * @throws UserError if all are taken
   */
  public synchronized int openSession() {
    return table().open();
  }

  /** Gives a slot back. */
  public synchronized void closeSession(int slot) {
    table().close(slot);
  }

  /** Tokens that a session has read. */
  public synchronized int position(int slot) {
    return table().position(slot);
  }

  /**
   * Copies what a session keeps off the device.
   *
   * @param slot the session's
   * @return its states
   */
  public synchronized SessionState save(int slot) {
    return table().save(slot);
  }

  /**
   * Puts what a session kept onto the device, in place of what the slot holds.
   *
   * @param slot an open one
   * @param state of a session of the same weights
   * @throws UserError if it does not fit this model, or is longer than its context
   */
  public synchronized void load(int slot, SessionState state) {
    table().load(slot, state);
  }

  private SessionTable table() {
    if (sessions == null) {
      throw new IllegalStateException("this model was made without room for sessions");
    }
    return sessions;
  }

  /**
   * Lets sessions read on, together.
   *
   * @param slots the sessions, each once
   * @param texts the tokens of each, at least one
   * @return for each session the logits of its next token, [vocabulary]
   * @throws UserError if a text exceeds what the model's context has room for; then none is read
   */
  public synchronized float[][] read(int[] slots, int[][] texts) {
    Reading reading = new Reading(slots, texts);
    for (int n = reading.next(); n > 0; n = reading.next()) {
      control.set(Control.USE_STATE, 1);
      Graphs graphs = n <= steps.tokens ? steps : blocks;
      graphs.layers(true);
      reading.finish(graphs);
    }
    return reading.result;
  }

  /** One call of {@link #read}: which tokens go into which execution. */
  private final class Reading {
    final float[][] result;
    private final int[] slots;
    private final int[][] texts;
    private final int[] done;
    private final int[] order;
    private int[] finished = new int[0];

    Reading(int[] slots, int[][] texts) {
      this.slots = slots;
      this.texts = texts;
      result = new float[slots.length][];
      done = new int[slots.length];
      order = new int[capacity.sessions()];
      Arrays.fill(order, -1);
      for (int i = 0; i < slots.length; i++) {
        table().requireRoom(slots[i], texts[i].length);
        if (texts[i].length == 0 || order[slots[i]] >= 0) {
          throw new IllegalArgumentException("a session reads nothing or comes twice");
        }
        for (int id : texts[i]) {
          requireToken(id);
        }
        order[slots[i]] = i;
      }
    }

    /** Fills the inputs of the next execution; its number of tokens, 0 at the end. */
    int next() {
      int n = 0;
      int count = 0;
      finished = new int[slots.length];
      for (int slot = 0; slot < order.length; slot++) {
        cu.set(slot, n);
        int i = order[slot];
        int before = table().position(slot);
        past.set(slot, before);
        int take = i < 0 ? 0 : Math.min(texts[i].length - done[i], capacity.tokens() - n);
        for (int t = 0; t < take; t++) {
          ids.set(n + t, texts[i][done[i] + t]);
          positions.set(n + t, before + t);
        }
        n += take;
        if (take > 0) {
          done[i] += take;
          table().advance(slot, take);
          if (done[i] == texts[i].length) {
            lastRows.set(count, n - 1);
            finished[count++] = i;
          }
        }
      }
      cu.set(order.length, n);
      finished = Arrays.copyOf(finished, count);
      control.set(Control.TOKENS, n);
      control.set(Control.SEQUENCES, order.length);
      return n;
    }

    /** After the execution: logits of the texts that it ended. */
    void finish(Graphs graphs) {
      if (finished.length == 0) {
        return;
      }
      control.set(Control.TOKENS, finished.length);
      graphs.run("head", config.layers());
      program.fetch(graphs.prefix + "head", lastLogits);
      int vocabulary = config.vocabSize();
      for (int j = 0; j < finished.length; j++) {
        float[] row = new float[vocabulary];
        for (int v = 0; v < vocabulary; v++) {
          row[v] = lastLogits.get(j * vocabulary + v);
        }
        result[finished[j]] = row;
      }
    }
  }

  private void requireToken(int id) {
    if (id < 0 || id >= config.vocabSize()) {
      throw new UserError(
          "token "
              + id
              + " is not one of the model's; its vocabulary has ids 0 to "
              + (config.vocabSize() - 1));
    }
  }

  /**
   * Scores packed sequences, each from an empty state.
   *
   * @param batch at most the model's capacity
   * @return the losses
   */
  public synchronized Trainable.Outcome score(PackedBatch batch) {
    forward(batch);
    blocks.run("score", config.layers());
    program.fetch("score", loss);
    double sum = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      sum += loss.get(t);
    }
    if (config.partitions() > 0) {
      program.fetch(layer(Kind.MIXER), mixer.aux(), mixer.load());
    }
    return RoutingReport.outcome(config, mixer, sum, batch.targetCount());
  }

  /**
   * Logits of every token of packed sequences, each from an empty state.
   *
   * @param batch at most the model's capacity
   * @return [L, vocabulary]
   */
  public synchronized float[] logits(PackedBatch batch) {
    forward(batch);
    blocks.run("logits", config.layers());
    program.fetch("logits", logits);
    return Arrays.copyOf(logits.toHeapArray(), batch.tokens() * config.vocabSize());
  }

  /**
   * What the mixers do with packed sequences, each from an empty state.
   *
   * @param batch at most the model's capacity
   * @return one for each layer that has a mixer
   */
  public synchronized List<LayerTrace> traces(PackedBatch batch) {
    load(batch);
    List<LayerTrace> all = new ArrayList<>();
    blocks.run("embed", 0);
    for (int i = 0; i < config.layers(); i++) {
      String graph = layer(config.kind(i));
      blocks.run(graph, i);
      if (config.kind(i) == Kind.MIXER) {
        program.fetch(graph, mixer.traced());
        all.add(mixer.trace(i, batch.tokens(), capacity.tokens()));
      }
    }
    return all;
  }

  private void forward(PackedBatch b) {
    load(b);
    blocks.layers(false);
  }

  private void load(PackedBatch b) {
    if (b.tokens() > capacity.tokens() || b.sequences() > capacity.sequences()) {
      throw new IllegalArgumentException(
          b.tokens() + " tokens in " + b.sequences() + " sequences exceed the capacity");
    }
    for (int i = 0; i < b.sequences(); i++) {
      int from = b.cuSeqlens()[i];
      cu.set(i, from);
      for (int t = from; t < b.cuSeqlens()[i + 1]; t++) {
        requireToken(b.ids()[t]);
        ids.set(t, b.ids()[t]);
        targets.set(t, b.targets()[t]);
        positions.set(t, t - from);
      }
    }
    cu.set(b.sequences(), b.tokens());
    control.set(Control.TOKENS, b.tokens());
    control.set(Control.SEQUENCES, b.sequences());
    control.set(Control.USE_STATE, 0);
  }

  @Override
  public void close() {
    program.close();
  }
}
