package io.github.tornadosse.nn;

/** What routing reports of a forward pass. */
final class RoutingReport {
  private RoutingReport() {}

  /**
   * The outcome of a batch.
   *
   * @param mixer after its balance losses and loads were fetched; null if no layer has one
   * @param crossEntropy summed over targets
   * @param targets how many there are
   * @return with the load of each layer, empty for those without sparse partitions
   */
  static Trainable.Outcome outcome(
      ModelConfig config, SseMixer mixer, double crossEntropy, int targets) {
    int n = config.partitions();
    float[][] load = new float[config.layers()][0];
    double balance = 0;
    for (int i = 0; i < config.layers() && n > 0; i++) {
      if (config.kind(i) == ModelConfig.Kind.MIXER) {
        int index = config.kindIndex(i);
        balance += mixer.aux().get(index);
        load[i] = new float[n];
        for (int p = 0; p < n; p++) {
          load[i][p] = mixer.load().get(index * 2 * n + p);
        }
      }
    }
    return new Trainable.Outcome(crossEntropy, targets, balance, load);
  }
}
