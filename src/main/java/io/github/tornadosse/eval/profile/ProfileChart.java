package io.github.tornadosse.eval.profile;

import io.github.tornadosse.eval.profile.TrainingProfile.Share;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import javax.imageio.ImageIO;

/**
 * Draws a profile: a bar a part, as long as its time, with a mark at the time that its nominal work
 * would take at the machine's limits (a roofline's roof, turned into time).
 */
final class ProfileChart {
  private static final int SCALE = 2;
  private static final int WIDTH = 1000;
  private static final int LEFT = 200;
  private static final int RIGHT = 230;
  private static final int TOP = 64;
  private static final int BAR = 20;
  private static final int STEP = 34;
  private static final int BOTTOM = 40;
  private static final Color TEXT = new Color(0x1f2430);
  private static final Color SOFT = new Color(0x6b7280);
  private static final Color LINE = new Color(0xe4e7ec);
  private static final Color ARITHMETIC = new Color(0x2f6fde);
  private static final Color MEMORY = new Color(0x3a9d78);
  private static final Color HOST = new Color(0xb9c4d6);
  private static final Color MARK = new Color(0xd9482b);

  private final TrainingProfile profile;
  private final Graphics2D g;
  private final double longest;

  private ProfileChart(TrainingProfile profile, Graphics2D g) {
    this.profile = profile;
    this.g = g;
    longest = profile.parts().stream().mapToDouble(Share::ms).max().orElse(1);
  }

  /** The picture as the bytes of a PNG. */
  static byte[] png(TrainingProfile profile) {
    int height = TOP + STEP * profile.parts().size() + BOTTOM;
    BufferedImage image =
        new BufferedImage(SCALE * WIDTH, SCALE * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      g.scale(SCALE, SCALE);
      g.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      g.setColor(Color.WHITE);
      g.fillRect(0, 0, WIDTH, height);
      new ProfileChart(profile, g).draw();
    } finally {
      g.dispose();
    }
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

  private void draw() {
    g.setColor(TEXT);
    g.setFont(new Font(Font.SANS_SERIF, Font.BOLD, 15));
    text(
        "Where a training step of %.1f ms goes: %.2f of a %d³ product's %.0f GFLOP/s",
        16, 26, profile.wallMs(), profile.ofSgemm(), profile.productSize(), profile.sgemmGflops());
    legend();
    List<Share> parts = profile.parts();
    for (int i = 0; i < parts.size(); i++) {
      part(parts.get(i), TOP + STEP * i);
    }
  }

  private void legend() {
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    int x = 16;
    x = entry(ARITHMETIC, "bound by arithmetic", x);
    x = entry(MEMORY, "bound by memory", x);
    x = entry(HOST, "host", x);
    g.setColor(MARK);
    g.fillRect(x + 4, 37, 3, 14);
    g.setColor(SOFT);
    text("what the work would take at the machine's limits", x + 14, 48);
  }

  private int entry(Color colour, String name, int x) {
    g.setColor(colour);
    g.fillRect(x, 39, 10, 10);
    g.setColor(SOFT);
    text(name, x + 15, 48);
    FontMetrics metrics = g.getFontMetrics();
    return x + 15 + metrics.stringWidth(name) + 18;
  }

  private void part(Share s, int y) {
    boolean work = s.work().flop() > 0 || s.work().bytes() > 0;
    boolean arithmetic =
        s.work().flop() / profile.sgemmGflops() > s.work().bytes() / profile.copyGbs();
    int middle = y + 15;
    g.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
    g.setColor(TEXT);
    String label = s.part().label();
    text(label, LEFT - 10 - g.getFontMetrics().stringWidth(label), middle);
    g.setColor(LINE);
    g.fillRect(LEFT, y, WIDTH - LEFT - RIGHT, BAR);
    g.setColor(!work ? HOST : arithmetic ? ARITHMETIC : MEMORY);
    int length = length(s.ms());
    g.fillRect(LEFT, y, length, BAR);
    if (work) {
      double best = profile.ofLimit(s.work(), s.ms()) * s.ms();
      g.setColor(MARK);
      g.fillRect(LEFT + Math.min(length(best), WIDTH - LEFT - RIGHT) - 1, y - 3, 3, BAR + 6);
    }
    g.setColor(SOFT);
    String rate =
        !work
            ? ""
            : arithmetic
                ? String.format(Locale.ROOT, ", %.1f GFLOP/s", s.gflops())
                : String.format(Locale.ROOT, ", %.1f GB/s", s.gbs());
    text(
        "%.2f ms, %.1f %%%s",
        WIDTH - RIGHT + 10, middle, s.ms(), 100 * s.ms() / profile.wallMs(), rate);
  }

  private int length(double ms) {
    return (int) Math.round(ms / longest * (WIDTH - LEFT - RIGHT));
  }

  private void text(String format, int x, int y, Object... values) {
    g.drawString(values.length == 0 ? format : String.format(Locale.ROOT, format, values), x, y);
  }
}
