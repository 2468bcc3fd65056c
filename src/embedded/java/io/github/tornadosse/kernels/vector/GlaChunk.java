package io.github.tornadosse.kernels.vector;

/** Where the rows of one chunk are, and what each takes part in. */
final class GlaChunk {
  /** Largest number of rows C. */
  static final int C = 32;

  /** First row. */
  int first;

  /** Number of rows, 0 to C. */
  int n;

  /** Begin of each row in q, k and g. */
  final int[] keyAt = new int[C];

  /** Begin of each row in v and dO. */
  final int[] valueAt = new int[C];

  /** Factor of q: its weight times K^(-1/2), or 0 if the row is not read. */
  final float[] query = new float[C];

  /** Factor of k: its weight, or 0 if the row is not written. */
  final float[] write = new float[C];

  /** Factor of g (and of v in the gradient): 1 if the row is written, else 0. */
  final float[] written = new float[C];

  /** Factor of dO: 1 if the row is read, else 0. */
  final float[] read = new float[C];

  /** Fills the chunk with rows from first up to end (exclusive), at most C. */
  void load(GlaInputs x, int head, int first, int end) {
    this.first = first;
    n = Math.max(0, Math.min(C, end - first));
    float scale = (float) (1 / Math.sqrt(x.key()));
    for (int i = 0; i < n; i++) {
      int row = first + i;
      int token = x.token()[row];
      int source = row < x.capacity() ? 0 : 1;
      int mode = x.mode()[row];
      keyAt[i] = ((source * x.heads() + head) * x.capacity() + token) * x.key();
      valueAt[i] = (head * x.capacity() + token) * x.value();
      query[i] = (mode & 2) == 0 ? 0 : x.weight()[row] * scale;
      written[i] = mode & 1;
      read[i] = mode >> 1 & 1;
      write[i] = (mode & 1) == 0 ? 0 : x.weight()[x.rowCapacity() + row];
    }
  }

  /** Number of sub-chunks of 16 rows. */
  int blocks() {
    return (n + MicroKernels.BLOCK - 1) / MicroKernels.BLOCK;
  }
}
