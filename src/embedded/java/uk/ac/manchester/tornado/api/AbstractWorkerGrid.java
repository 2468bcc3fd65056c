package uk.ac.manchester.tornado.api;

/** What the grids of one, two and three dimensions have in common. */
public abstract class AbstractWorkerGrid implements WorkerGrid {
  /** Number of work-items along x, y and z. */
  protected long[] globalWork;

  /** Number of work-items of a group along x, y and z, or null. */
  protected long[] localWork;

  /** Number of groups along x, y and z, or null. */
  protected long[] numOfWorkgroups;

  /** Index of the first work-item along x, y and z. */
  protected long[] globalOffset = {0, 0, 0};

  /**
   * A grid of that many work-items, its groups left to the runtime.
   *
   * @param x work-items along x
   * @param y work-items along y
   * @param z work-items along z
   */
  protected AbstractWorkerGrid(long x, long y, long z) {
    setGlobalWork(x, y, z);
  }

  @Override
  public long[] getGlobalWork() {
    return globalWork;
  }

  @Override
  public long[] getLocalWork() {
    return localWork;
  }

  @Override
  public long[] getNumberOfWorkgroups() {
    return numOfWorkgroups;
  }

  @Override
  public long[] getGlobalOffset() {
    return globalOffset;
  }

  @Override
  public void setGlobalWork(long x, long y, long z) {
    globalWork = new long[] {x, y, z};
  }

  @Override
  public void setLocalWork(long x, long y, long z) {
    localWork = new long[] {x, y, z};
    numOfWorkgroups = new long[] {globalWork[0] / x, globalWork[1] / y, globalWork[2] / z};
  }

  @Override
  public void setGlobalOffset(long x, long y, long z) {
    globalOffset = new long[] {x, y, z};
  }

  @Override
  public void setLocalWorkToNull() {
    localWork = null;
  }

  @Override
  public void setNumberOfWorkgroupsToNull() {
    numOfWorkgroups = null;
  }
}
