package io.github.tornadosse.nn;

import io.github.tornadosse.graph.ControlTable;
import io.github.tornadosse.graph.ControlTable.Axis;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.View;
import io.github.tornadosse.nn.ModelConfig.Kind;
import io.github.tornadosse.runtime.Program;
import io.github.tornadosse.tensor.TensorSpec;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The sessions of a model: which slots are taken, how far each has read, and the way of their
 * states off the device and back.
 */
final class SessionTable {
  private final ModelConfig config;
  private final Program program;
  private final LanguageModel.Capacity capacity;
  private final Block.Sizes sizes;
  private final Map<Kind, Transfer> transfers = new EnumMap<>(Kind.class);
  private final boolean[] taken;
  private final int[] position;

  /** The arrays through which one layer's parts go. */
  private final class Transfer {
    final Kind kind;
    final List<SessionPart> parts;
    final int[] offsets;
    final FloatArray out;
    final FloatArray in;

    Transfer(Kind kind, Operations ops, Block block) {
      this.kind = kind;
      parts = block.sessionParts(kind);
      offsets = new int[parts.size()];
      long total = 0;
      for (int i = 0; i < offsets.length; i++) {
        offsets[i] = (int) Math.min(total, Integer.MAX_VALUE);
        total += parts.get(i).size();
      }
      String name = "session." + kind.name().toLowerCase(Locale.ROOT);
      out = program.buffers().floats(name + ".out", total);
      in = program.floatInput(name + ".in", total);
      program.graph(
          graph("take"),
          s -> {
            for (int i = 0; i < offsets.length; i++) {
              SessionPart p = parts.get(i);
              ops.copy(s, "take." + p.name(), p.view(), at(out, offsets[i]), (int) p.size());
            }
          });
      program.graph(
          graph("put"),
          s -> {
            for (int i = 0; i < offsets.length; i++) {
              SessionPart p = parts.get(i);
              ops.copy(s, "put." + p.name(), at(in, offsets[i]), p.view(), (int) p.size());
            }
          });
      program.graph(
          graph("clear"),
          s -> parts.forEach(p -> ops.clear(s, "clear." + p.name(), p.view(), (int) p.size())));
    }

    String graph(String verb) {
      return verb + "-" + (kind == Kind.MIXER ? "mixer" : "attention");
    }

    private View at(FloatArray array, int offset) {
      return program.control().view(array, offset, 0, Axis.FIXED);
    }
  }

  SessionTable(
      ModelConfig config,
      Operations ops,
      Program program,
      Block block,
      LanguageModel.Capacity capacity) {
    this.config = config;
    this.program = program;
    this.capacity = capacity;
    sizes =
        new Block.Sizes(
            capacity.tokens(),
            capacity.tokens(),
            capacity.sequences(),
            capacity.sessions(),
            capacity.context());
    taken = new boolean[capacity.sessions()];
    position = new int[capacity.sessions()];
    for (Kind kind : Kind.values()) {
      if (config.count(kind) > 0) {
        transfers.put(kind, new Transfer(kind, ops, block));
      }
    }
  }

  long bytes() {
    long floats = 0;
    for (Map.Entry<Kind, Transfer> e : transfers.entrySet()) {
      for (SessionPart p : e.getValue().parts) {
        floats += config.count(e.getKey()) * p.size();
      }
    }
    return Float.BYTES * floats;
  }

  int open() {
    for (int slot = 0; slot < taken.length; slot++) {
      if (!taken[slot]) {
        taken[slot] = true;
        position[slot] = 0;
        clear(slot);
        return slot;
      }
    }
    throw new UserError(
        "all "
            + taken.length
            + " sessions of the model are open; close one, or make the model with room for more");
  }

  private void clear(int slot) {
    for (int i = 0; i < config.layers(); i++) {
      run("clear", i, slot);
    }
  }

  private Transfer run(String verb, int layer, int slot) {
    Transfer t = transfers.get(config.kind(layer));
    int index = config.kindIndex(layer);
    program.control().select(new ControlTable.Position(layer, index, 0, 0, 0, 0, slot));
    program.execute(t.graph(verb));
    return t;
  }

  void close(int slot) {
    requireOpen(slot);
    taken[slot] = false;
  }

  int position(int slot) {
    return position[slot];
  }

  void advance(int slot, int tokens) {
    position[slot] += tokens;
  }

  private void requireOpen(int slot) {
    if (slot < 0 || slot >= taken.length || !taken[slot]) {
      throw new IllegalStateException("session " + slot + " is not open");
    }
  }

  /** Checks that a session can read on. */
  void requireRoom(int slot, int tokens) {
    requireOpen(slot);
    requirePositions(position[slot] + (long) tokens);
  }

  /** Most tokens of a session. */
  int positionLimit() {
    if (config.count(Kind.ATTENTION) == 0) {
      return Integer.MAX_VALUE - 16;
    }
    return config.attention().window() == 0
        ? capacity.context()
        : sizes.positions(config.attention());
  }

  private void requirePositions(long tokens) {
    int limit = positionLimit();
    if (tokens <= limit) {
      return;
    }
    if (config.count(Kind.ATTENTION) == 0) {
      throw new UserError("a session holds at most " + limit + " tokens");
    }
    throw new UserError(
        "the text would have "
            + tokens
            + " tokens, and this model's softmax attention has room for "
            + limit
            + "; take a larger context");
  }

  /** Names and shapes of what a session of a length keeps, in the order of {@link #save}. */
  List<TensorSpec> parts(int tokens) {
    if (tokens < 0) {
      throw new UserError("the session's position is " + tokens + "; it must be 0 or more");
    }
    requirePositions(tokens);
    List<TensorSpec> all = new ArrayList<>();
    for (int i = 0; i < config.layers(); i++) {
      Kind kind = config.kind(i);
      for (SessionPart p : transfers.get(kind).parts) {
        all.add(
            new TensorSpec(
                name(i, p),
                kind == Kind.MIXER
                    ? p.shape()
                    : new int[] {
                      kept(tokens), config.attention().keyHeads(), config.attention().headDim()
                    }));
      }
    }
    return all;
  }

  SessionState save(int slot) {
    requireOpen(slot);
    Map<String, float[]> all = new LinkedHashMap<>();
    for (int i = 0; i < config.layers(); i++) {
      Transfer t = run("take", i, slot);
      program.fetch(t.graph("take"), t.out);
      for (int j = 0; j < t.offsets.length; j++) {
        SessionPart p = t.parts.get(j);
        all.put(
            name(i, p),
            t.kind == Kind.MIXER
                ? copy(t.out, t.offsets[j], (int) p.size())
                : inOrder(t.out, t.offsets[j], position[slot]));
      }
    }
    return new SessionState(position[slot], all);
  }

  private static String name(int layer, SessionPart part) {
    return "layers." + layer + "." + part.name();
  }

  private static float[] copy(FloatArray from, int offset, int n) {
    float[] to = new float[n];
    for (int i = 0; i < n; i++) {
      to[i] = from.get(offset + i);
    }
    return to;
  }

  /** Number of tokens whose keys and values a session of that length needs. */
  private int kept(int tokens) {
    int window = config.attention().window();
    return window == 0 ? tokens : Math.min(tokens, window - 1);
  }

  /** From a cache [HK, cache, dim] to the latest tokens in order, [tokens, HK, dim]. */
  private float[] inOrder(FloatArray cache, int offset, int tokens) {
    int n = kept(tokens);
    int dim = config.attention().headDim();
    int heads = config.attention().keyHeads();
    int length = sizes.cache(config.attention());
    float[] to = new float[n * heads * dim];
    for (int t = 0; t < n; t++) {
      int index = (tokens - n + t) % length;
      for (int h = 0; h < heads; h++) {
        for (int c = 0; c < dim; c++) {
          to[(t * heads + h) * dim + c] = cache.get(offset + (h * length + index) * dim + c);
        }
      }
    }
    return to;
  }

  /** The way back of {@link #inOrder}; what the session does not need is zero. */
  private void intoCache(float[] from, FloatArray cache, int offset, int tokens) {
    int n = kept(tokens);
    int dim = config.attention().headDim();
    int heads = config.attention().keyHeads();
    int length = sizes.cache(config.attention());
    for (int i = 0; i < heads * length * dim; i++) {
      cache.set(offset + i, 0);
    }
    for (int t = 0; t < n; t++) {
      int index = (tokens - n + t) % length;
      for (int h = 0; h < heads; h++) {
        for (int c = 0; c < dim; c++) {
          cache.set(offset + (h * length + index) * dim + c, from[(t * heads + h) * dim + c]);
        }
      }
    }
  }

  void load(int slot, SessionState state) {
    requireOpen(slot);
    requireParts(state);
    for (int i = 0; i < config.layers(); i++) {
      Transfer t = transfers.get(config.kind(i));
      for (int j = 0; j < t.offsets.length; j++) {
        float[] values = state.parts().get(name(i, t.parts.get(j)));
        if (t.kind == Kind.ATTENTION) {
          intoCache(values, t.in, t.offsets[j], state.position());
        } else {
          for (int k = 0; k < values.length; k++) {
            t.in.set(t.offsets[j] + k, values[k]);
          }
        }
      }
      run("put", i, slot);
    }
    position[slot] = state.position();
  }

  private void requireParts(SessionState state) {
    List<TensorSpec> expected = parts(state.position());
    for (TensorSpec p : expected) {
      float[] values = state.parts().get(p.name());
      if (values == null || values.length != p.size()) {
        throw new UserError(
            "the session's part '"
                + p.name()
                + (values == null ? "' is missing" : "' has " + values.length + " numbers")
                + "; a session of this model has "
                + p.size()
                + " of them there");
      }
    }
    if (state.parts().size() != expected.size()) {
      throw new UserError(
          "the session has "
              + state.parts().size()
              + " parts; one of this model has "
              + expected.size());
    }
  }
}
