/**
 * Writes checkpoints anew, and makes hybrids of Sparse State Expansion and softmax attention out of
 * pretrained Transformers (docs/conversion.md).
 */
package io.github.tornadosse.convert;
