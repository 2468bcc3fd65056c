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

  /** Values that each name can have, the usual best first. */
  public static final Map<String, List<Integer>> CANDIDATES =
      Map.of(REDUCTION_ITEMS, List.of(128, 64, 32, 256));

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
