package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class RowTopkTest {
  private static final int BEFORE = 3;

  /** The elements between others, which are larger than all of them. */
  private static float[] between(List<Float> row) {
    float[] a = new float[BEFORE + row.size() + BEFORE];
    for (int j = 0; j < a.length; j++) {
      boolean inside = j >= BEFORE && j < BEFORE + row.size();
      a[j] = inside ? row.get(j - BEFORE) : Float.MAX_VALUE;
    }
    return a;
  }

  private static int[] indices(List<Float> row, int m) {
    int[] to = new int[BEFORE + m + BEFORE];
    RowTopk.indices(between(row), BEFORE, row.size(), m, to, BEFORE);
    assertThat(to).startsWith(new int[BEFORE]).endsWith(new int[BEFORE]);
    return IntStream.range(BEFORE, BEFORE + m).map(j -> to[j]).toArray();
  }

  /** Few values, so that many are equal. */
  @Property(tries = 500)
  void theLargestFirstAndOfEqualOnesTheLowerIndex(
      @ForAll @Size(min = 1, max = 100) List<@IntRange(min = -9, max = 9) Integer> draws,
      @ForAll @IntRange(min = 1, max = 100) int most) {
    List<Float> row =
        draws.stream().map(x -> x == -9 ? Float.NEGATIVE_INFINITY : x / 8f + 0f).toList();
    int m = Math.min(most, row.size());
    int[] expected =
        IntStream.range(0, row.size())
            .boxed()
            .sorted(Comparator.comparing((Integer j) -> row.get(j)).reversed())
            .limit(m)
            .mapToInt(j -> j)
            .toArray();
    assertThat(indices(row, m)).isEqualTo(expected);
  }

  @Test
  void everyIndexOnceIfElementsAreNaN() {
    for (int n : new int[] {1, 15, 16, 31, 32, 33, 70}) {
      List<Float> row = IntStream.range(0, n).mapToObj(j -> Float.NaN).toList();
      int[] expected = IntStream.range(0, n).toArray();
      assertThat(indices(row, n)).containsExactlyInAnyOrder(expected);
    }
  }
}
