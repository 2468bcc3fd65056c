package io.github.tornadosse.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * Takes down a graph's tasks and shares them out, in their order, to as many graphs as hold them:
 * TornadoVM takes at most 256 tasks in one graph, notes them with their arguments in 8192 bytes,
 * and makes at most 1024 nodes of them; beyond, it ends in an internal error.
 */
public final class GraphParts extends TaskRecorder {
  private static final int MOST_TASKS = 256;

  /** What TornadoVM has for one graph. */
  static final int MOST_BYTES = 8192;

  /** What TornadoVM has for one graph, less one for the device and one for its buffers. */
  static final int MOST_NODES = 1022;

  private static final int BYTES_OF_TASK = 15;
  private static final int BYTES_OF_ARGUMENT = 5;

  private final String name;
  private final int others;
  private final List<Part> parts = new ArrayList<>();
  private final Map<Object, Integer> uses = new IdentityHashMap<>();
  private final Map<Object, Made> fromArrays = new HashMap<>();

  /** What was made of an array when so many tasks had it. */
  private record Made(Object result, int uses) {}

  /** Tasks that one graph holds. */
  public static final class Part {
    private final String name;
    private final List<String> ids = new ArrayList<>();
    private final List<Consumer<TaskGraph>> tasks = new ArrayList<>();
    private final Set<Object> arrays = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Object> numbers = new HashSet<>();
    private final Set<Object> contexts = Collections.newSetFromMap(new IdentityHashMap<>());
    private int bytes;
    private int arrayArguments;

    private Part(String name) {
      this.name = name;
    }

    /** Its graph's name: the whole's, with a number behind it but for the first. */
    public String name() {
      return name;
    }

    /** The arrays among the arguments of its tasks, each once. */
    public Set<Object> arrays() {
      return Collections.unmodifiableSet(arrays);
    }

    /** Names of its tasks, in their order. */
    List<String> ids() {
      return Collections.unmodifiableList(ids);
    }

    /** Number of tasks. */
    public int size() {
      return tasks.size();
    }

    /** What TornadoVM needs to note the tasks. */
    int bytes() {
      return bytes;
    }

    /**
     * The most nodes that TornadoVM makes of the tasks: one for each number, three for each array
     * and each KernelContext, one for each task, and one for each argument that it writes.
     */
    int nodes() {
      return numbers.size() + 3 * (arrays.size() + contexts.size()) + tasks.size() + arrayArguments;
    }

    /**
     * Appends the tasks to a graph.
     *
     * @param graph of this part's name
     */
    public void appendTo(TaskGraph graph) {
      tasks.forEach(task -> task.accept(graph));
    }

    private void add(String id, Consumer<TaskGraph> append, Object[] arguments) {
      ids.add(id);
      tasks.add(append);
      bytes += bytesOf(arguments);
      for (Object a : arguments) {
        if (a instanceof TornadoNativeArray) {
          arrays.add(a);
          arrayArguments++;
        } else {
          (a instanceof Number ? numbers : contexts).add(a);
        }
      }
    }

    private boolean holds(Object[] more, int others) {
      // Of an argument that is new come four nodes at most.
      return tasks.size() < MOST_TASKS
          && bytes + bytesOf(more) <= MOST_BYTES
          && nodes() + 1 + 4 * more.length + others <= MOST_NODES;
    }
  }

  /**
   * A graph without tasks.
   *
   * @param name its name
   * @param others most arrays that it hands on and none of its tasks has
   */
  public GraphParts(String name, int others) {
    super(name);
    this.name = name;
    this.others = others;
  }

  /**
   * What a task has made of an array, if it still holds.
   *
   * @param key what was made of which part of it
   * @param source the array
   * @return what {@link #made} was given; null if there is nothing, or if a task had the array
   *     since, and may have changed it
   */
  Object madeOf(Object key, Object source) {
    Made made = fromArrays.get(key);
    return made != null && made.uses == uses.get(source) ? made.result : null;
  }

  /** Takes note of what the last task has made of an array, see {@link #madeOf}. */
  void made(Object key, Object source, Object result) {
    fromArrays.put(key, new Made(result, uses.get(source)));
  }

  /** The parts, at least one once there is a task. */
  public List<Part> parts() {
    return Collections.unmodifiableList(parts);
  }

  /**
   * The grids of the tasks under the names of the graphs that they are in now.
   *
   * @param grids of tasks of the whole
   * @param to takes those that there are
   */
  public void grids(GridScheduler grids, GridScheduler to) {
    for (Part part : parts) {
      for (String id : part.ids) {
        WorkerGrid grid = grids.get(name + "." + id);
        if (grid != null) {
          to.addWorkerGrid(part.name + "." + id, grid);
        }
      }
    }
  }

  @Override
  void on(String id, Consumer<TaskGraph> append, Object... arguments) {
    if (parts.isEmpty() || !parts.getLast().holds(arguments, others)) {
      parts.add(new Part(parts.isEmpty() ? name : name + "-" + (parts.size() + 1)));
    }
    parts.getLast().add(id, append, arguments);
    for (Object argument : arguments) {
      if (argument instanceof TornadoNativeArray) {
        uses.merge(argument, 1, Integer::sum);
      }
    }
  }

  private static int bytesOf(Object[] arguments) {
    return BYTES_OF_TASK + BYTES_OF_ARGUMENT * arguments.length;
  }
}
