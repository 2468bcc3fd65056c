/**
 * The portable tier: plain static methods with {@code @Parallel} outer loops over TornadoVM arrays,
 * compiled to OpenCL, PTX, CUDA or SPIR-V and also run by the embedded runtime. A view arrives as
 * its array and, in a parameter named {@code ...At}, the index in {@code control} of its base
 * index. Kernels do nothing for tokens that the execution does not have ({@code control[TOKENS]}).
 * Each iteration of a parallel loop writes elements of its own; sums over tokens go through partial
 * sums of fixed blocks of tokens, so results do not depend on scheduling. See
 * docs/adding-a-kernel.md.
 */
package io.github.tornadosse.kernels.portable;
