package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The operations of the model, each under one name; a tier implements them by appending its own
 * kernels to a graph. Notation as in docs/mathematics.md: L tokens (capacity {@code
 * stage.tokens()}, actual number {@code control[TOKENS]}), D hidden size, H heads, K key dim, V
 * value dim of a key head (all value heads that share it side by side), N partitions, M =
 * max(writers, readers). Token-major arrays are {@code [L, cols]} with a leading dimension,
 * head-major ones {@code [H, capacity, K]}. Every operation writes all elements of its outputs for
 * tokens below the actual number and leaves the others alone.
 */
public interface Operations {
  /** The tier's name: portable or vector. */
  String tier();

  /** Depthwise causal convolutions. */
  ConvolutionOperations convolutions();

  /** The gated delta rule. */
  DeltaRuleOperations deltaRule();

  /** Causal softmax attention. */
  AttentionOperations attention();

  /** Layers of few tokens in few tasks; {@link StepOperations#NONE} where launches cost little. */
  default StepOperations steps() {
    return StepOperations.NONE;
  }

  // ---------------------------------------------------------------- dense

  /**
   * A dense layer between x [L, in] and y [L, out] with weight [out, in] (row stride in). Where a
   * result is a whole array, a tier may make its rows behind the last token zero.
   *
   * @param x token-major input
   * @param ldx row stride of x
   * @param w weight
   * @param y output, token-major with row stride ldy, or head-major [out/headDim, capacity,
   *     headDim]
   * @param ldy row stride of y; unused if headDim is above 0
   * @param headDim 0 for token-major y, else the head dim of a head-major y
   * @param in input size
   * @param out output size
   */
  record Linear(View x, int ldx, View w, View y, int ldy, int headDim, int in, int out) {}

  /** y = x·wᵀ. */
  void linear(Stage s, String id, Linear l);

  /** y = addend + x·wᵀ; addend is token-major with row stride ldy, and may be y itself. */
  void linearAdd(Stage s, String id, Linear l, View addend);

  /**
   * The input's gradient: x (+)= y·w, where l.x now is dx and l.y is dy (token- or head-major).
   *
   * @param accumulate adds to dx instead of overwriting it
   */
  void linearInputGradient(Stage s, String id, Linear l, boolean accumulate);

  /** The weight's gradient: w += yᵀ·x, where l.w is dw and l.y is dy (token- or head-major). */
  void linearWeightGradient(Stage s, String id, Linear l);

  // ---------------------------------------------------------------- norms, MLP, embedding, loss

  /** y = x·rstd·w with rstd = 1/√(mean x² + eps); x, y [L, size], w [size], rstd [L] is kept. */
  void rmsNorm(Stage s, String id, View x, View w, View y, View rstd, int size, float eps);

  /** dx += the input's gradient (dx [L, size] accumulates), dw += the weight's gradient. */
  void rmsNormGradient(
      Stage s, String id, View x, View w, View rstd, View dy, View dx, View dw, int size);

  /** y = SiLU(gate)·up; gateUp [L, 2·size] holds gate then up, y [L, size]. */
  void swiglu(Stage s, String id, View gateUp, View y, int size);

  /** dGateUp from gateUp and dy. */
  void swigluGradient(Stage s, String id, View gateUp, View dy, View dGateUp, int size);

  /** x[t] = weight[ids[t]]; weight [vocabulary, size]. */
  void embedding(Stage s, String id, IntArray ids, View weight, View x, int size);

  /**
   * dWeight[v] += Σ dx[t] over the tokens t with ids[t] = v. {@code order} [L] holds the tokens
   * sorted by id (stable), {@code starts} [vocabulary + 1] where each id's tokens begin in it.
   */
  void embeddingGradient(
      Stage s,
      String id,
      IntArray order,
      IntArray starts,
      View dx,
      View dWeight,
      int vocabulary,
      int size);

  /**
   * Next-token cross-entropy: loss[t] = −log softmax(logits[t])[targets[t]] (0 where the target is
   * −1). If scale is not null, logits are overwritten by scale[0]·dloss/dlogits (0 where the target
   * is −1); else they are left alone.
   */
  void crossEntropy(
      Stage s,
      String id,
      View logits,
      IntArray targets,
      View loss,
      FloatArray scale,
      int vocabulary);

  // ---------------------------------------------------------------- the mixer's inputs

  /**
   * Queries or keys of both sources: out [2, H, capacity, K] with out[0] = f(first), out[1] =
   * f(base + delta); first, base, delta [H, capacity, K]. Without sparse partitions delta is null,
   * only out[0] exists, and base is not read.
   *
   * @param first logits of the always-selected partition: base itself, or its convolution
   * @param kind {@link io.github.tornadosse.kernels.Activation}
   * @param rowTopk softmax over the rowTopk largest logits only (ties: lower index first); K for
   *     all
   */
  void headActivation(
      Stage s,
      String id,
      View first,
      View base,
      View delta,
      View out,
      int kind,
      int rowTopk,
      int heads,
      int dim);

  /**
   * Gradient of {@link #headActivation} through the expanded rows. dRows holds, from offset
   * rowsPart·H·R·K on, [H, R, K] with R = capacity·(1 + M): the gradient of each row after its
   * weight. For each token: d out[0] is row t; d out[1] = Σ_j weight_j·row_j over its M sparse rows
   * {@code tokenRow[t·M + j]}, with the weights of part rowsPart of {@link Rows#weight}; dTop[t·M +
   * j] += Σ_heads ⟨row_j, out[1]⟩ (accumulates; the caller zeroes it). dDelta = f'·d out[1]. If
   * first and base are equal, dFirst = f'·d out[0] + f'·d out[1], the gradient of both; else dFirst
   * = f'·d out[0], and the gradient of base is dDelta. A written-only or read-only row holds zeros
   * where it takes no part.
   *
   * @param rowsPart 0 for queries, 1 for keys
   * @param dTop null if the rows are not multiplied by their weights: then d out[1] = Σ_j row_j
   */
  void headActivationGradient(
      Stage s,
      String id,
      View first,
      View base,
      View delta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dTop,
      View dFirst,
      View dDelta,
      int kind,
      int rowTopk,
      int heads,
      int dim);

  /**
   * g = logsigmoid(raw + bias)/16, both sources: raw and out [2, H, capacity, K]; bias0, bias1
   * [H·K]. With rowTopk below K, g is 0 on the rows that headActivation left out (keyFirst, keyBase
   * and keyDelta are its inputs). Without sparse partitions bias1 and keyDelta are null.
   */
  void decayGate(
      Stage s,
      String id,
      View raw,
      View bias0,
      View bias1,
      View keyFirst,
      View keyBase,
      View keyDelta,
      View out,
      int rowTopk,
      int heads,
      int dim);

  /** dRaw from the expanded rows (as in headActivationGradient, without weights); dBias += sums. */
  void decayGateGradient(
      Stage s,
      String id,
      View raw,
      View bias0,
      View bias1,
      View keyFirst,
      View keyBase,
      View keyDelta,
      FloatArray dRows,
      int rowsPart,
      Rows rows,
      View dRaw,
      View dBias0,
      View dBias1,
      int rowTopk,
      int heads,
      int dim);

  /** out = SiLU(raw), head-major [H, capacity, V]. */
  void valueActivation(Stage s, String id, View raw, View out, int heads, int dim);

  /** dRaw = SiLU'(raw)·(row t + Σ_j row_j); dRows [H, R, V]. */
  void valueActivationGradient(
      Stage s, String id, View raw, FloatArray dRows, Rows rows, View dRaw, int heads, int dim);

  // ---------------------------------------------------------------- routing

  /**
   * The expanded rows of one layer: row r &lt; capacity is token r for the always-selected
   * partition; the M·L sparse rows begin at {@code capacity}; those of sequence s at capacity +
   * cu[s]·M, sorted by partition, then position. Segment s·(N + 1) + p is what sequence s sent to
   * partition p (p = 0 is the always-selected one).
   *
   * @param token [capacity·(1 + M)] token of a row
   * @param mode [..] bit 0: the row is written (k, v, decay), bit 1: it is read (q)
   * @param weight [2, ..] what the row's query is multiplied by, then what its key is: the
   *     write-read gate e of its token and partition, or 1 (always-selected partition, gate off)
   * @param tokenRow [capacity·M] the rows of a token, by rank
   * @param segments [2·S·(N + 1)] begin and end row of each segment
   * @param partitions N
   * @param width M; 0 without sparse partitions
   */
  record Rows(
      IntArray token,
      IntArray mode,
      FloatArray weight,
      IntArray tokenRow,
      IntArray segments,
      int partitions,
      int width) {}

  /**
   * e = softmax(η) and the M largest of each token (equal values: lower index first). η is column
   * {@code column} on of low [L, ld]; e [L, N]; top [L, M].
   */
  void router(
      Stage s,
      String id,
      View low,
      int ld,
      int column,
      View e,
      IntView top,
      int partitions,
      int width);

  /**
   * What a token takes part in.
   *
   * @param writers W: its W first partitions are written
   * @param readers R: its R first partitions are read
   * @param writeGate whether keys are multiplied by e; else by 1
   * @param readGate whether queries are multiplied by e; else by 1
   * @param always whether partition 0 takes part; else its rows have mode 0
   */
  record Selection(int writers, int readers, boolean writeGate, boolean readGate, boolean always) {}

  /**
   * Fills {@code rows} by a stable counting sort of top; cu [S + 1]. A row of rank j is written if
   * j is below the writers and read if it is below the readers; a width above both gives rows of
   * mode 0, the masked form.
   */
  void routeRows(
      Stage s, String id, View e, IntView top, IntArray cu, Rows rows, Selection selection);

  /**
   * load[2·N]: first the share of tokens that write each partition, then the mean of e over tokens.
   * aux[0] (the view's first element) = (N/writers)·Σ_i load_i·mean_i.
   */
  void balance(
      Stage s,
      String id,
      View e,
      IntView top,
      View load,
      View aux,
      int partitions,
      int width,
      int writers);

  /**
   * dη into column {@code column} on of dLow: from dTop [L, M] (gradient of e at the selected
   * partitions) and the balance loss (scale[1]·N/writers·load_i/L for every e_i; scale[1] is 0 to
   * switch it off), through the softmax.
   */
  void routerGradient(
      Stage s,
      String id,
      View e,
      IntView top,
      View dTop,
      View load,
      FloatArray scale,
      View dLow,
      int ld,
      int column,
      int partitions,
      int width,
      int writers);

  // ---------------------------------------------------------------- gated linear attention

  /**
   * The mixer's shapes.
   *
   * @param heads H key heads
   * @param key K
   * @param value V of a key head (value heads sharing it side by side)
   */
  record HeadSizes(int heads, int key, int value) {}

  /**
   * Chunkwise gated linear attention over every segment (SPEC section 2). For row r of source src
   * (0 for r &lt; capacity, else 1) and token t: q̂ = weight[0, r]·q[src,h,t] if read, else 0; k̂ =
   * weight[1, r]·k if written, else 0; decay g[src,h,t] if written, else 0; v[h,t]. out [H, R, V]
   * gets K^(-1/2)·q̂·S (0 for rows that are not read). If control[USE_STATE] is 1, segment i starts
   * from and is written back to state[(i·H + h)·K·V] of the view; else it starts from zero and
   * state is not touched.
   */
  void gla(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray out,
      HeadSizes sizes);

  /**
   * Gradients of {@link #gla}; after it ({@link Stage#after}, {@link Stage#beforeGradient}), a tier
   * may take what it left instead of computing that again. dOut [H, capacity, V] is the gradient at
   * each token (the same for all its rows). dRows [3, H, R, K]: dq̂, dk̂, dg (zero where a row
   * takes no part); dvRows [H, R, V]. If control[USE_STATE] is 1, state holds the initial states,
   * and dState arrives with the gradient of the final states and leaves with that of the initial
   * ones; else both are left alone.
   */
  void glaGradient(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      FloatArray dOut,
      View dState,
      FloatArray dRows,
      FloatArray dvRows,
      HeadSizes sizes);

  /**
   * o[h, t] = out row t + Σ_j its sparse rows (kept, [H, capacity, V]); y [L, H·V] = RMSNorm over
   * each value head of width valueDim (weight w [valueDim]) · SiLU(gate [L, H·V]). gate is null
   * without an output gate.
   */
  void mixerOutput(
      Stage s,
      String id,
      FloatArray out,
      Rows rows,
      View gate,
      View w,
      View o,
      View y,
      HeadSizes sizes,
      int valueDim,
      float eps);

  /**
   * Where a recurrence ends.
   *
   * @param gate [L, H·V]; null without an output gate
   * @param w [valueDim]
   * @param o [H, capacity, V], sums that the backward pass needs; null if none follows
   * @param y [L, H·V]
   * @param valueDim width of a value head, divides V
   * @param eps added to the mean square
   * @param reads R, what a token reads of its sparse rows: those of rank below R
   */
  record Output(View gate, View w, View o, View y, int valueDim, float eps, int reads) {
    /** The same with those sums. */
    Output with(View sums) {
      return new Output(gate, w, sums, y, valueDim, eps, reads);
    }
  }

  /**
   * {@link #gla} and {@link #mixerOutput} in one: of what they write, the output and the states
   * alone. A tier that can do without arrays for the rows' outputs, or for sums that nobody needs,
   * has none.
   */
  default void glaOutput(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray g,
      Rows rows,
      View state,
      Output output,
      HeadSizes sizes) {
    FloatArray out = rowOutputs(s, id, rows, sizes);
    gla(s, id, q, k, v, g, rows, state, out, sizes);
    mixerOutput(s, id + ".output", out, rows, output, sizes);
  }

  /** The same for {@link DeltaRuleOperations#forward}; heads and V of the output are HV and V. */
  default void deltaRuleOutput(
      Stage s,
      String id,
      FloatArray q,
      FloatArray k,
      FloatArray v,
      FloatArray gates,
      Rows rows,
      boolean gateValues,
      View state,
      Output output,
      DeltaRuleOperations.Sizes sizes) {
    HeadSizes values = new HeadSizes(sizes.valueHeads(), sizes.key(), sizes.value());
    FloatArray out = rowOutputs(s, id, rows, values);
    deltaRule().forward(s, id, q, k, v, gates, rows, gateValues, state, out, sizes);
    mixerOutput(s, id + ".output", out, rows, output, values);
  }

  private static FloatArray rowOutputs(Stage s, String id, Rows rows, HeadSizes sizes) {
    long rowCount = (long) s.tokens() * (1 + rows.width());
    return s.buffers().floats(id + ".rows", rowCount * sizes.heads() * sizes.value());
  }

  private void mixerOutput(
      Stage s, String id, FloatArray out, Rows rows, Output output, HeadSizes sizes) {
    if (output.o() == null) {
      mixerOutputAlone(s, id, out, rows, output, sizes);
    } else {
      mixerOutput(
          s,
          id,
          out,
          rows,
          output.gate(),
          output.w(),
          output.o(),
          output.y(),
          sizes,
          output.valueDim(),
          output.eps());
    }
  }

  /** {@link #mixerOutput} where nobody needs o. */
  default void mixerOutputAlone(
      Stage s, String id, FloatArray out, Rows rows, Output output, HeadSizes sizes) {
    long size = (long) s.tokens() * sizes.heads() * sizes.value();
    View o = new View(s.buffers().floats(id + ".sums", size), Control.ZERO);
    mixerOutput(s, id, out, rows, output.with(o), sizes);
  }

  /** dO [H, capacity, V], dGate [L, H·V] (null without gate), dw += from dy [L, H·V]. */
  void mixerOutputGradient(
      Stage s,
      String id,
      View dy,
      View o,
      View gate,
      View w,
      FloatArray dO,
      View dGate,
      View dw,
      HeadSizes sizes,
      int valueDim,
      float eps);

  // ---------------------------------------------------------------- optimiser

  /** to[0..n) = from[0..n); two arrays. */
  void copy(Stage s, String id, View from, View to, int n);

  /** values[0..n) = 0 from the view's base on. */
  void clear(Stage s, String id, View values, int n);

  /** values[0..n) = 0 (offset 0 of the array). */
  void zero(Stage s, String id, FloatArray values, int n);

  /** Same for the first control[TOKENS]·size elements of a view. */
  void zeroTokens(Stage s, String id, View values, int size);

  /** partial[b] = Σ x² over block b of 4096 elements; the host adds the partial sums. */
  void squaredNorm(Stage s, String id, FloatArray x, int n, FloatArray partial);

  /**
   * AdamW with decoupled weight decay on elements 0 to decayed − 1. hyper: [lr, 1 − β1^t, 1 − β2^t,
   * gradient factor (clipping), weight decay].
   */
  void adamw(
      Stage s,
      String id,
      FloatArray w,
      FloatArray grad,
      FloatArray m,
      FloatArray v,
      FloatArray hyper,
      int n,
      int decayed,
      float beta1,
      float beta2,
      float eps);
}
