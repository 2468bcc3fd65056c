package io.github.tornadosse.nn;

import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where each parameter stands in the one array that holds them all. Parameters that take weight
 * decay come first; within each of the two regions every layer has the same arrangement, so that a
 * layer's parameters are found by a stride. Rows that one product can serve stand together: the
 * first halves of all low-rank pairs and the write-read gate form one matrix ("low"), the MLP's
 * gate and up projections another.
 */
public final class ParameterLayout {
  /**
   * One tensor of a layer, or of the model.
   *
   * @param offset where it begins (in layer 0)
   * @param stride from one layer to the next; 0 for the model's own
   */
  public record Place(int offset, int stride) {}

  private final List<TensorSpec> specs = new ArrayList<>();
  private final List<Integer> offsets = new ArrayList<>();
  private final Map<String, Place> places = new LinkedHashMap<>();
  private final int decayed;
  private final int size;

  /** Arranges the parameters of a model. */
  public ParameterLayout(ModelConfig c) {
    Region decay = new Region();
    Region plain = new Region();
    decay.model("model.embeddings.weight", c.vocabSize(), c.hiddenSize());
    if (!c.tieEmbeddings()) {
      decay.model("lm_head.weight", c.vocabSize(), c.hiddenSize());
    }
    int d = c.hiddenSize();
    int v = c.valueDim();
    boolean sparse = c.partitions() > 0;
    decay.layer("attn.q_proj.weight", c.keySize(), d);
    decay.layer("attn.k_proj.weight", c.keySize(), d);
    decay.layer("attn.v_proj.weight", c.valueSize(), d);
    if (sparse) {
      decay.layer("attn.lora_q_proj.0.weight", v, d);
      decay.layer("attn.lora_k_proj.0.weight", v, d);
    }
    decay.layer("attn.gk_proj.0.0.weight", c.gateRank(), d);
    if (sparse) {
      decay.layer("attn.gk_proj.1.0.weight", c.gateRank(), d);
    }
    if (c.outputGate()) {
      decay.layer("attn.g_proj.0.weight", v, d);
    }
    if (sparse) {
      decay.layer("attn.e_proj.weight", c.partitions(), d);
      decay.layer("attn.lora_q_proj.1.weight", c.keySize(), v);
      decay.layer("attn.lora_k_proj.1.weight", c.keySize(), v);
    }
    decay.layer("attn.gk_proj.0.1.weight", c.keySize(), c.gateRank());
    if (sparse) {
      decay.layer("attn.gk_proj.1.1.weight", c.keySize(), c.gateRank());
    }
    if (c.outputGate()) {
      decay.layer("attn.g_proj.1.weight", c.valueSize(), v);
    }
    decay.layer("attn.o_proj.weight", d, c.valueSize());
    decay.layer("mlp.gate_proj.weight", c.intermediateSize(), d);
    decay.layer("mlp.up_proj.weight", c.intermediateSize(), d);
    decay.layer("mlp.down_proj.weight", d, c.intermediateSize());
    plain.model("model.norm.weight", d);
    plain.layer("attn_norm.weight", d);
    plain.layer("attn.gk_proj.0.1.bias", c.keySize());
    if (sparse) {
      plain.layer("attn.gk_proj.1.1.bias", c.keySize());
    }
    plain.layer("attn.o_norm.weight", v);
    plain.layer("mlp_norm.weight", d);

    long total = decay.total(c.layers()) + plain.total(c.layers());
    if (total > Integer.MAX_VALUE - 16) {
      throw new UserError(
          "model configuration: "
              + total
              + " parameters; at most 2147483631 fit in one array, so choose fewer layers or a"
              + " smaller hidden_size");
    }
    decayed = (int) decay.total(c.layers());
    size = (int) total;
    decay.place(0);
    plain.place(decayed);
    list(c, decay, plain);
  }

  private final class Region {
    private final List<TensorSpec> model = new ArrayList<>();
    private final List<TensorSpec> layer = new ArrayList<>();

    void model(String name, int... shape) {
      model.add(new TensorSpec(name, shape));
    }

    void layer(String name, int... shape) {
      layer.add(new TensorSpec(name, shape));
    }

    private long sum(List<TensorSpec> tensors) {
      return tensors.stream().mapToLong(TensorSpec::size).sum();
    }

    long total(int layers) {
      return sum(model) + layers * sum(layer);
    }

    void place(int start) {
      int at = start;
      for (TensorSpec t : model) {
        places.put(t.name(), new Place(at, 0));
        at += t.size();
      }
      int stride = (int) sum(layer);
      for (TensorSpec t : layer) {
        places.put(t.name(), new Place(at, stride));
        at += t.size();
      }
    }
  }

  private void list(ModelConfig c, Region decay, Region plain) {
    add(decay.model.get(0), decay.model.get(0).name(), 0);
    for (int i = 0; i < c.layers(); i++) {
      for (Region r : List.of(plain, decay)) {
        for (TensorSpec t : r.layer) {
          add(t, "model.layers." + i + "." + t.name(), i);
        }
      }
    }
    add(plain.model.get(0), plain.model.get(0).name(), 0);
    if (!c.tieEmbeddings()) {
      add(decay.model.get(1), decay.model.get(1).name(), 0);
    }
  }

  private void add(TensorSpec t, String name, int layer) {
    Place p = places.get(t.name());
    specs.add(new TensorSpec(name, t.shape()));
    offsets.add(p.offset + layer * p.stride);
  }

  /** All parameters by their names in a checkpoint. */
  public List<TensorSpec> tensors() {
    return List.copyOf(specs);
  }

  /** Where tensor i of {@link #tensors()} begins. */
  public int offset(int i) {
    return offsets.get(i);
  }

  /** Where a tensor stands, by its name without {@code model.layers.i.}. */
  public Place place(String name) {
    Place p = places.get(name);
    if (p == null) {
      throw new IllegalArgumentException("no parameter " + name);
    }
    return p;
  }

  /** Elements 0 to this (exclusive) take weight decay. */
  public int decayed() {
    return decayed;
  }

  /** Number of parameters. */
  public int size() {
    return size;
  }
}
