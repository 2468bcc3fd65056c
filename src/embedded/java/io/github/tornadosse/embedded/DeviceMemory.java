package io.github.tornadosse.embedded;

import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * What a graph has on the device in strict mode: copies of its own, apart from the host's arrays,
 * with garbage in what nothing has written.
 */
final class DeviceMemory {
  private final GraphDefinition graph;
  private final Set<TornadoNativeArray> used;
  private final Map<Object, TornadoNativeArray> copies = new IdentityHashMap<>();
  private final Set<Object> sent = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Map<String, Set<Object>> sources = new HashMap<>();

  DeviceMemory(GraphDefinition graph) {
    this.graph = graph;
    used = graph.arrays();
    for (GraphDefinition.Consumed c : graph.consumed()) {
      Set<Object> from =
          sources.computeIfAbsent(
              c.graph(), k -> Collections.newSetFromMap(new IdentityHashMap<>()));
      from.add(c.array());
    }
  }

  /** The device's copy of an array, or null. */
  TornadoNativeArray copy(Object array) {
    return copies.get(array);
  }

  /**
   * Takes over what the graph consumes. As in TornadoVM, the graph that ran last hands it over: the
   * arrays that this graph consumes from it by name or, if there are none, all of them; the others
   * stay what they were.
   *
   * @param plan all graphs
   * @param last the graph that ran last, or null
   * @return whether copies have changed
   */
  boolean consume(Map<String, DeviceMemory> plan, DeviceMemory last) {
    boolean changed = false;
    for (GraphDefinition.Consumed consumed : graph.consumed()) {
      Object array = consumed.array();
      String where = consumed.graph() == null ? "another graph" : "graph " + consumed.graph();
      String what =
          "graph " + graph.name() + " consumes " + graph.describe(array) + " from " + where;
      if (consumed.graph() != null) {
        checkSource(plan.get(consumed.graph()), what, array);
      }
      if (last == null) {
        throw new TornadoRuntimeException(what + ", but no graph of the plan has run");
      }
      Set<Object> named = sources.get(last.graph.name());
      if (named == null || named.contains(array)) {
        TornadoNativeArray copy = last.copies.get(array);
        if (copy == null || last != this && !last.graph.persisted().contains(array)) {
          throw new TornadoRuntimeException(
              what
                  + ", but graph "
                  + last.graph.name()
                  + ", which ran last, does not persist it: it has to consume and persist it too");
        }
        changed |= copies.put(array, copy) != copy;
      } else if (!copies.containsKey(array)) {
        throw new TornadoRuntimeException(
            what + ", which is neither the graph that ran last nor has ever been that");
      }
    }
    return changed;
  }

  private void checkSource(DeviceMemory source, String what, Object array) {
    if (source == null) {
      throw new TornadoRuntimeException(what + ", which is not in the plan");
    }
    if (!source.graph.persisted().contains(array)) {
      throw new TornadoRuntimeException(what + ", which does not persist it");
    }
    if (!source.copies.containsKey(array) && !copies.containsKey(array)) {
      throw new TornadoRuntimeException(what + ", which has not produced it");
    }
  }

  /** Allocates what is missing and sends what is due; arrays that no task uses stay at home. */
  void send(Profile profile) {
    for (TornadoNativeArray array : used) {
      copies.computeIfAbsent(array, a -> HeapAccess.undefined(array));
    }
    for (Object array : graph.sentOnce()) {
      if (used.contains(array) && sent.add(array)) {
        in((TornadoNativeArray) array, profile);
      }
    }
    for (Object array : graph.sentAlways()) {
      if (used.contains(array)) {
        in((TornadoNativeArray) array, profile);
      }
    }
  }

  private void in(TornadoNativeArray array, Profile profile) {
    HeapAccess.copy(array, copies.get(array));
    profile.bytesIn(array.getNumBytesOfSegment());
  }

  /** Fetches what comes back after each execution, if a task uses it. */
  void fetch(Profile profile) {
    for (Object array : graph.fetchedAlways()) {
      TornadoNativeArray copy = copies.get(array);
      if (copy != null) {
        TornadoNativeArray host = (TornadoNativeArray) array;
        HeapAccess.copy(copy, host);
        profile.bytesOut(host.getNumBytesOfSegment());
      }
    }
  }

  /** Forgets everything. */
  void free() {
    copies.clear();
    sent.clear();
  }
}
