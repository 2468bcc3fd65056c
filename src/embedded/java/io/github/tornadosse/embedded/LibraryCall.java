package io.github.tornadosse.embedded;

import java.util.ServiceLoader;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryContext;
import uk.ac.manchester.tornado.runtime.library.spi.LibraryInvocation;
import uk.ac.manchester.tornado.runtime.library.spi.TornadoLibraryProvider;

/** Calls of libraries that have a provider for the JVM, which takes the arrays themselves. */
final class LibraryCall {
  private LibraryCall() {}

  /**
   * Finds who runs a call.
   *
   * @param call the call
   * @param arguments its arguments; in strict mode the device's arrays
   * @return runs it
   * @throws TornadoRuntimeException if there is no such library for the JVM
   */
  static Runnable of(LibraryTaskDescriptor call, Object[] arguments) {
    TornadoXPUDevice device =
        (TornadoXPUDevice) TornadoRuntimeProvider.getTornadoRuntime().getDefaultDevice();
    for (TornadoLibraryProvider provider : ServiceLoader.load(TornadoLibraryProvider.class)) {
      if (provider.libraryName().equals(call.getLibraryName()) && provider.canHandle(device)) {
        return () -> run(provider, device, call, arguments);
      }
    }
    throw new TornadoRuntimeException(
        "library '" + call.getLibraryName() + "' has no provider for the JVM");
  }

  private static void run(
      TornadoLibraryProvider provider,
      TornadoXPUDevice device,
      LibraryTaskDescriptor call,
      Object[] arguments) {
    boolean[] arrays = new boolean[arguments.length];
    for (int i = 0; i < arguments.length; i++) {
      arrays[i] = arguments[i] instanceof TornadoNativeArray;
    }
    LibraryContext context = provider.createContext(device, 0);
    try {
      provider.prepare(call, context);
      provider.dispatch(
          call.getFunctionName(),
          new LibraryInvocation(
              arguments, new long[arguments.length], arrays, device, 0, context, call.getTuning()));
    } finally {
      provider.destroyContext(context);
    }
  }
}
