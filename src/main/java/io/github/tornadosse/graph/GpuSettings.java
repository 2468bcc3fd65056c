package io.github.tornadosse.graph;

import java.util.List;
import java.util.Map;

/**
 * What the GPU tier knows of its device.
 *
 * @param groupItems most work-items of a group
 * @param localBytes local memory of a group
 * @param tuned values of {@link #CANDIDATES} that were found to be the fastest; those without one
 *     have the first candidate that the device takes
 */
public record GpuSettings(int groupItems, long localBytes, Map<String, Integer> tuned) {
  /** Work-items of a group that reduces a row. */
  public static final String REDUCTION_ITEMS = "reduction.items";

  /** Rows and columns of the largest tile of a dense product. */
  public static final String DENSE_TILE = "dense.tile";

  /** Groups from which on dense products keep all compute units busy. */
  public static final String DENSE_GROUPS = "dense.groups";

  /** Most tokens of a dense layer whose weight is read in its own order. */
  public static final String DENSE_FEW = "dense.few";

  /** Fewest terms of a part of a dense product whose terms are divided. */
  public static final String DENSE_PART = "dense.part";

  /** Work-items of a group that computes the loss of a token. */
  public static final String LOSS_ITEMS = "loss.items";

  /** Values that each name can have, the usual best first. */
  public static final Map<String, List<Integer>> CANDIDATES =
      Map.of(
          REDUCTION_ITEMS, List.of(128, 64, 32, 256),
          LOSS_ITEMS, List.of(512, 1024, 256, 128),
          DENSE_TILE, List.of(128, 64),
          DENSE_GROUPS, List.of(264, 132, 528, 64, 16, 1),
          DENSE_PART, List.of(256, 512, 128, 32),
          DENSE_FEW, List.of(8, 4, 16, 0));

  /** What every device that has groups takes; for tests and for the embedded runtime. */
  public static final GpuSettings SMALLEST = new GpuSettings(256, 32 << 10, Map.of());

  /** Refuses names and values that are not among the candidates. */
  public GpuSettings {
    tuned = Map.copyOf(tuned);
    tuned.forEach(
        (name, value) -> {
          if (!CANDIDATES.containsKey(name) || !CANDIDATES.get(name).contains(value)) {
            throw new IllegalArgumentException("no candidate: " + name + " = " + value);
          }
        });
  }

  /**
   * The value of a name.
   *
   * @param name one of {@link #CANDIDATES}
   * @return the tuned value, or the usual best
   */
  public int get(String name) {
    return tuned.getOrDefault(name, CANDIDATES.get(name).getFirst());
  }
}
