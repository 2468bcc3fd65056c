package io.github.tornadosse.eval.tasks;

import java.awt.Color;
import java.awt.Font;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.HeatMapChartBuilder;

/**
 * Shares from 0 (red) to 1 (green) over two axes.
 *
 * @param title above the map
 * @param xName what columns are
 * @param columns labels from the left
 * @param yName what rows are
 * @param rows labels from the top
 * @param values [columns][rows]; what is not a number stays empty
 */
public record HeatMap(
    String title,
    String xName,
    List<String> columns,
    String yName,
    List<String> rows,
    double[][] values) {
  private static final Color[] COLOURS = {
    new Color(0xd7382b), new Color(0xf6c344), new Color(0x2e9e5b)
  };

  /** The map as the bytes of a PNG. */
  static byte[] png(HeatMap map) {
    HeatMapChart chart =
        new HeatMapChartBuilder()
            .width(Math.max(560, 130 + 70 * map.columns.size()))
            .height(Math.max(300, 120 + 34 * map.rows.size()))
            .title(map.title)
            .xAxisTitle(map.xName)
            .yAxisTitle(map.yName)
            .build();
    chart.getStyler().setRangeColors(COLOURS).setMin(0).setMax(1);
    chart.getStyler().setShowValue(true).setHeatMapValueDecimalPattern("0.00");
    chart.getStyler().setChartBackgroundColor(Color.WHITE).setPlotBorderVisible(false);
    chart.getStyler().setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 14));
    // XChart has its first row at the bottom.
    List<String> upwards = new ArrayList<>(map.rows);
    Collections.reverse(upwards);
    List<Number[]> data = new ArrayList<>();
    for (int x = 0; x < map.columns.size(); x++) {
      for (int y = 0; y < upwards.size(); y++) {
        double value = map.values[x][upwards.size() - 1 - y];
        if (!Double.isNaN(value)) {
          data.add(new Number[] {x, y, value});
        }
      }
    }
    chart.addSeries("accuracy", map.columns, upwards, data);
    return PlotStyle.png(chart);
  }
}
