package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.KernelTask;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;

/**
 * Lets TornadoVM compile single tasks without executing them, on a virtual device or a real one.
 * The JVM has to be started so that TornadoVM prints kernels to a file, which the launcher sees to.
 */
public final class KernelCompiler {
  private static final String PRINT = "tornado.printKernel";
  private static final String FILE = "tornado.print.kernel.dir";

  private final Path file;

  /** For the file that this JVM was told to print kernels to. */
  public KernelCompiler() {
    file = Path.of(System.getProperty(FILE));
  }

  /** Whether this JVM was started for compiling kernels only. */
  public static boolean available() {
    return Boolean.parseBoolean(System.getProperty(PRINT)) && System.getProperty(FILE) != null;
  }

  /**
   * What became of a kernel.
   *
   * @param code what TornadoVM emitted, or null
   * @param failure why there is no code, or null
   */
  public record Result(String code, String failure) {}

  /**
   * Compiles the kernel of a task.
   *
   * @param task the task
   * @return its code or why there is none
   */
  public Result compile(KernelTask task) {
    try {
      Files.deleteIfExists(file);
      TaskGraph graph = new TaskGraph(KernelTask.GRAPH);
      task.append().accept(graph);
      // Closing it would free device memory, of which it has none, and which a virtual device
      // does not know of.
      @SuppressWarnings("resource")
      TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
      String name = KernelTask.GRAPH + "." + task.id();
      WorkerGrid grid = task.grids().get(name);
      if (grid != null) {
        plan.withGridScheduler(new GridScheduler(name, grid));
      }
      plan.withPreCompilation();
      return Files.exists(file)
          ? new Result(Files.readString(file).strip() + "\n", null)
          : new Result(null, "TornadoVM emitted nothing");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException | LinkageError | AssertionError e) {
      return new Result(null, reason(e));
    } catch (Error e) {
      if (!Devices.fromTornado(e)) {
        throw e;
      }
      return new Result(null, reason(e));
    }
  }

  /** The innermost cause, in one line. */
  private static String reason(Throwable e) {
    Throwable cause = e;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    String where = Arrays.stream(cause.getStackTrace()).findFirst().map(f -> " at " + f).orElse("");
    return (cause + where).strip().replaceAll("\\s+", " ");
  }
}
