package io.github.tornadosse.eval.emit;

import java.nio.file.Path;

/**
 * A kernel in the form that a backend's device compiler gets.
 *
 * @param kernel class and method
 * @param file its code, or null if TornadoVM emitted none
 * @param failure why TornadoVM emitted none, or what the device compiler says against it; else null
 * @param usage what the device compiler says it uses, or null if none was asked or it refused
 */
public record EmittedKernel(String kernel, Path file, String failure, Usage usage) {
  /**
   * Resources of a compiled kernel. A compiler that only checks leaves all numbers at 0.
   *
   * @param registers of a thread
   * @param stackBytes of a thread
   * @param spillStoreBytes registers that are written to the stack
   * @param spillLoadBytes and read back
   * @param sharedBytes static shared memory of a group
   * @param constantBytes constant memory, arguments included
   */
  public record Usage(
      int registers,
      int stackBytes,
      int spillStoreBytes,
      int spillLoadBytes,
      int sharedBytes,
      int constantBytes) {
    /** Whether registers are kept in memory. */
    public boolean spills() {
      return spillStoreBytes > 0 || spillLoadBytes > 0;
    }
  }

  EmittedKernel with(Usage found, String refusal) {
    return new EmittedKernel(kernel, file, refusal, found);
  }

  /** Whether its code was emitted, and no compiler has refused it. */
  public boolean good() {
    return failure == null;
  }
}
