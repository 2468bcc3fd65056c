package io.github.tornadosse.kernels.reference;

import java.util.Set;

/**
 * What the model's formulas depend on (docs/mathematics.md section 5).
 *
 * @param layers number of blocks
 * @param vocabulary size of the vocabulary
 * @param intermediate inner size of the MLP
 * @param tied whether the output weight is the embedding's
 * @param auxLossCoef weight of the balance loss
 * @param mixer the Sparse State Expansion layers; its norm epsilon is used everywhere
 * @param attention the softmax attention layers; null if there are none
 * @param attentionLayers which blocks have softmax attention
 */
public record ModelShape(
    int layers,
    int vocabulary,
    int intermediate,
    boolean tied,
    double auxLossCoef,
    MixerShape mixer,
    AttentionShape attention,
    Set<Integer> attentionLayers) {}
