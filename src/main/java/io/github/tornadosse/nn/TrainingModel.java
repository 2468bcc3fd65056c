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
import io.github.tornadosse.nn.ModelConfig.Kind;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.List;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * An SSE language model with gradients and AdamW as task graphs. Parameters, gradients, moments and
 * activations stay on the device; a step sends tokens up and brings losses and norms down.
 */
public final class TrainingModel implements Trainable {
  private final ModelConfig config;
  private final Settings settings;
  private final ParameterLayout layout;
  private final Program program;
  private final ControlTable control;
  private final Operations ops;
  private final Block block;
  private final FloatArray parameters;
  private final FloatArray gradients;
  private final FloatArray first;
  private final FloatArray second;
  private final IntArray ids;
  private final IntArray targets;
  private final IntArray cu;
  private final IntArray positions;
  private final IntArray order;
  private final IntArray starts;
  private final FloatArray scale;
  private final FloatArray hyper;
  private final FloatArray loss;
  private final FloatArray partial;
  private boolean stale;

  /**
   * How a model is trained.
   *
   * @param tokens largest number of tokens of a batch
   * @param sequences largest number of packed sequences of a batch
   * @param adam the optimiser's constants
   * @param recompute keep only each layer's input, and compute the rest again in the backward pass
   */
  public record Settings(int tokens, int sequences, AdamSettings adam, boolean recompute) {}

  /**
   * Makes a model with drawn weights, after checking that it fits.
   *
   * @param config the configuration
   * @param settings how it is trained
   * @param ops the tier of kernels
   * @param seed of the initial weights
   * @return the model
   * @throws io.github.tornadosse.tensor.UserError if it does not fit into memory
   */
  public static TrainingModel create(
      ModelConfig config, Settings settings, Operations ops, long seed) {
    Buffers plan = Buffers.measuring();
    new TrainingModel(config, settings, ops, plan);
    MemoryBudget.check(plan, "training");
    TrainingModel model = new TrainingModel(config, settings, ops, Buffers.allocating());
    float[] w = Initializer.draw(config, model.layout, seed);
    for (int i = 0; i < w.length; i++) {
      model.parameters.set(i, w[i]);
    }
    return model;
  }

  /** Bytes that {@link #create} would allocate, by array. */
  public static Buffers plan(ModelConfig config, Settings settings, Operations ops) {
    Buffers plan = Buffers.measuring();
    new TrainingModel(config, settings, ops, plan);
    return plan;
  }

  private TrainingModel(ModelConfig config, Settings settings, Operations ops, Buffers buffers) {
    this.config = config;
    this.settings = settings;
    this.ops = ops;
    layout = new ParameterLayout(config);
    program = new Program(settings.tokens(), settings.sequences(), buffers);
    control = program.control();
    int l = settings.tokens();
    int n = layout.size();
    parameters = buffers.floats("parameters", n);
    gradients = buffers.floats("gradients", n);
    first = buffers.floats("adam.first", n);
    second = buffers.floats("adam.second", n);
    ids = program.intInput("ids", l);
    targets = program.intInput("targets", l);
    cu = program.intInput("cu_seqlens", settings.sequences() + 1L);
    positions = program.intInput("positions", l);
    order = program.intInput("embedding.order", l);
    starts = program.intInput("embedding.starts", config.vocabSize() + 1L);
    scale = program.floatInput("scale", 2);
    hyper = program.floatInput("adam.hyper", 5);
    loss = buffers.floats("loss", l);
    partial = buffers.floats("norm.partial", (n + 4095L) / 4096);
    Weights w = new Weights(layout, control, parameters, gradients);
    block =
        new Block(
            config,
            ops,
            program.workspace(),
            w,
            new SoftmaxLayer.Inputs(cu, positions, null),
            new Block.Sizes(l, l, settings.sequences(), 0, 0),
            settings.recompute(),
            config.layers() + 1);
    graphs(w, buffers);
  }

  private void graphs(Weights w, Buffers buffers) {
    int d = config.hiddenSize();
    int l = settings.tokens();
    int vocabulary = config.vocabSize();
    int n = layout.size();
    String headName = config.tieEmbeddings() ? "model.embeddings.weight" : "lm_head.weight";
    View x = block.input();
    View dx = control.whole(buffers.floats("grad.x", (long) l * d));
    View normed = control.whole(buffers.floats("head.normed", (long) l * d));
    View rstd = control.whole(buffers.floats("head.rstd", l));
    View dNormed = control.whole(buffers.floats("grad.normed", (long) l * d));
    View logits = control.whole(buffers.floats("head.logits", (long) l * vocabulary));
    View lossView = control.whole(loss);

    program.graph(
        "embed",
        s -> ops.embedding(s, "embed.rows", ids, w.weight("model.embeddings.weight"), x, d));
    for (Kind kind : kinds()) {
      program.graph(layer(kind), s -> block.forward(s, kind, false));
      program.graph(layer(kind) + "-gradient", s -> block.backward(s, kind, dx, scale));
    }
    program.graph(
        "head",
        s -> {
          logits(s, w.weight(headName), w.weight("model.norm.weight"), x, normed, rstd, logits);
          ops.crossEntropy(s, "head.loss", logits, targets, lossView, scale, vocabulary);
          Linear back =
              new Linear(dNormed, d, w.weight(headName), logits, vocabulary, 0, d, vocabulary);
          ops.linearInputGradient(s, "head.d_normed", back, false);
          ops.linearWeightGradient(
              s,
              "head.dw",
              new Linear(normed, d, w.gradient(headName), logits, vocabulary, 0, d, vocabulary));
          ops.zeroTokens(s, "head.zero", dx, d);
          ops.rmsNormGradient(
              s,
              "head.d_norm",
              x,
              w.weight("model.norm.weight"),
              rstd,
              dNormed,
              dx,
              w.gradient("model.norm.weight"),
              d);
        });
    program.graph(
        "head-evaluation",
        s -> {
          logits(s, w.weight(headName), w.weight("model.norm.weight"), x, normed, rstd, logits);
          ops.crossEntropy(s, "head.loss", logits, targets, lossView, null, vocabulary);
        });
    program.graph(
        "embed-gradient",
        s ->
            ops.embeddingGradient(
                s,
                "embed.gradient",
                order,
                starts,
                dx,
                w.gradient("model.embeddings.weight"),
                vocabulary,
                d));
    program.graph("zero", s -> ops.zero(s, "zero", gradients, n));
    program.graph("norm", s -> ops.squaredNorm(s, "norm.blocks", gradients, n, partial));
    AdamSettings a = settings.adam();
    program.graph(
        "update",
        s ->
            ops.adamw(
                s,
                "adamw",
                parameters,
                gradients,
                first,
                second,
                hyper,
                n,
                layout.decayed(),
                (float) a.beta1(),
                (float) a.beta2(),
                (float) a.eps()));
    program.graph(
        "parameters", s -> TouchOperations.touch(s, List.of(parameters, gradients, first, second)));
  }

  private List<Kind> kinds() {
    return Stream.of(Kind.values()).filter(kind -> config.count(kind) > 0).toList();
  }

  private static String layer(Kind kind) {
    return kind == Kind.MIXER ? "mixer-layer" : "attention-layer";
  }

  private void logits(Stage s, View head, View norm, View x, View normed, View rstd, View logits) {
    int d = config.hiddenSize();
    int vocabulary = config.vocabSize();
    ops.rmsNorm(s, "head.norm", x, norm, normed, rstd, d, (float) config.normEps());
    ops.linear(s, "head.logits", new Linear(normed, d, head, logits, vocabulary, 0, d, vocabulary));
  }

  /**
   * Profiles the model's tasks.
   *
   * @param listener hears of each execution of a graph from now on; null turns the profiler off
   */
  public void listen(Program.Listener listener) {
    program.listen(listener);
  }

  @Override
  public ModelConfig config() {
    return config;
  }

  @Override
  public List<TensorSpec> tensors() {
    return layout.tensors();
  }

  @Override
  public Outcome accumulate(PackedBatch batch, double crossEntropyScale, double balanceScale) {
    load(batch);
    scale.set(0, (float) crossEntropyScale);
    scale.set(1, (float) balanceScale);
    forward();
    run("head", 0, config.layers());
    for (int i = config.layers() - 1; i >= 0; i--) {
      // What the last layer computed is still there.
      if (settings.recompute() && i < config.layers() - 1) {
        run(layer(config.kind(i)), i, i);
      }
      run(layer(config.kind(i)) + "-gradient", i, i);
    }
    run("embed-gradient", 0, 0);
    stale = true;
    return outcome(batch, "head");
  }

  @Override
  public Outcome evaluate(PackedBatch batch) {
    load(batch);
    forward();
    run("head-evaluation", 0, config.layers());
    return outcome(batch, "head-evaluation");
  }

  private void load(PackedBatch b) {
    if (b.tokens() > settings.tokens() || b.sequences() > settings.sequences()) {
      throw new IllegalArgumentException(
          b.tokens()
              + " tokens in "
              + b.sequences()
              + " sequences exceed the capacity of "
              + settings.tokens()
              + " in "
              + settings.sequences());
    }
    int[] count = new int[config.vocabSize() + 1];
    for (int t = 0; t < b.tokens(); t++) {
      ids.set(t, b.ids()[t]);
      targets.set(t, b.targets()[t]);
      count[b.ids()[t] + 1]++;
    }
    for (int i = 0; i < config.vocabSize(); i++) {
      count[i + 1] += count[i];
    }
    for (int i = 0; i <= config.vocabSize(); i++) {
      starts.set(i, count[i]);
    }
    for (int t = 0; t < b.tokens(); t++) {
      order.set(count[b.ids()[t]]++, t);
    }
    for (int i = 0; i <= b.sequences(); i++) {
      cu.set(i, b.cuSeqlens()[i]);
    }
    for (int i = 0; i < b.sequences(); i++) {
      for (int t = b.cuSeqlens()[i]; t < b.cuSeqlens()[i + 1]; t++) {
        positions.set(t, t - b.cuSeqlens()[i]);
      }
    }
    control.set(Control.TOKENS, b.tokens());
    control.set(Control.SEQUENCES, b.sequences());
    control.set(Control.USE_STATE, 0);
  }

  private void forward() {
    run("embed", 0, 0);
    for (int i = 0; i < config.layers(); i++) {
      run(layer(config.kind(i)), i, i);
    }
  }

  private void run(String graph, int layer, int input) {
    int i = Math.min(layer, config.layers() - 1);
    int kind = config.kindIndex(i);
    boolean one = settings.recompute();
    control.select(
        new ControlTable.Position(i, kind, one ? 0 : i, one ? 0 : kind, input, input + 1, 0));
    program.execute(graph);
  }

  private Outcome outcome(PackedBatch batch, String head) {
    program.fetch(head, loss);
    double sum = 0;
    for (int t = 0; t < batch.tokens(); t++) {
      sum += loss.get(t);
    }
    if (config.partitions() > 0) {
      program.fetch(layer(Kind.MIXER), block.mixer().load(), block.mixer().aux());
    }
    return RoutingReport.outcome(config, block.mixer(), sum, batch.targetCount());
  }

  @Override
  public void zeroGradients() {
    run("zero", 0, 0);
    stale = true;
  }

  @Override
  public double gradientNorm() {
    run("norm", 0, 0);
    program.fetch("norm", partial);
    double sum = 0;
    for (int i = 0; i < partial.getSize(); i++) {
      sum += partial.get(i);
    }
    return Math.sqrt(sum);
  }

  @Override
  public void update(int step, double learningRate, double gradientFactor) {
    AdamSettings a = settings.adam();
    hyper.set(0, (float) learningRate);
    hyper.set(1, (float) (1 - Math.pow(a.beta1(), step)));
    hyper.set(2, (float) (1 - Math.pow(a.beta2(), step)));
    hyper.set(3, (float) gradientFactor);
    hyper.set(4, (float) a.weightDecay());
    run("update", 0, 0);
    stale = true;
  }

  private void download() {
    if (stale) {
      run("parameters", 0, 0);
      program.fetch("parameters", parameters, gradients, first, second);
      stale = false;
    }
  }

  private void copyOut(FloatArray from, int tensor, float[] destination, int offset) {
    download();
    int at = layout.offset(tensor);
    int n = layout.tensors().get(tensor).size();
    for (int i = 0; i < n; i++) {
      destination[offset + i] = from.get(at + i);
    }
  }

  private void copyIn(FloatArray to, int tensor, float[] source, int offset) {
    if (program.started()) {
      throw new IllegalStateException("parameters are set before the first execution only");
    }
    int at = layout.offset(tensor);
    int n = layout.tensors().get(tensor).size();
    for (int i = 0; i < n; i++) {
      to.set(at + i, source[offset + i]);
    }
  }

  @Override
  public void readParameter(int tensor, float[] destination, int offset) {
    copyOut(parameters, tensor, destination, offset);
  }

  @Override
  public void writeParameter(int tensor, float[] source, int offset) {
    copyIn(parameters, tensor, source, offset);
  }

  @Override
  public void readMoment(int moment, int tensor, float[] destination, int offset) {
    copyOut(moment == 0 ? first : second, tensor, destination, offset);
  }

  @Override
  public void writeMoment(int moment, int tensor, float[] source, int offset) {
    copyIn(moment == 0 ? first : second, tensor, source, offset);
  }

  @Override
  public void readGradient(int tensor, float[] destination, int offset) {
    copyOut(gradients, tensor, destination, offset);
  }

  @Override
  public void close() {
    program.close();
  }
}
