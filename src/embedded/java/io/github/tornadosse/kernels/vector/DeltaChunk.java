package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.BLOCK;

/** Where the rows of one chunk are, and what each takes part in. */
final class DeltaChunk {
  /** First row. */
  int first;

  /** Number of rows, 0 to the size of the chunk. */
  int n;

  /** Begin of each row in q and k. */
  final int[] keyAt;

  /** Begin of each row in v and dO, at value head 0. */
  final int[] valueAt;

  /** Place of each row in the decays, at value head 0. */
  final int[] gateAt;

  /** Factor of q before it is normalised; 0 if the row is not read. */
  final float[] queryWeight;

  /** Factor of k before it is normalised; 0 if the row is not written. */
  final float[] keyWeight;

  /** 1 if the row is written, else 0. */
  final float[] written;

  /** 1 if the row is read, else 0. */
  final float[] read;

  /** Factor of the output: K^(-1/2) and its weight, or 0 if the row is not read. */
  final float[] output;

  /** Factor of v: its weight, or 0 if the row is not written. */
  final float[] write;

  private final int size;

  /**
   * An empty chunk.
   *
   * @param size most rows, a multiple of 16
   */
  DeltaChunk(int size) {
    this.size = size;
    keyAt = new int[size];
    valueAt = new int[size];
    gateAt = new int[size];
    queryWeight = new float[size];
    keyWeight = new float[size];
    written = new float[size];
    read = new float[size];
    output = new float[size];
    write = new float[size];
  }

  /** Fills the chunk with rows from first up to end (exclusive), as many as it takes. */
  void load(DeltaInputs x, int head, int first, int end) {
    this.first = first;
    n = Math.max(0, Math.min(size, end - first));
    float scale = (float) (1 / Math.sqrt(x.key()));
    for (int i = 0; i < n; i++) {
      int row = first + i;
      int token = x.token()[row];
      int source = row < x.capacity() ? 0 : 1;
      keyAt[i] = ((source * x.heads() + head) * x.capacity() + token) * x.key();
      valueAt[i] = token * x.value();
      gateAt[i] = x.gateAt(row);
      written[i] = x.mode()[row] & 1;
      read[i] = x.mode()[row] >> 1 & 1;
      float reading = read[i] == 0 ? 0 : x.weight()[row];
      float writing = written[i] == 0 ? 0 : x.weight()[x.rowCapacity() + row];
      queryWeight[i] = x.gateValues() ? read[i] : reading;
      keyWeight[i] = x.gateValues() ? written[i] : writing;
      output[i] = scale * (x.gateValues() ? reading : read[i]);
      write[i] = x.gateValues() ? writing : written[i];
    }
  }

  /**
   * Reads one of so many parts of the chunk's rows of an array, so that they come into the cache
   * while products run; the sum of what was read keeps the reads alive.
   *
   * @param at begin of each row, from base on
   * @param length of a row
   */
  float touch(float[] a, int base, int[] at, int length, int part, int parts) {
    float t = 0;
    int end = (part + 1) * n / parts;
    for (int i = part * n / parts; i < end; i++) t += GlaRows.touch(a, base + at[i], length);
    return t;
  }

  /** Number of blocks of 16 rows. */
  int blocks() {
    return (n + BLOCK - 1) / BLOCK;
  }

  /** The number of rows rounded up to whole blocks. */
  int padded() {
    return blocks() * BLOCK;
  }
}
