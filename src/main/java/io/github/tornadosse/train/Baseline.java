package io.github.tornadosse.train;

/**
 * What something simpler reaches on the held-out part: a horizontal line in the report.
 *
 * @param name such as "order-3 counts"
 * @param bitsPerByte its cross-entropy in bits for each byte of text
 */
public record Baseline(String name, double bitsPerByte) {}
