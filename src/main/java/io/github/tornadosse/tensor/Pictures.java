package io.github.tornadosse.tensor;

import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Optional;

/** Whether this machine can draw: the JDK's AWT needs fonts, which servers often do not have. */
public final class Pictures {
  private Pictures() {}

  private static final class Found {
    static final Optional<String> OBSTACLE = look();
  }

  /**
   * What is in the way of drawing text, and what would help; looked for once, at the first call.
   *
   * @return empty if text can be drawn
   */
  public static Optional<String> obstacle() {
    return Found.OBSTACLE;
  }

  /**
   * Makes sure that pictures can be drawn, before work is done whose result is one.
   *
   * @param what is to be drawn, for the message
   * @throws UserError if it cannot
   */
  public static void require(Object what) {
    if (obstacle().isPresent()) {
      throw new UserError("cannot draw " + what + ": " + obstacle().get());
    }
  }

  private static Optional<String> look() {
    // Before AWT starts; on a server there is no display to ask for.
    if (System.getProperty("java.awt.headless") == null) {
      System.setProperty("java.awt.headless", "true");
    }
    try {
      Graphics2D g = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
      try {
        g.getFontMetrics(new Font(Font.SANS_SERIF, Font.PLAIN, 12)).stringWidth("0");
      } finally {
        g.dispose();
      }
      return Optional.empty();
    } catch (RuntimeException | InternalError | LinkageError e) {
      // The JDK has a type of its own for each way in which fonts are missing.
      return Optional.of(
          "AWT does not work here ("
              + e.getMessage()
              + "); install a font, such as the packages fontconfig and fonts-dejavu-core");
    }
  }
}
