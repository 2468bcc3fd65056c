package io.github.tornadosse.kernels.cuda;

import uk.ac.manchester.tornado.api.types.BFloat16;

/**
 * Pairs of bfloat16 in ints, and the order in which tensor cores take the factors of a product. A
 * left factor [M, K] is a row of tiles of 16 rows and 16 terms, each 128 ints: int 8·row + term/2
 * holds two neighbouring terms. A right factor [K, N] is a row of tiles of 16 terms and 8 columns,
 * each 64 ints: int 4·term + column/2 holds two neighbouring columns.
 */
final class Packed {
  /** Ints of a tile of a left factor. */
  static final int LEFT = 128;

  /** Ints of a tile of a right factor. */
  static final int RIGHT = 64;

  private Packed() {}

  /**
   * Two numbers as bfloat16, the first in the lower half. By way of longs, as TornadoVM keeps what
   * is computed from the bits of a bfloat16 in 16 bits.
   */
  static int pair(float first, float second) {
    long low = BFloat16.bf16FromFloat(first);
    long high = BFloat16.bf16FromFloat(second);
    return (int) ((high << 16) | (low & 0xFFFF));
  }

  /** The number in the lower half. */
  static float first(int pair) {
    return BFloat16.bf16ToFloat((short) (pair & 0xFFFF));
  }

  /** The number in the upper half. */
  static float second(int pair) {
    return BFloat16.bf16ToFloat((short) ((pair >> 16) & 0xFFFF));
  }

  /** The lower halves of two pairs, the first's in the lower half. */
  static int lower(int first, int second) {
    return (first & 0xFFFF) | (second << 16);
  }

  /** The upper halves of two pairs, the first's in the lower half. */
  static int upper(int first, int second) {
    return ((first >> 16) & 0xFFFF) | (second & 0xFFFF0000);
  }

  /** What a pair of two numbers leaves of them, as a pair. */
  static int rest(int pair, float first, float second) {
    return pair(first - first(pair), second - second(pair));
  }
}
