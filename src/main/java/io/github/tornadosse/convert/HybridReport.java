package io.github.tornadosse.convert;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * What a conversion takes over and what it adds. Tensors of the same name in several layers are one
 * entry, with {@code *} for the layer.
 *
 * @param model the target for people, such as "SSE-n4k1, gated linear attention"
 * @param attentionLayers the layers that keep their softmax attention
 * @param mapped what is taken over
 * @param added what is new
 * @param leftOut what the target has no place for
 * @param mappedParameters parameters of the target that are taken over
 * @param newParameters parameters of the target that are new
 */
public record HybridReport(
    String model,
    List<Integer> attentionLayers,
    List<Mapped> mapped,
    List<Added> added,
    List<LeftOut> leftOut,
    long mappedParameters,
    long newParameters) {
  /**
   * Tensors that are taken over.
   *
   * @param source their name in the source
   * @param target their name in the target
   * @param layers which layers'; empty for the model's own
   * @param repeats how many heads of the target each head of the source becomes; 1 for a tensor
   *     that is taken over as it is
   */
  public record Mapped(String source, String target, List<Integer> layers, int repeats) {}

  /**
   * Tensors that are new.
   *
   * @param target their name
   * @param layers which layers'
   * @param values how they begin
   */
  public record Added(String target, List<Integer> layers, String values) {}

  /**
   * Tensors that are not taken over.
   *
   * @param source their name
   * @param layers which layers'; empty for the model's own
   * @param reason why not
   */
  public record LeftOut(String source, List<Integer> layers, String reason) {}

  /** The same as JSON. */
  public ObjectNode toJson() {
    ObjectNode j = JsonNodeFactory.instance.objectNode();
    j.put("model", model);
    layers(j, "attention_layers", attentionLayers);
    j.put("mapped_parameters", mappedParameters);
    j.put("new_parameters", newParameters);
    ArrayNode list = j.putArray("mapped");
    for (Mapped m : mapped) {
      ObjectNode n = list.addObject().put("source", m.source).put("target", m.target);
      layers(n, "layers", m.layers);
      n.put("repeats", m.repeats);
    }
    list = j.putArray("new");
    for (Added a : added) {
      layers(list.addObject().put("target", a.target), "layers", a.layers).put("values", a.values);
    }
    list = j.putArray("left_out");
    for (LeftOut l : leftOut) {
      layers(list.addObject().put("source", l.source), "layers", l.layers).put("reason", l.reason);
    }
    return j;
  }

  private static ObjectNode layers(ObjectNode to, String name, List<Integer> layers) {
    ArrayNode list = to.putArray(name);
    layers.forEach(list::add);
    return to;
  }
}
