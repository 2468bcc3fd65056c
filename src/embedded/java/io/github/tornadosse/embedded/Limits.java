package io.github.tornadosse.embedded;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** What TornadoVM takes of one graph; strict mode holds graphs to it. */
final class Limits {
  private static final int TASKS = 256;

  /** TornadoVM's property for the size of the code that a graph is compiled to, and its default. */
  private static final String CODE_SIZE = "tornado.tvm.maxbytecodesize";

  private static final int DEFAULT_CODE_SIZE = 4096;

  private Limits() {}

  static void check(GraphDefinition graph) {
    String name = "graph " + graph.name();
    int tasks = graph.tasks().size();
    if (tasks > TASKS) {
      throw new TornadoRuntimeException(
          name + " has " + tasks + " tasks, TornadoVM takes " + TASKS);
    }
    for (GraphDefinition.TaskStep task : graph.tasks()) {
      for (int i = 0; i < task.arguments().length; i++) {
        if (!takes(task.arguments()[i])) {
          throw new TornadoRuntimeException(
              "argument "
                  + (i + 1)
                  + " of task "
                  + graph.name()
                  + "."
                  + task.id()
                  + " is a "
                  + task.arguments()[i].getClass().getSimpleName()
                  + ": arguments are arrays, numbers or a KernelContext");
        }
      }
    }
    int size = codeSize(graph);
    int limit = Integer.getInteger(CODE_SIZE, DEFAULT_CODE_SIZE);
    if (size > limit) {
      throw new TornadoRuntimeException(
          name
              + " takes about "
              + size
              + " bytes of TornadoVM's code, the limit is "
              + limit
              + " (-D"
              + CODE_SIZE
              + ")");
    }
  }

  private static boolean takes(Object argument) {
    return argument instanceof TornadoNativeArray
        || argument instanceof KernelContext
        || argument instanceof Integer
        || argument instanceof Float
        || argument instanceof Long
        || argument instanceof Double
        || argument instanceof Short
        || argument instanceof Byte
        || argument instanceof Boolean;
  }

  /** An estimate: its own instructions for allocation, transfers, launches and release. */
  private static int codeSize(GraphDefinition graph) {
    int arrays = graph.arrays().size();
    int transfers =
        graph.sentOnce().size() + graph.sentAlways().size() + graph.fetchedAlways().size();
    int kept = graph.persisted().size() + graph.consumed().size();
    int size = 32 + 4 * arrays + 25 * transfers + 9 * kept + 5 * arrays;
    for (GraphDefinition.TaskStep task : graph.tasks()) {
      size += 33 + 5 * task.arguments().length + 10;
    }
    return size;
  }
}
