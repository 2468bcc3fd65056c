package io.github.tornadosse.graph;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.graph.Operations.Rows;
import io.github.tornadosse.graph.Operations.Selection;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Sorting rows where the GPU tier's blocks are more than the work-items that add them up. */
class GpuRoutingTest {
  private static final int TOKENS = 257 * 64 + 5;
  private static final int[] CU = {0, 1, 63, 64, 64, 3000, TOKENS - 7, TOKENS};
  private static final int PARTITIONS = 5;
  private static final int WIDTH = 2;

  @Test
  void manyBlocksAreSortedAsByThePortableTier() {
    int[][] expected = rows(new PortableOperations());
    int[][] actual = rows(new GpuOperations(GpuSettings.SMALLEST));
    assertThat(actual[0]).as("token").isEqualTo(expected[0]);
    assertThat(actual[1]).as("mode").isEqualTo(expected[1]);
    assertThat(actual[2]).as("rows of tokens").isEqualTo(expected[2]);
    assertThat(actual[3]).as("segments").isEqualTo(expected[3]);
    assertThat(actual[4]).as("weight").isEqualTo(expected[4]);
  }

  private static int[][] rows(Operations operations) {
    OperationBench bench = new OperationBench(TOKENS + 3, CU);
    RoutedRows routed = RoutedRows.random(bench, PARTITIONS, WIDTH, WIDTH);
    int all = bench.capacity * (1 + WIDTH);
    Region e =
        bench.input(
            "e", bench.capacity * PARTITIONS, OperationBench.flat(TOKENS * PARTITIONS), routed.e);
    IntView top = bench.intView(bench.capacity * WIDTH, routed.top);
    IntArray cu = bench.ints(CU.length + 2, CU);
    Region weight = bench.outputArray("weight", 2 * all, bench.rows(2, WIDTH, 1));
    Rows rows =
        new Rows(
            bench.ints(all),
            bench.ints(all),
            weight.array,
            bench.ints(bench.capacity * WIDTH),
            bench.ints(2 * (CU.length + 1) * (PARTITIONS + 1)),
            PARTITIONS,
            WIDTH);
    Selection selection = new Selection(WIDTH, WIDTH, true, true, true);
    bench.run(s -> operations.routeRows(s, "route", e.view, top, cu, rows, selection));
    int[] bits =
        Arrays.stream(weight.get()).mapToInt(x -> Float.floatToIntBits((float) x)).toArray();
    return new int[][] {
      rows.token().toHeapArray(),
      rows.mode().toHeapArray(),
      rows.tokenRow().toHeapArray(),
      rows.segments().toHeapArray(),
      bits
    };
  }
}
