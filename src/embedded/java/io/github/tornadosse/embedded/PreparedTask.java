package io.github.tornadosse.embedded;

import java.util.Arrays;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** A task with its arguments, ready to run. */
final class PreparedTask {
  private final String name;
  private final String kernel;
  private final Runnable code;

  private PreparedTask(String name, String kernel, Runnable code) {
    this.name = name;
    this.kernel = kernel;
    this.code = code;
  }

  /**
   * Finds a task's kernel and how to run it.
   *
   * @param name "graph.task"
   * @param code a reference to the kernel, or a call of a library
   * @param arguments the kernel's arguments
   * @param grids the grids of its plan
   * @param strict whether private arrays are to hold garbage at first
   * @return the task
   * @throws TornadoRuntimeException if the kernel cannot be run
   */
  static PreparedTask of(
      String name, Object code, Object[] arguments, Supplier<GridScheduler> grids, boolean strict) {
    if (code instanceof LibraryTaskDescriptor call) {
      return new PreparedTask(name, call.getFunctionName(), LibraryCall.of(call, arguments));
    }
    Kernel kernel = Kernel.of(name, code, strict);
    Runnable run;
    if (kernel.parallel() != null) {
      run = new ParallelRun(bind(name, kernel, arguments), kernel.splits());
    } else if (Arrays.stream(arguments).anyMatch(KernelContext.class::isInstance)) {
      run = new GridRun(name, code, arguments, kernel.barriers(), grids);
    } else {
      run = () -> TaskCall.call(code, arguments);
    }
    return new PreparedTask(name, kernel.name(), run);
  }

  private static ParallelKernel bind(String name, Kernel kernel, Object[] arguments) {
    try {
      return (ParallelKernel) kernel.parallel().invokeExact(arguments);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new IllegalStateException("task " + name + ": " + kernel.name(), t);
    }
  }

  /** "graph.task". */
  String name() {
    return name;
  }

  private static String reason(RuntimeException e) {
    return e instanceof TornadoRuntimeException ? e.getMessage() : e.toString();
  }

  void run() {
    try {
      code.run();
    } catch (RuntimeException e) {
      TornadoRuntimeException failure =
          new TornadoRuntimeException("task " + name + ", " + kernel + ": " + reason(e));
      failure.initCause(e);
      throw failure;
    }
  }
}
