package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.tensor.UserError;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The shape of register-tile products C = A·B, the arithmetic core of every dense kernel of the
 * vector tier, and their kernels of one row. A tile is {@link #MR} rows by {@link #NR} columns of C
 * and lives in registers while the sum over kc runs.
 *
 * <ul>
 *   <li>B is a contiguous panel {@code [kc, NR]}: element (k, j) is {@code b[bo + k·NR + j]}. All
 *       NR columns must exist; a narrower matrix is padded when it is packed. The overloads with
 *       ldb read it in place with any row stride.
 *   <li>A is read along its rows ({@link RowMicroKernels}: element (i, k) is {@code a[ao + i·lda +
 *       k]}) or along its columns ({@link ColumnMicroKernels}: {@code a[ao + k·lda + i]}, for a
 *       transposed A, or with lda = MR for one packed in slivers of MR rows).
 *   <li>C has row stride ldc: {@code c[co + i·ldc + j]}. Set overwrites it, Add adds to it,
 *       ScaleAdd multiplies row i by {@code d[dof + i]} before adding, ScaleColumns column j.
 * </ul>
 *
 * <p>The methods named tile take exactly MR rows, the others any number m, with a one-row kernel
 * for the last m mod MR rows (nothing beyond row m is read or written). kc may be 0. Each element
 * of C is summed in the order of k whichever kernel computes it, so a result does not depend on how
 * rows are grouped into calls.
 *
 * <p>The accumulators are separate local variables and the methods short because the compiler keeps
 * vectors in registers only then: an array of vectors lives in memory, and a method of more than
 * about 1,200 bytecodes full of vectors may never be compiled.
 */
public final class MicroKernels {
  /** Vector shape in use; {@code -Dsse.vector.bits=128|256|512} overrides the machine's. */
  static final VectorSpecies<Float> F = species();

  /** Elements of one vector. */
  public static final int L = F.length();

  /** Rows of a tile: with 16 registers (256 bits and less) eight rows would not fit. */
  public static final int MR = L >= 16 ? 8 : 4;

  /** Columns of a tile, and width of a panel of B: two vectors. */
  public static final int NR = 2 * L;

  /** Rows and columns of a block, see {@link RowMicroKernels#blockRowsSet}. */
  public static final int BLOCK = 16;

  /** Columns of a panel of a block's B: one block, or {@link #NR} where that is less. */
  public static final int BLOCK_PANEL = Math.min(BLOCK, NR);

  private MicroKernels() {}

  private static VectorSpecies<Float> species() {
    String bits = System.getProperty("sse.vector.bits");
    if (bits == null) {
      VectorSpecies<Float> preferred = FloatVector.SPECIES_PREFERRED;
      return preferred.length() > 16 ? FloatVector.SPECIES_512 : preferred;
    }
    return switch (bits) {
      case "128" -> FloatVector.SPECIES_128;
      case "256" -> FloatVector.SPECIES_256;
      case "512" -> FloatVector.SPECIES_512;
      default ->
          throw new UserError("sse.vector.bits is '" + bits + "'; it must be 128, 256 or 512");
    };
  }

  /** Number of panels that n columns take. */
  public static int panels(int n) {
    return (n + NR - 1) / NR;
  }

  /** C = A·B for one row, whose elements of A are as apart. */
  static void oneSet(
      int kc, float[] a, int ao, int as, float[] b, int bo, int ldb, float[] c, int co) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    s0x.intoArray(c, co);
    s0y.intoArray(c, co + L);
  }

  /** C += A·B for one row. */
  static void oneAdd(
      int kc, float[] a, int ao, int as, float[] b, int bo, int ldb, float[] c, int co) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    FloatVector.fromArray(F, c, co).add(s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L).add(s0y).intoArray(c, co + L);
  }

  /** C = d·C + A·B for one row. */
  static void oneScaleAdd(
      int kc,
      float[] a,
      int ao,
      int as,
      float[] b,
      int bo,
      int ldb,
      float[] c,
      int co,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    FloatVector.fromArray(F, c, co).fma(FloatVector.broadcast(F, d[dof]), s0x).intoArray(c, co);
    FloatVector.fromArray(F, c, co + L)
        .fma(FloatVector.broadcast(F, d[dof]), s0y)
        .intoArray(c, co + L);
  }

  /** C = C₀·diag(d) + A·B for one row. */
  static void oneScaleColumns(
      int kc,
      float[] a,
      int ao,
      int as,
      float[] b,
      int bo,
      int ldb,
      float[] from,
      float[] c,
      int co,
      float[] d,
      int dof) {
    FloatVector s0x = FloatVector.zero(F);
    FloatVector s0y = FloatVector.zero(F);
    for (int k = 0, ak = ao, bk = bo; k < kc; k++, ak += as, bk += ldb) {
      FloatVector x = FloatVector.fromArray(F, b, bk);
      FloatVector y = FloatVector.fromArray(F, b, bk + L);
      FloatVector t0 = FloatVector.broadcast(F, a[ak]);
      s0x = x.fma(t0, s0x);
      s0y = y.fma(t0, s0y);
    }
    FloatVector u = FloatVector.fromArray(F, d, dof);
    FloatVector v = FloatVector.fromArray(F, d, dof + L);
    FloatVector.fromArray(F, from, co).fma(u, s0x).intoArray(c, co);
    FloatVector.fromArray(F, from, co + L).fma(v, s0y).intoArray(c, co + L);
  }
}
