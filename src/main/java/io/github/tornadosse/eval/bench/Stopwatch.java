package io.github.tornadosse.eval.bench;

/** Times something in turns with the yardsticks, so that a change in speed meets all of them. */
final class Stopwatch {
  private static final int YARDSTICKS = 5;

  /** Operations of a warm-up, after which a JIT compiler has settled. */
  private static final double WARM = 2e11;

  private static final int MOST_WARM_UPS = 40;
  private static final int LEAST_WARM_UPS = 2;

  private Stopwatch() {}

  /**
   * Times.
   *
   * @param timed what; returns when its results are there
   * @param runs timed runs after warm-up
   * @param flop nominal operations of a run
   * @param tokens of a run
   * @param planned bytes of the program's arrays
   * @param io bytes that a run has to move at least
   * @param yardsticks made before the footprint was begun
   * @param footprint begun before the program was made
   * @return the figures
   */
  static Figures time(
      Runnable timed,
      int runs,
      double flop,
      double tokens,
      long planned,
      long io,
      Yardsticks yardsticks,
      Footprint footprint) {
    double[] ms = new double[runs];
    double[] products = new double[runs * YARDSTICKS];
    double[] copies = new double[runs * YARDSTICKS];
    // Enough for the JIT to have settled, without waiting long where a run is slow.
    double warmUps = Math.max(LEAST_WARM_UPS, Math.min(MOST_WARM_UPS, WARM / flop));
    for (int i = 0; i < warmUps; i++) {
      timed.run();
      yardsticks.product();
      yardsticks.copy();
    }
    long peak = footprint.peak(timed, planned);
    for (int i = 0; i < runs; i++) {
      ms[i] = milliseconds(timed);
      for (int j = 0; j < YARDSTICKS; j++) {
        products[i * YARDSTICKS + j] = milliseconds(yardsticks::product);
        copies[i * YARDSTICKS + j] = milliseconds(yardsticks::copy);
      }
    }
    Figures.Bytes bytes = new Figures.Bytes(planned, io, peak);
    return new Figures(ms, products, copies, flop, tokens, bytes);
  }

  private static double milliseconds(Runnable r) {
    long start = System.nanoTime();
    r.run();
    return (System.nanoTime() - start) / 1e6;
  }
}
