package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.MatrixProducts;
import io.github.tornadosse.graph.MatrixProducts.Argument;
import io.github.tornadosse.runtime.Cublas.Matrix;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoNativeStreamSupport;

/**
 * {@link MatrixProducts} by cuBLAS, on the stream of the plan that they are part of; TornadoVM
 * finds it as a service. Nothing is allocated between a plan's first task and its last, so that a
 * graph of it can be captured.
 */
public final class CublasProvider implements TornadoLibraryProvider {
  private static final long ALIGNMENT = 256;

  /** For TornadoVM. */
  public CublasProvider() {}

  private record Context(Cublas cublas) implements LibraryContext {}

  @Override
  public String libraryName() {
    return MatrixProducts.LIBRARY;
  }

  @Override
  public boolean canHandle(TornadoXPUDevice device) {
    return device instanceof TornadoNativeStreamSupport;
  }

  @Override
  public LibraryContext createContext(TornadoXPUDevice device, long plan) {
    return new Context(new Cublas(((TornadoNativeStreamSupport) device).getNativeStream(plan)));
  }

  /** cuBLAS takes columns first: what is row-major here it sees transposed, and Cᵀ = Bᵀ·Aᵀ. */
  @Override
  public void dispatch(String function, LibraryInvocation call) {
    if (!function.equals(MatrixProducts.FUNCTION)) {
      throw new IllegalArgumentException("no function is called " + function);
    }
    Cublas cublas = ((Context) call.getContext()).cublas();
    Matrix left = factor(call, Argument.LEFT, Argument.LEFT_STRIDE, 0, Argument.LEFT_TRANSPOSED);
    Matrix right =
        factor(
            call,
            Argument.RIGHT,
            Argument.RIGHT_STRIDE,
            number(call, Argument.RIGHT_DISTANCE),
            Argument.RIGHT_TRANSPOSED);
    Matrix result =
        new Matrix(
            address(call, Argument.RESULT),
            number(call, Argument.RESULT_STRIDE),
            number(call, Argument.RESULT_DISTANCE),
            false);
    workspace(cublas, call);
    boolean added = number(call, Argument.ADDED) != 0;
    cublas.product(
        call.getArg(Argument.LEFT.ordinal()) instanceof IntArray,
        number(call, Argument.COLUMNS),
        number(call, Argument.ROWS),
        number(call, Argument.TERMS),
        right,
        left,
        added,
        result,
        number(call, Argument.COUNT));
  }

  private static Matrix factor(
      LibraryInvocation call, Argument array, Argument stride, int distance, Argument transposed) {
    return new Matrix(
        address(call, array), number(call, stride), distance, number(call, transposed) != 0);
  }

  private static void workspace(Cublas cublas, LibraryInvocation call) {
    int at = Argument.WORKSPACE.ordinal();
    long bytes = 4L * ((IntArray) call.getArg(at)).getSize();
    long begin = call.getDevicePointer(at);
    long aligned = (begin + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    cublas.workspace(aligned, begin + bytes - aligned);
  }

  private static int number(LibraryInvocation call, Argument argument) {
    return (int) call.getArg(argument.ordinal());
  }

  private static long address(LibraryInvocation call, Argument argument) {
    return call.getDevicePointer(argument.ordinal());
  }

  @Override
  public void destroyContext(LibraryContext context) {
    ((Context) context).cublas().close();
  }
}
