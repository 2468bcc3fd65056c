package io.github.tornadosse.eval.profile;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Reads the runtime's profiler: an object a task, under "graph.task", with its kernel's time in
 * TASK_KERNEL_TIME. TornadoVM puts the tasks into an object a graph and appends it to those of the
 * executions before; the embedded runtime has one log of all tasks.
 */
final class ProfilerLog {
  private static final String KERNEL_TIME = "TASK_KERNEL_TIME";

  /** What TornadoVM writes for a graph that was not executed, right beside its neighbours' logs. */
  private static final Pattern NO_LOG =
      Pattern.compile("(?<=^|\\}|\\s|null)null(?=$|\\{|\\s|null)");

  /** TornadoVM's object of a graph that ran no task ends in a comma. */
  private static final ObjectMapper JSON =
      JsonMapper.builder().enable(JsonReadFeature.ALLOW_TRAILING_COMMA).build();

  private ProfilerLog() {}

  /**
   * The times of a graph's tasks in its last execution.
   *
   * @param graph the graph; tasks of other graphs, which TornadoVM's log of a plan has as well, are
   *     left out
   * @param log one or more JSON objects
   * @return nanoseconds by the task's name in its graph, in the order of the log
   */
  static Map<String, Long> tasks(String graph, String log) {
    Map<String, Long> times = new LinkedHashMap<>();
    // The log grows with every execution of any graph; only the last object of this one counts.
    int last = log.lastIndexOf("\"" + graph + "\": {");
    String objects =
        last < 0 ? NO_LOG.matcher(log).replaceAll("") : log.substring(log.lastIndexOf('{', last));
    try (JsonParser parser = JSON.createParser(objects)) {
      while (parser.nextToken() == JsonToken.START_OBJECT) {
        collect(graph + ".", JSON.readTree(parser), times);
        if (last >= 0) {
          break;
        }
      }
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(
          "the runtime's profiler does not write JSON: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return times;
  }

  private static void collect(String prefix, JsonNode node, Map<String, Long> times) {
    node.properties()
        .forEach(
            e -> {
              JsonNode value = e.getValue();
              if (value.has(KERNEL_TIME)) {
                if (e.getKey().startsWith(prefix)) {
                  String task = e.getKey().substring(prefix.length());
                  times.put(task, value.get(KERNEL_TIME).asLong());
                }
              } else if (value.isObject()) {
                collect(prefix, value, times);
              }
            });
  }
}
