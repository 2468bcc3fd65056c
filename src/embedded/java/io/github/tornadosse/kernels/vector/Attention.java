package io.github.tornadosse.kernels.vector;

import io.github.tornadosse.embedded.Workers;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.kernels.vector.AttentionGradients.Part;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Causal softmax attention over packed sequences, blockwise (docs/mathematics.md section 5; the
 * contract is that of {@code AttentionOperations}).
 */
public final class Attention {
  /** Entries of a shape: H, HK, head size, window and capacity. */
  public static final int SHAPE = 5;

  /** Tiles of one round below which tiles are halved, so that many cores have work. */
  private static final int FEW_TILES = 32;

  /** Tokens of the smallest tile's side. */
  private static final int LEAST_TILE = 64;

  private static final ThreadLocal<AttentionBlock> BLOCK = new ThreadLocal<>();
  private static final ThreadLocal<AttentionGradients> GRADIENTS = new ThreadLocal<>();

  private Attention() {}

  /**
   * Forward; a unit of work is a block of rows of one key head.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param out output [L, H·dim]
   * @param outAt base of out
   * @param lse output [H, capacity]
   * @param lseAt base of lse
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window positions that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void forward(
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray out,
      int outAt,
      FloatArray lse,
      int lseAt,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    AttentionHeads shape = new AttentionHeads(heads, keyHeads, dim, window, capacity);
    Part qs = part(control, q, qAt);
    Part ks = part(control, k, kAt);
    Part vs = part(control, v, vAt);
    Part outs = part(control, out, outAt);
    Part lses = part(control, lse, lseAt);
    int[] bounds = HeapAccess.ints(cu);
    AttentionPlan plan =
        AttentionPlan.of(
            bounds, null, control.get(Control.SEQUENCES), shape.group(), window, false);
    Workers.forEach(
        plan.units().size() * keyHeads,
        (item, worker) -> {
          AttentionPlan.Unit unit = plan.units().get(item / keyHeads);
          int keyHead = item % keyHeads;
          int begin = bounds[unit.sequence()];
          int n = unit.to() - unit.from();
          int at = (keyHead * capacity + begin + unit.from()) * dim;
          AttentionBlock block = block(dim);
          block.start(shape, qs.array(), qs.at(), keyHead, begin, 0, unit.row(), unit.rows());
          block.read(ks.array(), ks.at() + at, vs.array(), vs.at() + at, unit.from(), n);
          block.finish(outs.array(), outs.at(), lses.array(), lses.at());
        });
  }

  static Part part(IntArray control, FloatArray array, int at) {
    return new Part(HeapAccess.floats(array), control.get(at));
  }

  /** This thread's scratch. */
  static AttentionBlock block(int dim) {
    AttentionBlock b = BLOCK.get();
    if (b == null || !b.fits(dim)) {
      b = new AttentionBlock(dim);
      BLOCK.set(b);
    }
    return b;
  }

  private static AttentionGradients gradients(AttentionHeads shape) {
    AttentionGradients g = GRADIENTS.get();
    if (g == null || !g.fits(shape)) {
      g = new AttentionGradients(shape);
      GRADIENTS.set(g);
    }
    return g;
  }

  /**
   * Before {@link #gradient}: delta = ⟨dOut, out⟩ of each head, and what that method has no
   * argument left for.
   *
   * @param control see {@link Control}
   * @param out [L, H·dim]
   * @param outAt base of out
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param delta output [H, capacity]
   * @param shape output: H, HK, head size, window and capacity
   * @param heads H
   * @param keyHeads HK
   * @param dim size of a head
   * @param window positions that a token sees, itself included; 0 for all
   * @param capacity largest number of tokens
   */
  public static void prepareGradient(
      IntArray control,
      FloatArray out,
      int outAt,
      FloatArray dOut,
      int dOutAt,
      FloatArray delta,
      IntArray shape,
      int heads,
      int keyHeads,
      int dim,
      int window,
      int capacity) {
    Part o = part(control, out, outAt);
    Part d = part(control, dOut, dOutAt);
    float[] to = HeapAccess.floats(delta);
    Blocks.forEach(
        Blocks.tokens(control),
        Blocks.rows(heads * dim, Blocks.CHEAP),
        (from, end) -> {
          for (int t = from; t < end; t++) {
            for (int h = 0; h < heads; h++) {
              int at = (t * heads + h) * dim;
              to[h * capacity + t] = Lanes.dot(o.array(), o.at() + at, d.array(), d.at() + at, dim);
            }
          }
        });
    int[] sizes = {heads, keyHeads, dim, window, capacity};
    for (int i = 0; i < SHAPE; i++) shape.set(i, sizes[i]);
  }

  /**
   * Gradients, in rounds: round r takes the tiles whose queries are r tiles after their keys. No
   * two tiles of a round share queries or keys, so that they can be worked on at the same time, and
   * each gradient gets its tiles' contributions in the order of rounds. Round 0 overwrites.
   *
   * @param control see {@link Control}
   * @param q [H, capacity, dim]
   * @param qAt base of q
   * @param k [HK, capacity, dim]
   * @param kAt base of k
   * @param v [HK, capacity, dim]
   * @param vAt base of v
   * @param cu [S + 1]
   * @param lse [H, capacity] of the forward pass
   * @param lseAt base of lse
   * @param delta [H, capacity] of {@link #prepareGradient}
   * @param shape of {@link #prepareGradient}
   * @param dOut [L, H·dim]
   * @param dOutAt base of dOut
   * @param dq output like q
   * @param dqAt base of dq
   * @param dk output like k
   * @param dkAt base of dk
   * @param dv output like v
   * @param dvAt base of dv
   */
  public static void gradient(
      IntArray control,
      FloatArray q,
      int qAt,
      FloatArray k,
      int kAt,
      FloatArray v,
      int vAt,
      IntArray cu,
      FloatArray lse,
      int lseAt,
      FloatArray delta,
      IntArray shape,
      FloatArray dOut,
      int dOutAt,
      FloatArray dq,
      int dqAt,
      FloatArray dk,
      int dkAt,
      FloatArray dv,
      int dvAt) {
    AttentionHeads heads =
        new AttentionHeads(shape.get(0), shape.get(1), shape.get(2), shape.get(3), shape.get(4));
    AttentionGradients.Arguments x =
        new AttentionGradients.Arguments(
            part(control, q, qAt),
            part(control, k, kAt),
            part(control, v, vAt),
            part(control, lse, lseAt),
            new Part(HeapAccess.floats(delta), 0),
            part(control, dOut, dOutAt),
            part(control, dq, dqAt),
            part(control, dk, dkAt),
            part(control, dv, dvAt));
    int[] bounds = HeapAccess.ints(cu);
    int sequences = control.get(Control.SEQUENCES);
    int tile = tileSize(bounds, sequences, heads.keyHeads());
    int longest = 0;
    for (int s = 0; s < sequences; s++) longest = Math.max(longest, bounds[s + 1] - bounds[s]);
    int rounds = Blocks.count(longest, tile);
    if (heads.window() > 0) {
      rounds = (int) Math.min(rounds, ((long) heads.window() + tile - 2) / tile + 1);
    }
    for (int r = 0; r < rounds; r++) round(x, heads, bounds, sequences, tile, r);
  }

  /** The largest tiles of which there are enough in round 0. */
  private static int tileSize(int[] bounds, int sequences, int keyHeads) {
    int tile = AttentionGradients.TILE;
    while (tile > LEAST_TILE && keyHeads * tiles(bounds, sequences, tile) < FEW_TILES) tile /= 2;
    return tile;
  }

  private static int tiles(int[] bounds, int sequences, int tile) {
    int tiles = 0;
    for (int s = 0; s < sequences; s++) tiles += Blocks.count(bounds[s + 1] - bounds[s], tile);
    return tiles;
  }

  private static void round(
      AttentionGradients.Arguments x,
      AttentionHeads heads,
      int[] bounds,
      int sequences,
      int tile,
      int round) {
    int[] before = new int[sequences + 1]; // tiles of the sequences before each
    for (int s = 0; s < sequences; s++) {
      int tiles = Blocks.count(bounds[s + 1] - bounds[s], tile);
      before[s + 1] = before[s] + Math.max(0, tiles - round);
    }
    int keyHeads = heads.keyHeads();
    Workers.forEach(
        before[sequences] * keyHeads,
        (item, worker) -> {
          int i = item / keyHeads;
          int s = sequenceOf(before, sequences, i);
          int length = bounds[s + 1] - bounds[s];
          int key = (i - before[s]) * tile;
          int query = key + round * tile;
          gradients(heads)
              .tile(
                  x,
                  item % keyHeads,
                  bounds[s],
                  query,
                  Math.min(tile, length - query),
                  key,
                  Math.min(tile, length - key));
        });
  }

  /** The s with before[s] ≤ i &lt; before[s + 1]. */
  private static int sequenceOf(int[] before, int sequences, int i) {
    int low = 0;
    int high = sequences;
    while (high - low > 1) {
      int middle = (low + high) >>> 1;
      if (before[middle] <= i) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
