package io.github.tornadosse.eval.profile;

import io.github.tornadosse.graph.AttentionOperations;
import io.github.tornadosse.graph.ConvolutionOperations;
import io.github.tornadosse.graph.DeltaRuleOperations;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.Stage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A tier's operations that take note of what each of them is called in its graph and what it does,
 * so that the times of tasks, of which the runtime knows the names only, can be set against it.
 */
final class CountedOperations {
  /** What is known of an operation of a graph. */
  record Counted(String operation, Part part, Work work) {
    /** Of tasks that no operation has appended. */
    static final Counted UNKNOWN = new Counted("", Part.OTHER, Work.NONE);
  }

  private final Operations counting;
  private final int sequenceLength;
  private final Map<String, Map<String, Counted>> graphs = new LinkedHashMap<>();

  /**
   * Counts the operations of a tier.
   *
   * @param ops the tier
   * @param sequenceLength tokens of a packed sequence, for the work of softmax attention
   */
  CountedOperations(Operations ops, int sequenceLength) {
    this.sequenceLength = sequenceLength;
    ConvolutionOperations convolutions =
        proxy(ConvolutionOperations.class, ops.convolutions(), "convolutions.");
    DeltaRuleOperations delta = proxy(DeltaRuleOperations.class, ops.deltaRule(), "deltaRule.");
    AttentionOperations attention = proxy(AttentionOperations.class, ops.attention(), "attention.");
    counting =
        (Operations)
            Proxy.newProxyInstance(
                Operations.class.getClassLoader(),
                new Class<?>[] {Operations.class},
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "convolutions" -> convolutions;
                      case "deltaRule" -> delta;
                      case "attention" -> attention;
                      default -> call(ops, method, arguments, "");
                    });
  }

  /** The operations to build graphs with. */
  Operations operations() {
    return counting;
  }

  private <T> T proxy(Class<T> type, T target, String group) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> call(target, method, arguments, group)));
  }

  private Object call(Object target, Method method, Object[] arguments, String group)
      throws Throwable {
    if (arguments != null
        && arguments.length > 2
        && arguments[0] instanceof Stage s
        && arguments[1] instanceof String id) {
      String operation = group + method.getName();
      Object[] rest = Arrays.copyOfRange(arguments, 2, arguments.length);
      graphs
          .computeIfAbsent(s.graphName(), g -> new LinkedHashMap<>())
          .put(
              id,
              new Counted(
                  operation,
                  Part.of(operation),
                  new NominalWork(s.tokens(), sequenceLength, rest).of(operation)));
    }
    try {
      return method.invoke(target, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /**
   * The operation that a task belongs to.
   *
   * @param graph the graph's name
   * @param task the task's name in it: an operation's id, or that and more after a dot
   * @return the id and what is known of it; the task's own name if no operation has it
   */
  Map.Entry<String, Counted> of(String graph, String task) {
    Map<String, Counted> known = graphs.getOrDefault(graph, Map.of());
    for (String id = task; !id.isEmpty(); ) {
      Counted found = known.get(id);
      if (found != null) {
        return Map.entry(id, found);
      }
      int dot = id.lastIndexOf('.');
      id = dot < 0 ? "" : id.substring(0, dot);
    }
    return Map.entry(task, Counted.UNKNOWN);
  }
}
