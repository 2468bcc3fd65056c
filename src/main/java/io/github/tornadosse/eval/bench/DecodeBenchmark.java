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

  private static final int WARM_UPS = 200;
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
   * @param steps timed steps at each context
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
   * @param stateBytes what a session keeps after the context
   * @param stateBytesAfter the same after all steps
   */
  public record Result(
      int context, double msPerStep, double msPerToken, long stateBytes, long stateBytesAfter) {}

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
    long room = (long) longest + WARM_UPS + o.steps;
    LanguageModel.Capacity capacity =
        LanguageModel.Capacity.reading(
            o.block,
            Math.multiplyExact(o.contexts.size(), o.sessions),
            (int) Math.min(room, Integer.MAX_VALUE));
    ModelWeights weights = ModelWeights.initial(config(o), SEED);
    try (LanguageModel model = LanguageModel.create(weights, ops, capacity)) {
      List<Place> places = places(o, model);
      double[][] times = new double[places.size()][o.steps];
      for (int i = -WARM_UPS; i < o.steps; i++) {
        for (int j = 0; j < places.size(); j++) {
          // Every other round the other way round: what comes first may find caches cold.
          int at = i % 2 == 0 ? j : places.size() - 1 - j;
          double ms = places.get(at).step();
          if (i >= 0) {
            times[at][i] = ms;
          }
        }
      }
      List<Result> results = new ArrayList<>();
      for (int j = 0; j < places.size(); j++) {
        results.add(places.get(j).result(times[j]));
      }
      return results;
    }
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

    Result result(double[] times) {
      Arrays.sort(times);
      double median = times[times.length / 2];
      Session first = sessions.get(0);
      return new Result(
          context,
          median,
          median / sessions.size(),
          bytes(first.model(), context),
          bytes(first.model(), first.position()));
    }

    private static long bytes(LanguageModel model, int tokens) {
      return model.sessionParts(tokens).stream().mapToLong(p -> 4L * p.size()).sum();
    }
  }
}
