package io.github.tornadosse.kernels.vector;

import static io.github.tornadosse.kernels.vector.MicroKernels.L;
import static io.github.tornadosse.kernels.vector.MicroKernels.NR;

import io.github.tornadosse.embedded.Workers;
import jdk.incubator.vector.FloatVector;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Dense products and their gradients on the register tiles of {@link MicroKernels}. The right-hand
 * factor is packed once into panels of NR columns; the left-hand one is read in place. Work is
 * shared out by blocks of the result, and every element is summed in the same order whoever
 * computes it.
 */
public final class Dense {
  /** Longest sum that a tile makes in one go: a panel of that length stays in the first cache. */
  private static final int KC = 256;

  /** Rows and columns of the block that one thread computes at a time. */
  private static final int BLOCK_ROWS = 128;

  private static final int SMALL_BLOCK_ROWS = 32;
  private static final int BLOCK_COLUMNS = 256;

  /** Up to that many tokens a product is bound by reading the weight, which is then not packed. */
  private static final int FEW = 4;

  /** Multiply-adds below which handing work to other threads costs more than it saves. */
  private static final long SMALL = 40_000;

  private Dense() {}

  /** Bounds and layout of a product's factors, filled by the three entries. */
  private static final class Product {
    float[] a;
    int a0;
    int lda;
    boolean columns; // A is read by columns: element (i, k) at a0 + k·lda + i
    int aHead; // 0, or A is head-major: its long index runs over heads of that width ...
    int aHeadStride; // ... that stand so far apart
    float[] b; // packed
    float[] c;
    int c0;
    int ldc;
    int cHead; // 0, or C is head-major with heads of that width ...
    int cHeadStride; // ... that stand so far apart
    boolean add;
    float[] addend; // null, or copied to C first
    int addend0;
    int m;
    int n;
    int k;
    int segment; // longest sum in one go

    int panels() {
      return (n + NR - 1) / NR;
    }
  }

  /**
   * y = x·wᵀ, see {@code Operations.linear}.
   *
   * @param control see {@code Control}
   * @param x [L, in]
   * @param xAt base index of x
   * @param w [out, in]
   * @param wAt base index of w
   * @param y [L, out] or [out / headDim, capacity, headDim]
   * @param yAt base index of y
   * @param addend added to the product, laid out like a token-major y; unused if adds is 0
   * @param addendAt base index of addend
   * @param adds 1 with addend
   * @param ldx row stride of x
   * @param ldy row stride of a token-major y
   * @param headDim 0 for a token-major y
   * @param in input size
   * @param out output size
   * @param capacity stride of a head, in tokens
   */
  public static void linear(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray w,
      int wAt,
      FloatArray y,
      int yAt,
      FloatArray addend,
      int addendAt,
      int adds,
      int ldx,
      int ldy,
      int headDim,
      int in,
      int out,
      int capacity) {
    int tokens = Blocks.tokens(control);
    Product p = new Product();
    p.a = HeapAccess.floats(x);
    p.a0 = control.get(xAt);
    p.lda = ldx;
    p.c = HeapAccess.floats(y);
    p.c0 = control.get(yAt);
    p.ldc = headDim > 0 ? headDim : ldy;
    p.cHead = headDim;
    p.cHeadStride = capacity * headDim;
    p.add = adds == 1;
    p.addend = adds == 1 ? HeapAccess.floats(addend) : null;
    p.addend0 = adds == 1 ? control.get(addendAt) : 0;
    p.m = tokens;
    p.n = out;
    p.k = in;
    p.segment = KC;
    float[] weights = HeapAccess.floats(w);
    int w0 = control.get(wAt);
    if (tokens <= FEW) {
      few(p, weights, w0);
      return;
    }
    p.b = Scratch.floats(Scratch.PACKED_B, p.panels() * NR * in);
    packTransposed(p, weights, w0, in);
    multiply(p);
  }

  /**
   * dx (+)= dy·w, see {@code Operations.linearInputGradient}.
   *
   * @param control see {@code Control}
   * @param dx [L, in]
   * @param dxAt base index of dx
   * @param w [out, in]
   * @param wAt base index of w
   * @param dy [L, out] or [out / headDim, capacity, headDim]
   * @param dyAt base index of dy
   * @param accumulate 1 to add to dx
   * @param ldx row stride of dx
   * @param ldy row stride of a token-major dy
   * @param headDim 0 for a token-major dy
   * @param in input size
   * @param out output size
   * @param capacity stride of a head, in tokens
   */
  public static void inputGradient(
      IntArray control,
      FloatArray dx,
      int dxAt,
      FloatArray w,
      int wAt,
      FloatArray dy,
      int dyAt,
      int accumulate,
      int ldx,
      int ldy,
      int headDim,
      int in,
      int out,
      int capacity) {
    Product p = new Product();
    p.a = HeapAccess.floats(dy);
    p.a0 = control.get(dyAt);
    p.lda = headDim > 0 ? headDim : ldy;
    p.aHead = headDim;
    p.aHeadStride = capacity * headDim;
    p.c = HeapAccess.floats(dx);
    p.c0 = control.get(dxAt);
    p.ldc = ldx;
    p.add = accumulate == 1;
    p.m = Blocks.tokens(control);
    p.n = in;
    p.k = out;
    p.segment = headDim > 0 ? Math.min(headDim, KC) : KC;
    p.b = Scratch.floats(Scratch.PACKED_B, p.panels() * NR * out);
    packRows(p, HeapAccess.floats(w), control.get(wAt), in);
    multiply(p);
  }

  /**
   * dw += dyᵀ·x, see {@code Operations.linearWeightGradient}.
   *
   * @param control see {@code Control}
   * @param x [L, in]
   * @param xAt base index of x
   * @param dw [out, in]
   * @param dwAt base index of dw
   * @param dy [L, out] or [out / headDim, capacity, headDim]
   * @param dyAt base index of dy
   * @param ldx row stride of x
   * @param ldy row stride of a token-major dy
   * @param headDim 0 for a token-major dy
   * @param in input size
   * @param out output size
   * @param capacity stride of a head, in tokens
   */
  public static void weightGradient(
      IntArray control,
      FloatArray x,
      int xAt,
      FloatArray dw,
      int dwAt,
      FloatArray dy,
      int dyAt,
      int ldx,
      int ldy,
      int headDim,
      int in,
      int out,
      int capacity) {
    Product p = new Product();
    p.a = HeapAccess.floats(dy);
    p.a0 = control.get(dyAt);
    p.lda = headDim > 0 ? headDim : ldy;
    p.columns = true;
    p.aHead = headDim;
    p.aHeadStride = capacity * headDim;
    p.c = HeapAccess.floats(dw);
    p.c0 = control.get(dwAt);
    p.ldc = in;
    p.add = true;
    p.m = out;
    p.n = in;
    p.k = Blocks.tokens(control);
    p.segment = KC;
    p.b = Scratch.floats(Scratch.PACKED_B, p.panels() * NR * p.k);
    packRows(p, HeapAccess.floats(x), control.get(xAt), ldx);
    multiply(p);
  }

  // ---------------------------------------------------------------- packing

  /** Segments of sums in order; in each, panels of [length, NR]. Returns where a panel begins. */
  private static int panelAt(Product p, int k0, int kc, int panel) {
    return k0 * p.panels() * NR + panel * kc * NR;
  }

  /** The next segment's length: segments do not straddle heads. */
  private static int segment(Product p, int k0) {
    int kc = Math.min(p.segment, p.k - k0);
    return p.aHead > 0 && !p.columns ? Math.min(kc, p.aHead - k0 % p.aHead) : kc;
  }

  /** B(k, j) = b[b0 + k·ldb + j]. */
  private static void packRows(Product p, float[] b, int b0, int ldb) {
    share(
        p.panels(),
        (long) p.k * p.n,
        panel -> {
          int j0 = panel * NR;
          int width = Math.min(NR, p.n - j0);
          for (int k0 = 0, kc; k0 < p.k; k0 += kc) {
            kc = segment(p, k0);
            int to = panelAt(p, k0, kc, panel);
            if (width == NR) {
              copyPanel(b, b0 + k0 * ldb + j0, ldb, p.b, to, kc);
            } else {
              copyNarrow(b, b0 + k0 * ldb + j0, ldb, p.b, to, kc, width);
            }
          }
        });
  }

  private static void copyPanel(float[] b, int from, int ldb, float[] to, int at, int kc) {
    for (int k = 0; k < kc; k++) {
      FloatVector.fromArray(MicroKernels.F, b, from).intoArray(to, at);
      FloatVector.fromArray(MicroKernels.F, b, from + L).intoArray(to, at + L);
      from += ldb;
      at += NR;
    }
  }

  private static void copyNarrow(
      float[] b, int from, int ldb, float[] to, int at, int kc, int width) {
    for (int k = 0; k < kc; k++) {
      for (int j = 0; j < width; j++) {
        to[at + j] = b[from + j];
      }
      for (int j = width; j < NR; j++) {
        to[at + j] = 0;
      }
      from += ldb;
      at += NR;
    }
  }

  /** B(k, j) = w[w0 + j·ldw + k]. */
  private static void packTransposed(Product p, float[] w, int w0, int ldw) {
    share(
        p.panels(),
        (long) p.k * p.n,
        panel -> {
          int j0 = panel * NR;
          int width = Math.min(NR, p.n - j0);
          for (int k0 = 0, kc; k0 < p.k; k0 += kc) {
            kc = segment(p, k0);
            int to = panelAt(p, k0, kc, panel);
            for (int j = 0; j < width; j++) {
              spread(w, w0 + (j0 + j) * ldw + k0, p.b, to + j, kc);
            }
            for (int j = width; j < NR; j++) {
              clear(p.b, to + j, kc);
            }
          }
        });
  }

  private static void spread(float[] w, int from, float[] to, int at, int kc) {
    for (int k = 0; k < kc; k++) {
      to[at + k * NR] = w[from + k];
    }
  }

  private static void clear(float[] to, int at, int kc) {
    for (int k = 0; k < kc; k++) {
      to[at + k * NR] = 0;
    }
  }

  // ---------------------------------------------------------------- the product

  /** Runs items on all threads, or here if there is little to do. */
  private static void share(int items, long work, Item item) {
    if (work < SMALL) {
      for (int i = 0; i < items; i++) {
        item.run(i);
      }
    } else {
      Workers.forEach(items, (i, worker) -> item.run(i));
    }
  }

  @FunctionalInterface
  private interface Item {
    void run(int i);
  }

  private static void multiply(Product p) {
    int rows = p.m >= 8 * BLOCK_ROWS ? BLOCK_ROWS : SMALL_BLOCK_ROWS;
    if (p.columns && p.aHead > 0) {
      rows = rowsWithinHeads(rows, p.aHead);
    }
    int blockRows = rows;
    int rowBlocks = (p.m + rows - 1) / rows;
    int columnBlocks = (p.n + BLOCK_COLUMNS - 1) / BLOCK_COLUMNS;
    share(
        rowBlocks * columnBlocks,
        (long) p.m * p.n * p.k,
        item -> {
          int i0 = item / columnBlocks * blockRows;
          int j0 = item % columnBlocks * BLOCK_COLUMNS;
          block(p, i0, Math.min(blockRows, p.m - i0), j0, Math.min(p.n, j0 + BLOCK_COLUMNS));
        });
  }

  /** Rows of A that stand in different heads are not neighbours, so a block holds whole heads. */
  private static int rowsWithinHeads(int rows, int head) {
    return head >= rows ? head : rows / head * head;
  }

  private static void block(Product p, int i0, int m, int j0, int j1) {
    if (p.addend != null && (p.addend != p.c || p.addend0 != p.c0)) {
      for (int i = i0; i < i0 + m; i++) {
        System.arraycopy(p.addend, p.addend0 + i * p.ldc + j0, p.c, p.c0 + i * p.ldc + j0, j1 - j0);
      }
    }
    float[] tile = Scratch.floats(Scratch.TILE, (BLOCK_ROWS + m) * NR);
    if (p.k == 0 && !p.add) {
      for (int i = i0; i < i0 + m; i++) {
        for (int j = j0; j < j1; j++) {
          p.c[at(p, i, j)] = 0;
        }
      }
    }
    for (int k0 = 0, kc; k0 < p.k; k0 += kc) {
      kc = segment(p, k0);
      boolean add = p.add || k0 > 0;
      for (int j = j0; j < j1; j += NR) {
        int b = panelAt(p, k0, kc, j / NR);
        int width = Math.min(NR, j1 - j);
        if (width == NR && (p.cHead == 0 || j / p.cHead == (j + NR - 1) / p.cHead)) {
          panel(p, i0, m, k0, kc, b, p.c, at(p, i0, j), p.ldc, add);
        } else {
          panel(p, i0, m, k0, kc, b, tile, 0, NR, false);
          scatter(p, tile, i0, m, j, width, add);
        }
      }
    }
  }

  private static int at(Product p, int i, int j) {
    return p.cHead == 0
        ? p.c0 + i * p.ldc + j
        : p.c0 + j / p.cHead * p.cHeadStride + i * p.ldc + j % p.cHead;
  }

  private static void scatter(
      Product p, float[] tile, int i0, int m, int j0, int width, boolean add) {
    for (int i = 0; i < m; i++) {
      for (int j = 0; j < width; j++) {
        int to = at(p, i0 + i, j0 + j);
        float x = tile[i * NR + j];
        p.c[to] = add ? p.c[to] + x : x;
      }
    }
  }

  /** m rows of one panel of the result, for one segment of the sums. */
  private static void panel(
      Product p, int i0, int m, int k0, int kc, int b, float[] c, int c0, int ldc, boolean add) {
    if (!p.columns) {
      int a =
          p.aHead == 0
              ? p.a0 + i0 * p.lda + k0
              : p.a0 + k0 / p.aHead * p.aHeadStride + i0 * p.lda + k0 % p.aHead;
      if (add) {
        MicroKernels.rowsAdd(m, kc, p.a, a, p.lda, p.b, b, c, c0, ldc);
      } else {
        MicroKernels.rowsSet(m, kc, p.a, a, p.lda, p.b, b, c, c0, ldc);
      }
    } else if (p.aHead == 0) {
      columns(p, p.a0 + k0 * p.lda + i0, m, kc, b, c, c0, ldc, add);
    } else {
      for (int i = 0, rows; i < m; i += rows) {
        int head = (i0 + i) / p.aHead;
        int within = (i0 + i) % p.aHead;
        rows = Math.min(m - i, p.aHead - within);
        int a = p.a0 + head * p.aHeadStride + k0 * p.lda + within;
        columns(p, a, rows, kc, b, c, c0 + i * ldc, ldc, add);
      }
    }
  }

  private static void columns(
      Product p, int a, int m, int kc, int b, float[] c, int c0, int ldc, boolean add) {
    if (add) {
      MicroKernels.colsAdd(m, kc, p.a, a, p.lda, p.b, b, c, c0, ldc);
    } else {
      MicroKernels.colsSet(m, kc, p.a, a, p.lda, p.b, b, c, c0, ldc);
    }
  }

  /** Few rows: each row of the weight is read once, and multiplied with every token. */
  private static void few(Product p, float[] w, int w0) {
    int block = Math.max(1, (int) (SMALL / 4 / Math.max(1, p.k)));
    share(
        (p.n + block - 1) / block,
        (long) p.m * p.n * p.k,
        item -> {
          int end = Math.min(p.n, (item + 1) * block);
          for (int j = item * block; j < end; j++) {
            for (int i = 0; i < p.m; i++) {
              int to = at(p, i, j);
              float x = Lanes.dot(p.a, p.a0 + i * p.lda, w, w0 + j * p.k, p.k);
              p.c[to] = p.add ? p.addend[p.addend0 + i * p.ldc + j] + x : x;
            }
          }
        });
  }
}
