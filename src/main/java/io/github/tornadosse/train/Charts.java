package io.github.tornadosse.train;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Draws a run's metrics as pictures, for a light or a dark page. */
final class Charts {
  /** Colours of a page. */
  enum Theme {
    LIGHT(0xffffff, 0x1f2430, 0xe4e7ec, 0xb9c4d6, 0x2f6fde, 0xd9482b, 0x6b7280),
    DARK(0x171b24, 0xd7dce6, 0x2a303c, 0x5b6b8c, 0x6ea1ff, 0xff8a65, 0x9aa4b5);

    private final Color background;
    private final Color text;
    private final Color grid;
    private final Color faint;
    private final Color first;
    private final Color second;
    private final Color reference;

    Theme(int background, int text, int grid, int faint, int first, int second, int reference) {
      this.background = new Color(background);
      this.text = new Color(text);
      this.grid = new Color(grid);
      this.faint = new Color(faint);
      this.first = new Color(first);
      this.second = new Color(second);
      this.reference = new Color(reference);
    }
  }

  private static final int WIDTH = 560;
  private static final int HEIGHT = 330;
  private static final int LOAD_HEIGHT = 210;
  private static final int WIDE = 2 * WIDTH + 24;

  /** Pixels of the picture for each of the page. */
  private static final int SCALE = 2;

  private static final int MAX_POINTS = 600;
  private static final int LOAD_COLUMNS = 4;
  private static final BasicStroke THIN =
      new BasicStroke(1f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  private static final BasicStroke BOLD =
      new BasicStroke(2f, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
  private static final BasicStroke[] DASHES = {
    dashed(7, 5), dashed(2, 4), dashed(10, 4), dashed(4, 4)
  };

  private final MetricsReader metrics;
  private final List<StepMetrics> steps;
  private final Theme theme;

  /**
   * Charts of a run.
   *
   * @param metrics what was measured, with at least one step
   * @param theme colours
   */
  Charts(MetricsReader metrics, Theme theme) {
    this.metrics = metrics;
    this.theme = theme;
    steps = metrics.steps();
  }

  private static BasicStroke dashed(float on, float off) {
    return new BasicStroke(
        1.5f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1f, new float[] {on, off}, 0f);
  }

  /** Training and held-out loss in bits a byte, and baselines as horizontal lines. */
  BufferedImage loss(List<Baseline> baselines) {
    XYChart chart = lines("Loss", "bits per byte", WIDE, 2 * HEIGHT - 200);
    line(chart, "training, each step", StepMetrics::bitsPerByte, theme.faint, THIN);
    Points smooth = smoothed(StepMetrics::bitsPerByte);
    add(chart, "training, smoothed", smooth, theme.first, BOLD);
    Points heldOut = new Points();
    for (EvaluationMetrics e : metrics.evaluations()) {
      heldOut.add(e.step(), e.bitsPerByte());
    }
    if (!heldOut.isEmpty()) {
      XYSeries series = add(chart, "held out", heldOut, theme.second, BOLD);
      series.setMarker(SeriesMarkers.CIRCLE).setMarkerColor(theme.second);
    }
    int last = steps.get(steps.size() - 1).step();
    for (int i = 0; i < baselines.size(); i++) {
      Baseline baseline = baselines.get(i);
      Points points = new Points();
      points.add(steps.get(0).step(), baseline.bitsPerByte());
      points.add(Math.max(last, steps.get(0).step() + 1), baseline.bitsPerByte());
      String name = "%s: %.3f".formatted(baseline.name(), baseline.bitsPerByte());
      add(chart, name, points, theme.reference, DASHES[i % DASHES.length]);
    }
    chart.getStyler().setLegendPosition(Styler.LegendPosition.InsideNE);
    chart.getStyler().setYAxisMin(0.0);
    return image(chart, WIDE, 2 * HEIGHT - 200);
  }

  /** The learning rate of each step. */
  BufferedImage learningRate() {
    XYChart chart = lines("Learning rate", "", WIDTH, HEIGHT);
    line(chart, "learning rate", StepMetrics::learningRate, theme.first, BOLD);
    chart.getStyler().setLegendVisible(false);
    chart.getStyler().setYAxisMin(0.0);
    chart.getStyler().setYAxisDecimalPattern("0.0E0");
    return image(chart, WIDTH, HEIGHT);
  }

  /** The gradients' norm before clipping. */
  BufferedImage gradientNorm() {
    XYChart chart = lines("Gradient norm, before clipping", "", WIDTH, HEIGHT);
    chart.getStyler().setYAxisDecimalPattern("0.0##");
    line(chart, "each step", StepMetrics::gradientNorm, theme.faint, THIN);
    add(chart, "smoothed", smoothed(StepMetrics::gradientNorm), theme.first, BOLD);
    chart.getStyler().setLegendVisible(false);
    boolean positive = steps.stream().allMatch(s -> !(s.gradientNorm() <= 0));
    chart.getStyler().setYAxisLogarithmic(positive && spread(StepMetrics::gradientNorm) > 30);
    return image(chart, WIDTH, HEIGHT);
  }

  /** Tokens per second of each step. */
  BufferedImage throughput() {
    XYChart chart = lines("Throughput", "tokens per second", WIDTH, HEIGHT);
    chart.getStyler().setYAxisDecimalPattern("#,##0");
    line(chart, "each step", StepMetrics::tokensPerSecond, theme.faint, THIN);
    add(chart, "smoothed", smoothed(StepMetrics::tokensPerSecond), theme.first, BOLD);
    chart.getStyler().setLegendVisible(false);
    chart.getStyler().setYAxisMin(0.0);
    return image(chart, WIDTH, HEIGHT);
  }

  /** The balance loss, summed over layers. */
  BufferedImage balance() {
    XYChart chart = lines("Balance loss, summed over layers", "", WIDTH, HEIGHT);
    chart.getStyler().setYAxisDecimalPattern("0.0##");
    line(chart, "each step", StepMetrics::balance, theme.faint, THIN);
    add(chart, "smoothed", smoothed(StepMetrics::balance), theme.first, BOLD);
    chart.getStyler().setLegendVisible(false);
    return image(chart, WIDTH, HEIGHT);
  }

  /** Whether the model has sparse partitions, whose load can be drawn. */
  boolean hasLoad() {
    return routedLayers().length > 0;
  }

  private int[] routedLayers() {
    float[][] load = steps.get(0).load();
    return IntStream.range(0, load.length).filter(i -> load[i].length > 0).toArray();
  }

  /** Share of tokens that write each partition over the steps, a small chart a layer. */
  BufferedImage load() {
    float[][] first = steps.get(0).load();
    int width = WIDE / LOAD_COLUMNS;
    int[] layers = routedLayers();
    int rows = (layers.length + LOAD_COLUMNS - 1) / LOAD_COLUMNS;
    BufferedImage whole = canvas(WIDE, rows * LOAD_HEIGHT);
    Graphics2D graphics = whole.createGraphics();
    try {
      graphics.setColor(theme.background);
      graphics.fillRect(0, 0, whole.getWidth(), whole.getHeight());
      for (int i = 0; i < layers.length; i++) {
        int layer = layers[i];
        String title = "Layer " + layer + ": share of writes";
        XYChart chart = lines(title, "", width, LOAD_HEIGHT);
        chart.getStyler().setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 12));
        chart.getStyler().setLegendVisible(false);
        chart.getStyler().setXAxisTitleVisible(false);
        chart.getStyler().setYAxisMin(0.0);
        chart.getStyler().setYAxisDecimalPattern("0.00");
        int partitions = first[layer].length;
        double even = 0;
        for (float share : first[layer]) {
          even += share / partitions;
        }
        Points level = new Points();
        level.add(steps.get(0).step(), even);
        level.add(steps.get(0).step() + Math.max(1, steps.size() - 1), even);
        add(chart, "even", level, theme.reference, DASHES[0]);
        for (int j = 0; j < partitions; j++) {
          int partition = j;
          Color colour = Color.getHSBColor((0.6f + (float) j / partitions) % 1, 0.62f, 0.88f);
          Points points = smoothed(s -> s.load()[layer][partition]);
          add(chart, "partition " + j, points, colour, THIN);
        }
        BufferedImage image = image(chart, width, LOAD_HEIGHT);
        int x = SCALE * width * (i % LOAD_COLUMNS);
        graphics.drawImage(image, x, SCALE * LOAD_HEIGHT * (i / LOAD_COLUMNS), null);
      }
    } finally {
      graphics.dispose();
    }
    return whole;
  }

  /** A picture as the bytes of a PNG. */
  static byte[] png(BufferedImage image) {
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

  private XYChart lines(String title, String yTitle, int width, int height) {
    XYChart chart = new XYChartBuilder().width(width).height(height).build();
    chart.setTitle(title);
    chart.setXAxisTitle("step");
    chart.setYAxisTitle(yTitle);
    style(chart.getStyler());
    chart.getStyler().setYAxisTitleVisible(!yTitle.isEmpty());
    chart.getStyler().setDefaultSeriesRenderStyle(XYSeries.XYSeriesRenderStyle.Line);
    chart.getStyler().setMarkerSize(5);
    chart.getStyler().setXAxisDecimalPattern("#,##0");
    return chart;
  }

  private void style(AxesChartStyler styler) {
    styler.setChartBackgroundColor(theme.background);
    styler.setPlotBackgroundColor(theme.background);
    styler.setPlotBorderVisible(false);
    styler.setChartFontColor(theme.text);
    styler.setXAxisTitleColor(theme.text);
    styler.setYAxisTitleColor(theme.text);
    styler.setAxisTickLabelsColor(theme.text);
    styler.setAxisTickMarksColor(theme.grid);
    styler.setAxisTicksLineVisible(false);
    styler.setPlotTicksMarksVisible(false);
    styler.setAxisTicksMarksVisible(false);
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setPlotGridLinesColor(theme.grid);
    styler.setPlotGridLinesStroke(THIN);
    styler.setLegendBackgroundColor(theme.background);
    styler.setLegendBorderColor(theme.background);
    styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 14));
    styler.setAxisTitleFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    styler.setAxisTickLabelsFont(new Font(Font.SANS_SERIF, Font.PLAIN, 11));
    styler.setLegendFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    styler.setChartPadding(12);
  }

  private static final class Points {
    private final List<Double> x = new ArrayList<>();
    private final List<Double> y = new ArrayList<>();

    void add(double step, double value) {
      if (Double.isFinite(value)) {
        x.add(step);
        y.add(value);
      }
    }

    boolean isEmpty() {
      return x.isEmpty();
    }
  }

  private void line(
      XYChart chart,
      String name,
      ToDoubleFunction<StepMetrics> value,
      Color colour,
      BasicStroke stroke) {
    Points points = new Points();
    int count = Math.min(MAX_POINTS, steps.size());
    for (int i = 0; i < count; i++) {
      int from = (int) ((long) i * steps.size() / count);
      int to = (int) ((long) (i + 1) * steps.size() / count);
      double sum = 0;
      for (int s = from; s < to; s++) {
        sum += value.applyAsDouble(steps.get(s));
      }
      points.add(steps.get(to - 1).step(), sum / (to - from));
    }
    if (!points.isEmpty()) {
      add(chart, name, points, colour, stroke);
    }
  }

  private XYSeries add(
      XYChart chart, String name, Points points, Color colour, BasicStroke stroke) {
    if (points.isEmpty()) {
      return null;
    }
    XYSeries series = chart.addSeries(name, points.x, points.y);
    series.setLineColor(colour);
    series.setLineStyle(stroke);
    series.setMarker(SeriesMarkers.NONE);
    return series;
  }

  /** A mean over the neighbouring steps, about a fortieth of all, without what is not finite. */
  private Points smoothed(ToDoubleFunction<StepMetrics> value) {
    int n = steps.size();
    double[] sums = new double[n + 1];
    int[] counts = new int[n + 1];
    for (int i = 0; i < n; i++) {
      double x = value.applyAsDouble(steps.get(i));
      boolean finite = Double.isFinite(x);
      sums[i + 1] = sums[i] + (finite ? x : 0);
      counts[i + 1] = counts[i] + (finite ? 1 : 0);
    }
    int half = Math.max(1, n / 80);
    int stride = Math.max(1, n / MAX_POINTS);
    Points points = new Points();
    for (int i = 0; i < n; i++) {
      int from = Math.max(0, i - half);
      int to = Math.min(n, i + half + 1);
      if (i % stride == 0 || i == n - 1) {
        points.add(steps.get(i).step(), (sums[to] - sums[from]) / (counts[to] - counts[from]));
      }
    }
    return points;
  }

  /** The largest finite value over the smallest. */
  private double spread(ToDoubleFunction<StepMetrics> value) {
    double[] finite = steps.stream().mapToDouble(value).filter(Double::isFinite).toArray();
    if (finite.length == 0) {
      return 1;
    }
    double min = Double.MAX_VALUE;
    double max = 0;
    for (double x : finite) {
      min = Math.min(min, x);
      max = Math.max(max, x);
    }
    return max / min;
  }

  /**
   * Puts a line of two points that is not seen before the first. XChart labels the points of the
   * first line, however many, if they stand at equal distances, and round steps otherwise.
   */
  private static void underlay(XYChart chart) {
    Map<String, XYSeries> lines = chart.getSeriesMap();
    if (lines.isEmpty()) {
      return;
    }
    Map<String, XYSeries> drawn = new LinkedHashMap<>(lines);
    XYSeries first = drawn.values().iterator().next();
    double[] x = first.getXData();
    double[] y = first.getYData();
    lines.clear();
    XYSeries unseen =
        chart.addSeries(
            "unseen", new double[] {x[0], x[x.length - 1]}, new double[] {y[0], y[y.length - 1]});
    unseen.setMarker(SeriesMarkers.NONE).setLineColor(new Color(0, true)).setShowInLegend(false);
    lines.putAll(drawn);
  }

  private static BufferedImage image(XYChart chart, int width, int height) {
    underlay(chart);
    BufferedImage image = canvas(width, height);
    Graphics2D graphics = image.createGraphics();
    try {
      graphics.scale(SCALE, SCALE);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      chart.paint(graphics, width, height);
    } finally {
      graphics.dispose();
    }
    return image;
  }

  private static BufferedImage canvas(int width, int height) {
    return new BufferedImage(SCALE * width, SCALE * height, BufferedImage.TYPE_INT_RGB);
  }
}
