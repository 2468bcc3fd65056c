package io.github.tornadosse.eval.bench;

import io.github.tornadosse.tensor.UserError;
import java.util.List;

/**
 * A token mixer and its sizes. Fields that a mixer has no use for are set to what stands for "none"
 * (form varlen, no partitions), so that equal work has an equal case.
 *
 * @param mixer one of {@link #MIXERS}
 * @param form one of {@link #FORMS}: rows sorted by partition, or all partitions over all tokens
 * @param backward forward and backward instead of forward alone
 * @param tokens length of the one sequence
 * @param heads number of heads
 * @param dim head dim of queries, keys and values
 * @param partitions N; 0 without sparse partitions
 * @param topk partitions a token writes and reads; 0 without sparse partitions
 */
public record MixerCase(
    String mixer,
    String form,
    boolean backward,
    int tokens,
    int heads,
    int dim,
    int partitions,
    int topk) {
  /** What can be timed. */
  public static final List<String> MIXERS = List.of("sse-gla", "sse-gdn", "gla", "gdn", "softmax");

  /** How sparse partitions run over tokens. */
  public static final List<String> FORMS = List.of("varlen", "mask");

  /** What a pass can be called. */
  public static final List<String> PASSES = List.of("forward", "forward+backward");

  private static final int CHUNK = 64;

  /** Products of matrices in a backward pass of softmax attention for each in a forward pass. */
  private static final double ATTENTION_BACKWARD = 2.5;

  /**
   * Checks the sizes.
   *
   * @throws UserError naming what is out of range
   */
  public MixerCase {
    requireOneOf("mixer", mixer, MIXERS);
    requireOneOf("form", form, FORMS);
    if (tokens < 1 || heads < 1 || dim < 1) {
      throw new UserError("tokens, heads and dim must be 1 or more");
    }
    if (mixer.startsWith("sse-")) {
      if (partitions < 1 || topk < 1 || topk > partitions) {
        throw new UserError(
            "topk ("
                + topk
                + ") must be from 1 to partitions ("
                + partitions
                + "), which must be 1 or more");
      }
    } else {
      form = FORMS.get(0);
      partitions = 0;
      topk = 0;
    }
  }

  static void requireOneOf(String what, String value, List<String> allowed) {
    if (!allowed.contains(value)) {
      throw new UserError(
          what + " must be one of " + String.join(", ", allowed) + ", not '" + value + "'");
    }
  }

  /** Whether there are sparse partitions. */
  public boolean sparse() {
    return partitions > 0;
  }

  /** Whether it is the gated delta rule. */
  public boolean deltaRule() {
    return mixer.endsWith("gdn");
  }

  /** Whether it is softmax attention. */
  public boolean softmax() {
    return mixer.equals("softmax");
  }

  /** Sets of queries, keys and gates: those of partition 0, and those that the others share. */
  public int sources() {
    return sparse() ? 2 : 1;
  }

  /** M, sparse rows of a token: all partitions in the masked form. */
  public int width() {
    return form.equals("mask") ? partitions : topk;
  }

  /** What is timed: forward or forward+backward. */
  public String pass() {
    return PASSES.get(backward ? 1 : 0);
  }

  /** The same mixer with fewer tokens and heads. */
  MixerCase small(int most, int mostHeads) {
    return new MixerCase(
        mixer,
        form,
        backward,
        Math.min(tokens, most),
        Math.min(heads, mostHeads),
        dim,
        partitions,
        topk);
  }

  /**
   * Nominal count of additions and multiplications. Of the linear mixers, both rules and both forms
   * alike: 4·C²·K + 4·C·K² per chunk of C = 64 rows, head, and partition that a token uses, three
   * times that with backward; of softmax attention, 2·K·L² per head, 3.5 times that with backward.
   */
  public double flop() {
    if (softmax()) {
      double forward = 2.0 * heads * dim * tokens * tokens;
      return backward ? (1 + ATTENTION_BACKWARD) * forward : forward;
    }
    double chunk = 4.0 * CHUNK * CHUNK * dim + 4.0 * CHUNK * dim * dim;
    return chunk * tokens / CHUNK * heads * (1 + topk) * (backward ? 3 : 1);
  }

  /**
   * Bytes of what goes in and comes out: what has to be moved at least.
   *
   * @return of float32: queries, keys, values, gates, logits and the output; with backward also the
   *     output's gradient and those of queries, keys, values and logits
   */
  public long ioBytes() {
    long rows = (long) tokens * heads;
    long each = rows * dim;
    long gates = softmax() ? 0 : deltaRule() ? 2 * rows : each;
    long logits = (long) tokens * partitions;
    long forward = sources() * (2 * each + gates) + 2 * each + logits;
    long gradients = backward ? sources() * 2 * each + 2 * each + logits : 0;
    return Float.BYTES * (forward + gradients);
  }

  /** The case in a name, such as {@code sse-gla/varlen/forward/L8192/H4/K128/N4/k1}. */
  public String name() {
    String sizes = mixer + "/" + form + "/" + pass() + "/L" + tokens + "/H" + heads + "/K" + dim;
    return sparse() ? sizes + "/N" + partitions + "/k" + topk : sizes.replaceFirst("/" + form, "");
  }
}
