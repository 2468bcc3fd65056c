package io.github.tornadosse.graph;

import io.github.tornadosse.graph.MatrixProducts.Argument;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.BFloat16;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** {@link MatrixProducts} on the JVM, one sum after the other. */
public final class HostProducts implements TornadoLibraryProvider {
  private record Context() implements LibraryContext {}

  @Override
  public String libraryName() {
    return MatrixProducts.LIBRARY;
  }

  @Override
  public boolean canHandle(TornadoXPUDevice device) {
    return device.getTornadoVMBackend() == TornadoVMBackendType.JAVA;
  }

  @Override
  public LibraryContext createContext(TornadoXPUDevice device, long executionPlanId) {
    return new Context();
  }

  @Override
  public void dispatch(String functionName, LibraryInvocation call) {
    if (!functionName.equals(MatrixProducts.FUNCTION)) {
      throw new IllegalArgumentException(functionName);
    }
    int rows = number(call, Argument.ROWS);
    int columns = number(call, Argument.COLUMNS);
    int terms = number(call, Argument.TERMS);
    int leftStride = number(call, Argument.LEFT_STRIDE);
    int rightStride = number(call, Argument.RIGHT_STRIDE);
    boolean leftTransposed = number(call, Argument.LEFT_TRANSPOSED) != 0;
    boolean rightTransposed = number(call, Argument.RIGHT_TRANSPOSED) != 0;
    boolean added = number(call, Argument.ADDED) != 0;
    Object left = call.getArg(Argument.LEFT.ordinal());
    Object right = call.getArg(Argument.RIGHT.ordinal());
    FloatArray result = (FloatArray) call.getArg(Argument.RESULT.ordinal());
    for (int p = 0; p < number(call, Argument.COUNT); p++) {
      for (int m = 0; m < rows; m++) {
        for (int n = 0; n < columns; n++) {
          float sum = 0;
          for (int k = 0; k < terms; k++) {
            int a = leftTransposed ? k * leftStride + m : m * leftStride + k;
            int b = rightTransposed ? n * rightStride + k : k * rightStride + n;
            sum += element(left, a) * element(right, p * number(call, Argument.RIGHT_DISTANCE) + b);
          }
          int at =
              p * number(call, Argument.RESULT_DISTANCE)
                  + m * number(call, Argument.RESULT_STRIDE)
                  + n;
          result.set(at, added ? result.get(at) + sum : sum);
        }
      }
    }
  }

  private static float element(Object factor, int i) {
    if (factor instanceof FloatArray floats) {
      return floats.get(i);
    }
    int pair = ((IntArray) factor).get(i / 2);
    return BFloat16.bf16ToFloat((short) (i % 2 == 0 ? pair : pair >> 16));
  }

  private static int number(LibraryInvocation call, Argument argument) {
    return (int) call.getArg(argument.ordinal());
  }

  @Override
  public void destroyContext(LibraryContext context) {}
}
