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
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.TornadoExecutionResult;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Several task graphs that share arrays on one device. Arrays made through {@link #buffers()} live
 * on the device: the first execution sends them there, and every graph uses and keeps them. Inputs
 * are sent before each execution of a graph that uses them; other arrays come back only through
 * {@link #fetch}. One thread at a time.
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
  private final Map<String, TornadoExecutionResult> results = new LinkedHashMap<>();
  private final GridScheduler grids = new GridScheduler();
  private TornadoExecutionPlan plan;

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
    GraphParts tasks = new GraphParts(name);
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
    Set<Object> used = Collections.newSetFromMap(new IdentityHashMap<>());
    graphs.values().forEach(g -> g.parts().forEach(part -> used.addAll(part.arrays())));
    List<Object> resident =
        buffers.arrays().stream().filter(a -> used.contains(a) && !inputs.contains(a)).toList();

    List<ImmutableTaskGraph> all = new ArrayList<>();
    upload(resident, all);
    int uploads = all.size();
    GridScheduler known = new GridScheduler();
    for (Map.Entry<String, GraphParts> graph : graphs.entrySet()) {
      List<GraphParts.Part> parts = graph.getValue().parts();
      index.put(
          graph.getKey(), IntStream.range(0, parts.size()).map(i -> all.size() + i).toArray());
      graph.getValue().grids(grids, known);
      parts.forEach(part -> all.add(graph(part, resident)));
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
    for (int i = 0; i < uploads; i++) {
      run(UPLOAD, i);
    }
  }

  /** Adds the graphs that send arrays, each of which hands on those of the ones before. */
  private static void upload(List<Object> resident, List<ImmutableTaskGraph> all) {
    GraphParts tasks = new GraphParts(UPLOAD);
    TouchOperations.touch(tasks, resident, HostArrays.floats(1));
    List<Object> there = new ArrayList<>();
    for (GraphParts.Part part : tasks.parts()) {
      TaskGraph g = new TaskGraph(part.name());
      if (!there.isEmpty()) {
        g.consumeFromDevice(UPLOAD, there.toArray());
      }
      List<Object> sent = resident.stream().filter(part.arrays()::contains).toList();
      g.transferToDevice(DataTransferMode.FIRST_EXECUTION, sent.toArray());
      part.appendTo(g);
      there.addAll(sent);
      g.persistOnDevice(there.toArray());
      all.add(g.snapshot());
    }
  }

  private ImmutableTaskGraph graph(GraphParts.Part part, List<Object> resident) {
    // A graph takes arrays over from the one that ran last, so each hands on all of them.
    Object[] kept = resident.toArray();
    Object[] sent =
        Stream.concat(Stream.of(control.array()), buffers.arrays().stream())
            .filter(a -> part.arrays().contains(a) && inputs.contains(a))
            .toArray();
    TaskGraph g = new TaskGraph(part.name());
    g.consumeFromDevice(UPLOAD, kept);
    g.transferToDevice(DataTransferMode.EVERY_EXECUTION, sent);
    part.appendTo(g);
    g.persistOnDevice(kept);
    g.transferToHost(DataTransferMode.UNDER_DEMAND, kept);
    return g.snapshot();
  }

  private TornadoExecutionResult run(String name, int at) {
    try {
      return plan.withGraph(at).execute();
    } catch (RuntimeException e) {
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
    for (int at : index.get(name)) {
      results.put(name, run(name, at));
    }
  }

  /**
   * Copies arrays to the host.
   *
   * @param graph a graph that was executed and uses them
   * @param arrays what to copy
   */
  public void fetch(String graph, Object... arrays) {
    TornadoExecutionResult r = results.get(graph);
    if (r == null) {
      throw new IllegalStateException("graph '" + graph + "' was not executed");
    }
    r.transferToHost(arrays);
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
