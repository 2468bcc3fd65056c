package uk.ac.manchester.tornado.api;

/** How many work-items run a task, and how they are grouped, along x, y and z. */
public interface WorkerGrid {
  /**
   * Number of dimensions.
   *
   * @return 1, 2 or 3
   */
  int dimension();

  /**
   * Number of work-items.
   *
   * @return along x, y and z
   */
  long[] getGlobalWork();

  /**
   * Number of work-items of a group.
   *
   * @return along x, y and z; null if the runtime is to choose
   */
  long[] getLocalWork();

  /**
   * Number of groups.
   *
   * @return along x, y and z; null if the runtime is to choose
   */
  long[] getNumberOfWorkgroups();

  /**
   * Index of the first work-item.
   *
   * @return along x, y and z
   */
  long[] getGlobalOffset();

  /**
   * Sets the number of work-items.
   *
   * @param x along x
   * @param y along y
   * @param z along z
   */
  void setGlobalWork(long x, long y, long z);

  /**
   * Sets the number of work-items of a group, which has to divide that of all.
   *
   * @param x along x
   * @param y along y
   * @param z along z
   */
  void setLocalWork(long x, long y, long z);

  /** Leaves the number of groups to the runtime. */
  void setNumberOfWorkgroupsToNull();

  /** Leaves the number of work-items of a group to the runtime. */
  void setLocalWorkToNull();

  /**
   * Sets the index of the first work-item.
   *
   * @param x along x
   * @param y along y
   * @param z along z
   */
  void setGlobalOffset(long x, long y, long z);
}
