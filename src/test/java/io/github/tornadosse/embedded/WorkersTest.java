package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {
  private final int before = Workers.count();

  @AfterEach
  void restore() {
    Workers.setCount(before);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void runsEveryItemOnce(int threads) {
    Workers.setCount(threads);
    assertThat(Workers.count()).isEqualTo(threads);
    for (int count : new int[] {0, 1, 2, 3, 64, 1000}) {
      for (int repeat = 0; repeat < 200; repeat++) {
        AtomicIntegerArray runs = new AtomicIntegerArray(count);
        Workers.forEach(count, (item, worker) -> runs.incrementAndGet(item));
        for (int i = 0; i < count; i++) {
          assertThat(runs.get(i)).as("item %d of %d", i, count).isEqualTo(1);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void writesOfItemsAreSeenByTheCaller(int threads) {
    Workers.setCount(threads);
    int[] values = new int[300];
    for (int repeat = 1; repeat <= 2000; repeat++) {
      int r = repeat;
      Workers.forEach(values.length, (item, worker) -> values[item] += r);
    }
    int[] expected = new int[values.length];
    Arrays.fill(expected, 2000 * 2001 / 2);
    assertThat(values).isEqualTo(expected);
  }

  @Test
  void noTwoItemsShareAWorkerIndexAtOneTime() {
    Workers.setCount(7);
    AtomicIntegerArray inUse = new AtomicIntegerArray(7);
    Workers.forEach(
        500,
        (item, worker) -> {
          assertThat(inUse.getAndIncrement(worker)).isZero();
          Thread.onSpinWait();
          inUse.decrementAndGet(worker);
        });
  }

  @Test
  void nestedCallsRunInOrderOnTheThreadOfTheirItem() {
    Workers.setCount(3);
    int[][] sums = new int[20][1];
    Workers.forEach(
        20,
        (item, worker) -> {
          Thread thread = Thread.currentThread();
          int[] expectedNext = {0};
          Workers.forEach(
              10,
              (inner, innerWorker) -> {
                assertThat(innerWorker).isEqualTo(worker);
                assertThat(Thread.currentThread()).isSameAs(thread);
                assertThat(inner).isEqualTo(expectedNext[0]++);
                sums[item][0] += inner;
              });
        });
    for (int[] sum : sums) {
      assertThat(sum[0]).isEqualTo(45);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void throwsWhatAnItemThrowsAndGoesOn(int threads) {
    Workers.setCount(threads);
    for (int repeat = 0; repeat < 100; repeat++) {
      int bad = repeat;
      assertThatThrownBy(
              () ->
                  Workers.forEach(
                      100,
                      (item, worker) -> {
                        if (item == bad) {
                          throw new IllegalArgumentException("item " + item);
                        }
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("item " + bad);
      BitSet done = new BitSet();
      Workers.forEach(
          50,
          (item, worker) -> {
            synchronized (done) {
              done.set(item);
            }
          });
      assertThat(done.cardinality()).isEqualTo(50);
    }
  }

  @Test
  void errorsOfItemsAreThrownToo() {
    Workers.setCount(2);
    assertThatThrownBy(
            () ->
                Workers.forEach(
                    4,
                    (item, worker) -> {
                      throw new AssertionError("no");
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessage("no");
  }

  @Test
  void twoCallersDoNotDisturbEachOther() throws Exception {
    Workers.setCount(2);
    int[][] results = new int[2][1000];
    Thread[] callers = new Thread[2];
    for (int c = 0; c < 2; c++) {
      int[] result = results[c];
      callers[c] =
          new Thread(
              () -> {
                for (int repeat = 0; repeat < 500; repeat++) {
                  Workers.forEach(result.length, (item, worker) -> result[item]++);
                }
              });
      callers[c].start();
    }
    for (Thread caller : callers) {
      caller.join();
    }
    int[] expected = new int[1000];
    Arrays.fill(expected, 500);
    assertThat(results).isDeepEqualTo(new int[][] {expected, expected});
  }

  @Test
  void anInterruptSurvivesTheWait() {
    Workers.setCount(2);
    Thread.currentThread().interrupt();
    Workers.forEach(4, (item, worker) -> busy(2_000_000));
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void idleThreadsStopSpinning() throws Exception {
    Workers.setCount(2);
    Workers.forEach(100, (item, worker) -> busy(10_000));
    Thread helper =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t.getName().equals("sse-worker-1") && t.isAlive())
            .max(Comparator.comparingLong(Thread::threadId))
            .orElseThrow();
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    Thread.sleep(50);
    long first = threads.getThreadCpuTime(helper.threadId());
    Thread.sleep(200);
    assertThat(threads.getThreadCpuTime(helper.threadId()) - first).isLessThan(2_000_000L);
  }

  @Test
  void refusesNoThreads() {
    assertThatThrownBy(() -> Workers.setCount(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("number of threads is 0");
    assertThat(Workers.count()).isEqualTo(before);
  }

  private static void busy(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }
}
