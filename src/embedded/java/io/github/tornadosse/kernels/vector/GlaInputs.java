package io.github.tornadosse.kernels.vector;

/**
 * What one call of {@link Gla} reads, and its sizes.
 *
 * @param q [sources, H, capacity, K]
 * @param k [sources, H, capacity, K]
 * @param v [H, capacity, V]
 * @param g [sources, H, capacity, K]
 * @param token token of each row
 * @param mode bit 0: the row is written, bit 1: it is read
 * @param weight what each row's q is multiplied by, then what its k is, [2, R]
 * @param heads H
 * @param capacity stride of the head-major token arrays
 * @param rowCapacity R, stride of the row arrays
 * @param key K
 * @param value V
 */
record GlaInputs(
    float[] q,
    float[] k,
    float[] v,
    float[] g,
    int[] token,
    int[] mode,
    float[] weight,
    int heads,
    int capacity,
    int rowCapacity,
    int key,
    int value) {}
