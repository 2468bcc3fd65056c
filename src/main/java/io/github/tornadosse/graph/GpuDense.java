package io.github.tornadosse.graph;

import io.github.tornadosse.graph.Operations.Linear;
import io.github.tornadosse.kernels.gpu.Dense128;
import io.github.tornadosse.kernels.gpu.Dense64;
import io.github.tornadosse.kernels.gpu.DenseFew;
import io.github.tornadosse.kernels.gpu.DenseForm;
import io.github.tornadosse.kernels.gpu.DenseParts;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/** Dense layers of the GPU tier: which kernel computes a product, and in how many parts. */
final class GpuDense {
  /** Work-items of a group of what is done element by element. */
  private static final int ITEMS = 256;

  private final GpuSettings settings;

  GpuDense(GpuSettings settings) {
    this.settings = settings;
  }

  /** One product: what stands on either side, and how its result is added. */
  private record Product(
      Linear l, int form, View a, View b, View c, View addend, int add, int ldAdd) {
    int headDim() {
      return l.headDim() > 0 ? l.headDim() : l.out();
    }

    int stride() {
      return l.headDim() > 0 ? l.headDim() : l.ldy();
    }
  }

  /** Tiles of a product's result, and the parts that its terms are divided into. */
  private record Tiling(int tile, long tiles, int parts, int length) {}

  void linear(Stage s, String id, Linear l, View addend) {
    int add = addend == null ? 0 : 1;
    View read = addend == null ? l.x() : addend;
    Product p = new Product(l, DenseForm.LINEAR, l.x(), l.w(), l.y(), read, add, l.ldy());
    if (s.tokens() <= settings.get(GpuSettings.DENSE_FEW)) {
      few(s, id, p);
    } else {
      product(s, id, p);
    }
  }

  void inputGradient(Stage s, String id, Linear l, boolean accumulate) {
    View read = accumulate ? l.x() : l.y();
    int add = accumulate ? 1 : 0;
    product(s, id, new Product(l, DenseForm.INPUT, l.y(), l.w(), l.x(), read, add, l.ldx()));
  }

  void weightGradient(Stage s, String id, Linear l) {
    product(s, id, new Product(l, DenseForm.WEIGHT, l.y(), l.x(), l.w(), l.w(), 1, l.in()));
  }

  private void few(Stage s, String id, Product p) {
    Linear l = p.l;
    s.graph()
        .task(
            id,
            DenseFew::linear,
            new KernelContext(),
            s.control(),
            p.a.array(),
            p.a.at(),
            p.b.array(),
            p.b.at(),
            p.addend.array(),
            p.addend.at(),
            p.c.array(),
            p.c.at(),
            p.add,
            l.ldx(),
            p.ldAdd,
            p.headDim(),
            p.stride(),
            l.in(),
            l.out(),
            s.tokens());
    s.grid(
        id,
        (l.out() + DenseFew.COLUMNS - 1) / DenseFew.COLUMNS,
        settings.get(GpuSettings.REDUCTION_ITEMS));
  }

  private void product(Stage s, String id, Product p) {
    Linear l = p.l;
    int rows = p.form == DenseForm.WEIGHT ? l.out() : s.tokens();
    int columns = p.form == DenseForm.LINEAR ? l.out() : l.in();
    Tiling tiling = tiling(rows, columns, terms(p.form, l, s.tokens()));
    if (tiling.parts == 1) {
      tiles(s, id, p, tiling, p.c.array(), p.c.at(), p.addend, p.add);
      return;
    }
    long size = (long) rows * columns;
    FloatArray parts = s.buffers().floats(id + ".parts", tiling.parts * size);
    tiles(s, id + ".parts", p, tiling, parts, -1, p.a, 0);
    String sum = id + ".sum";
    s.graph()
        .task(
            sum,
            DenseParts::add,
            new KernelContext(),
            s.control(),
            parts,
            p.addend.array(),
            p.addend.at(),
            p.c.array(),
            p.c.at(),
            p.form,
            p.add,
            l.ldx(),
            p.ldAdd,
            p.headDim(),
            p.stride(),
            l.in(),
            l.out(),
            s.tokens(),
            tiling.length);
    s.grid(sum, (size + ITEMS - 1) / ITEMS, ITEMS);
  }

  private static int terms(int form, Linear l, int tokens) {
    return switch (form) {
      case DenseForm.LINEAR -> l.in();
      case DenseForm.INPUT -> l.out();
      default -> tokens;
    };
  }

  /**
   * The largest tiles that give every compute unit something to do; where not even the small ones
   * do, the largest whose terms divide into enough parts.
   */
  private Tiling tiling(int rows, int columns, int terms) {
    int large = settings.get(GpuSettings.DENSE_TILE);
    int groups = settings.get(GpuSettings.DENSE_GROUPS);
    int most = Math.max(1, terms / settings.get(GpuSettings.DENSE_PART));
    int tile = Dense64.TILE;
    if (tiles(rows, columns, large) >= groups
        || tiles(rows, columns, tile) < groups && tiles(rows, columns, large) * most >= groups) {
      tile = large;
    }
    long tiles = tiles(rows, columns, tile);
    long parts = Math.min(most, (groups + tiles - 1) / tiles);
    int length = (int) ((terms + parts - 1) / parts);
    return new Tiling(tile, tiles, (terms + length - 1) / length, length);
  }

  private static long tiles(int rows, int columns, int tile) {
    return (long) ((rows + tile - 1) / tile) * ((columns + tile - 1) / tile);
  }

  private static void tiles(
      Stage s, String id, Product p, Tiling tiling, FloatArray c, int cAt, View addend, int add) {
    Linear l = p.l;
    if (tiling.tile == Dense128.TILE) {
      s.graph()
          .task(
              id,
              Dense128::product,
              new KernelContext(),
              s.control(),
              p.a.array(),
              p.a.at(),
              p.b.array(),
              p.b.at(),
              addend.array(),
              addend.at(),
              c,
              cAt,
              p.form,
              add,
              l.ldx(),
              p.ldAdd,
              p.headDim(),
              p.stride(),
              l.in(),
              l.out(),
              s.tokens(),
              tiling.length);
      s.grid(id, tiling.tiles * tiling.parts, Dense128.TILE);
    } else {
      s.graph()
          .task(
              id,
              Dense64::product,
              new KernelContext(),
              s.control(),
              p.a.array(),
              p.a.at(),
              p.b.array(),
              p.b.at(),
              addend.array(),
              addend.at(),
              c,
              cAt,
              p.form,
              add,
              l.ldx(),
              p.ldAdd,
              p.headDim(),
              p.stride(),
              l.in(),
              l.out(),
              s.tokens(),
              tiling.length);
      s.grid(id, tiling.tiles * tiling.parts, Dense64.TILE);
    }
  }
}
