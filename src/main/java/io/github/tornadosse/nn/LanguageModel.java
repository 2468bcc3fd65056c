package io.github.tornadosse.nn;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.TouchOperations;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * An SSE language model without gradients: reads text block by block with states kept in between,
 * and scores packed sequences. Memory does not depend on the length of the text. One thread at a
 * time.
 */
public final class LanguageModel implements AutoCloseable {
  private final ModelConfig config;
  private final ParameterLayout layout;
  private final Program program;
  private final ControlTable control;
  private final Block block;
  private final FloatArray parameters;
  private final int tokens;
  private final int sequences;
  private final IntArray ids;
  private final IntArray targets;
  private final IntArray cu;
  private final IntArray lastRows;
  private final FloatArray logits;
  private final FloatArray lastLogits;
  private final FloatArray loss;

  /**
   * Makes a model after checking that it fits.
   *
   * @param config the configuration
   * @param ops the tier of kernels
   * @param tokens largest number of tokens of one execution (a block)
   * @param sequences largest number of packed sequences that are scored at a time
   * @param weights all parameters, in the order of {@link #tensors}
   * @return the model, with empty states
   * @throws io.github.tornadosse.tensor.UserError if it does not fit into memory
   */
  public static LanguageModel create(
      ModelConfig config, Operations ops, int tokens, int sequences, List<float[]> weights) {
    Buffers plan = Buffers.measuring();
    new LanguageModel(config, ops, tokens, sequences, plan);
    MemoryBudget.check(plan, "the model");
    LanguageModel m = new LanguageModel(config, ops, tokens, sequences, Buffers.allocating());
    for (int i = 0; i < weights.size(); i++) {
      float[] w = weights.get(i);
      for (int j = 0; j < w.length; j++) {
        m.parameters.set(m.layout.offset(i) + j, w[j]);
      }
    }
    return m;
  }

  private LanguageModel(
      ModelConfig config, Operations ops, int tokens, int sequences, Buffers buffers) {
    this.config = config;
    this.tokens = tokens;
    this.sequences = sequences;
    layout = new ParameterLayout(config);
    program = new Program(tokens, sequences, buffers);
    control = program.control();
    parameters = buffers.floats("parameters", layout.size());
    ids = program.intInput("ids", tokens);
    targets = program.intInput("targets", tokens);
    cu = program.intInput("cu_seqlens", sequences + 1L);
    lastRows = program.intInput("last_rows", sequences);
    loss = buffers.floats("loss", tokens);
    logits = buffers.floats("head.logits", (long) tokens * config.vocabSize());
    lastLogits = buffers.floats("head.last_logits", (long) sequences * config.vocabSize());
    Weights w = new Weights(layout, control, parameters, null);
    block =
        new Block(config, ops, program, w, cu, new Block.Sizes(tokens, sequences), 1, 2, sequences);
    graphs(w, ops, buffers);
  }

  private void graphs(Weights w, Operations ops, Buffers buffers) {
    int d = config.hiddenSize();
    int vocabulary = config.vocabSize();
    View x = block.input();
    View head = w.weight(config.tieEmbeddings() ? "model.embeddings.weight" : "lm_head.weight");
    View norm = w.weight("model.norm.weight");
    View normed = control.whole(buffers.floats("head.normed", (long) tokens * d));
    View rstd = control.whole(buffers.floats("head.rstd", tokens));
    View last = control.whole(buffers.floats("head.last", (long) sequences * d));
    View all = control.whole(logits);
    View few = control.whole(lastLogits);
    float eps = (float) config.normEps();
    program.graph(
        "embed",
        s -> ops.embedding(s, "embed.rows", ids, w.weight("model.embeddings.weight"), x, d));
    program.graph("layer", block::forward);
    program.graph(
        "head",
        s -> {
          ops.embedding(s, "head.gather", lastRows, x, last, d);
          ops.rmsNorm(s, "head.norm", last, norm, normed, rstd, d, eps);
          ops.linear(
              s, "head.logits", new Linear(normed, d, head, few, vocabulary, 0, d, vocabulary));
        });
    program.graph("logits", s -> allLogits(s, ops, x, norm, normed, rstd, head, all));
    program.graph(
        "score",
        s -> {
          allLogits(s, ops, x, norm, normed, rstd, head, all);
          ops.crossEntropy(s, "head.loss", all, targets, control.whole(loss), null, vocabulary);
        });
    FloatArray state = block.mixer().state();
    program.graph("reset", s -> ops.zero(s, "zero", state, state.getSize()));
    program.graph("states", s -> TouchOperations.touch(s, List.of(state)));
  }

  private void allLogits(
      Stage s, Operations ops, View x, View norm, View normed, View rstd, View head, View all) {
    int d = config.hiddenSize();
    int vocabulary = config.vocabSize();
    ops.rmsNorm(s, "head.norm", x, norm, normed, rstd, d, (float) config.normEps());
    ops.linear(s, "head.logits", new Linear(normed, d, head, all, vocabulary, 0, d, vocabulary));
  }

  /** The configuration. */
  public ModelConfig config() {
    return config;
  }

  /**
   * Names and shapes of a model's parameters.
   *
   * @param config the model's configuration
   * @return in the order that {@link #create} takes
   */
  public static List<TensorSpec> tensors(ModelConfig config) {
    return new ParameterLayout(config).tensors();
  }

  /** Forgets everything read so far. */
  public void reset() {
    run("reset", 0);
  }

  /**
   * Reads tokens after those read before.
   *
   * @param text at least one token id
   * @return logits of the next token, [vocabulary]
   */
  public float[] read(int... text) {
    if (text.length == 0) {
      throw new IllegalArgumentException("nothing to read");
    }
    control.set(Control.USE_STATE, 1);
    control.set(Control.SEQUENCES, 1);
    int n = 0;
    for (int from = 0; from < text.length; from += tokens) {
      n = Math.min(tokens, text.length - from);
      for (int t = 0; t < n; t++) {
        ids.set(t, text[from + t]);
      }
      cu.set(0, 0);
      cu.set(1, n);
      control.set(Control.TOKENS, n);
      layers();
    }
    lastRows.set(0, n - 1);
    control.set(Control.TOKENS, 1);
    run("head", config.layers());
    program.fetch("head", lastLogits);
    float[] result = new float[config.vocabSize()];
    for (int i = 0; i < result.length; i++) {
      result[i] = lastLogits.get(i);
    }
    return result;
  }

  /**
   * Scores packed sequences, each from an empty state.
   *
   * @param batch at most the model's capacity
   * @return the losses
   */
  public Trainable.Outcome score(PackedBatch batch) {
    forward(batch);
    run("score", config.layers());
    program.fetch("score", loss);
    double sum = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      sum += loss.get(t);
    }
    return new Trainable.Outcome(sum, batch.targetCount(), balance(), load());
  }

  /**
   * Logits of every token of packed sequences, each from an empty state.
   *
   * @param batch at most the model's capacity
   * @return [L, vocabulary]
   */
  public float[] logits(PackedBatch batch) {
    forward(batch);
    run("logits", config.layers());
    program.fetch("logits", logits);
    return Arrays.copyOf(logits.toHeapArray(), batch.tokens() * config.vocabSize());
  }

  private void forward(PackedBatch b) {
    if (b.tokens() > tokens || b.sequences() > sequences) {
      throw new IllegalArgumentException(
          b.tokens() + " tokens in " + b.sequences() + " sequences exceed the capacity");
    }
    for (int t = 0; t < b.tokens(); t++) {
      ids.set(t, b.ids()[t]);
      targets.set(t, b.targets()[t]);
    }
    for (int i = 0; i <= b.sequences(); i++) {
      cu.set(i, b.cuSeqlens()[i]);
    }
    control.set(Control.TOKENS, b.tokens());
    control.set(Control.SEQUENCES, b.sequences());
    control.set(Control.USE_STATE, 0);
    layers();
  }

  private void layers() {
    run("embed", 0);
    for (int i = 0; i < config.layers(); i++) {
      run("layer", i);
    }
  }

  private void run(String graph, int layer) {
    int i = Math.min(layer, config.layers() - 1);
    control.select(i, 0, layer % 2, (layer + 1) % 2);
    program.execute(graph);
  }

  private double balance() {
    if (config.partitions() == 0) {
      return 0;
    }
    FloatArray aux = block.mixer().aux();
    program.fetch("layer", aux);
    double sum = 0;
    for (int i = 0; i < config.layers(); i++) {
      sum += aux.get(i);
    }
    return sum;
  }

  private float[][] load() {
    int n = config.partitions();
    float[][] result = new float[config.layers()][n];
    if (n > 0) {
      FloatArray load = block.mixer().load();
      program.fetch("layer", load);
      for (int i = 0; i < config.layers(); i++) {
        for (int p = 0; p < n; p++) {
          result[i][p] = load.get(i * 2 * n + p);
        }
      }
    }
    return result;
  }

  @Override
  public void close() {
    program.close();
  }
}
