package io.github.tornadosse.eval.inspect;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.LayerTrace;
import io.github.tornadosse.nn.MixerConfig;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.nn.SessionState;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.math3.stat.descriptive.rank.Median;

/** Looks at what a model's layers do with a text, and at their states at its end. */
public final class Inspection {
  private final ModelConfig config;
  private final MixerConfig m;
  private final SessionState state;
  private final int tokens;

  private Inspection(ModelConfig config, SessionState state, int tokens) {
    this.config = config;
    m = config.mixer();
    this.state = state;
    this.tokens = tokens;
  }

  /**
   * What a model has to have room for.
   *
   * @param tokens length of the text
   */
  public static LanguageModel.Capacity capacity(int tokens) {
    return LanguageModel.Capacity.reading(tokens, 1, tokens);
  }

  /**
   * Reads a text from an empty state.
   *
   * @param model with room for it
   * @param text at least one token
   * @return one for each layer
   */
  public static List<LayerReport> of(LanguageModel model, int[] text) {
    int slot = model.openSession();
    SessionState state;
    try {
      model.read(new int[] {slot}, new int[][] {text});
      state = model.save(slot);
    } finally {
      model.closeSession(slot);
    }
    int[] targets = new int[text.length];
    Arrays.fill(targets, -1);
    Map<Integer, LayerTrace> traces = new HashMap<>();
    for (LayerTrace t : model.traces(new PackedBatch(text, targets, new int[] {0, text.length}))) {
      traces.put(t.layer(), t);
    }
    Inspection inspection = new Inspection(model.config(), state, text.length);
    List<LayerReport> reports = new ArrayList<>();
    for (int i = 0; i < model.config().layers(); i++) {
      LayerTrace trace = traces.get(i);
      reports.add(new LayerReport(i, trace == null ? null : inspection.layer(trace)));
    }
    return reports;
  }

  private LayerReport.State layer(LayerTrace trace) {
    LayerReport.Routing routing = m.sparse() ? routing(trace) : null;
    double[][][][] states = states(trace.layer()); // [heads][partitions][K][V]
    int first = m.always() ? 0 : 1;
    int partitions = m.partitions() + 1 - first;
    double rows = 0;
    int rowCount = 0;
    double alike = 0;
    int alikeCount = 0;
    double whole = 0;
    double[] norms = new double[partitions];
    double[] ranks = new double[partitions];
    for (double[][][] head : states) {
      double[][] flat = new double[partitions][];
      List<double[]> all = new ArrayList<>();
      for (int p = 0; p < partitions; p++) {
        double[][] matrix = head[first + p];
        double similarity = StateMeasures.similarity(matrix);
        if (!Double.isNaN(similarity)) {
          rows += similarity;
          rowCount++;
        }
        flat[p] = Arrays.stream(matrix).flatMapToDouble(Arrays::stream).toArray();
        norms[p] += StateMeasures.norm(flat[p]) / states.length;
        ranks[p] += StateMeasures.effectiveRank(matrix) / states.length;
        all.addAll(List.of(matrix));
      }
      whole += StateMeasures.effectiveRank(all.toArray(double[][]::new)) / states.length;
      double similarity = StateMeasures.similarity(flat);
      if (!Double.isNaN(similarity)) {
        alike += similarity;
        alikeCount++;
      }
    }
    List<LayerReport.Partition> list = new ArrayList<>();
    for (int p = 0; p < partitions; p++) {
      list.add(new LayerReport.Partition(first + p, norms[p], ranks[p]));
    }
    return new LayerReport.State(
        routing,
        rowsWritten(trace),
        rowCount == 0 ? Double.NaN : rows / rowCount,
        alikeCount == 0 ? Double.NaN : alike / alikeCount,
        list,
        whole,
        decay(trace));
  }

  private double[][][][] states(int layer) {
    float[] values = state.parts().get("layers." + layer + ".state");
    int n = m.partitions() + 1;
    int key = m.headDim();
    // Value heads that share a key head of gated linear attention act as one.
    int heads = m.rule() == MixerConfig.Rule.GLA ? m.heads() : m.valueHeads();
    int value = m.valueSize() / heads;
    double[][][][] all = new double[heads][n][key][value];
    for (int p = 0; p < n; p++) {
      for (int h = 0; h < heads; h++) {
        for (int c = 0; c < key; c++) {
          for (int v = 0; v < value; v++) {
            all[h][p][c][v] = values[((p * heads + h) * key + c) * value + v];
          }
        }
      }
    }
    return all;
  }

  private LayerReport.Routing routing(LayerTrace trace) {
    int n = m.partitions();
    int width = trace.chosen().length / tokens;
    double[] load = new double[n];
    int[] first = new int[tokens];
    double gates = 0;
    for (int t = 0; t < tokens; t++) {
      first[t] = trace.chosen()[t * width];
      for (int j = 0; j < m.writers(); j++) {
        load[trace.chosen()[t * width + j]] += 1.0 / tokens;
      }
      double[] gate = new double[n];
      for (int i = 0; i < n; i++) {
        gate[i] = trace.gate()[t * n + i];
      }
      gates += StateMeasures.entropy(gate) / tokens;
    }
    double even = n == 1 ? 1 : Math.log(n);
    return new LayerReport.Routing(load, StateMeasures.entropy(load) / even, gates / even, first);
  }

  /** Of all rows of the state; each written partition counts with its own source's keys. */
  private double rowsWritten(LayerTrace trace) {
    int dim = m.headDim();
    double[] effective = new double[m.sources()];
    for (int source = 0; source < m.sources(); source++) {
      for (int h = 0; h < m.heads(); h++) {
        for (int t = 0; t < tokens; t++) {
          double[] key = new double[dim];
          int at = ((source * m.heads() + h) * tokens + t) * dim;
          for (int c = 0; c < dim; c++) {
            key[c] = Math.abs(trace.keys()[at + c]);
          }
          boolean some = Arrays.stream(key).anyMatch(k -> k > 0);
          effective[source] += some ? Math.exp(StateMeasures.entropy(key)) : 0;
        }
      }
      effective[source] /= (double) m.heads() * tokens;
    }
    double written = m.always() ? effective[0] : 0;
    if (m.sparse()) {
      written += m.writers() * effective[1];
    }
    return written / ((m.partitions() + (m.always() ? 1 : 0)) * dim);
  }

  private List<LayerReport.Decay> decay(LayerTrace trace) {
    List<LayerReport.Decay> all = new ArrayList<>();
    if (m.always()) {
      all.add(decay(trace, 0, m.sparse() ? "partition 0" : "state", 1));
    }
    if (m.sparse()) {
      all.add(decay(trace, 1, "sparse partitions", (double) m.writers() / m.partitions()));
    }
    return all;
  }

  private LayerReport.Decay decay(LayerTrace trace, int source, String name, double share) {
    int heads = trace.decayHeads();
    int width = trace.decayWidth();
    double[] lengths = new double[heads * width];
    for (int h = 0; h < heads; h++) {
      for (int c = 0; c < width; c++) {
        double sum = 0;
        for (int t = 0; t < tokens; t++) {
          sum -= trace.decay()[((source * heads + h) * tokens + t) * width + c];
        }
        lengths[h * width + c] = tokens / sum;
      }
    }
    double median = new Median().evaluate(lengths);
    double longest = Arrays.stream(lengths).max().orElseThrow();
    return new LayerReport.Decay(name, median, longest, median / share);
  }
}
