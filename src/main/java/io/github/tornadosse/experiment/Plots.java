package io.github.tornadosse.experiment;

import io.github.tornadosse.eval.tasks.PlotStyle;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;

/** Draws an experiment's results. */
final class Plots {
  private Plots() {}

  /**
   * Mean of all test values against state bytes, a point with its interval a model; side by side
   * where all have as many bytes.
   */
  static byte[] againstState(Summary summary) {
    double least = summary.models().stream().mapToDouble(Summary.Model::stateBytes).min().orElse(1);
    double most = summary.models().stream().mapToDouble(Summary.Model::stateBytes).max().orElse(1);
    if (least == most && summary.models().size() > 1) {
      return sideBySide(summary, (long) least);
    }
    XYChart chart = chart(summary, summary.title(), "bytes of state for one sequence");
    for (Summary.Model m : summary.models()) {
      add(chart, summary, m, new double[] {m.stateBytes()}, List.of(m.overall()));
    }
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setXAxisMin(PlotStyle.below(least));
    chart.getStyler().setXAxisMax(PlotStyle.above(most + 1));
    return PlotStyle.png(chart);
  }

  private static byte[] sideBySide(Summary summary, long stateBytes) {
    XYChart chart =
        chart(
            summary,
            summary.title(),
            String.format(
                Locale.ROOT, "models as listed, each with %,d bytes of state", stateBytes));
    for (Summary.Model m : summary.models()) {
      add(chart, summary, m, new double[] {summary.models().indexOf(m) + 1}, List.of(m.overall()));
    }
    chart.getStyler().setXAxisMin(0.5);
    chart.getStyler().setXAxisMax(summary.models().size() + 0.5);
    chart.setCustomXAxisTickLabelsFormatter(place -> "");
    return PlotStyle.png(chart);
  }

  /** Test values against the number of pairs, or against the length if that is what varies. */
  static byte[] byLoad(Summary summary) {
    List<Summary.Score> first = summary.models().get(0).scores();
    boolean lengths = first.stream().map(Summary.Score::pairs).distinct().count() == 1;
    int length = first.get(0).length();
    String title = lengths ? "By length" : "By number of pairs, at " + length + " tokens";
    XYChart chart = chart(summary, title, lengths ? "tokens" : "pairs");
    ToDoubleFunction<Summary.Score> x = lengths ? Summary.Score::length : Summary.Score::pairs;
    for (Summary.Model m : summary.models()) {
      List<Summary.Score> shown =
          m.scores().stream().filter(s -> lengths || s.length() == length).toList();
      add(
          chart,
          summary,
          m,
          shown.stream().mapToDouble(x).toArray(),
          shown.stream().map(Summary.Score::value).toList());
    }
    return PlotStyle.png(chart);
  }

  private static void add(
      XYChart chart, Summary summary, Summary.Model m, double[] x, List<Spread> values) {
    XYSeries series =
        chart.addSeries(
            m.name(),
            x,
            values.stream().mapToDouble(Spread::mean).toArray(),
            values.stream().mapToDouble(s -> Double.isNaN(s.half()) ? 0 : s.half()).toArray());
    PlotStyle.series(series, summary.models().indexOf(m), summary.models().size());
  }

  private static XYChart chart(Summary summary, String title, String x) {
    XYChart chart =
        PlotStyle.lines(
            title,
            x,
            summary.text()
                ? "bits per byte, mean and 95 % interval over seeds"
                : "accuracy, mean and 95 % interval over seeds");
    chart.getStyler().setXAxisDecimalPattern("#,##0");
    if (!summary.text()) {
      chart.getStyler().setYAxisMin(0.0);
      chart.getStyler().setYAxisMax(1.05);
    }
    return chart;
  }
}
