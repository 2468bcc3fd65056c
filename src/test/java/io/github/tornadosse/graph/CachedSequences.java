package io.github.tornadosse.graph;

import static io.github.tornadosse.graph.OperationBench.assertForward;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.AttentionOperations.Sizes;
import io.github.tornadosse.graph.OperationBench.Region;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Sequences that are read a few tokens at a time through {@link
 * AttentionOperations#cachedAttention}; every step is held against attention over all they have
 * read. Of the caches, only what the step's tokens see is there; everything else is NaN.
 */
final class CachedSequences {
  private final AttentionOperations operations;
  private final Sizes sizes;
  private final int cache;
  private final int[] past;
  private final int[] cu; // of whole sequences
  private final int tokens;
  private final double[] q; // [H, tokens, dim]
  private final double[] k; // [HK, tokens, dim]
  private final double[] v;
  private final double[] expected; // [tokens, H·dim]

  /**
   * Sequences of those lengths.
   *
   * @param cache positions of a cache
   * @param past how much of each has been read before the first step
   */
  CachedSequences(
      AttentionOperations operations, Sizes sizes, int cache, int[] lengths, int[] past) {
    this.operations = operations;
    this.sizes = sizes;
    this.cache = cache;
    this.past = past.clone();
    cu = new int[lengths.length + 1];
    for (int s = 0; s < lengths.length; s++) {
      cu[s + 1] = cu[s] + lengths[s];
    }
    tokens = cu[lengths.length];
    Random random = new Random(Arrays.hashCode(lengths) + sizes.hashCode());
    q = normal(random, sizes.heads() * tokens * sizes.dim());
    k = normal(random, sizes.keyHeads() * tokens * sizes.dim());
    v = normal(random, sizes.keyHeads() * tokens * sizes.dim());
    expected = new AttentionFormulas(sizes, cu).attention(q, k, v).out();
  }

  private static double[] normal(Random random, int n) {
    double[] x = new double[n];
    Arrays.setAll(x, i -> (float) random.nextGaussian());
    return x;
  }

  /** Reads the next n[s] tokens of each sequence. */
  void step(int... n) {
    int count = n.length;
    int[] now = new int[count + 1];
    for (int s = 0; s < count; s++) {
      now[s + 1] = now[s] + n[s];
    }
    OperationBench b = new OperationBench(now[count] + 3, now);
    int[] token = new int[now[count]]; // among all tokens
    for (int s = 0; s < count; s++) {
      for (int i = 0; i < n[s]; i++) {
        token[now[s] + i] = cu[s] + past[s] + i;
      }
    }
    int dim = sizes.dim();
    int size = dim * b.capacity;
    int[] keyPlaces = b.heads(sizes.keyHeads(), dim);
    int[] row = b.columns(sizes.heads() * dim, 0, sizes.heads() * dim);
    Region rq =
        b.input(
            "q", sizes.heads() * size, b.heads(sizes.heads(), dim), rows(q, sizes.heads(), token));
    Region rk = b.input("k", sizes.keyHeads() * size, keyPlaces, rows(k, sizes.keyHeads(), token));
    Region rv = b.input("v", sizes.keyHeads() * size, keyPlaces, rows(v, sizes.keyHeads(), token));
    Region out = b.output("out", sizes.heads() * size, row);
    int[] places = cachePlaces(n);
    int cacheSize = count * sizes.keyHeads() * cache * dim;
    Region keys = b.update("keyCache", cacheSize, places, cached(k, n, false));
    Region values = b.update("valueCache", cacheSize, places, cached(v, n, false));
    IntArray bounds = b.ints(count + 3, now);
    IntArray ages = b.ints(count + 2, past);
    b.run(
        s ->
            operations.cachedAttention(
                s,
                "cached",
                rq.view,
                rk.view,
                rv.view,
                bounds,
                ages,
                keys.view,
                values.view,
                out.view,
                sizes,
                cache));
    assertThat(keys.get()).isEqualTo(cached(k, n, true));
    assertThat(values.get()).isEqualTo(cached(v, n, true));
    assertForward(out, rows(expected, 1, token, sizes.heads() * dim));
    for (int s = 0; s < count; s++) {
      past[s] += n[s];
    }
  }

  private double[] rows(double[] x, int heads, int[] token) {
    return rows(x, heads, token, sizes.dim());
  }

  /** Some tokens of [heads, tokens, width]. */
  private double[] rows(double[] x, int heads, int[] token, int width) {
    double[] y = new double[heads * token.length * width];
    for (int i = 0; i < heads * token.length; i++) {
      int from = (i / token.length * tokens + token[i % token.length]) * width;
      System.arraycopy(x, from, y, i * width, width);
    }
    return y;
  }

  /** The first position of sequence s that a step reads. */
  private int first(int s) {
    return sizes.window() == 0 ? 0 : Math.max(0, past[s] - sizes.window() + 1);
  }

  /** Positions that a step of n tokens reads or writes. */
  private int[] positions(int s, int n) {
    return n == 0 ? new int[0] : IntStream.range(first(s), past[s] + n).toArray();
  }

  private int[] cachePlaces(int[] n) {
    IntStream.Builder places = IntStream.builder();
    for (int s = 0; s < n.length; s++) {
      for (int h = 0; h < sizes.keyHeads(); h++) {
        for (int p : positions(s, n[s])) {
          int at = ((s * sizes.keyHeads() + h) * cache + p % cache) * sizes.dim();
          IntStream.range(at, at + sizes.dim()).forEach(places::add);
        }
      }
    }
    return places.build().toArray();
  }

  /** What is at those places before a step, or after it. */
  private double[] cached(double[] x, int[] n, boolean after) {
    double[] y = new double[cachePlaces(n).length];
    int at = 0;
    for (int s = 0; s < n.length; s++) {
      for (int h = 0; h < sizes.keyHeads(); h++) {
        for (int p : positions(s, n[s])) {
          for (int c = 0; c < sizes.dim(); c++) {
            boolean there = after || p < past[s];
            y[at++] = there ? x[(h * tokens + cu[s] + p) * sizes.dim() + c] : Double.NaN;
          }
        }
      }
    }
    return y;
  }
}
