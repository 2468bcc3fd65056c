package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.annotations.Parallel;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task1;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task2;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

class ParallelLoopTest {
  private final int before = Workers.count();

  @AfterEach
  void restore() {
    Workers.setCount(before);
  }

  // ---------------------------------------------------------------- loops that can be shared out
  // Each writes into y [1024], which it may also read where it writes, from n.

  static void below(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, y.get(i) + i);
    }
  }

  static void upTo(FloatArray y, int n) {
    for (@Parallel int i = 0; i <= n; i++) {
      y.set(i, 2 * i);
    }
  }

  static void fromAnExpression(FloatArray y, int n) {
    for (@Parallel int i = n / 3 + 1; i < n; i++) {
      y.set(i, i);
    }
  }

  static void constantBounds(FloatArray y, int n) {
    for (@Parallel int i = 3; i < 100; i++) {
      y.set(i, i * n);
    }
  }

  static void steps(FloatArray y, int n) {
    for (@Parallel int i = 1; i < n; i += 3) {
      y.set(i, i);
    }
  }

  static void stepsUpTo(FloatArray y, int n) {
    for (@Parallel int i = 1; i <= n; i += 7) {
      y.set(i, i);
    }
  }

  static void variableStep(FloatArray y, int n) {
    int step = n / 10 + 1;
    for (@Parallel int i = 0; i < n; i += step) {
      y.set(i, step + i);
    }
  }

  static void spelledOutStep(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i = i + 40000) {
      y.set(i, 1 + i);
    }
  }

  static void bytesAsBounds(FloatArray y, int n) {
    for (@Parallel int i = -5; i < 0; i++) {
      y.set(i + 5, n * i);
    }
  }

  static void upToZero(FloatArray y, int n) {
    for (@Parallel int i = -n; i <= 0; i++) {
      y.set(-i, n * i);
    }
  }

  static void boundOfTheArray(FloatArray y, int n) {
    for (@Parallel int i = 0; i < y.getSize(); i++) {
      y.set(i, i + n);
    }
  }

  static void boundAsExpression(FloatArray y, int n) {
    long wide = 3;
    double wider = 2;
    for (@Parallel int i = 0; i < Math.min(n * 2 - 1, y.getSize()); i++) {
      y.set(i, (float) (wide * i + wider));
    }
  }

  static void empty(FloatArray y, int n) {
    for (@Parallel int i = n; i < 0; i++) {
      y.set(i, 7);
    }
  }

  static void localsBefore(FloatArray y, int n) {
    float half = n * 0.5f;
    int offset = n > 10 ? 1 : 0;
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, half + offset + i);
    }
  }

  static void guarded(FloatArray y, int n) {
    if (n > 20) {
      for (@Parallel int i = 0; i < n; i++) {
        y.set(i, i);
      }
    }
  }

  static void returnsEarly(FloatArray y, int n) {
    if (n <= 20) {
      return;
    }
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, i);
    }
  }

  static void skips(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      if (i % 3 == 0) {
        continue;
      }
      if (i % 5 == 0) {
        y.set(i, -1);
      }
    }
  }

  static void innerControlFlow(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      float sum = 0;
      outer:
      for (int j = 0; j < i; j++) {
        switch (j % 4) {
          case 0 -> sum += 1;
          case 1 -> sum -= 3;
          case 2 -> {
            if (j > 50) {
              break outer;
            }
          }
          default -> sum += j;
        }
        int k = 0;
        while (true) {
          k++;
          if (k > 3) {
            break;
          }
          if (sum > 1000) {
            continue outer;
          }
        }
        sum += k;
      }
      y.set(i, i > 5 && sum != 0 || n == 1 ? sum : -sum);
    }
  }

  private static final float SECRET = Float.parseFloat("2.5");

  private static float secret(float x, int i) {
    return SECRET * x + i;
  }

  static void privateHelpers(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, secret(y.get(i), i));
    }
  }

  static void privateArray(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      float[] window = new float[4];
      for (int j = 0; j < 4; j++) {
        window[j] = i * j;
      }
      y.set(i, window[1] + window[3]);
    }
  }

  static void twoDeep(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 5; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        y.set(i * n + j, i * 1000 + j);
      }
    }
  }

  static void twoDeepFromOneRow(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 1; i++) {
      for (@Parallel int j = 2; j <= n; j += 3) {
        y.set(j, j);
      }
    }
  }

  static void threeDeep(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 2; i++) {
      for (@Parallel int j = 0; j < 3; j++) {
        for (@Parallel int k = 0; k < n; k++) {
          y.set((i * 3 + j) * n + k, i + 10 * j + 100 * k);
        }
      }
    }
  }

  static void triangle(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 10; i++) {
      int row = i * (i + 1) / 2;
      for (@Parallel int j = 0; j <= i; j++) {
        y.set(row + j, i * n + j);
      }
    }
  }

  static void twoInnerLoops(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 2; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        y.set(i * n + j, i + j);
      }
      for (@Parallel int j = 0; j < n; j++) {
        y.set(i * n + j, y.get(i * n + j) * 2);
      }
    }
  }

  static void workAroundTheInnerLoop(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 2; i++) {
      y.set(2 * n + i, y.get(2 * n + i) + 1);
      for (@Parallel int j = 0; j < n; j++) {
        y.set(i * n + j, y.get(2 * n + i) + j);
      }
      y.set(2 * n + i, y.get(2 * n + i) + y.get(i * n));
    }
  }

  static void innerLoopInABranch(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      if (i % 2 == 0) {
        for (@Parallel int j = 0; j < 3; j++) {
          y.set(3 * i + j, j);
        }
      } else {
        y.set(3 * i, -i);
      }
    }
  }

  static Stream<Arguments> shapes() {
    return Stream.of(
        kernel("below", ParallelLoopTest::below, ParallelLoopTest::below),
        kernel("upTo", ParallelLoopTest::upTo, ParallelLoopTest::upTo),
        kernel(
            "fromAnExpression",
            ParallelLoopTest::fromAnExpression,
            ParallelLoopTest::fromAnExpression),
        kernel(
            "constantBounds", ParallelLoopTest::constantBounds, ParallelLoopTest::constantBounds),
        kernel("steps", ParallelLoopTest::steps, ParallelLoopTest::steps),
        kernel("stepsUpTo", ParallelLoopTest::stepsUpTo, ParallelLoopTest::stepsUpTo),
        kernel("variableStep", ParallelLoopTest::variableStep, ParallelLoopTest::variableStep),
        kernel(
            "spelledOutStep", ParallelLoopTest::spelledOutStep, ParallelLoopTest::spelledOutStep),
        kernel("bytesAsBounds", ParallelLoopTest::bytesAsBounds, ParallelLoopTest::bytesAsBounds),
        kernel("upToZero", ParallelLoopTest::upToZero, ParallelLoopTest::upToZero),
        kernel(
            "boundOfTheArray",
            ParallelLoopTest::boundOfTheArray,
            ParallelLoopTest::boundOfTheArray),
        kernel(
            "boundAsExpression",
            ParallelLoopTest::boundAsExpression,
            ParallelLoopTest::boundAsExpression),
        kernel("empty", ParallelLoopTest::empty, ParallelLoopTest::empty),
        kernel("localsBefore", ParallelLoopTest::localsBefore, ParallelLoopTest::localsBefore),
        kernel("guarded", ParallelLoopTest::guarded, ParallelLoopTest::guarded),
        kernel("returnsEarly", ParallelLoopTest::returnsEarly, ParallelLoopTest::returnsEarly),
        kernel("skips", ParallelLoopTest::skips, ParallelLoopTest::skips),
        kernel(
            "innerControlFlow",
            ParallelLoopTest::innerControlFlow,
            ParallelLoopTest::innerControlFlow),
        kernel(
            "privateHelpers", ParallelLoopTest::privateHelpers, ParallelLoopTest::privateHelpers),
        kernel("privateArray", ParallelLoopTest::privateArray, ParallelLoopTest::privateArray),
        kernel("twoDeep", ParallelLoopTest::twoDeep, ParallelLoopTest::twoDeep),
        kernel(
            "twoDeepFromOneRow",
            ParallelLoopTest::twoDeepFromOneRow,
            ParallelLoopTest::twoDeepFromOneRow),
        kernel("threeDeep", ParallelLoopTest::threeDeep, ParallelLoopTest::threeDeep),
        kernel("triangle", ParallelLoopTest::triangle, ParallelLoopTest::triangle),
        kernel("twoInnerLoops", ParallelLoopTest::twoInnerLoops, ParallelLoopTest::twoInnerLoops),
        kernel(
            "workAroundTheInnerLoop",
            ParallelLoopTest::workAroundTheInnerLoop,
            ParallelLoopTest::workAroundTheInnerLoop),
        kernel(
            "innerLoopInABranch",
            ParallelLoopTest::innerLoopInABranch,
            ParallelLoopTest::innerLoopInABranch));
  }

  private static Arguments kernel(
      String name, Task2<FloatArray, Integer> task, BiConsumer<FloatArray, Integer> direct) {
    return Arguments.of(Named.of(name, task), direct);
  }

  @ParameterizedTest
  @MethodSource("shapes")
  void runsAsTheMethodDoes(Task2<FloatArray, Integer> task, BiConsumer<FloatArray, Integer> direct)
      throws Exception {
    for (int n : new int[] {1, 2, 13, 64, 150}) {
      FloatArray expected = new FloatArray(1024);
      expected.init(0.5f);
      for (int run = 0; run < 3; run++) {
        direct.accept(expected, n);
      }
      for (int threads : new int[] {1, 2, 7}) {
        Workers.setCount(threads);
        FloatArray y = new FloatArray(1024);
        y.init(0.5f);
        TaskGraph graph =
            new TaskGraph("g")
                .transferToDevice(DataTransferMode.FIRST_EXECUTION, y)
                .task("t", task, y, n)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
        try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
          for (int run = 0; run < 3; run++) {
            plan.execute();
          }
        }
        assertThat(y.toHeapArray())
            .as("n = %d, %d threads", n, threads)
            .isEqualTo(expected.toHeapArray());
      }
    }
  }

  static void returnsFromWithin(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      if (i % 2 == 1) {
        return;
      }
      for (@Parallel int j = 0; j < 3; j++) {
        if (j == 1) {
          return;
        }
        y.set(3 * i + j, 1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void aReturnWithinALoopEndsTheIteration(int threads) throws Exception {
    Workers.setCount(threads);
    FloatArray y = new FloatArray(60);
    run(ParallelLoopTest::returnsFromWithin, y, 20);
    for (int i = 0; i < 60; i++) {
      assertThat(y.get(i)).as("element %d", i).isEqualTo(i / 3 % 2 == 0 && i % 3 != 1 ? 1 : 0);
    }
  }

  private static final Set<Thread> SEEN = ConcurrentHashMap.newKeySet();

  static void slow(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      long end = System.nanoTime() + 2_000_000;
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      SEEN.add(Thread.currentThread());
      y.set(i, i);
    }
  }

  static void slowInner(FloatArray y, int n) {
    for (@Parallel int i = 0; i < 1; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        long end = System.nanoTime() + 2_000_000;
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        SEEN.add(Thread.currentThread());
        y.set(j, j);
      }
    }
  }

  @Test
  void usesSeveralThreads() throws Exception {
    Workers.setCount(2);
    SEEN.clear();
    // A busy machine may keep the second thread waiting for a while.
    for (int i = 0; i < 20 && SEEN.size() < 2; i++) {
      run(ParallelLoopTest::slow, new FloatArray(16), 16);
    }
    assertThat(SEEN).hasSize(2);
    SEEN.clear();
    for (int i = 0; i < 20 && SEEN.size() < 2; i++) {
      run(ParallelLoopTest::slowInner, new FloatArray(16), 16);
    }
    assertThat(SEEN).hasSize(2);
  }

  static void asSlowAsTold(FloatArray y, IntArray micros) {
    for (@Parallel int i = 0; i < y.getSize(); i++) {
      long end = System.nanoTime() + micros.get(0) * 1000L;
      while (System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      SEEN.add(Thread.currentThread());
      y.set(i, y.get(i) + i);
    }
  }

  @Test
  void aLoopThatHasBecomeLongIsSharedOut() {
    Workers.setCount(2);
    FloatArray y = new FloatArray(100);
    IntArray micros = new IntArray(1);
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.FIRST_EXECUTION, y)
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, micros)
            .task("t", ParallelLoopTest::asSlowAsTold, y, micros)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
    TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot());
    int runs = 0;
    for (int round = 0; round < 20; round++) {
      for (int i = 0; i < 500; i++, runs++) {
        plan.execute();
      }
      SEEN.clear();
      micros.set(0, 300);
      plan.execute();
      micros.set(0, 0);
      runs++;
      if (SEEN.size() == 2) {
        break;
      }
    }
    assertThat(SEEN).hasSize(2);
    for (int i = 0; i < 100; i++) {
      assertThat(y.get(i)).isEqualTo((float) i * runs);
    }
  }

  static void outOfRange(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, i);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 7})
  void failuresNameTheTaskAndTheKernel(int threads) {
    Workers.setCount(threads);
    assertThatThrownBy(() -> run(ParallelLoopTest::outOfRange, new FloatArray(10), 100))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("task g.t")
        .hasMessageContaining("ParallelLoopTest.outOfRange")
        .hasCauseInstanceOf(IndexOutOfBoundsException.class);
  }

  // ---------------------------------------------------------------- loops that cannot

  static void carriesASum(FloatArray y, int n) {
    float sum = 0;
    for (@Parallel int i = 0; i < n; i++) {
      sum += i;
      y.set(i, sum);
    }
  }

  static void breaks(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      if (y.get(i) > 0) {
        break;
      }
    }
  }

  static void leavesTheInnerLoop(FloatArray y, int n) {
    outer:
    for (@Parallel int i = 0; i < n; i++) {
      for (@Parallel int j = 0; j < n; j++) {
        if (y.get(j) > 0) {
          continue outer;
        }
      }
    }
  }

  static void oneAfterTheOther(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, i);
    }
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, i);
    }
  }

  static void codeAfter(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, i);
    }
    y.set(0, 5);
  }

  static void withinALoop(FloatArray y, int n) {
    for (int k = 0; k < 3; k++) {
      for (@Parallel int i = 0; i < n; i++) {
        y.set(i, y.get(i) + k);
      }
    }
  }

  static void codeBefore(FloatArray y, int n) {
    y.set(0, 5);
    for (@Parallel int i = 1; i < n; i++) {
      y.set(i, i);
    }
  }

  static void descends(FloatArray y, int n) {
    for (@Parallel int i = n - 1; i >= 0; i--) {
      y.set(i, i);
    }
  }

  static void untilEqual(FloatArray y, int n) {
    for (@Parallel int i = 0; i != n; i++) {
      y.set(i, i);
    }
  }

  static void twoConditions(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n && y.get(i) == 0; i++) {
      y.set(i, i);
    }
  }

  static void boundFirst(FloatArray y, int n) {
    for (@Parallel int i = 0; n > i; i++) {
      y.set(i, i);
    }
  }

  static void boundOfTheVariable(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n - i; i++) {
      y.set(i, i);
    }
  }

  static void changesTheVariable(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      y.set(i, i);
      i += (int) y.get(i) % 2;
    }
  }

  static void stepOfAnExpression(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i += n / 3 + 1) {
      y.set(i, i);
    }
  }

  static void notALoop(FloatArray y, int n) {
    @Parallel int i = 0;
    y.set(i, n);
  }

  static void aWhileLoop(FloatArray y, int n) {
    @Parallel int i = 0;
    while (i < n) {
      y.set(i, i);
      i++;
    }
  }

  static void catches(FloatArray y, int n) {
    for (@Parallel int i = 0; i < n; i++) {
      try {
        y.set(i, i);
      } catch (IndexOutOfBoundsException e) {
        y.set(0, -1);
      }
    }
  }

  static void callsAParallelMethod(FloatArray y, int n) {
    below(y, n);
  }

  void ofAnInstance(FloatArray y, int n) {
    below(y, n);
  }

  static Stream<Arguments> refused() {
    return Stream.of(
        refused("carriesASum", ParallelLoopTest::carriesASum, "declared outside of it (line "),
        refused("breaks", ParallelLoopTest::breaks, "break leaves"),
        refused("leavesTheInnerLoop", ParallelLoopTest::leavesTheInnerLoop, "break leaves"),
        refused("oneAfterTheOther", ParallelLoopTest::oneAfterTheOther, "one after the other"),
        refused("codeAfter", ParallelLoopTest::codeAfter, "code follows"),
        refused("withinALoop", ParallelLoopTest::withinALoop, "the loop is in another"),
        refused("codeBefore", ParallelLoopTest::codeBefore, "writes something before"),
        refused("descends", ParallelLoopTest::descends, "neither i < bound nor i <= bound"),
        refused("untilEqual", ParallelLoopTest::untilEqual, "neither i < bound nor i <= bound"),
        refused("twoConditions", ParallelLoopTest::twoConditions, "break leaves"),
        refused("boundFirst", ParallelLoopTest::boundFirst, "does not begin with its variable"),
        refused(
            "boundOfTheVariable",
            ParallelLoopTest::boundOfTheVariable,
            "bound of a @Parallel loop depends on its variable"),
        refused("changesTheVariable", ParallelLoopTest::changesTheVariable, "changes its variable"),
        refused(
            "stepOfAnExpression",
            ParallelLoopTest::stepOfAnExpression,
            "the step of a @Parallel loop"),
        refused("notALoop", ParallelLoopTest::notALoop, "not that of a for loop"),
        refused("aWhileLoop", ParallelLoopTest::aWhileLoop, "not that of a for loop"),
        refused("catches", ParallelLoopTest::catches, "try statement"),
        refused(
            "callsAParallelMethod",
            ParallelLoopTest::callsAParallelMethod,
            "it calls below, whose @Parallel loop"),
        refused("lambda$", (y, n) -> below(y, n), "lambda expression"),
        refused("ofAnInstance", new ParallelLoopTest()::ofAnInstance, "not a static method"));
  }

  private static Arguments refused(String name, Task2<FloatArray, Integer> task, String reason) {
    return Arguments.of(name, task, reason);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("refused")
  void refusesWithTheReason(String name, Task2<FloatArray, Integer> task, String reason) {
    assertThatThrownBy(() -> run(task, new FloatArray(10), 10))
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("task g.t")
        .hasMessageContaining("ParallelLoopTest." + name)
        .hasMessageContaining(reason);
  }

  @Test
  void refusesCodeThatIsNoMethodReference() {
    Task1<FloatArray> code =
        new Task1<>() {
          private static final long serialVersionUID = 1L;

          @Override
          public void apply(FloatArray y) {
            y.set(0, 1);
          }
        };
    TaskGraph graph = new TaskGraph("g").task("t", code, new FloatArray(1));
    assertThatThrownBy(() -> new TornadoExecutionPlan(graph.snapshot()).execute())
        .isInstanceOf(TornadoRuntimeException.class)
        .hasMessageContaining("task g.t")
        .hasMessageContaining("reference to a static method");
  }

  private static void run(Task2<FloatArray, Integer> task, FloatArray y, int n) throws Exception {
    TaskGraph graph =
        new TaskGraph("g")
            .transferToDevice(DataTransferMode.EVERY_EXECUTION, y)
            .task("t", task, y, n)
            .transferToHost(DataTransferMode.EVERY_EXECUTION, y);
    try (TornadoExecutionPlan plan = new TornadoExecutionPlan(graph.snapshot())) {
      plan.execute();
    }
  }
}
