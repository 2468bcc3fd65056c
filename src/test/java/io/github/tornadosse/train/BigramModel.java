package io.github.tornadosse.train;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.Trainable;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntPredicate;

/** A small, fast model for tests: the next token's logits are a row of a table, plus a bias. */
class BigramModel implements Trainable {
  private final ModelFactory.Request request;
  private final int vocab;
  private final List<TensorSpec> specs;
  private final float[][] parameters;
  private final float[][] gradients;
  private final float[][][] moments;
  private final IntPredicate poisoned;
  private int passes;
  private boolean closed;

  BigramModel(ModelFactory.Request request) {
    this(request, pass -> false);
  }

  /** Gives a loss that is not finite in the chosen passes, counted from 1. */
  BigramModel(ModelFactory.Request request, IntPredicate poisoned) {
    this.request = request;
    this.poisoned = poisoned;
    vocab = request.config().vocabSize();
    specs =
        List.of(
            new TensorSpec("table.weight", new int[] {vocab, vocab}),
            new TensorSpec("head.bias", new int[] {vocab}));
    parameters = new float[][] {new float[vocab * vocab], new float[vocab]};
    gradients = new float[][] {new float[vocab * vocab], new float[vocab]};
    moments =
        new float[][][] {
          {new float[vocab * vocab], new float[vocab]}, {new float[vocab * vocab], new float[vocab]}
        };
    Random random = new Random(request.seed());
    for (int i = 0; i < parameters[0].length; i++) {
      parameters[0][i] = (float) (0.02 * random.nextGaussian());
    }
  }

  boolean closed() {
    return closed;
  }

  int passes() {
    return passes;
  }

  @Override
  public ModelConfig config() {
    return request.config();
  }

  @Override
  public List<TensorSpec> tensors() {
    return specs;
  }

  @Override
  public Outcome accumulate(PackedBatch batch, double crossEntropyScale, double balanceScale) {
    passes++;
    double loss = pass(batch, crossEntropyScale);
    return outcome(batch, poisoned.test(passes) ? Double.NaN : loss);
  }

  @Override
  public Outcome evaluate(PackedBatch batch) {
    return outcome(batch, pass(batch, 0));
  }

  private Outcome outcome(PackedBatch batch, double loss) {
    int layers = config().layers();
    int n = config().partitions();
    float[][] load = new float[layers][n];
    for (float[] layer : load) {
      for (int id : batch.ids()) {
        layer[id % n] += 1f / batch.tokens();
      }
    }
    return new Outcome(loss, batch.targetCount(), layers, load);
  }

  private double pass(PackedBatch batch, double scale) {
    if (batch.tokens() > request.tokens() || batch.sequences() > request.maxSequences()) {
      throw new IllegalArgumentException("a batch beyond the capacity that was asked for");
    }
    double loss = 0;
    double[] p = new double[vocab];
    for (int t = 0; t < batch.tokens(); t++) {
      int target = batch.targets()[t];
      if (target < 0) {
        continue;
      }
      int row = batch.ids()[t] * vocab;
      double sum = 0;
      for (int j = 0; j < vocab; j++) {
        p[j] = Math.exp(parameters[0][row + j] + parameters[1][j]);
        sum += p[j];
      }
      loss -= Math.log(p[target] / sum);
      if (scale != 0) {
        for (int j = 0; j < vocab; j++) {
          double d = scale * (p[j] / sum - (j == target ? 1 : 0));
          gradients[0][row + j] += (float) d;
          gradients[1][j] += (float) d;
        }
      }
    }
    return loss;
  }

  @Override
  public void zeroGradients() {
    for (float[] g : gradients) {
      Arrays.fill(g, 0);
    }
  }

  @Override
  public double gradientNorm() {
    double sum = 0;
    for (float[] tensor : gradients) {
      for (float g : tensor) {
        sum += (double) g * g;
      }
    }
    return Math.sqrt(sum);
  }

  @Override
  public void update(int step, double learningRate, double gradientFactor) {
    double c1 = 1 - Math.pow(request.beta1(), step);
    double c2 = 1 - Math.pow(request.beta2(), step);
    for (int t = 0; t < parameters.length; t++) {
      float[] m = moments[0][t];
      float[] v = moments[1][t];
      for (int i = 0; i < m.length; i++) {
        double g = gradientFactor * gradients[t][i];
        m[i] = (float) (request.beta1() * m[i] + (1 - request.beta1()) * g);
        v[i] = (float) (request.beta2() * v[i] + (1 - request.beta2()) * g * g);
        double decay = t == 0 ? learningRate * request.weightDecay() * parameters[t][i] : 0;
        parameters[t][i] -=
            (float) (decay + learningRate * (m[i] / c1) / (Math.sqrt(v[i] / c2) + request.eps()));
      }
    }
  }

  @Override
  public void readParameter(int tensor, float[] destination, int offset) {
    copy(parameters[tensor], 0, destination, offset, parameters[tensor].length);
  }

  @Override
  public void writeParameter(int tensor, float[] source, int offset) {
    copy(source, offset, parameters[tensor], 0, parameters[tensor].length);
  }

  @Override
  public void readMoment(int moment, int tensor, float[] destination, int offset) {
    copy(moments[moment][tensor], 0, destination, offset, parameters[tensor].length);
  }

  @Override
  public void writeMoment(int moment, int tensor, float[] source, int offset) {
    copy(source, offset, moments[moment][tensor], 0, parameters[tensor].length);
  }

  @Override
  public void readGradient(int tensor, float[] destination, int offset) {
    copy(gradients[tensor], 0, destination, offset, parameters[tensor].length);
  }

  private static void copy(float[] from, int at, float[] to, int offset, int count) {
    System.arraycopy(from, at, to, offset, count);
  }

  @Override
  public void close() {
    closed = true;
  }
}
