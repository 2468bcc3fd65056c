package io.github.tornadosse.eval.bench;

import io.github.tornadosse.eval.tasks.PlotStyle;
import java.awt.BasicStroke;
import java.awt.Color;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws results of a suite. */
final class SuitePlots {
  private static final double MARGIN = 1.5;

  private SuitePlots() {}

  /** What a plot shows: some measured results under the name of their line. */
  record Lines(String title, Map<String, List<Measured>> lines) {}

  /**
   * Sorts results into plots and lines, and keeps the lines with at least two different x.
   *
   * @param title of the plot that a result is in
   * @param line of the line that it is on
   * @param x the axis
   */
  static List<Lines> group(
      List<Measured> results,
      Function<Measured, String> title,
      Function<Measured, String> line,
      ToDoubleFunction<Measured> x) {
    Map<String, Map<String, List<Measured>>> plots = new LinkedHashMap<>();
    for (Measured m : results) {
      plots
          .computeIfAbsent(title.apply(m), k -> new LinkedHashMap<>())
          .computeIfAbsent(line.apply(m), k -> new ArrayList<>())
          .add(m);
    }
    List<Lines> all = new ArrayList<>();
    plots.forEach(
        (name, lines) -> {
          lines.values().removeIf(l -> l.stream().mapToDouble(x).distinct().count() < 2);
          lines.values().forEach(l -> l.sort(Comparator.comparingDouble(x)));
          if (!lines.isEmpty()) {
            all.add(new Lines(name, lines));
          }
        });
    return all;
  }

  static double[] values(List<Measured> line, ToDoubleFunction<Measured> value) {
    return line.stream().mapToDouble(value).toArray();
  }

  /** Median milliseconds on logarithmic axes, with the fitted power of each line dashed. */
  static byte[] times(Lines plot, String xName, ToDoubleFunction<Measured> x) {
    XYChart chart = PlotStyle.lines(plot.title, xName, "milliseconds (median)");
    int index = 0;
    for (Map.Entry<String, List<Measured>> line : plot.lines.entrySet()) {
      double[] at = values(line.getValue(), x);
      double[] ms = values(line.getValue(), Measured::median);
      PowerFit fit = PowerFit.of(at, ms);
      String name = line.getKey() + String.format(Locale.ROOT, " (power %.2f)", fit.exponent());
      XYSeries series = chart.addSeries(name, at, ms);
      PlotStyle.series(series, index, plot.lines.size());
      double[] fitted = {fit.at(at[0]), fit.at(at[at.length - 1])};
      XYSeries dashed =
          chart.addSeries(name + " fit", new double[] {at[0], at[at.length - 1]}, fitted);
      dashed.setMarker(SeriesMarkers.NONE).setShowInLegend(false);
      dashed.setLineColor(PlotStyle.colour(index, plot.lines.size())).setLineStyle(dashed());
      index++;
    }
    logarithmic(chart);
    return PlotStyle.png(chart);
  }

  private static BasicStroke dashed() {
    float[] dashes = {6, 5};
    return new BasicStroke(1f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND, 1, dashes, 0);
  }

  private static void logarithmic(XYChart chart) {
    double[] ends = {
      Double.POSITIVE_INFINITY, 0, Double.POSITIVE_INFINITY, 0,
    };
    for (XYSeries s : chart.getSeriesMap().values()) {
      for (double v : s.getXData()) {
        ends[0] = Math.min(ends[0], v);
        ends[1] = Math.max(ends[1], v);
      }
      for (double v : s.getYData()) {
        ends[2] = Math.min(ends[2], v);
        ends[3] = Math.max(ends[3], v);
      }
    }
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    chart.getStyler().setXAxisMin(PlotStyle.below(ends[0]));
    chart.getStyler().setXAxisMax(PlotStyle.above(ends[1]));
    chart.getStyler().setYAxisMin(PlotStyle.below(ends[2]));
    chart.getStyler().setYAxisMax(PlotStyle.above(ends[3]));
  }

  /**
   * Operations per second against operations for each byte that has to be moved, below the highest
   * product and the fastest copy that were measured beside them.
   */
  static byte[] roofline(String where, List<Measured> results) {
    XYChart chart =
        PlotStyle.lines("Roofline, " + where, "operations per byte", "GFLOP/s (fastest run)");
    ToDoubleFunction<Measured> intensity = m -> m.figure("flop") / m.figure("io_bytes");
    Map<String, List<Measured>> kinds = new LinkedHashMap<>();
    for (Measured m : results) {
      String kind =
          m.mixer() ? m.what() + ", " + m.text("pass") : m.text("model") + " " + m.text("measure");
      kinds.computeIfAbsent(kind, k -> new ArrayList<>()).add(m);
    }
    double product = results.stream().mapToDouble(m -> m.figure("product_gflops")).max().orElse(1);
    double copy = results.stream().mapToDouble(m -> m.figure("copy_gbs")).max().orElse(1);
    double ridge = product / copy;
    double least = results.stream().mapToDouble(intensity).min().orElse(ridge);
    double most = results.stream().mapToDouble(intensity).max().orElse(ridge);
    double from = Math.min(least, ridge) / MARGIN;
    double to = Math.max(most, ridge) * MARGIN;
    XYSeries roof =
        chart.addSeries(
            String.format(Locale.ROOT, "product %.0f GFLOP/s, copy %.1f GB/s", product, copy),
            new double[] {from, ridge, to},
            new double[] {from * copy, product, product});
    roof.setMarker(SeriesMarkers.NONE).setLineColor(Color.DARK_GRAY);
    int index = 0;
    for (Map.Entry<String, List<Measured>> kind : kinds.entrySet()) {
      XYSeries series =
          chart.addSeries(
              kind.getKey(),
              values(kind.getValue(), intensity),
              values(kind.getValue(), m -> m.figure("gflops")));
      PlotStyle.series(series, index++, kinds.size());
      series.setLineStyle(new BasicStroke(0, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL));
      series.setLineColor(new Color(0, true));
    }
    logarithmic(chart);
    return PlotStyle.png(chart);
  }

  /**
   * Bars.
   *
   * @param names below groups of bars
   * @param bars by series; what is not a number has none
   */
  static byte[] bars(String title, String y, List<String> names, Map<String, double[]> bars) {
    CategoryChart chart =
        new CategoryChartBuilder()
            .width(PlotStyle.WIDTH)
            .height(PlotStyle.HEIGHT + 120)
            .title(title)
            .yAxisTitle(y)
            .build();
    PlotStyle.axes(chart.getStyler());
    chart.getStyler().setXAxisLabelRotation(55).setYAxisMin(0.0);
    int index = 0;
    for (Map.Entry<String, double[]> series : bars.entrySet()) {
      List<Number> heights = new ArrayList<>();
      for (double v : series.getValue()) {
        heights.add(Double.isNaN(v) ? 0 : v);
      }
      chart
          .addSeries(series.getKey(), names, heights)
          .setFillColor(PlotStyle.colour(index++, bars.size()));
    }
    return PlotStyle.png(chart);
  }
}
