package io.github.tornadosse.experiment;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.function.ToDoubleFunction;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws an experiment's results. */
final class Plots {
  private static final int WIDTH = 900;
  private static final int HEIGHT = 520;
  private static final Marker[] MARKERS = {
    SeriesMarkers.CIRCLE, SeriesMarkers.DIAMOND, SeriesMarkers.SQUARE, SeriesMarkers.TRIANGLE_UP
  };

  private Plots() {}

  /** Mean of all test values against state bytes, a point with its interval a model. */
  static byte[] againstState(Summary summary) {
    XYChart chart = chart(summary, summary.title(), "bytes of state for one sequence");
    for (Summary.Model m : summary.models()) {
      add(chart, summary, m, new double[] {m.stateBytes()}, List.of(m.overall()));
    }
    // Ticks of a logarithmic axis need more than one power of ten.
    double least = summary.models().stream().mapToDouble(Summary.Model::stateBytes).min().orElse(1);
    double most = summary.models().stream().mapToDouble(Summary.Model::stateBytes).max().orElse(1);
    chart.getStyler().setXAxisLogarithmic(true);
    chart.getStyler().setXAxisMin(Math.pow(10, Math.floor(Math.log10(least))));
    chart.getStyler().setXAxisMax(Math.pow(10, Math.ceil(Math.log10(most + 1))));
    return png(chart);
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
    return png(chart);
  }

  private static void add(
      XYChart chart, Summary summary, Summary.Model m, double[] x, List<Spread> values) {
    XYSeries series =
        chart.addSeries(
            m.name(),
            x,
            values.stream().mapToDouble(Spread::mean).toArray(),
            values.stream().mapToDouble(s -> Double.isNaN(s.half()) ? 0 : s.half()).toArray());
    int index = summary.models().indexOf(m);
    Color colour =
        Color.getHSBColor((0.6f + (float) index / summary.models().size()) % 1, 0.75f, 0.8f);
    series.setMarkerColor(colour).setLineColor(colour);
    series.setMarker(MARKERS[index % MARKERS.length]);
    series.setLineStyle(new BasicStroke(2f));
  }

  private static XYChart chart(Summary summary, String title, String x) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(
                summary.text()
                    ? "bits per byte, mean and 95 % interval over seeds"
                    : "accuracy, mean and 95 % interval over seeds")
            .build();
    AxesChartStyler styler = chart.getStyler();
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Line);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendPosition(Styler.LegendPosition.OutsideE);
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    styler.setPlotGridLinesColor(new Color(0xe4e7ec));
    styler.setMarkerSize(9);
    styler.setXAxisDecimalPattern("#,##0");
    if (!summary.text()) {
      styler.setYAxisMin(0.0);
      styler.setYAxisMax(1.05);
    }
    return chart;
  }

  private static byte[] png(XYChart chart) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(BitmapEncoder.getBufferedImage(chart), "png", bytes)) {
        throw new IllegalStateException("this JVM has no writer of PNG");
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
