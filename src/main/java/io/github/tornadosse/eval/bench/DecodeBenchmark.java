package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.Session;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Times the decoding of a token after contexts of different lengths, which a session of a model
 * with drawn weights has really read, in one process: a step after each context in turn, so that a
 * change in the machine's speed meets all of them.
 */
public final class DecodeBenchmark {
  /** What the layers can be. */
  public static final List<String> MIXERS = List.of("sse-gla", "sse-gdn", "gla", "gdn", "softmax");

  private static final int WARM_UPS = 300;

  /** How well the medians are to be known, and how many times the steps it may take. */
  private static final double PRECISION = 0.02;

  private static final int MOST = 4;

  /** Softmax attention: steps make the context at most by that part longer than it is to be. */
  private static final int DRIFT = 20;

  /** Rounds of steps from one measurement of the machine's reading to the next. */
  private static final int READ_EVERY = 16;

  private static final int SEED = 1;

  private DecodeBenchmark() {}

  /**
   * What to time.
   *
   * @param mixer one of {@link #MIXERS}
   * @param layers number of layers
   * @param hidden D
   * @param heads number of heads
   * @param dim head dim; D / heads for softmax attention
   * @param partitions N; unused without sse
   * @param topk partitions a token writes and reads; unused without sse
   * @param vocabulary number of tokens
   * @param block tokens that are read at a time
   * @param sessions sessions that step together
   * @param steps timed steps at each context, up to four times as many where times differ much; of
   *     softmax attention at most a twentieth of the shortest context, which they make longer
   * @param contexts tokens read before
   */
  public record Options(
      String mixer,
      int layers,
      int hidden,
      int heads,
      int dim,
      int partitions,
      int topk,
      int vocabulary,
      int block,
      int sessions,
      int steps,
      List<Integer> contexts) {
    /**
     * Checks the sizes that the model's configuration does not.
     *
     * @throws UserError naming the option that is out of range
     */
    public Options {
      if (!MIXERS.contains(mixer)) {
        throw new UserError(
            "mixer must be one of " + String.join(", ", MIXERS) + ", not '" + mixer + "'");
      }
      if (block < 1 || sessions < 1 || steps < 1) {
        throw new UserError("block, sessions and steps must be 1 or more");
      }
      if (contexts.isEmpty() || contexts.stream().anyMatch(c -> c < 1)) {
        throw new UserError("each context must be 1 or more, not " + contexts);
      }
    }
  }

  /**
   * What was measured after one context.
   *
   * @param context tokens read before
   * @param msPerStep median step in milliseconds
   * @param msPerToken the same divided by the number of sessions
   * @param steps timed steps
   * @param stateBytes what a session keeps after the context
   * @param stateBytesAfter the same after all steps
   * @param weightBytes parameters that a step reads: all but the embedding, unless it is tied
   * @param readGbs 10⁹ bytes a second that the device reads, measured in turns with the steps
   */
  public record Result(
      int context,
      double msPerStep,
      double msPerToken,
      int steps,
      long stateBytes,
      long stateBytesAfter,
      long weightBytes,
      double readGbs) {
    /** What part of the time a step's parameters take to be read at that speed is of the step. */
    public double ofRead() {
      return weightBytes / readGbs / 1e6 / msPerStep;
    }
  }

  /**
   * Runs the benchmark.
   *
   * @param o what to time
   * @param ops the tier of kernels
   * @return the figures of each context, in the order given
   * @throws UserError if it does not fit into memory or sizes do not fit each other
   */
  public static List<Result> run(Options o, Operations ops) {
    int longest = o.contexts.stream().mapToInt(c -> c).max().orElseThrow();
    int shortest = o.contexts.stream().mapToInt(c -> c).min().orElseThrow();
    boolean softmax = o.mixer.equals("softmax");
    int steps = softmax ? Math.min(o.steps, Math.max(1, shortest / DRIFT)) : o.steps;
    int most = softmax ? steps : Math.multiplyExact(MOST, steps);
    long room = Math.max(longest + (long) most, WARM_UPS);
    LanguageModel.Capacity capacity =
        LanguageModel.Capacity.reading(
            o.block,
            Math.multiplyExact(o.contexts.size(), o.sessions),
            (int) Math.min(room, Integer.MAX_VALUE));
    ModelWeights weights = ModelWeights.initial(config(o), SEED);
    try (LanguageModel model = LanguageModel.create(weights, ops, capacity);
        ReadYardstick reading = new ReadYardstick(ops)) {
      warmUp(o, model);
      List<Place> places = places(o, model);
      double[][] times = new double[places.size()][most];
      int n = 0;
      while (n < steps || n < most && !known(times, n)) {
        for (int i = 0; i < steps && n < most; i++, n++) {
          for (int j = 0; j < places.size(); j++) {
            // Every other round the other way round: what comes first may find caches cold.
            int at = n % 2 == 0 ? j : places.size() - 1 - j;
            times[at][n] = places.get(at).step();
          }
          if (n % READ_EVERY == 0) {
            reading.measure();
          }
        }
      }
      List<Result> results = new ArrayList<>();
      for (int j = 0; j < places.size(); j++) {
        results.add(places.get(j).result(sorted(times[j], n), readBytes(weights), reading.gbs()));
      }
      return results;
    }
  }

  private static long readBytes(ModelWeights weights) {
    ModelConfig c = weights.config();
    long embedding = c.tieEmbeddings() ? 0 : (long) c.vocabSize() * c.hiddenSize();
    return Float.BYTES * (weights.size() - embedding);
  }

  private static void warmUp(Options o, LanguageModel model) {
    List<Session> sessions = new ArrayList<>();
    for (int i = 0; i < o.sessions; i++) {
      sessions.add(Session.open(model));
    }
    Place place = new Place(0, sessions, new SplittableRandom(SEED));
    for (int i = 0; i < WARM_UPS; i++) {
      place.step();
    }
    sessions.forEach(Session::close);
  }

  private static double[] sorted(double[] times, int n) {
    double[] sorted = Arrays.copyOf(times, n);
    Arrays.sort(sorted);
    return sorted;
  }

  /** Whether the true medians lie, with 95 % confidence, in narrow intervals between two times. */
  private static boolean known(double[][] times, int n) {
    boolean known = true;
    int around = (int) Math.ceil(Math.sqrt(n));
    for (double[] t : times) {
      double[] x = sorted(t, n);
      double low = x[Math.max(0, n / 2 - around)];
      double high = x[Math.min(n - 1, n / 2 + around)];
      known &= high - low <= PRECISION * x[n / 2];
    }
    return known;
  }

  private static ModelConfig config(Options o) {
    boolean sse = o.mixer.startsWith("sse-");
    ObjectNode j = new ObjectMapper().createObjectNode();
    j.put("model_type", "sse");
    j.put("vocab_size", o.vocabulary);
    j.put("hidden_size", o.hidden);
    j.put("num_hidden_layers", o.layers);
    j.put("num_heads", o.heads);
    j.put("head_dim", o.dim);
    j.put("linear_attn_type", o.mixer.endsWith("gdn") ? "gdn" : "gla");
    j.put("num_sparse_partition", sse ? o.partitions : 0);
    j.put("num_writer", o.topk);
    j.put("num_reader", o.topk);
    if (o.mixer.equals("softmax")) {
      ObjectNode attention = j.putObject("attn");
      attention.put("num_heads", o.heads);
      ArrayNode all = attention.putArray("layers");
      for (int i = 0; i < o.layers; i++) {
        all.add(i);
      }
    }
    return ModelConfig.fromJson(j, "bench decode");
  }

  /** One session reads on from the shortest to the longest context; the others are its forks. */
  private static List<Place> places(Options o, LanguageModel model) {
    SplittableRandom random = new SplittableRandom(SEED);
    Place[] places = new Place[o.contexts.size()];
    Integer[] order = new Integer[places.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, (a, b) -> o.contexts.get(a) - o.contexts.get(b));
    Session reader = Session.open(model);
    for (int i = 0; i < order.length; i++) {
      int context = o.contexts.get(order[i]);
      while (reader.position() < context) {
        int n = Math.min(o.block, context - reader.position());
        reader.read(random.ints(n, 0, o.vocabulary).toArray());
      }
      List<Session> sessions = new ArrayList<>();
      boolean last = i == order.length - 1;
      while (sessions.size() < (last ? o.sessions - 1 : o.sessions)) {
        sessions.add(reader.fork());
      }
      if (last) {
        sessions.add(reader);
      }
      places[order[i]] = new Place(context, sessions, random.split());
    }
    return List.of(places);
  }

  private record Place(int context, List<Session> sessions, SplittableRandom random) {
    double step() {
      int vocabulary = sessions.get(0).model().config().vocabSize();
      int[] next = random.ints(sessions.size(), 0, vocabulary).toArray();
      long start = System.nanoTime();
      Session.step(sessions, next);
      return (System.nanoTime() - start) / 1e6;
    }

    Result result(double[] sorted, long weightBytes, double readGbs) {
      double median = sorted[sorted.length / 2];
      Session first = sessions.get(0);
      return new Result(
          context,
          median,
          median / sessions.size(),
          sorted.length,
          bytes(first.model(), context),
          bytes(first.model(), first.position()),
          weightBytes,
          readGbs);
    }

    private static long bytes(LanguageModel model, int tokens) {
      return model.sessionParts(tokens).stream().mapToLong(p -> 4L * p.size()).sum();
    }
  }
}
