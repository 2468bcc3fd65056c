package uk.ac.manchester.tornado.api;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** The grids of tasks, by the names "graph.task". */
public class GridScheduler {
  private final Map<String, WorkerGrid> grids = new ConcurrentHashMap<>();

  /** A scheduler without grids. */
  public GridScheduler() {}

  /**
   * A scheduler with one grid.
   *
   * @param taskName name of the task, "graph.task"
   * @param workerGrid its grid
   */
  public GridScheduler(String taskName, WorkerGrid workerGrid) {
    addWorkerGrid(taskName, workerGrid);
  }

  /**
   * Adds a grid, or replaces one.
   *
   * @param taskName name of the task, "graph.task"
   * @param workerGrid its grid
   */
  public void addWorkerGrid(String taskName, WorkerGrid workerGrid) {
    grids.put(taskName, workerGrid);
  }

  /**
   * The grid of a task.
   *
   * @param taskName name of the task, "graph.task"
   * @return its grid, or null
   */
  public WorkerGrid get(String taskName) {
    return grids.get(taskName);
  }

  /**
   * Whether a task has a grid.
   *
   * @param taskScheduleName name of the graph
   * @param taskName name of the task within it
   * @return true if it has
   */
  public boolean contains(String taskScheduleName, String taskName) {
    return grids.containsKey(taskScheduleName + "." + taskName);
  }

  /**
   * The tasks that have a grid.
   *
   * @return their names, "graph.task"
   */
  public Set<String> keySet() {
    return grids.keySet();
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    new TreeMap<>(grids)
        .forEach(
            (name, grid) ->
                text.append(name)
                    .append(": global ")
                    .append(Arrays.toString(grid.getGlobalWork()))
                    .append(", local ")
                    .append(Arrays.toString(grid.getLocalWork()))
                    .append('\n'));
    return text.toString();
  }
}
