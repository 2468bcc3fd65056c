package io.github.tornadosse.convert;

import java.util.List;

/**
 * What a conversion is told.
 *
 * @param attentionLayers the layers that keep their softmax attention: numbers from 0 with commas
 *     between, {@code all}, or nothing for none
 * @param overrides assignments to keys of the mixers' configuration, such as {@code num_writer=2}
 * @param seed of the values that are drawn; the same seed gives the same bytes
 */
public record HybridOptions(String attentionLayers, List<String> overrides, long seed) {
  /** Keeps the overrides as they are. */
  public HybridOptions {
    overrides = List.copyOf(overrides);
  }
}
