package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.GraphParts;
import io.github.tornadosse.graph.HostArrays;
import io.github.tornadosse.graph.LoopGrid;
import io.github.tornadosse.graph.Stage;
import io.github.tornadosse.graph.TouchOperations;
import io.github.tornadosse.graph.Workspace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.ProfilerMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Several task graphs that share arrays on one device. Arrays made through {@link #buffers()} live
 * on the device: the first execution sends them there, and every graph keeps those that its tasks
 * use. Inputs are sent before each execution of a graph that uses them; other arrays come back only
 * through {@link #fetch}. Where the driver's output is watched ({@link DriverOutput}), an execution
 * or a copy during which the driver refused a call is a {@link
 * io.github.tornadosse.tensor.UserError}. One thread at a time.
 */
public final class Program implements AutoCloseable {
  private static final String UPLOAD = "upload";

  private final int tokens;
  private final int sequences;
  private final Buffers buffers;
  private final ControlTable control = new ControlTable();
  private final Set<Object> inputs = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<String, GraphParts> graphs = new LinkedHashMap<>();
  private final Map<String, int[]> index = new LinkedHashMap<>();
  private final Map<Integer, TornadoExecutionResult> results = new HashMap<>();
  private final GridScheduler grids = new GridScheduler();
  private final FloatArray shared = HostArrays.floats(1);
  private TornadoExecutionPlan plan;
  private int uploads;
  private boolean[] executed;
  private Listener listener;

  /** Hears of the executions of a program's graphs. */
  @FunctionalInterface
  public interface Listener {
    /**
     * One execution is over.
     *
     * @param graph the graph's name
     * @param part the name of that of its parts which was executed; the log has it
     * @param nanos how long it took, seen from the host
     * @param log what the runtime's profiler says of its tasks, as JSON
     */
    void executed(String graph, String part, long nanos, String log);
  }

  /**
   * A program without graphs yet.
   *
   * @param tokens largest number of tokens of one execution
   * @param sequences largest number of packed sequences of one execution
   * @param buffers measuring or allocating
   */
  public Program(int tokens, int sequences, Buffers buffers) {
    this.tokens = tokens;
    this.sequences = sequences;
    this.buffers = buffers;
    inputs.add(control.array());
  }

  /** Where arrays come from. */
  public Buffers buffers() {
    return buffers;
  }

  /** Arrays and views of graphs of the program's capacity. */
  public Workspace workspace() {
    return new Workspace(buffers, control);
  }

  /** Says which layer and how many tokens the next execution is for. */
  public ControlTable control() {
    return control;
  }

  /** An int array that is sent before each execution that uses it. */
  public IntArray intInput(String name, long n) {
    IntArray a = buffers.ints(name, n);
    inputs.add(a);
    return a;
  }

  /** A float array that is sent before each execution that uses it. */
  public FloatArray floatInput(String name, long n) {
    FloatArray a = buffers.floats(name, n);
    inputs.add(a);
    return a;
  }

  /**
   * Adds a graph. If it has more tasks than TornadoVM takes in one, it becomes several.
   *
   * @param name the graph's name, unique
   * @param body appends the tasks
   */
  public void graph(String name, Consumer<Stage> body) {
    graph(name, tokens, buffers, body);
  }

  /**
   * Adds a graph for executions of fewer tokens, whose kernels then are of that size.
   *
   * @param name the graph's name, unique
   * @param tokens largest number of tokens of one execution
   * @param buffers where its operations get their scratch arrays
   * @param body appends the tasks
   */
  public void graph(String name, int tokens, Buffers buffers, Consumer<Stage> body) {
    GraphParts tasks = new GraphParts(name, 1);
    if (plan != null || graphs.put(name, tasks) != null) {
      throw new IllegalStateException("graph '" + name + "' comes twice or too late");
    }
    body.accept(new Stage(tasks, control.array(), tokens, sequences, buffers, grids));
  }

  /** Number of tasks in each graph that a graph became. */
  List<Integer> tasks(String graph) {
    return graphs.get(graph).parts().stream().map(GraphParts.Part::size).toList();
  }

  private void build() {
    List<GraphParts.Part> parts =
        graphs.values().stream().flatMap(g -> g.parts().stream()).toList();
    Set<Object> used = Collections.newSetFromMap(new IdentityHashMap<>());
    parts.forEach(part -> used.addAll(part.arrays()));
    List<Object> resident =
        Stream.concat(
                Stream.of(shared),
                buffers.arrays().stream().filter(a -> used.contains(a) && !inputs.contains(a)))
            .toList();
    GraphParts upload = new GraphParts(UPLOAD, resident.size());
    TouchOperations.touch(upload, resident, HostArrays.floats(1));
    uploads = upload.parts().size();

    List<GraphParts.Part> order = Stream.concat(upload.parts().stream(), parts.stream()).toList();
    GridScheduler known = new GridScheduler();
    for (Map.Entry<String, GraphParts> graph : graphs.entrySet()) {
      graph.getValue().grids(grids, known);
      index.put(
          graph.getKey(), graph.getValue().parts().stream().mapToInt(order::indexOf).toArray());
    }
    List<ImmutableTaskGraph> all = new ArrayList<>();
    for (int i = 0; i < order.size(); i++) {
      TaskGraph g = new TaskGraph(order.get(i).name());
      if (i < uploads) {
        upload(g, i, order, resident);
      } else {
        transfers(g, i, order);
      }
      all.add(g.snapshot());
    }
    plan = new TornadoExecutionPlan(all.toArray(new ImmutableTaskGraph[0]));
    GridScheduler needed = LoopGrid.of(known, Devices.graphics());
    if (!needed.keySet().isEmpty()) {
      plan.withGridScheduler(needed);
    }
    if (Devices.opencl() && Devices.graphics()) {
      // TornadoVM's choice for loops without a grid may take more registers than there are, and
      // such kernels are not run; the driver knows what a kernel needs.
      plan.withDefaultScheduler();
    }
    // What is replayed as a whole has no times of single tasks.
    if (listener == null && Devices.captured()) {
      for (int i = uploads; i < all.size(); i++) {
        plan.withGraph(i).withCUDAGraph();
      }
    }
    if (listener != null) {
      profile();
    }
    executed = new boolean[all.size()];
    for (int i = 0; i < uploads; i++) {
      run(UPLOAD, i);
    }
  }

  /** Makes a graph send its arrays and hand on those of the ones before. */
  private void upload(TaskGraph g, int at, List<GraphParts.Part> order, List<Object> resident) {
    List<Object> before = new ArrayList<>();
    for (GraphParts.Part part : order.subList(0, at)) {
      before.addAll(resident.stream().filter(part.arrays()::contains).toList());
    }
    if (!before.isEmpty()) {
      consume(g, at - 1, before, order);
    }
    List<Object> sent =
        resident.stream()
            .filter(a -> order.get(at).arrays().contains(a) && !before.contains(a))
            .toList();
    g.transferToDevice(DataTransferMode.FIRST_EXECUTION, sent.toArray());
    order.get(at).appendTo(g);
    g.persistOnDevice(Stream.concat(before.stream(), sent.stream()).toArray());
  }

  /** Makes a graph use what is on the device, and send its inputs. */
  private void transfers(TaskGraph g, int at, List<GraphParts.Part> order) {
    GraphParts.Part part = order.get(at);
    List<Object> kept = new ArrayList<>(List.of(shared));
    List<Object> sent = new ArrayList<>();
    Stream.concat(Stream.of(control.array()), buffers.arrays().stream())
        .filter(part.arrays()::contains)
        .forEach(a -> (inputs.contains(a) ? sent : kept).add(a));
    consume(g, uploads - 1, kept, order);
    g.transferToDevice(DataTransferMode.EVERY_EXECUTION, sent.toArray());
    part.appendTo(g);
    g.persistOnDevice(kept.toArray());
    g.transferToHost(DataTransferMode.UNDER_DEMAND, kept.toArray());
  }

  /**
   * A graph takes over what it consumes by name from the one that ran last, and everything if there
   * is nothing of that name. All arrays come from one graph; the one that all graphs have says that
   * nothing else comes from others, which need not have the rest.
   */
  private void consume(TaskGraph g, int from, List<Object> arrays, List<GraphParts.Part> order) {
    g.consumeFromDevice(order.get(from).name(), arrays.toArray());
    for (int i = 0; i < order.size(); i++) {
      if (i != from) {
        g.consumeFromDevice(order.get(i).name(), shared);
      }
    }
  }

  /**
   * Turns the runtime's profiler on and hands on what it says of each execution.
   *
   * @param listener hears of executions from now on; null turns the profiler off
   */
  public void listen(Listener listener) {
    this.listener = listener;
    if (plan != null) {
      profile();
    }
  }

  private void profile() {
    if (listener != null) {
      plan.withProfiler(ProfilerMode.SILENT);
    } else {
      plan.withoutProfiler();
    }
  }

  private TornadoExecutionResult run(String name, int at) {
    try {
      TornadoExecutionResult result = plan.withGraph(at).execute();
      executed[at] = true;
      Devices.requireNoErrors("graph '" + name + "'");
      return result;
    } catch (RuntimeException | Error e) {
      throw Devices.explain(name, e);
    }
  }

  /** Whether arrays have been sent to the device, so that host changes no longer reach it. */
  public boolean started() {
    return plan != null;
  }

  /** Executes a graph with the control table's current entries. */
  public void execute(String name) {
    if (plan == null) {
      build();
    }
    int[] all = index.get(name);
    for (int i = 0; i < all.length; i++) {
      int at = all[i];
      if (!executed[at]) {
        run(UPLOAD, uploads - 1);
      }
      long start = System.nanoTime();
      TornadoExecutionResult result = run(name, at);
      long nanos = System.nanoTime() - start;
      results.put(at, result);
      if (listener != null) {
        String part = graphs.get(name).parts().get(i).name();
        listener.executed(name, part, nanos, result.getProfilerResult().getProfileLog());
      }
    }
  }

  /**
   * Copies arrays to the host.
   *
   * @param graph a graph that was executed and uses them
   * @param arrays what to copy
   */
  public void fetch(String graph, Object... arrays) {
    if (plan == null) {
      throw new IllegalStateException("graph '" + graph + "' was not executed");
    }
    List<GraphParts.Part> parts = graphs.get(graph).parts();
    for (Object array : arrays) {
      int part = 0;
      while (part < parts.size() && !parts.get(part).arrays().contains(array)) {
        part++;
      }
      if (part == parts.size()) {
        throw new IllegalStateException("graph '" + graph + "' does not use the array");
      }
      int at = index.get(graph)[part];
      TornadoExecutionResult r = results.get(at);
      if (r == null) {
        throw new IllegalStateException("graph '" + graph + "' was not executed");
      }
      plan.withGraph(at);
      r.transferToHost(array);
    }
    Devices.requireNoErrors("copying from graph '" + graph + "'");
  }

  @Override
  public void close() {
    if (plan != null) {
      try {
        plan.close();
      } catch (TornadoExecutionPlanException e) {
        throw new IllegalStateException("cannot free the device's memory", e);
      }
    }
  }
}
