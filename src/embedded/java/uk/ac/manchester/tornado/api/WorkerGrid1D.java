package uk.ac.manchester.tornado.api;

/** A grid of one dimension. */
public class WorkerGrid1D extends AbstractWorkerGrid {
  /** Number of dimensions. */
  public static final int DIM = 1;

  /**
   * A grid of that many work-items.
   *
   * @param x work-items along x
   */
  public WorkerGrid1D(int x) {
    super(x, 1, 1);
  }

  @Override
  public int dimension() {
    return DIM;
  }
}
