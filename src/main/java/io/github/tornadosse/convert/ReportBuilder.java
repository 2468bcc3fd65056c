package io.github.tornadosse.convert;

import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Gathers a report tensor by tensor. */
final class ReportBuilder {
  private static final Pattern IN_LAYER = Pattern.compile("model\\.layers\\.(\\d+)\\.(.+)");

  private final Map<HybridReport.Mapped, List<Integer>> mapped = new LinkedHashMap<>();
  private final Map<HybridReport.Added, List<Integer>> added = new LinkedHashMap<>();
  private final Map<HybridReport.LeftOut, List<Integer>> leftOut = new LinkedHashMap<>();
  private long mappedParameters;
  private long newParameters;

  void mapped(String source, TensorSpec target, int repeats) {
    String from = anyLayer(source);
    String to = anyLayer(target.name());
    add(mapped, new HybridReport.Mapped(from, to, List.of(), repeats), target.name());
    mappedParameters += target.size();
  }

  void added(TensorSpec target, String values) {
    String to = anyLayer(target.name());
    add(added, new HybridReport.Added(to, List.of(), values), target.name());
    newParameters += target.size();
  }

  void leftOut(TensorSpec source, String reason) {
    String from = anyLayer(source.name());
    add(leftOut, new HybridReport.LeftOut(from, List.of(), reason), source.name());
  }

  private static String anyLayer(String name) {
    Matcher m = IN_LAYER.matcher(name);
    return m.matches() ? "model.layers.*." + m.group(2) : name;
  }

  private static <T> void add(Map<T, List<Integer>> entries, T entry, String name) {
    List<Integer> layers = entries.computeIfAbsent(entry, e -> new ArrayList<>());
    Matcher m = IN_LAYER.matcher(name);
    if (m.matches()) {
      layers.add(Integer.valueOf(m.group(1)));
    }
  }

  private static <T> List<T> list(
      Map<T, List<Integer>> entries, BiFunction<T, List<Integer>, T> withLayers) {
    List<T> all = new ArrayList<>();
    entries.forEach((entry, layers) -> all.add(withLayers.apply(entry, List.copyOf(layers))));
    return all;
  }

  HybridReport build(ModelConfig target) {
    return new HybridReport(
        target.describe(),
        target.attention().layers(),
        list(
            mapped,
            (m, layers) -> new HybridReport.Mapped(m.source(), m.target(), layers, m.repeats())),
        list(added, (a, layers) -> new HybridReport.Added(a.target(), layers, a.values())),
        list(leftOut, (l, layers) -> new HybridReport.LeftOut(l.source(), layers, l.reason())),
        mappedParameters,
        newParameters);
  }
}
