package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.ArrayRecorder;
import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
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
  private final Map<String, Body> bodies = new LinkedHashMap<>();
  private final Map<String, Integer> index = new LinkedHashMap<>();
  private final Map<String, Set<Object>> uses = new LinkedHashMap<>();
  private final Map<String, TornadoExecutionResult> results = new LinkedHashMap<>();
  private final GridScheduler grids = new GridScheduler();
  private TornadoExecutionPlan plan;

  /** Appends a graph's tasks, for executions of at most that many tokens. */
  private record Body(int tokens, Buffers buffers, Consumer<Stage> tasks) {}

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
   * Adds a graph. The body is run twice: once to see which arrays it uses, once to build it.
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
    Body added = new Body(tokens, buffers, body);
    if (plan != null || bodies.put(name, added) != null) {
      throw new IllegalStateException("graph '" + name + "' comes twice or too late");
    }
    ArrayRecorder recorder = new ArrayRecorder(name);
    append(added, recorder);
    uses.put(name, recorder.arrays());
  }

  private void append(Body body, TaskGraph graph) {
    body.tasks.accept(
        new Stage(graph, control.array(), body.tokens, sequences, body.buffers, grids));
  }

  private void build() {
    Set<Object> used = Collections.newSetFromMap(new IdentityHashMap<>());
    uses.values().forEach(used::addAll);
    List<Object> resident =
        buffers.arrays().stream().filter(a -> used.contains(a) && !inputs.contains(a)).toList();

    List<ImmutableTaskGraph> graphs = new ArrayList<>();
    TaskGraph upload = new TaskGraph(UPLOAD);
    upload.transferToDevice(DataTransferMode.FIRST_EXECUTION, resident.toArray());
    TouchOperations.touch(upload, resident, HostArrays.floats(1));
    upload.persistOnDevice(resident.toArray());
    graphs.add(upload.snapshot());

    for (Map.Entry<String, Body> e : bodies.entrySet()) {
      Set<Object> mine = uses.get(e.getKey());
      // A graph takes arrays over from the one that ran last, so each hands on all of them.
      Object[] kept = resident.toArray();
      Object[] sent =
          Stream.concat(Stream.of(control.array()), buffers.arrays().stream())
              .filter(a -> mine.contains(a) && inputs.contains(a))
              .toArray();
      TaskGraph g = new TaskGraph(e.getKey());
      g.consumeFromDevice(UPLOAD, kept);
      g.transferToDevice(DataTransferMode.EVERY_EXECUTION, sent);
      append(e.getValue(), g);
      g.persistOnDevice(kept);
      g.transferToHost(DataTransferMode.UNDER_DEMAND, kept);
      index.put(e.getKey(), graphs.size());
      graphs.add(g.snapshot());
    }
    plan = new TornadoExecutionPlan(graphs.toArray(new ImmutableTaskGraph[0]));
    GridScheduler needed = LoopGrid.of(grids, Devices.graphics());
    if (!needed.keySet().isEmpty()) {
      plan.withGridScheduler(needed);
    }
    run(UPLOAD, 0);
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
    results.put(name, run(name, index.get(name)));
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
