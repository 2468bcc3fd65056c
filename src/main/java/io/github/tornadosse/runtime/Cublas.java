package io.github.tornadosse.runtime;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.github.tornadosse.tensor.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.Optional;

/** NVIDIA's cuBLAS, on the context of the calling thread. Call from one thread at a time. */
final class Cublas {
  /** What the dynamic linker may know it as: CUDA 13's, 12's, and that of a development package. */
  private static final List<String> NAMES =
      System.getProperty("os.name").startsWith("Windows")
          ? List.of("cublas64_13.dll", "cublas64_12.dll")
          : List.of("libcublas.so.13", "libcublas.so.12", "libcublas.so");

  private static final int BFLOAT16 = 14;
  private static final int FLOAT32 = 0;
  private static final int SUMS_IN_FLOAT32 = 68;
  private static final int ITS_CHOICE = -1;

  private static final Optional<SymbolLookup> LIBRARY = load();
  private static final MemorySegment ZERO = constant(0f);
  private static final MemorySegment ONE = constant(1f);

  private final MethodHandle destroy = function("cublasDestroy_v2", ADDRESS);
  private final MethodHandle setWorkspace =
      function("cublasSetWorkspace_v2", ADDRESS, JAVA_LONG, JAVA_LONG);
  private final MethodHandle gemm =
      function(
          "cublasGemmStridedBatchedEx",
          ADDRESS,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT,
          ADDRESS,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          ADDRESS,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_LONG,
          JAVA_INT,
          JAVA_INT,
          JAVA_INT);

  private final MemorySegment handle;

  /**
   * A handle whose work joins a stream.
   *
   * @param stream a CUstream of the context that is current
   * @throws UserError if cuBLAS refuses
   */
  Cublas(long stream) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment place = arena.allocate(ADDRESS);
      call("cublasCreate", function("cublasCreate_v2", ADDRESS), place);
      handle = place.get(ADDRESS, 0);
      call(
          "cublasSetStream",
          function("cublasSetStream_v2", ADDRESS, ADDRESS),
          handle,
          MemorySegment.ofAddress(stream));
    }
  }

  /** Whether the library is there. */
  static boolean available() {
    return LIBRARY.isPresent();
  }

  /** The names that it is looked for under, for messages. */
  static String wanted() {
    return NAMES.getFirst();
  }

  /**
   * A matrix in the order of columns, as cuBLAS has them: element (row, column) at row +
   * column·stride.
   *
   * @param address where it is on the device
   * @param stride distance of its columns
   * @param distance elements from one matrix of several to the next
   * @param transposed whether the product takes it transposed; never a result
   */
  record Matrix(long address, int stride, long distance, boolean transposed) {
    private int operation() {
      return transposed ? 1 : 0;
    }
  }

  /**
   * C = A·B or C += A·B, for several matrices at a time: A and B of bfloat16 or float32, C float32.
   *
   * @param half whether A and B are of bfloat16
   * @param rows of C
   * @param columns of C
   * @param terms of a sum
   * @param a [rows, terms] once transposed if it is
   * @param b [terms, columns] once transposed if it is
   * @param added whether to add to C
   * @param c the results
   * @param count number of products
   * @throws UserError if cuBLAS refuses
   */
  void product(
      boolean half,
      int rows,
      int columns,
      int terms,
      Matrix a,
      Matrix b,
      boolean added,
      Matrix c,
      int count) {
    int type = half ? BFLOAT16 : FLOAT32;
    call(
        "cublasGemmStridedBatchedEx",
        gemm,
        handle,
        a.operation(),
        b.operation(),
        rows,
        columns,
        terms,
        ONE,
        a.address,
        type,
        a.stride,
        a.distance,
        b.address,
        type,
        b.stride,
        b.distance,
        added ? ONE : ZERO,
        c.address,
        FLOAT32,
        c.stride,
        c.distance,
        count,
        SUMS_IN_FLOAT32,
        ITS_CHOICE);
  }

  /**
   * Gives it memory to work in, without which it may not allocate any while a graph is captured.
   *
   * @param address on the device, a multiple of 256
   * @param bytes its size
   */
  void workspace(long address, long bytes) {
    call("cublasSetWorkspace", setWorkspace, handle, address, bytes);
  }

  /** Frees the handle. */
  void close() {
    call("cublasDestroy", destroy, handle);
  }

  private static void call(String name, MethodHandle function, Object... arguments) {
    int status;
    try {
      status = (int) function.invokeWithArguments(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new IllegalStateException(name, t);
    }
    if (status != 0) {
      throw new UserError(
          "cuBLAS refuses "
              + name
              + " with status "
              + status
              + " on "
              + Devices.name()
              + "; -D"
              + Devices.LIBRARY
              + "=false takes the program's own products");
    }
  }

  private static MethodHandle function(String name, MemoryLayout... arguments) {
    MemorySegment address =
        LIBRARY
            .flatMap(l -> l.find(name))
            .orElseThrow(() -> new UserError("cuBLAS here has no function " + name));
    return Linker.nativeLinker()
        .downcallHandle(address, FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static Optional<SymbolLookup> load() {
    for (String name : NAMES) {
      try {
        return Optional.of(SymbolLookup.libraryLookup(name, Arena.global()));
      } catch (IllegalArgumentException e) {
        // The next name may be the one.
        continue;
      }
    }
    return Optional.empty();
  }

  private static MemorySegment constant(float value) {
    return Arena.global().allocateFrom(ValueLayout.JAVA_FLOAT, value);
  }
}
