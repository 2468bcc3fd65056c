package io.github.tornadosse.embedded;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** The transfers and tasks of a graph. */
public final class GraphDefinition {
  record TaskStep(String id, Object code, Object[] arguments) {}

  /** Arrays that another graph has left on the device; the graph is null if any will do. */
  record Consumed(String graph, Object array) {}

  private final String name;
  private final List<TaskStep> tasks;
  private final List<Object> sentOnce;
  private final List<Object> sentAlways;
  private final List<Object> fetchedAlways;
  private final Set<Object> persisted;
  private final List<Consumed> consumed;

  /**
   * A graph without tasks.
   *
   * @param name its name
   */
  public GraphDefinition(String name) {
    this(
        name,
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        new ArrayList<>(),
        identitySet(List.of()),
        new ArrayList<>());
  }

  private GraphDefinition(
      String name,
      List<TaskStep> tasks,
      List<Object> sentOnce,
      List<Object> sentAlways,
      List<Object> fetchedAlways,
      Set<Object> persisted,
      List<Consumed> consumed) {
    this.name = name;
    this.tasks = tasks;
    this.sentOnce = sentOnce;
    this.sentAlways = sentAlways;
    this.fetchedAlways = fetchedAlways;
    this.persisted = persisted;
    this.consumed = consumed;
  }

  /**
   * The graph's name.
   *
   * @return the name
   */
  public String name() {
    return name;
  }

  List<TaskStep> tasks() {
    return tasks;
  }

  List<Object> sentOnce() {
    return sentOnce;
  }

  List<Object> sentAlways() {
    return sentAlways;
  }

  List<Object> fetchedAlways() {
    return fetchedAlways;
  }

  /** What stays on the device for other graphs or until it is asked for. */
  Set<Object> persisted() {
    return persisted;
  }

  List<Consumed> consumed() {
    return consumed;
  }

  /**
   * Appends a task.
   *
   * @param id its name within the graph
   * @param code a method reference, typed as one of the task interfaces
   * @param arguments the method's arguments
   * @throws TornadoRuntimeException if the graph has a task of that name, or the code or an
   *     argument is null
   */
  public void task(String id, Object code, Object... arguments) {
    if (code == null) {
      throw new TornadoRuntimeException("task " + name + "." + id + " has no code");
    }
    for (TaskStep task : tasks) {
      if (task.id().equals(id)) {
        throw new TornadoRuntimeException("graph " + name + " has two tasks '" + id + "'");
      }
    }
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] == null) {
        throw new TornadoRuntimeException(
            "argument " + (i + 1) + " of task " + name + "." + id + " is null");
      }
    }
    tasks.add(new TaskStep(id, code, arguments));
  }

  /**
   * Declares a transfer to the device before the tasks.
   *
   * @param mode FIRST_EXECUTION or EVERY_EXECUTION
   * @param objects arrays; numbers are ignored, they are part of their tasks
   * @throws TornadoRuntimeException for another mode or another object
   */
  public void transferToDevice(int mode, Object... objects) {
    if (mode != DataTransferMode.FIRST_EXECUTION && mode != DataTransferMode.EVERY_EXECUTION) {
      throw new TornadoRuntimeException(
          "graph " + name + ": transferToDevice has no mode " + mode + " here");
    }
    for (Object object : objects) {
      if (!(object instanceof Number)) {
        (mode == DataTransferMode.FIRST_EXECUTION ? sentOnce : sentAlways)
            .add(array("transferToDevice", object));
      }
    }
  }

  /**
   * Declares a transfer to the host after the tasks.
   *
   * @param mode EVERY_EXECUTION, or UNDER_DEMAND for arrays that only an execution's result brings
   * @param objects arrays
   * @throws TornadoRuntimeException for another mode or another object
   */
  public void transferToHost(int mode, Object... objects) {
    if (mode != DataTransferMode.FIRST_EXECUTION
        && mode != DataTransferMode.EVERY_EXECUTION
        && mode != DataTransferMode.UNDER_DEMAND) {
      throw new TornadoRuntimeException("graph " + name + ": transferToHost has no mode " + mode);
    }
    for (Object object : objects) {
      Collection<Object> arrays = mode == DataTransferMode.UNDER_DEMAND ? persisted : fetchedAlways;
      arrays.add(array("transferToHost", object));
    }
  }

  /**
   * Declares arrays that stay on the device for other graphs.
   *
   * @param objects arrays
   * @throws TornadoRuntimeException for another object
   */
  public void persistOnDevice(Object... objects) {
    for (Object object : objects) {
      persisted.add(array("persistOnDevice", object));
    }
  }

  /**
   * Declares arrays that another graph has left on the device.
   *
   * @param graph name of that graph; null for the one that ran before
   * @param objects arrays
   * @throws TornadoRuntimeException for another object
   */
  public void consumeFromDevice(String graph, Object... objects) {
    for (Object object : objects) {
      consumed.add(new Consumed(graph, array("consumeFromDevice", object)));
    }
  }

  private Object array(String what, Object object) {
    if (object instanceof TornadoNativeArray) {
      return object;
    }
    String type = object == null ? "null" : "a " + object.getClass().getSimpleName();
    throw new TornadoRuntimeException("graph " + name + ": " + what + " takes arrays, not " + type);
  }

  /**
   * A copy that does not follow later changes.
   *
   * @return the copy
   */
  public GraphDefinition snapshot() {
    return new GraphDefinition(
        name,
        List.copyOf(tasks),
        List.copyOf(sentOnce),
        List.copyOf(sentAlways),
        List.copyOf(fetchedAlways),
        Collections.unmodifiableSet(identitySet(persisted)),
        List.copyOf(consumed));
  }

  /** Says which array is meant, by the first task that has it. */
  String describe(Object array) {
    TornadoNativeArray a = (TornadoNativeArray) array;
    String what = a.getClass().getSimpleName() + " of " + a.getSize();
    for (TaskStep task : tasks) {
      for (int i = 0; i < task.arguments().length; i++) {
        if (task.arguments()[i] == array) {
          return what + " (argument " + (i + 1) + " of task " + name + "." + task.id() + ")";
        }
      }
    }
    return what + " (no argument of graph " + name + ")";
  }

  /** The arrays that its tasks have as arguments. */
  Set<TornadoNativeArray> arrays() {
    Set<TornadoNativeArray> arrays = identitySet(List.of());
    for (TaskStep task : tasks) {
      for (Object argument : task.arguments()) {
        if (argument instanceof TornadoNativeArray array) {
          arrays.add(array);
        }
      }
    }
    return arrays;
  }

  private static <T> Set<T> identitySet(Collection<T> items) {
    Set<T> set = Collections.newSetFromMap(new IdentityHashMap<>());
    set.addAll(items);
    return set;
  }
}
