package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.WorkerGrid1D;

/** The grid of a task with one parallel loop; what it has too many finds no work there. */
public final class LoopGrid extends WorkerGrid1D {
  private static final int ITEMS = 128;

  LoopGrid(int items) {
    super(Math.ceilDiv(Math.max(items, 1), ITEMS) * ITEMS);
    setLocalWork(ITEMS, 1, 1);
  }

  /**
   * The grids that a device needs.
   *
   * @param all of all tasks
   * @param graphics whether it is a graphics processor; others have no use for those of loops
   * @return the grids, perhaps none
   */
  public static GridScheduler of(GridScheduler all, boolean graphics) {
    GridScheduler needed = new GridScheduler();
    for (String task : all.keySet()) {
      if (graphics || !(all.get(task) instanceof LoopGrid)) {
        needed.addWorkerGrid(task, all.get(task));
      }
    }
    return needed;
  }
}
