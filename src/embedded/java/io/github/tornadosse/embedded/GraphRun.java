package io.github.tornadosse.embedded;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/** A graph of a plan. */
final class GraphRun {
  private final GraphDefinition definition;
  private final DeviceMemory memory;
  private final Map<String, DeviceMemory> plan;
  private final Supplier<GridScheduler> grids;
  private List<PreparedTask> tasks;

  /**
   * A graph.
   *
   * @param definition its tasks
   * @param memory its device memory in strict mode, else null
   * @param plan the device memory of all graphs of the plan
   * @param grids the plan's grids
   */
  GraphRun(
      GraphDefinition definition,
      DeviceMemory memory,
      Map<String, DeviceMemory> plan,
      Supplier<GridScheduler> grids) {
    this.definition = definition;
    this.memory = memory;
    this.plan = plan;
    this.grids = grids;
  }

  GraphDefinition definition() {
    return definition;
  }

  /** Its device memory in strict mode, else null. */
  DeviceMemory memory() {
    return memory;
  }

  void run(DeviceMemory last, Profile profile, boolean timed) {
    if (memory != null) {
      send(last, profile);
    }
    if (tasks == null) {
      tasks = bind();
    }
    if (timed) {
      for (PreparedTask task : tasks) {
        long start = System.nanoTime();
        task.run();
        profile.task(task.name(), System.nanoTime() - start);
      }
    } else {
      for (PreparedTask task : tasks) {
        task.run();
      }
    }
    if (memory != null) {
      long start = System.nanoTime();
      memory.fetch(profile);
      profile.copies(System.nanoTime() - start);
    }
  }

  private void send(DeviceMemory last, Profile profile) {
    if (memory.consume(plan, last)) {
      tasks = null;
    }
    long start = System.nanoTime();
    memory.send(profile);
    profile.copies(System.nanoTime() - start);
  }

  /** Finds and checks the kernels, without arguments. */
  void prepare() {
    for (GraphDefinition.TaskStep task : definition.tasks()) {
      if (!(task.code() instanceof LibraryTaskDescriptor)) {
        Kernel.of(name(task), task.code(), memory != null);
      }
    }
  }

  private List<PreparedTask> bind() {
    List<PreparedTask> bound = new ArrayList<>();
    for (GraphDefinition.TaskStep task : definition.tasks()) {
      Object[] arguments = task.arguments().clone();
      for (int i = 0; memory != null && i < arguments.length; i++) {
        if (arguments[i] instanceof TornadoNativeArray) {
          arguments[i] = memory.copy(arguments[i]);
        }
      }
      bound.add(PreparedTask.of(name(task), task.code(), arguments, grids, memory != null));
    }
    return bound;
  }

  private String name(GraphDefinition.TaskStep task) {
    return definition.name() + "." + task.id();
  }

  boolean hasOneOf(Set<String> names) {
    return definition.tasks().stream().anyMatch(t -> names.contains(name(t)));
  }

  /** Copies an array to the host if it is on the device; says whether it was. */
  boolean fetch(Object array) {
    TornadoNativeArray copy = memory.copy(array);
    if (copy == null) {
      return false;
    }
    HeapAccess.copy(copy, (TornadoNativeArray) array);
    return true;
  }

  void free() {
    tasks = null;
    if (memory != null) {
      memory.free();
    }
  }
}
