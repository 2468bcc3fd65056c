package io.github.tornadosse.embedded;

import java.util.ArrayList;
import java.util.List;

/** The transfers and tasks of a graph, in order. */
public final class GraphDefinition {
  record TaskStep(String id, Object code, Object[] arguments) {}

  private final String name;
  private final List<TaskStep> tasks = new ArrayList<>();

  /**
   * A graph without tasks.
   *
   * @param name its name
   */
  public GraphDefinition(String name) {
    this.name = name;
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

  /**
   * Appends a task.
   *
   * @param id its name within the graph
   * @param code a method reference, typed as one of the task interfaces
   * @param arguments the method's arguments
   */
  public void task(String id, Object code, Object... arguments) {
    tasks.add(new TaskStep(id, code, arguments));
  }

  /**
   * Declares a transfer to the device.
   *
   * @param mode a constant of DataTransferMode
   * @param objects arrays
   */
  public void transferToDevice(int mode, Object... objects) {}

  /**
   * Declares a transfer to the host.
   *
   * @param mode a constant of DataTransferMode
   * @param objects arrays
   */
  public void transferToHost(int mode, Object... objects) {}

  /**
   * Declares arrays that stay on the device for other graphs.
   *
   * @param objects arrays
   */
  public void persistOnDevice(Object... objects) {}

  /**
   * Declares arrays that another graph has left on the device.
   *
   * @param graph name of that graph
   * @param objects arrays
   */
  public void consumeFromDevice(String graph, Object... objects) {}

  /**
   * A copy that does not follow later changes.
   *
   * @return the copy
   */
  public GraphDefinition snapshot() {
    GraphDefinition copy = new GraphDefinition(name);
    copy.tasks.addAll(tasks);
    return copy;
  }
}
