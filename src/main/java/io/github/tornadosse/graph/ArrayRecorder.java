package io.github.tornadosse.graph;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A graph that only notes which arrays its tasks use, to find out before a graph is built which
 * transfers it needs.
 */
public final class ArrayRecorder extends TaskRecorder {
  private final Set<Object> arrays = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * A graph without tasks.
   *
   * @param name its name
   */
  public ArrayRecorder(String name) {
    super(name);
  }

  /**
   * The arrays among the arguments of all tasks so far.
   *
   * @return each array once
   */
  public Set<Object> arrays() {
    return arrays;
  }

  @Override
  void on(String id, Consumer<TaskGraph> append, Object... arguments) {
    for (Object a : arguments) {
      if (a instanceof TornadoNativeArray) {
        arrays.add(a);
      }
    }
  }
}
