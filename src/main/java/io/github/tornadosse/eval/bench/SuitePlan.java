package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * What a suite times: groups of mixers and of models in YAML, each of which stands for every
 * combination of its lists. Unknown keys are errors.
 *
 * @param title what it is about
 * @param entries all different
 */
public record SuitePlan(String title, List<SuiteEntry> entries) {
  /** The most entries of a plan: more would not come to an end, and are a slip. */
  public static final int MOST_ENTRIES = 5000;

  private static final long MOST_BYTES = 1 << 20;
  private static final int DEFAULT_RUNS = 9;
  private static final int MOST_RUNS = 1000;

  private static final ObjectMapper YAML =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final List<String> KEYS = List.of("title", "runs", "mixers", "models");
  private static final List<String> MIXER_KEYS =
      List.of(
          "mixers",
          "forms",
          "passes",
          "tokens",
          "heads",
          "dims",
          "partitions",
          "topk",
          "precisions",
          "threads",
          "runs",
          "peer");
  private static final List<String> MODEL_KEYS =
      List.of("name", "recipe", "measures", "tokens", "precisions", "threads", "runs");

  /**
   * Reads a plan.
   *
   * @param file YAML
   * @param recipes gives the configuration of a training recipe's model
   * @return the plan
   * @throws UserError if the file cannot be read, a key is unknown or a value does not fit
   */
  public static SuitePlan load(Path file, Function<Path, ModelConfig> recipes) {
    String text;
    try {
      if (Files.size(file) > MOST_BYTES) {
        throw new UserError(
            "cannot read the plan " + file + ": it has more than " + MOST_BYTES + " bytes");
      }
      text = Files.readString(file);
    } catch (IOException e) {
      throw FileErrors.of("cannot read the plan", file, e);
    }
    Path directory = file.toAbsolutePath().getParent();
    return parse(
        text, file.toString(), recipe -> recipes.apply(directory.resolve(recipe).normalize()));
  }

  /**
   * Reads a plan.
   *
   * @param yaml its text
   * @param where names it in messages
   * @param recipes gives the configuration of a training recipe's model, by the recipe's path
   * @return the plan
   * @throws UserError if a key is unknown or a value does not fit
   */
  public static SuitePlan parse(String yaml, String where, Function<String, ModelConfig> recipes) {
    JsonNode root;
    try {
      root = YAML.readTree(yaml);
    } catch (JsonProcessingException e) {
      throw new UserError(
          where + ": this is not YAML: " + FileErrors.firstLine(e.getOriginalMessage()), e);
    }
    try {
      return read(root, recipes);
    } catch (UserError e) {
      throw new UserError(where + ": " + e.getMessage(), e);
    }
  }

  private static SuitePlan read(JsonNode root, Function<String, ModelConfig> recipes) {
    PlanGroup top = new PlanGroup(root, "a plan", KEYS);
    int runs = top.one("runs", DEFAULT_RUNS, MOST_RUNS);
    Map<String, SuiteEntry> entries = new LinkedHashMap<>();
    for (PlanGroup g : top.groups("mixers", MIXER_KEYS)) {
      g.check(() -> mixers(g, runs, entries));
    }
    for (PlanGroup g : top.groups("models", MODEL_KEYS)) {
      g.check(() -> models(g, runs, entries, recipes));
    }
    if (entries.isEmpty()) {
      throw new UserError("nothing is to be timed: mixers and models are missing");
    }
    return new SuitePlan(top.text("title", "Benchmark suite"), List.copyOf(entries.values()));
  }

  private static List<Integer> threads(PlanGroup g) {
    return g.numbers("threads", List.of(Runtime.getRuntime().availableProcessors()));
  }

  private static void add(Map<String, SuiteEntry> entries, SuiteEntry entry) {
    entries.putIfAbsent(entry.name(), entry);
    if (entries.size() > MOST_ENTRIES) {
      throw new UserError("the plan has more than " + MOST_ENTRIES + " entries");
    }
  }

  private static void mixers(PlanGroup g, int runs, Map<String, SuiteEntry> entries) {
    List<Integer> tokens = g.numbers("tokens", null);
    List<Integer> heads = g.numbers("heads", List.of(4));
    List<Integer> dims = g.numbers("dims", List.of(128));
    List<Integer> partitions = g.numbers("partitions", List.of(4));
    List<Integer> topk = g.numbers("topk", List.of(1));
    List<MixerCase> cases = new ArrayList<>();
    for (String mixer : g.texts("mixers", null, MixerCase.MIXERS)) {
      for (String form : g.texts("forms", List.of("varlen"), MixerCase.FORMS)) {
        for (String pass : g.texts("passes", List.of("forward"), MixerCase.PASSES)) {
          boolean backward = pass.equals(MixerCase.PASSES.get(1));
          for (int h : heads) {
            for (int d : dims) {
              for (int n : partitions) {
                for (int k : topk) {
                  for (int l : tokens) {
                    cases.add(new MixerCase(mixer, form, backward, l, h, d, n, k));
                    PlanGroup.limit(cases.size(), MOST_ENTRIES);
                  }
                }
              }
            }
          }
        }
      }
    }
    int each = g.one("runs", runs, MOST_RUNS);
    boolean peer = g.truth("peer", false);
    for (String precision : g.texts("precisions", List.of("float32"), null)) {
      for (int t : threads(g)) {
        for (MixerCase c : cases) {
          add(entries, new SuiteEntry(c, null, precision, t, each, peer));
        }
      }
    }
  }

  private static void models(
      PlanGroup g,
      int runs,
      Map<String, SuiteEntry> entries,
      Function<String, ModelConfig> recipes) {
    String name = g.text("name", null);
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9._-]*")) {
      throw new UserError(
          "name is " + FileErrors.quote(name) + "; take letters, digits, '-', '.' and '_'");
    }
    ModelConfig config = recipes.apply(g.text("recipe", null));
    int each = g.one("runs", runs, MOST_RUNS);
    for (String measure : g.texts("measures", ModelCase.MEASURES, ModelCase.MEASURES)) {
      for (int tokens : g.numbers("tokens", null)) {
        for (String precision : g.texts("precisions", List.of("float32"), null)) {
          for (int t : threads(g)) {
            ModelCase c = new ModelCase(name, measure, config, tokens);
            SuiteEntry entry = new SuiteEntry(null, c, precision, t, each, false);
            SuiteEntry same = entries.get(entry.name());
            if (same != null && !same.model().config().equals(config)) {
              throw new UserError("two models are called " + name);
            }
            add(entries, entry);
          }
        }
      }
    }
  }
}
