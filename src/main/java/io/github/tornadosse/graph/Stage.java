package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.WorkerGrid2D;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A task graph under construction with what all its tasks share.
 *
 * @param graph tasks are appended here
 * @param control see {@code kernels.Control}
 * @param tokens the capacity: largest number of tokens L of one execution; also the stride of
 *     head-major arrays {@code [H, tokens, K]}
 * @param sequences largest number of packed sequences S of one execution
 * @param buffers where operations get their scratch arrays
 * @param grids the grids of tasks that have a KernelContext
 * @param forward for the gradient of a recurrence: the id that the recurrence itself had when it
 *     last ran in this program, with the arguments of the gradient, so that its scratch arrays hold
 *     what it left; null if they do not
 * @param followed for a recurrence: whether its gradient comes next in this program, with the same
 *     arguments and {@link #after} it, so that what only the gradient needs is worth keeping
 */
public record Stage(
    TaskGraph graph,
    IntArray control,
    int tokens,
    int sequences,
    Buffers buffers,
    GridScheduler grids,
    String forward,
    boolean followed) {
  /** Most groups along y that every device takes (CUDA's limit). */
  static final int MOST_GROUPS_ALONG_Y = 65535;

  /** Without a recurrence's scratch to go on from; see the components. */
  public Stage(
      TaskGraph graph,
      IntArray control,
      int tokens,
      int sequences,
      Buffers buffers,
      GridScheduler grids) {
    this(graph, control, tokens, sequences, buffers, grids, null, false);
  }

  /**
   * The same stage for the gradient of a recurrence that ran last, {@link #beforeGradient}.
   *
   * @param forward the recurrence's id
   * @return a stage on the same graph, see {@link #forward}
   */
  public Stage after(String forward) {
    return new Stage(graph, control, tokens, sequences, buffers, grids, forward, false);
  }

  /**
   * The same stage for a recurrence whose gradient comes next.
   *
   * @return a stage on the same graph, see {@link #followed}
   */
  public Stage beforeGradient() {
    return new Stage(graph, control, tokens, sequences, buffers, grids, forward, true);
  }

  /** The same stage on another graph, with grids of its own. */
  Stage on(TaskGraph other, GridScheduler itsGrids) {
    return new Stage(other, control, tokens, sequences, buffers, itsGrids, forward, followed);
  }

  /** The graph's name. */
  public String graphName() {
    return graph.getTaskGraphName();
  }

  /**
   * Gives a task that has a KernelContext its grid.
   *
   * @param id the task's name
   * @param groups number of groups
   * @param items work-items of a group
   */
  void grid(String id, long groups, int items) {
    WorkerGrid1D grid = new WorkerGrid1D(Math.toIntExact(groups * items));
    grid.setLocalWork(items, 1, 1);
    grids.addWorkerGrid(graph.getTaskGraphName() + "." + id, grid);
  }

  /**
   * Gives a task that has a KernelContext a grid of two dimensions whose groups lie along x.
   *
   * @param id the task's name
   * @param groupsX number of groups along x
   * @param groupsY number of groups along y, at most 65535
   * @param items work-items of a group, all along x
   */
  void grid(String id, long groupsX, int groupsY, int items) {
    if (groupsY > MOST_GROUPS_ALONG_Y) {
      throw new IllegalArgumentException(
          "task '" + id + "' has " + groupsY + " groups along y, over " + MOST_GROUPS_ALONG_Y);
    }
    WorkerGrid2D grid = new WorkerGrid2D(Math.toIntExact(groupsX * items), groupsY);
    grid.setLocalWork(items, 1, 1);
    grids.addWorkerGrid(graph.getTaskGraphName() + "." + id, grid);
  }

  /**
   * Says how many work-items a task with one parallel loop has: TornadoVM puts up to 1024 of them
   * into a group on graphics processors, more than the registers of a large kernel allow, and the
   * kernel is then not run.
   *
   * @param id the task's name
   * @param items bound of the loop
   */
  void spread(String id, int items) {
    grids.addWorkerGrid(graph.getTaskGraphName() + "." + id, new LoopGrid(items));
  }
}
