package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.JsonFields;
import io.github.tornadosse.tensor.UserError;

/**
 * A line of a suite's plan: what is timed once on each device.
 *
 * @param mixer the token mixer; null for a model
 * @param model the model; null for a mixer
 * @param precision one of {@link Tiers#DTYPES}
 * @param threads threads of the embedded runtime; 0 on other devices
 * @param runs timed runs
 * @param peer whether a peer is to be timed beside it
 */
public record SuiteEntry(
    MixerCase mixer, ModelCase model, String precision, int threads, int runs, boolean peer) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * Checks the entry.
   *
   * @throws UserError naming what is out of range
   */
  public SuiteEntry {
    MixerCase.requireOneOf("precision", precision, Tiers.DTYPES);
    if (threads < 0 || runs < 1) {
      throw new UserError("runs must be 1 or more, and threads 0 or more");
    }
  }

  /** What results of it are found by, together with device, tier and commit. */
  public String name() {
    String what = mixer == null ? model.name() : "mixer/" + mixer.name();
    return what + "/" + precision + (threads == 0 ? "" : "/t" + threads);
  }

  /**
   * The same for a device.
   *
   * @param embedded whether it is the embedded runtime, which alone has threads
   * @param override threads instead of the entry's; 0 for the entry's
   * @return the entry that is run there
   */
  public SuiteEntry on(boolean embedded, int override) {
    int count = !embedded ? 0 : override > 0 ? override : threads;
    return new SuiteEntry(mixer, model, precision, count, runs, peer);
  }

  /** The entry as a process is given it, and as results have it. */
  public ObjectNode toJson() {
    ObjectNode j = JSON.createObjectNode();
    j.put("name", name());
    if (mixer != null) {
      j.put("kind", "mixer");
      j.put("mixer", mixer.mixer());
      j.put("form", mixer.form());
      j.put("pass", mixer.pass());
      j.put("tokens", mixer.tokens());
      j.put("heads", mixer.heads());
      j.put("dim", mixer.dim());
      j.put("partitions", mixer.partitions());
      j.put("topk", mixer.topk());
    } else {
      j.put("kind", "model");
      j.put("model", model.model());
      j.put("measure", model.measure());
      j.put("tokens", model.tokens());
      j.set("config", model.config().toJson());
    }
    j.put("precision", precision);
    j.put("threads", threads);
    j.put("runs", runs);
    j.put("ask_peer", peer);
    return j;
  }

  /**
   * Reads what {@link #toJson} gave.
   *
   * @param json the object
   * @return the entry
   * @throws UserError if a field is missing or does not fit
   */
  public static SuiteEntry fromJson(JsonNode json) {
    JsonFields f = new JsonFields(json, "entry", "");
    boolean isMixer = f.oneOf("kind", null, "mixer", "model").equals("mixer");
    MixerCase mixer = null;
    ModelCase model = null;
    if (isMixer) {
      mixer =
          new MixerCase(
              text(f, "mixer"),
              text(f, "form"),
              text(f, "pass").equals(MixerCase.PASSES.get(1)),
              f.integer("tokens"),
              f.integer("heads"),
              f.integer("dim"),
              f.integer("partitions"),
              f.integer("topk"));
    } else {
      String name = text(f, "model");
      JsonNode config = f.get("config");
      if (config == null || !config.isObject()) {
        throw f.wrong("config", "a model's configuration");
      }
      model =
          new ModelCase(
              name, text(f, "measure"), ModelConfig.fromJson(config, name), f.integer("tokens"));
    }
    return new SuiteEntry(
        mixer,
        model,
        text(f, "precision"),
        f.integer("threads"),
        f.integer("runs"),
        f.bool("ask_peer", false));
  }

  private static String text(JsonFields f, String name) {
    JsonNode n = f.get(name);
    if (n == null || !n.isTextual()) {
      throw f.wrong(name, "a text");
    }
    return n.textValue();
  }
}
