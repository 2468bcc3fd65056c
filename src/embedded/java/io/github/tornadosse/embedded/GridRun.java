package io.github.tornadosse.embedded;

import java.util.Arrays;
import java.util.function.Supplier;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.WorkItems;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * Runs a kernel once for each work-item of its grid; the groups are shared out over the workers.
 */
final class GridRun implements Runnable, Workers.Body {
  /** Limits of CUDA. */
  static final int ITEMS_OF_A_GROUP = 1024;

  private static final long GROUPS_ALONG_Y_AND_Z = 65535;

  /** Largest group along x if the program leaves it open. */
  private static final int DEFAULT_GROUP = 256;

  private final String name;
  private final Object code;
  private final Object[] arguments;
  private final boolean barriers;
  private final Supplier<GridScheduler> grids;

  // Of the run in progress, along x, y and z.
  private int[] global;
  private int[] local;
  private int[] groups;
  private int[] offset;

  GridRun(
      String name,
      Object code,
      Object[] arguments,
      boolean barriers,
      Supplier<GridScheduler> grids) {
    this.name = name;
    this.code = code;
    this.arguments = arguments;
    this.barriers = barriers;
    this.grids = grids;
  }

  @Override
  public void run() {
    GridScheduler scheduler = grids.get();
    WorkerGrid grid = scheduler == null ? null : scheduler.get(name);
    if (grid == null) {
      throw new TornadoRuntimeException("it has a KernelContext and no grid");
    }
    read(grid);
    Workers.forEach(groups[0] * groups[1] * groups[2], this);
  }

  private void read(WorkerGrid grid) {
    long[] items = grid.getGlobalWork();
    long[] group = grid.getLocalWork();
    global = new int[3];
    local = new int[3];
    groups = new int[3];
    offset = new int[3];
    long itemsOfGroup = 1;
    long allGroups = 1;
    for (int d = 0; d < 3; d++) {
      global[d] = Math.toIntExact(items[d]);
      offset[d] = Math.toIntExact(grid.getGlobalOffset()[d]);
      local[d] = group == null ? defaultGroup(d, global[d]) : Math.toIntExact(group[d]);
      if (global[d] < 1 || local[d] < 1) {
        throw new TornadoRuntimeException("its grid is empty: " + text(items, group));
      }
      if (global[d] % local[d] != 0) {
        throw new TornadoRuntimeException(
            "the local size of its grid does not divide the global one: " + text(items, group));
      }
      groups[d] = global[d] / local[d];
      itemsOfGroup *= local[d];
      allGroups *= groups[d];
      if (d > 0 && groups[d] > GROUPS_ALONG_Y_AND_Z) {
        throw new TornadoRuntimeException(
            "its grid has more than "
                + GROUPS_ALONG_Y_AND_Z
                + " groups along y or z: "
                + text(items, group));
      }
    }
    if (itemsOfGroup > ITEMS_OF_A_GROUP) {
      throw new TornadoRuntimeException(
          "its groups have more than " + ITEMS_OF_A_GROUP + " work-items: " + text(items, group));
    }
    Math.toIntExact(allGroups);
  }

  private static String text(long[] global, long[] local) {
    return "global " + Arrays.toString(global) + ", local " + Arrays.toString(local);
  }

  private static int defaultGroup(int dimension, int items) {
    int size = dimension == 0 ? Math.min(DEFAULT_GROUP, items) : 1;
    while (size > 1 && items % size != 0) {
      size--;
    }
    return size;
  }

  @Override
  public void run(int index, int worker) {
    int[] group = position(index, groups);
    WorkGroup shared = new WorkGroup(local[0] * local[1] * local[2]);
    WorkItems items = new WorkItems(shared, group, local, groups, offset);
    int size = local[0] * local[1] * local[2];
    if (barriers && size > 1) {
      shared.run(
          item -> {
            Object[] own = arguments.clone();
            setContext(own, items.at(item));
            return () -> TaskCall.call(code, own);
          });
    } else {
      Object[] own = arguments.clone();
      for (int item = 0; item < size; item++) {
        setContext(own, items.at(item));
        TaskCall.call(code, own);
      }
    }
  }

  private static int[] position(int index, int[] sizes) {
    return new int[] {index % sizes[0], index / sizes[0] % sizes[1], index / sizes[0] / sizes[1]};
  }

  private void setContext(Object[] own, KernelContext context) {
    for (int i = 0; i < arguments.length; i++) {
      if (arguments[i] instanceof KernelContext) {
        own[i] = context;
      }
    }
  }
}
