package io.github.tornadosse.eval.inspect;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A model that has read a text.
 *
 * @param name of the checkpoint
 * @param kind what kind of model it is
 * @param pieces [L] the text of each token
 * @param layers one for each layer
 */
public record Inspected(String name, String kind, List<String> pieces, List<LayerReport> layers) {
  /** JSON has six digits behind the point. */
  private static final double SCALE = 1e6;

  /** Names of the figures of {@link #figures}. */
  public static final List<String> FIGURES =
      List.of(
          "load entropy",
          "gate entropy",
          "rows written",
          "row similarity",
          "partition similarity",
          "effective rank, mean of partitions",
          "effective rank, whole state",
          "decay length, partition 0",
          "decay length, sparse, in text");

  /**
   * The figures of a layer as they are shown.
   *
   * @param layer its index
   * @return as many as {@link #FIGURES}, "–" where there is none; empty for softmax attention
   */
  public List<String> figures(int layer) {
    return values(layer).stream().map(Inspected::text).toList();
  }

  /**
   * The figures of a layer.
   *
   * @param layer its index
   * @return as many as {@link #FIGURES}, not a number where there is none; empty for softmax
   *     attention
   */
  public List<Double> values(int layer) {
    LayerReport.State s = layers.get(layer).state();
    if (s == null) {
      return List.of();
    }
    boolean sparse = s.routing() != null;
    double rank =
        s.partitions().stream()
            .mapToDouble(LayerReport.Partition::effectiveRank)
            .average()
            .orElse(Double.NaN);
    boolean always = s.partitions().get(0).index() == 0;
    LayerReport.Decay last = s.decay().get(s.decay().size() - 1);
    return List.of(
        sparse ? s.routing().loadEntropy() : Double.NaN,
        sparse ? s.routing().gateEntropy() : Double.NaN,
        s.rowsWritten(),
        s.rowSimilarity(),
        s.partitionSimilarity(),
        rank,
        s.wholeRank(),
        always ? s.decay().get(0).median() : Double.NaN,
        sparse ? last.text() : Double.NaN);
  }

  private static String text(double x) {
    if (Double.isNaN(x)) {
      return "–";
    }
    return String.format(Locale.ROOT, Math.abs(x) < 100 ? "%.3f" : "%.0f", x);
  }

  /**
   * The tokens that a partition collects most, compared with how often they come.
   *
   * @param layer one with sparse partitions
   * @param partition from 0 among the sparse ones
   * @param count how many
   * @return each with the share of its occurrences that went there, the commonest first
   */
  public List<Map.Entry<String, Double>> collected(int layer, int partition, int count) {
    int[] first = layers.get(layer).state().routing().first();
    Map<String, Integer> all = new HashMap<>();
    Map<String, Integer> here = new HashMap<>();
    for (int t = 0; t < first.length; t++) {
      all.merge(pieces.get(t), 1, Integer::sum);
      if (first[t] == partition) {
        here.merge(pieces.get(t), 1, Integer::sum);
      }
    }
    List<Map.Entry<String, Double>> list = new ArrayList<>();
    here.entrySet().stream()
        .sorted(
            Map.Entry.<String, Integer>comparingByValue()
                .reversed()
                .thenComparing(Map.Entry.comparingByKey()))
        .limit(count)
        .forEach(e -> list.add(Map.entry(e.getKey(), (double) e.getValue() / all.get(e.getKey()))));
    return list;
  }

  /** All figures as JSON. */
  public ObjectNode json() {
    ObjectNode j = JsonNodeFactory.instance.objectNode();
    j.put("checkpoint", name);
    j.put("kind", kind);
    j.put("tokens", pieces.size());
    ArrayNode list = j.putArray("layers");
    for (LayerReport layer : layers) {
      ObjectNode o = list.addObject().put("layer", layer.layer());
      LayerReport.State s = layer.state();
      o.put("state", s != null);
      if (s != null) {
        put(o, s);
      }
    }
    return j;
  }

  private static void put(ObjectNode o, LayerReport.State s) {
    if (s.routing() != null) {
      ArrayNode load = o.putArray("load");
      Arrays.stream(s.routing().load()).forEach(x -> load.add(rounded(x)));
      number(o, "load_entropy", s.routing().loadEntropy());
      number(o, "gate_entropy", s.routing().gateEntropy());
    }
    number(o, "rows_written", s.rowsWritten());
    number(o, "row_similarity", s.rowSimilarity());
    number(o, "partition_similarity", s.partitionSimilarity());
    number(o, "effective_rank", s.wholeRank());
    ArrayNode partitions = o.putArray("partitions");
    for (LayerReport.Partition p : s.partitions()) {
      ObjectNode partition = partitions.addObject().put("partition", p.index());
      number(partition, "norm", p.norm());
      number(partition, "effective_rank", p.effectiveRank());
    }
    ArrayNode decay = o.putArray("decay");
    for (LayerReport.Decay d : s.decay()) {
      ObjectNode of = decay.addObject().put("of", d.of());
      number(of, "median_tokens", d.median());
      number(of, "longest_tokens", d.longest());
      number(of, "median_text_tokens", d.text());
    }
  }

  private static void number(ObjectNode o, String name, double value) {
    if (Double.isFinite(value)) {
      o.put(name, rounded(value));
    }
  }

  private static double rounded(double x) {
    return Math.rint(x * SCALE) / SCALE;
  }

  /**
   * The text of each token.
   *
   * @param tokenizer the one that made them
   * @param ids the tokens
   * @return one for each; characters of several tokens are with their last one
   */
  public static List<String> pieces(Tokenizer tokenizer, int[] ids) {
    List<String> pieces = new ArrayList<>();
    StringBuilder piece = new StringBuilder();
    Tokenizer.Decoder decoder = tokenizer.decoder(piece::append);
    for (int id : ids) {
      decoder.accept(id);
      pieces.add(piece.toString());
      piece.setLength(0);
    }
    return pieces;
  }
}
