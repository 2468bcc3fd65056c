package io.github.tornadosse.embedded;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** Times of one execution of a plan, in nanoseconds, and bytes copied. */
public final class Profile {
  private final Map<String, Long> taskTimes = new LinkedHashMap<>();
  private long totalTime;
  private long copyTime;
  private long bytesIn;
  private long bytesOut;

  Profile() {}

  void total(long nanos) {
    totalTime = nanos;
  }

  void task(String name, long nanos) {
    taskTimes.merge(name, nanos, Long::sum);
  }

  void copies(long nanos) {
    copyTime += nanos;
  }

  void bytesIn(long bytes) {
    bytesIn += bytes;
  }

  void bytesOut(long bytes) {
    bytesOut += bytes;
  }

  /**
   * Time of the whole execution.
   *
   * @return nanoseconds
   */
  public long totalTime() {
    return totalTime;
  }

  /**
   * Time spent in tasks.
   *
   * @return nanoseconds
   */
  public long kernelTime() {
    return taskTimes.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Time of each task.
   *
   * @return nanoseconds by "graph.task", in the order of the tasks
   */
  public Map<String, Long> taskTimes() {
    return Collections.unmodifiableMap(taskTimes);
  }

  /**
   * Time spent in copies between host and device; there are none outside of strict mode.
   *
   * @return nanoseconds
   */
  public long copyTime() {
    return copyTime;
  }

  /**
   * Bytes copied to the device.
   *
   * @return bytes
   */
  public long bytesIn() {
    return bytesIn;
  }

  /**
   * Bytes copied to the host.
   *
   * @return bytes
   */
  public long bytesOut() {
    return bytesOut;
  }

  /**
   * All figures as a JSON object, with an object for each task under its name.
   *
   * @return the text
   */
  public String json() {
    StringBuilder text = new StringBuilder("{\n");
    figure(text, "TOTAL_TASK_GRAPH_TIME", totalTime).append(",\n");
    figure(text, "TOTAL_KERNEL_TIME", kernelTime()).append(",\n");
    figure(text, "TOTAL_COPY_IN_SIZE_BYTES", bytesIn).append(",\n");
    figure(text, "TOTAL_COPY_OUT_SIZE_BYTES", bytesOut);
    taskTimes.forEach(
        (name, nanos) ->
            figure(text.append(",\n  \"").append(name).append("\": {"), "TASK_KERNEL_TIME", nanos)
                .append("}"));
    return text.append("\n}\n").toString();
  }

  private static StringBuilder figure(StringBuilder text, String name, long value) {
    return text.append("  \"").append(name).append("\": \"").append(value).append('"');
  }
}
