package io.github.tornadosse.nn;

import java.util.Map;

/**
 * What a session keeps, off the device: all that reading on depends on.
 *
 * @param position tokens read
 * @param parts by name, {@code layers.i.state} [N + 1, heads, K, V], {@code layers.i.q_conv} and
 *     {@code layers.i.k_conv} [width − 1, H, K], {@code layers.i.keys} and {@code layers.i.values}
 *     [tokens, HK, dim], the latest tokens in the order of the text
 */
public record SessionState(int position, Map<String, float[]> parts) {}
