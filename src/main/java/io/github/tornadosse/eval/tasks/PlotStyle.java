package io.github.tornadosse.eval.tasks;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.Marker;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** How plots of results look, and how they become pictures. */
public final class PlotStyle {
  /** Pixels. */
  public static final int WIDTH = 900;

  /** Pixels. */
  public static final int HEIGHT = 520;

  private static final Marker[] MARKERS = {
    SeriesMarkers.CIRCLE, SeriesMarkers.DIAMOND, SeriesMarkers.SQUARE, SeriesMarkers.TRIANGLE_UP
  };

  private PlotStyle() {}

  /**
   * A chart of lines with markers.
   *
   * @param title above it
   * @param x name of the axis
   * @param y name of the axis
   * @return without data yet
   */
  public static XYChart lines(String title, String x, String y) {
    XYChart chart =
        new XYChartBuilder()
            .width(WIDTH)
            .height(HEIGHT)
            .title(title)
            .xAxisTitle(x)
            .yAxisTitle(y)
            .build();
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Line);
    chart.getStyler().setMarkerSize(9);
    axes(chart.getStyler());
    return chart;
  }

  /** What charts with axes have in common. */
  public static void axes(AxesChartStyler styler) {
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setPlotBorderVisible(false);
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendPosition(Styler.LegendPosition.OutsideE);
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    styler.setPlotGridLinesColor(new Color(0xe4e7ec));
  }

  /** The colour of one of several series. */
  public static Color colour(int index, int count) {
    return Color.getHSBColor((0.6f + (float) index / Math.max(1, count)) % 1, 0.75f, 0.8f);
  }

  /** Gives one of several series its colour and marker. */
  public static void series(XYSeries series, int index, int count) {
    Color colour = colour(index, count);
    series.setMarkerColor(colour).setLineColor(colour);
    series.setMarker(MARKERS[index % MARKERS.length]);
    series.setLineStyle(new BasicStroke(2f));
  }

  /** The power of ten at or below: ticks of a logarithmic axis need more than one of them. */
  public static double below(double least) {
    return Math.pow(10, Math.floor(Math.log10(least)));
  }

  /** The power of ten at or above. */
  public static double above(double most) {
    return Math.pow(10, Math.ceil(Math.log10(most)));
  }

  /** A chart as the bytes of a PNG. */
  public static byte[] png(org.knowm.xchart.internal.chartpart.Chart<?, ?> chart) {
    return png(BitmapEncoder.getBufferedImage(chart));
  }

  private static byte[] png(BufferedImage image) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      if (!ImageIO.write(image, "png", bytes)) {
        throw new IllegalStateException("this JVM has no writer of PNG");
      }
    } catch (IOException e) {
      throw new IllegalStateException("writing to memory failed", e);
    }
    return bytes.toByteArray();
  }
}
