package io.github.tornadosse.graph;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.Tolerances;
import io.github.tornadosse.graph.OperationBench.Region;
import io.github.tornadosse.kernels.reference.Tape;
import io.github.tornadosse.kernels.reference.Variable;
import java.util.Arrays;

/**
 * What {@link Operations} promises, held against the formulas in double precision: the tier under
 * test, and what the cases of its parts share. A part extends this class, and a tier's test has a
 * nested class for each part.
 */
abstract class OperationsContract {
  /** The tier under test. */
  protected abstract Operations operations();

  /** How far the tier's products may be off. */
  protected Tolerances tolerances() {
    return Tolerances.FLOAT32;
  }

  final Comparison comparison() {
    return new Comparison(tolerances());
  }

  final void assertForward(Region actual, double[] expected) {
    Comparison comparison = comparison();
    comparison.forward(actual.name, actual.get(), expected);
    OperationBench.assertPassed(comparison);
  }

  final void assertGradient(Region actual, double[] expected) {
    Comparison comparison = comparison();
    comparison.gradient(actual.name, actual.get(), expected);
    OperationBench.assertPassed(comparison);
  }

  static OperationBench bench(int... cu) {
    int tokens = cu[cu.length - 1];
    return new OperationBench(tokens + tokens % 4, cu);
  }

  /** Random logits with equal values among them. */
  static double[] logits(OperationBench bench, int n) {
    double[] logits = bench.normal(n, 2);
    for (int i = 0; i < n; i += 5) {
      logits[i] = Math.rint(logits[i]);
    }
    return logits;
  }

  static View view(Region region) {
    return region == null ? null : region.view;
  }

  /** Plays a tape backward from the gradient of one result. */
  static void backward(Tape tape, Variable y, double[] dy) {
    System.arraycopy(dy, 0, y.grad(), 0, dy.length);
    tape.backward();
  }

  static double[] sum(double[] a, double[] b) {
    double[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  static double[] concat(double[] a, double[] b) {
    double[] all = Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }
}
