package io.github.tornadosse.nn;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.TouchOperations;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.kernels.Control;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** One mixer by itself, with its gradients: for verification, and for mixers in other models. */
public final class StandaloneMixer implements AutoCloseable {
  private static final String PREFIX = "model.layers.0.attn.";

  private final ModelConfig config;
  private final ParameterLayout layout;
  private final Program program;
  private final SseMixer mixer;
  private final FloatArray parameters;
  private final FloatArray gradients;
  private final FloatArray x;
  private final FloatArray result;
  private final FloatArray dResult;
  private final FloatArray dx;
  private final FloatArray scale;
  private final IntArray cu;
  private final int[] bounds;

  /**
   * A mixer for packed sequences.
   *
   * @param config its configuration, of one layer
   * @param ops the tier of kernels
   * @param cuSeqlens [S + 1] bounds of the sequences
   * @param weights parameters by their names within the layer, such as {@code q_proj.weight}
   * @throws IllegalArgumentException if a parameter is missing or has another size
   */
  public StandaloneMixer(
      ModelConfig config, Operations ops, int[] cuSeqlens, Map<String, float[]> weights) {
    this.config = config;
    bounds = cuSeqlens.clone();
    int sequences = bounds.length - 1;
    int l = bounds[sequences];
    int d = config.hiddenSize();
    layout = new ParameterLayout(config);
    Buffers buffers = Buffers.allocating();
    program = new Program(l, sequences, buffers);
    ControlTable table = program.control();
    parameters = buffers.floats("parameters", layout.size());
    gradients = buffers.floats("gradients", layout.size());
    x = program.floatInput("x", (long) l * d);
    dResult = program.floatInput("dResult", (long) l * d);
    scale = program.floatInput("scale", 2);
    cu = program.intInput("cu_seqlens", bounds.length);
    result = buffers.floats("result", (long) l * d);
    dx = buffers.floats("dx", (long) l * d);
    Weights w = new Weights(layout, table, parameters, gradients);
    mixer =
        new SseMixer(
            config,
            ops,
            program.workspace(),
            w,
            cu,
            new Block.Sizes(l, l, sequences, sequences, 0),
            1);
    View xView = table.whole(x);
    program.graph("forward", s -> mixer.forward(s, xView, null, table.whole(result)));
    program.graph(
        "backward",
        s -> mixer.backward(s, xView, table.whole(dResult), table.whole(dx), scale, false));
    program.graph("gradients", s -> TouchOperations.touch(s, List.of(gradients)));
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      if (t.name().startsWith(PREFIX)) {
        set(layout.offset(i), t, weights.get(t.name().substring(PREFIX.length())));
      }
    }
  }

  private void set(int offset, TensorSpec t, float[] values) {
    if (values == null || values.length != t.size()) {
      throw new IllegalArgumentException("no values for " + t);
    }
    for (int i = 0; i < values.length; i++) {
      parameters.set(offset + i, values[i]);
    }
  }

  /**
   * Runs the mixer from empty states.
   *
   * @param input [L, D]
   * @return [L, D]
   */
  public float[] forward(float[] input) {
    fill(x, input);
    run("forward", 1);
    program.fetch("forward", result, mixer.aux(), mixer.state());
    return result.toHeapArray();
  }

  /**
   * The balance loss of the last forward pass.
   *
   * @return the loss; 0 without sparse partitions
   */
  public float balance() {
    return config.mixer().sparse() ? mixer.aux().get(0) : 0;
  }

  /**
   * The final states of the last forward pass.
   *
   * @return [S, N + 1, HV, K, V]
   */
  public float[] states() {
    MixerConfig m = config.mixer();
    float[] arranged = mixer.state().toHeapArray();
    if (m.rule() == MixerConfig.Rule.GDN) {
      return arranged;
    }
    int group = m.valueHeads() / m.heads();
    int v = m.valueDim();
    int keys = m.headDim();
    float[] out = new float[arranged.length]; // from [S, N + 1, H, K, group, V]
    int blocks = arranged.length / (keys * group * v);
    for (int b = 0; b < blocks; b++) {
      for (int k = 0; k < keys; k++) {
        for (int j = 0; j < group; j++) {
          System.arraycopy(
              arranged, ((b * keys + k) * group + j) * v, out, ((b * group + j) * keys + k) * v, v);
        }
      }
    }
    return out;
  }

  /**
   * Gradients of ⟨result, upstream⟩ + balanceScale·balance, after a forward pass.
   *
   * @param upstream [L, D]
   * @param balanceScale weight of the balance loss
   * @return dx [L, D]
   */
  public float[] backward(float[] upstream, float balanceScale) {
    fill(dResult, upstream);
    scale.set(0, 1);
    scale.set(1, balanceScale);
    run("backward", 0);
    program.fetch("backward", dx);
    program.execute("gradients");
    program.fetch("gradients", gradients);
    return dx.toHeapArray();
  }

  /**
   * The parameters' gradients, summed over all backward passes.
   *
   * @return by the parameters' names within the layer
   */
  public Map<String, float[]> gradients() {
    Map<String, float[]> all = new LinkedHashMap<>();
    float[] g = gradients.toHeapArray();
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      if (t.name().startsWith(PREFIX)) {
        int from = layout.offset(i);
        all.put(t.name().substring(PREFIX.length()), Arrays.copyOfRange(g, from, from + t.size()));
      }
    }
    return all;
  }

  private void run(String graph, int useState) {
    ControlTable control = program.control();
    for (int i = 0; i < bounds.length; i++) {
      cu.set(i, bounds[i]);
    }
    control.set(Control.TOKENS, bounds[bounds.length - 1]);
    control.set(Control.SEQUENCES, bounds.length - 1);
    control.set(Control.USE_STATE, useState);
    control.select(ControlTable.Position.ORIGIN);
    program.execute(graph);
  }

  private static void fill(FloatArray to, float[] from) {
    for (int i = 0; i < from.length; i++) {
      to.set(i, from[i]);
    }
  }

  @Override
  public void close() {
    program.close();
  }
}
