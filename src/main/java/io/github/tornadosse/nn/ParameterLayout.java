package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.nn.ModelConfig.Kind;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.EnumMap;
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
   * @param offset where it begins (in the first layer that has it)
   * @param stride from one such layer to the next; 0 for the model's own
   * @param axis which layers have it: all, or those of one kind
   */
  public record Place(int offset, int stride, Axis axis) {}

  /** Which layers have a tensor; a tensor's name alone does not say so. */
  private record Key(Kind kind, String name) {}

  private final List<TensorSpec> specs = new ArrayList<>();
  private final List<Integer> offsets = new ArrayList<>();
  private final Map<Key, Place> places = new LinkedHashMap<>();
  private final int decayed;
  private final int size;

  /**
   * Arranges the parameters of a model.
   *
   * @param c the configuration
   * @throws UserError if they exceed what one array holds
   */
  public ParameterLayout(ModelConfig c) {
    Region decay = new Region(c);
    Region plain = new Region(c);
    decay.model("model.embeddings.weight", c.vocabSize(), c.hiddenSize());
    if (!c.tieEmbeddings()) {
      decay.model("lm_head.weight", c.vocabSize(), c.hiddenSize());
    }
    plain.model("model.norm.weight", c.hiddenSize());
    int d = c.hiddenSize();
    plain.every.add("attn_norm.weight", d);
    plain.every.add("mlp_norm.weight", d);
    decay.every.add("mlp.gate_proj.weight", c.intermediateSize(), d);
    decay.every.add("mlp.up_proj.weight", c.intermediateSize(), d);
    decay.every.add("mlp.down_proj.weight", d, c.intermediateSize());
    mixer(c.mixer(), d, decay.of(Kind.MIXER), plain.of(Kind.MIXER));
    attention(c.attention(), d, decay.of(Kind.ATTENTION), plain.of(Kind.ATTENTION));

    long total = decay.total() + plain.total();
    if (total > Integer.MAX_VALUE - 16) {
      throw new UserError(
          "model configuration: "
              + total
              + " parameters; at most 2147483631 fit in one array, so choose fewer layers or a"
              + " smaller hidden_size");
    }
    decayed = (int) decay.total();
    size = (int) total;
    decay.place(0);
    plain.place(decayed);
    list(c, decay, plain);
  }

  /** The rows from {@link #firstOfLow} on to the write-read gate's are one matrix. */
  private static void mixer(MixerConfig m, int d, Tensors decay, Tensors plain) {
    int v = m.valueDim();
    boolean gla = m.rule() == MixerConfig.Rule.GLA;
    int gates = m.sources() * m.valueHeads();
    decay.add("attn.q_proj.weight", m.keySize(), d);
    decay.add("attn.k_proj.weight", m.keySize(), d);
    decay.add("attn.v_proj.weight", m.valueSize(), d);
    if (m.sparse()) {
      decay.add("attn.lora_q_proj.0.weight", v, d);
      decay.add("attn.lora_k_proj.0.weight", v, d);
    }
    if (gla) {
      for (int source = 0; source < m.sources(); source++) {
        decay.add("attn.gk_proj." + source + ".0.weight", m.gateRank(), d);
      }
    } else {
      decay.add("attn.a_proj.weight", gates, d);
      decay.add("attn.b_proj.weight", gates, d);
    }
    if (m.outputGate()) {
      decay.add("attn.g_proj.0.weight", v, d);
    }
    if (m.sparse()) {
      decay.add("attn.e_proj.weight", m.partitions(), d);
      decay.add("attn.lora_q_proj.1.weight", m.keySize(), v);
      decay.add("attn.lora_k_proj.1.weight", m.keySize(), v);
    }
    if (gla) {
      for (int source = 0; source < m.sources(); source++) {
        decay.add("attn.gk_proj." + source + ".1.weight", m.keySize(), m.gateRank());
        plain.add("attn.gk_proj." + source + ".1.bias", m.keySize());
      }
    } else {
      plain.add("attn.A_log", gates);
      plain.add("attn.dt_bias", gates);
    }
    if (m.convolution() > 0) {
      decay.add("attn.q_conv1d_shared.weight", m.keySize(), 1, m.convolution());
      decay.add("attn.k_conv1d_shared.weight", m.keySize(), 1, m.convolution());
    }
    if (m.outputGate()) {
      decay.add("attn.g_proj.1.weight", m.valueSize(), v);
    }
    plain.add("attn.o_norm.weight", v);
    decay.add("attn.o_proj.weight", d, m.valueSize());
  }

  /** The name of the tensor that the "low" matrix of a mixer begins with. */
  static String firstOfLow(MixerConfig m) {
    if (m.sparse()) {
      return "attn.lora_q_proj.0.weight";
    }
    return m.rule() == MixerConfig.Rule.GLA ? "attn.gk_proj.0.0.weight" : "attn.a_proj.weight";
  }

  private static void attention(AttentionConfig a, int d, Tensors decay, Tensors plain) {
    decay.add("attn.q_proj.weight", a.querySize(), d);
    decay.add("attn.k_proj.weight", a.keySize(), d);
    decay.add("attn.v_proj.weight", a.keySize(), d);
    decay.add("attn.o_proj.weight", d, a.querySize());
    if (a.bias()) {
      plain.add("attn.q_proj.bias", a.querySize());
      plain.add("attn.k_proj.bias", a.keySize());
      plain.add("attn.v_proj.bias", a.keySize());
    }
  }

  /** The tensors that one layer has. */
  private static final class Tensors {
    final List<TensorSpec> list = new ArrayList<>();

    void add(String name, int... shape) {
      list.add(new TensorSpec(name, shape));
    }

    long size() {
      return list.stream().mapToLong(TensorSpec::size).sum();
    }
  }

  /** Parameters with, or those without weight decay. */
  private final class Region {
    final ModelConfig config;
    final List<TensorSpec> model = new ArrayList<>();
    final Tensors every = new Tensors();
    final Map<Kind, Tensors> kinds = new EnumMap<>(Kind.class);

    Region(ModelConfig config) {
      this.config = config;
      for (Kind kind : Kind.values()) {
        kinds.put(kind, new Tensors());
      }
    }

    void model(String name, int... shape) {
      model.add(new TensorSpec(name, shape));
    }

    Tensors of(Kind kind) {
      return kinds.get(kind);
    }

    long total() {
      long sum = model.stream().mapToLong(TensorSpec::size).sum();
      sum += config.layers() * every.size();
      for (Kind kind : Kind.values()) {
        sum += config.count(kind) * of(kind).size();
      }
      return sum;
    }

    void place(int start) {
      int at = start;
      for (TensorSpec t : model) {
        places.put(new Key(null, t.name()), new Place(at, 0, Axis.FIXED));
        at += t.size();
      }
      at = place(at, every, null, config.layers(), Axis.LAYER);
      for (Kind kind : Kind.values()) {
        at = place(at, of(kind), kind, config.count(kind), Axis.KIND);
      }
    }

    private int place(int start, Tensors tensors, Kind kind, int layers, Axis axis) {
      int at = start;
      int stride = (int) tensors.size();
      for (TensorSpec t : tensors.list) {
        places.put(new Key(kind, t.name()), new Place(at, stride, axis));
        at += t.size();
      }
      return start + layers * stride;
    }
  }

  private void list(ModelConfig c, Region decay, Region plain) {
    add(decay.model.get(0));
    for (int i = 0; i < c.layers(); i++) {
      Kind kind = c.kind(i);
      for (Region r : List.of(plain, decay)) {
        for (TensorSpec t : r.every.list) {
          add(t, i, i, place(t.name()));
        }
        for (TensorSpec t : r.of(kind).list) {
          add(t, i, c.kindIndex(i), place(kind, t.name()));
        }
      }
    }
    add(plain.model.get(0));
    if (!c.tieEmbeddings()) {
      add(decay.model.get(1));
    }
  }

  private void add(TensorSpec t) {
    specs.add(t);
    offsets.add(place(t.name()).offset);
  }

  private void add(TensorSpec t, int layer, int index, Place p) {
    specs.add(new TensorSpec("model.layers." + layer + "." + t.name(), t.shape()));
    offsets.add(p.offset + index * p.stride);
  }

  /** All parameters by their names in a checkpoint. */
  public List<TensorSpec> tensors() {
    return List.copyOf(specs);
  }

  /** Where tensor i of {@link #tensors()} begins. */
  public int offset(int i) {
    return offsets.get(i);
  }

  /**
   * Where a tensor of the model or of every layer stands.
   *
   * @param name its name without {@code model.layers.i.}
   */
  public Place place(String name) {
    return place(null, name);
  }

  /**
   * Where a tensor of the layers of one kind stands.
   *
   * @param name its name without {@code model.layers.i.}
   */
  public Place place(Kind kind, String name) {
    Place p = places.get(new Key(kind, name));
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
