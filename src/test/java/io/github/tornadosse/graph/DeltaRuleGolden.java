package io.github.tornadosse.graph;

import io.github.tornadosse.eval.verify.Comparison;
import io.github.tornadosse.eval.verify.GoldenCase.Content;
import io.github.tornadosse.graph.DeltaRuleOperations.Sizes;

/** Golden cases of the gated delta rule: one sequence, without sparse partitions. */
final class DeltaRuleGolden {
  private final Content content;
  private final int tokens;
  private final Sizes sizes;

  DeltaRuleGolden(Content content) {
    this.content = content;
    tokens = content.size("q", 0);
    int heads = content.size("q", 1);
    sizes = new Sizes(heads, heads, content.size("q", 2), content.size("v", 2));
  }

  /** Both passes of a tier against the case. */
  Comparison compare(DeltaRuleOperations operations) {
    DeltaCase inputs = inputs();
    Comparison comparison = new Comparison();
    DeltaCase.Forward forward = inputs.forward(operations);
    comparison.forward("o", forward.out(), heads("o", sizes.value()));
    comparison.forward("s", forward.states(), content.get("s"));
    DeltaCase.Gradient d =
        inputs.gradient(operations, heads("do", sizes.value()), content.get("ds"));
    comparison.gradient("dq", d.dq(), heads("dq", sizes.key()));
    comparison.gradient("dk", d.dk(), heads("dk", sizes.key()));
    comparison.gradient("dv", d.dv(), heads("dv", sizes.value()));
    comparison.gradient("dg", d.dDecay(), heads("dg", 1));
    comparison.gradient("dbeta", d.dStrength(), heads("dbeta", 1));
    comparison.gradient("ds0", d.dStates(), content.get("ds0"));
    return comparison;
  }

  private DeltaCase inputs() {
    double[] g = heads("g", 1);
    double[] beta = heads("beta", 1);
    double[] gates = new double[2 * g.length];
    System.arraycopy(g, 0, gates, 0, g.length);
    System.arraycopy(beta, 0, gates, g.length, g.length);
    return new DeltaCase(
        new DeltaRows(
            new int[] {0, tokens}, DeltaRows.Routing.none(), new double[0], new double[0]),
        sizes,
        false,
        true,
        heads("q", sizes.key()),
        heads("k", sizes.key()),
        heads("v", sizes.value()),
        gates,
        content.get("s0"));
  }

  /** A tensor [T, H, dim] as [H, T, dim]. */
  private double[] heads(String name, int dim) {
    double[] x = content.get(name);
    double[] y = new double[x.length];
    for (int i = 0; i < x.length; i++) {
      int token = i / dim / sizes.heads();
      int head = i / dim % sizes.heads();
      y[(head * tokens + token) * dim + i % dim] = x[i];
    }
    return y;
  }
}
