package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.WorkGroup;

/** Makes the contexts of a group's work-items; part of the embedded runtime only. */
public final class WorkItems {
  private final WorkGroup group;
  private final int[] groupIndex;
  private final int[] local;
  private final int[] groups;
  private final int[] offset;

  /**
   * The work-items of a group; arrays hold figures along x, y and z.
   *
   * @param group what they share
   * @param groupIndex position of the group
   * @param local number of work-items in it
   * @param groups number of groups
   * @param offset position of the first work-item of the first group
   */
  public WorkItems(WorkGroup group, int[] groupIndex, int[] local, int[] groups, int[] offset) {
    this.group = group;
    this.groupIndex = groupIndex;
    this.local = local;
    this.groups = groups;
    this.offset = offset;
  }

  /**
   * The context of a work-item.
   *
   * @param index its index within the group, x first
   * @return the context
   */
  public KernelContext at(int index) {
    int[] position = {index % local[0], index / local[0] % local[1], index / local[0] / local[1]};
    int[] first = new int[3];
    int[] all = new int[3];
    for (int d = 0; d < 3; d++) {
      first[d] = offset[d] + groupIndex[d] * local[d] + position[d];
      all[d] = groups[d] * local[d];
    }
    return new KernelContext(group, first, groupIndex, position, all, local);
  }
}
