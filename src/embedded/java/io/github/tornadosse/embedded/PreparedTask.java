package io.github.tornadosse.embedded;

import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/** A task with its arguments, ready to run. */
final class PreparedTask {
  private final String name;
  private final Kernel kernel;
  private final Runnable code;

  private PreparedTask(String name, Kernel kernel, Runnable code) {
    this.name = name;
    this.kernel = kernel;
    this.code = code;
  }

  /**
   * Finds a task's kernel and how to run it.
   *
   * @param name "graph.task"
   * @param code a reference to the kernel
   * @param arguments the kernel's arguments
   * @return the task
   * @throws TornadoRuntimeException if the kernel cannot be run
   */
  static PreparedTask of(String name, Object code, Object[] arguments) {
    Kernel kernel = Kernel.of(name, code);
    Runnable run;
    if (kernel.parallel() != null) {
      run = new ParallelRun(bind(name, kernel, arguments), kernel.splits());
    } else {
      run = () -> TaskCall.call(code, arguments);
    }
    return new PreparedTask(name, kernel, run);
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

  void run() {
    try {
      code.run();
    } catch (RuntimeException e) {
      TornadoRuntimeException failure =
          new TornadoRuntimeException("task " + name + ", " + kernel.name() + ": " + e);
      failure.initCause(e);
      throw failure;
    }
  }
}
