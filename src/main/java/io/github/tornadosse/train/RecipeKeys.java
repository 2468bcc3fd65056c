package io.github.tornadosse.train;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.github.tornadosse.tensor.NearestName;
import io.github.tornadosse.tensor.UserError;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** The keys that a recipe knows, their types and defaults, and the reading of YAML against them. */
final class RecipeKeys {
  private static final ObjectMapper YAML =
      YAMLMapper.builder().enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION).build();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  /** YAML 1.1 takes 1e-3 for a text; everybody means the number. */
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][-+]?\\d+)?");

  private enum Kind {
    WHOLE("a whole number"),
    NUMBER("a number"),
    TRUTH("true or false"),
    TEXT("a text"),
    TEXTS("a text or a list of texts"),
    WHOLES("a list of whole numbers, such as [1, 3]"),
    WHOLE_OR_WHOLES("a whole number or a list of them"),
    SHARE_OR_PATH("a share such as 0.05 or the path of a file or folder");

    private final String words;

    Kind(String words) {
      this.words = words;
    }
  }

  private record Key(Kind kind, JsonNode fallback) {}

  private static final Map<String, Key> KEYS = new LinkedHashMap<>();

  static {
    whole("model.hidden_size", 128);
    whole("model.num_hidden_layers", 4);
    whole("model.num_heads", 2);
    optional("model.num_v_heads", Kind.WHOLE);
    whole("model.head_dim", 64);
    optional("model.expand_v", Kind.NUMBER);
    whole("model.num_sparse_partition", 4);
    whole("model.num_writer", 1);
    whole("model.num_reader", 1);
    optional("model.vocab_size", Kind.WHOLE);
    optional("model.intermediate_size", Kind.WHOLE);
    optional("model.hidden_ratio", Kind.NUMBER);
    optional("model.norm_eps", Kind.NUMBER);
    optional("model.aux_loss_coef", Kind.NUMBER);
    optional("model.use_q_softmax", Kind.TRUTH);
    optional("model.use_k_softmax", Kind.TRUTH);
    optional("model.row_topk", Kind.WHOLE);
    optional("model.use_output_gate", Kind.TRUTH);
    optional("model.gate_low_rank_dim", Kind.WHOLE);
    optional("model.tie_word_embeddings", Kind.TRUTH);
    optional("model.initializer_range", Kind.NUMBER);
    optional("model.router_initializer_range", Kind.NUMBER);
    optional("model.model_type", Kind.TEXT);
    optional("model.linear_attn_type", Kind.TEXT);
    optional("model.sse_implementation", Kind.TEXT);
    optional("model.use_short_conv", Kind.TRUTH);
    optional("model.conv_size", Kind.WHOLE);
    optional("model.allow_neg_eigval", Kind.TRUTH);
    optional("model.write_gate", Kind.TRUTH);
    optional("model.read_gate", Kind.TRUTH);
    optional("model.gate_values", Kind.TRUTH);
    optional("model.always_selected", Kind.TRUTH);
    optional("model.attn.layers", Kind.WHOLES);
    optional("model.attn.num_heads", Kind.WHOLE);
    optional("model.attn.num_kv_heads", Kind.WHOLE);
    optional("model.attn.window_size", Kind.WHOLE);
    optional("model.attn.rope_theta", Kind.NUMBER);
    optional("model.attn.qkv_bias", Kind.TRUTH);

    optional("data.path", Kind.TEXT);
    optional("data.include", Kind.TEXTS);
    KEYS.put("data.tokenizer", new Key(Kind.TEXT, NODES.textNode("bytes")));
    KEYS.put("data.held_out", new Key(Kind.SHARE_OR_PATH, NODES.numberNode(0.05)));
    whole("data.sequence_length", 512);
    whole("data.shuffle_window", 64);
    whole("data.seed", 1);
    optional("data.task.name", Kind.TEXT);
    optional("data.task.vocabulary", Kind.WHOLE);
    optional("data.task.pairs", Kind.WHOLE_OR_WHOLES);
    optional("data.task.power", Kind.NUMBER);
    optional("data.task.digits", Kind.WHOLE);
    optional("data.task.haystack", Kind.TEXT);

    whole("train.steps", 1000);
    whole("train.batch_tokens", 4096);
    whole("train.accumulation", 1);
    number("train.learning_rate", 2e-3);
    number("train.min_learning_rate", 2e-4);
    whole("train.warmup_steps", 50);
    KEYS.put("train.schedule", new Key(Kind.TEXT, NODES.textNode("cosine")));
    whole("train.decay_steps", 0);
    number("train.beta1", 0.9);
    number("train.beta2", 0.95);
    number("train.eps", 1e-8);
    number("train.weight_decay", 0.1);
    number("train.clip_norm", 1);
    whole("train.seed", 1);
    optional("train.init", Kind.TEXT);
    number("train.seconds", 0);
    KEYS.put("train.recompute", new Key(Kind.TRUTH, NODES.booleanNode(false)));
    whole("train.max_skipped_steps", 10);

    whole("evaluate.every", 100);
    whole("evaluate.tokens", 65536);

    whole("checkpoint.every", 200);
    whole("checkpoint.keep", 2);
    KEYS.put("checkpoint.directory", new Key(Kind.TEXT, NODES.textNode("runs/default")));
  }

  private RecipeKeys() {}

  private static void whole(String name, long fallback) {
    KEYS.put(name, new Key(Kind.WHOLE, NODES.numberNode(fallback)));
  }

  private static void number(String name, double fallback) {
    KEYS.put(name, new Key(Kind.NUMBER, NODES.numberNode(fallback)));
  }

  private static void optional(String name, Kind kind) {
    KEYS.put(name, new Key(kind, null));
  }

  /**
   * Reads YAML and overrides into one value a key, defaults filled in.
   *
   * @param yaml the recipe
   * @param where names its source in messages
   * @param overrides assignments such as {@code train.steps=100}
   * @return values by dotted key; keys without value and default are absent
   */
  static Map<String, JsonNode> read(String yaml, String where, List<String> overrides) {
    Map<String, JsonNode> given = new LinkedHashMap<>();
    JsonNode root = parse(yaml, where);
    if (!root.isMissingNode() && !root.isNull()) {
      flatten("", root, where, given);
    }
    for (String override : overrides) {
      int at = override.indexOf('=');
      if (at <= 0) {
        throw new UserError(
            "override '" + override + "' must be key=value, such as train.steps=100");
      }
      String source = "override '" + override + "'";
      String name = override.substring(0, at).strip();
      String text = override.substring(at + 1).strip();
      set(name, isPlain(name, text) ? NODES.textNode(text) : parse(text, source), source, given);
    }
    return withDefaults(given);
  }

  /** A model that the run starts from has its own keys and, where none is named, its tokenizer. */
  private static Map<String, JsonNode> withDefaults(Map<String, JsonNode> given) {
    JsonNode init = given.get("train.init");
    Map<String, JsonNode> values = new LinkedHashMap<>();
    KEYS.forEach(
        (name, key) -> {
          JsonNode fallback = key.fallback;
          if (init != null && name.startsWith("model.")) {
            fallback = null;
          } else if (init != null && name.equals("data.tokenizer")) {
            fallback = init;
          }
          JsonNode value = given.getOrDefault(name, fallback);
          if (value != null) {
            values.put(name, value);
          }
        });
    return values;
  }

  /**
   * Leaves those fields of a model's configuration that a recipe has keys for.
   *
   * @param config the configuration or, with the prefix {@code attn.}, that object of it
   */
  static void retainModelKeys(ObjectNode config, String prefix) {
    List<String> others = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : config.properties()) {
      String name = prefix + field.getKey();
      if (field.getValue() instanceof ObjectNode section) {
        retainModelKeys(section, name + ".");
      } else if (field.getValue().isNull() || !KEYS.containsKey("model." + name)) {
        others.add(field.getKey());
      }
    }
    config.remove(others);
  }

  /** Whether an override's value is taken as it stands: *.java and 2026 need no quotes there. */
  private static boolean isPlain(String name, String text) {
    Key key = KEYS.get(name);
    return key != null
        && !text.isEmpty()
        && (key.kind == Kind.TEXT || key.kind == Kind.TEXTS || key.kind == Kind.SHARE_OR_PATH)
        && "\"'[".indexOf(text.charAt(0)) < 0;
  }

  private static JsonNode parse(String yaml, String where) {
    try {
      return YAML.readTree(yaml);
    } catch (JsonProcessingException e) {
      JsonLocation at = e.getLocation();
      String line = at == null ? "" : " line " + at.getLineNr();
      String reason = e.getOriginalMessage().lines().findFirst().orElse("").strip();
      throw new UserError(where + line + ": this is not YAML: " + reason, e);
    }
  }

  private static void flatten(
      String prefix, JsonNode node, String where, Map<String, JsonNode> values) {
    if (!node.isObject()) {
      String what = prefix.isEmpty() ? "a recipe" : prefix.substring(0, prefix.length() - 1);
      throw new UserError(where + ": " + what + " must be a section of key: value lines");
    }
    for (Map.Entry<String, JsonNode> field : ((ObjectNode) node).properties()) {
      String name = prefix + field.getKey();
      if (isSection(name)) {
        if (!field.getValue().isNull()) {
          flatten(name + ".", field.getValue(), where, values);
        }
      } else {
        set(name, field.getValue(), where, values);
      }
    }
  }

  private static boolean isSection(String name) {
    return KEYS.keySet().stream().anyMatch(k -> k.startsWith(name + "."));
  }

  private static void set(String name, JsonNode value, String where, Map<String, JsonNode> values) {
    Key key = KEYS.get(name);
    if (key == null) {
      throw unknown(name, where);
    }
    JsonNode typed = typed(value, key.kind);
    if (typed == null) {
      String shown = value.isMissingNode() ? "empty" : value.toString();
      throw new UserError(where + ": " + name + " is " + shown + "; it must be " + key.kind.words);
    }
    values.put(name, typed);
  }

  private static UserError unknown(String name, String where) {
    List<String> names = new ArrayList<>(KEYS.keySet());
    // A right name in the wrong section is nearer than a similar one in this section.
    String last = name.substring(name.lastIndexOf('.') + 1);
    String nearest =
        names.stream()
            .filter(k -> k.endsWith("." + last))
            .findFirst()
            .or(() -> NearestName.of(name, names))
            .or(
                () ->
                    NearestName.of(
                            last, names.stream().map(k -> k.substring(k.indexOf('.') + 1)).toList())
                        .flatMap(n -> names.stream().filter(k -> k.endsWith("." + n)).findFirst()))
            .map(k -> "; did you mean '" + k + "'?")
            .orElse("; its sections are model, data, train, evaluate and checkpoint");
    return new UserError(where + ": unknown key '" + name + "'" + nearest);
  }

  /** The value as the kind wants it, null if it is of another kind. */
  private static JsonNode typed(JsonNode value, Kind kind) {
    JsonNode n = value;
    if (value.isTextual() && NUMBER.matcher(value.textValue()).matches()) {
      n = NODES.numberNode(new BigDecimal(value.textValue()));
    }
    boolean list = false;
    if (value.isArray() && !value.isEmpty()) {
      list = true;
      for (JsonNode element : value) {
        list &= element.isTextual();
      }
    }
    return switch (kind) {
      case WHOLE -> whole(n);
      case NUMBER -> n.isNumber() ? NODES.numberNode(n.doubleValue()) : null;
      case TRUTH -> value.isBoolean() ? value : null;
      case TEXT -> value.isTextual() ? value : null;
      case TEXTS -> value.isTextual() || list ? value : null;
      case WHOLES -> wholes(value);
      case WHOLE_OR_WHOLES -> wholes(value.isArray() ? value : NODES.arrayNode().add(n));
      case SHARE_OR_PATH ->
          n.isNumber() ? NODES.numberNode(n.doubleValue()) : value.isTextual() ? value : null;
    };
  }

  private static JsonNode wholes(JsonNode list) {
    if (!list.isArray()) {
      return null;
    }
    ArrayNode all = NODES.arrayNode();
    for (JsonNode element : list) {
      JsonNode n = whole(element);
      if (n == null) {
        return null;
      }
      all.add(n);
    }
    return all;
  }

  private static JsonNode whole(JsonNode n) {
    if (!n.isNumber()) {
      return null;
    }
    BigDecimal exact = n.decimalValue().stripTrailingZeros();
    boolean fits = exact.scale() <= 0 && exact.precision() - exact.scale() <= 18;
    return fits ? NODES.numberNode(exact.longValueExact()) : null;
  }
}
