package io.github.tornadosse.eval.emit;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.emit.EmittedKernel.Usage;
import java.util.List;
import java.util.Map;

/**
 * What became of a backend's kernels.
 *
 * @param backend the backend
 * @param tier the tier of kernels
 * @param headDim of the models
 * @param compiler name and version of the device compiler, or why there is none
 * @param program version and commit of the program
 * @param kernels the kernels
 */
public record EmissionReport(
    Backend backend,
    String tier,
    int headDim,
    String compiler,
    String program,
    List<EmittedKernel> kernels) {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Whether all kernels were emitted and none refused. */
  public boolean good() {
    return kernels.stream().allMatch(EmittedKernel::good);
  }

  /** Kernels that keep registers in memory. */
  public List<EmittedKernel> spilling() {
    return kernels.stream().filter(k -> k.usage() != null && k.usage().spills()).toList();
  }

  /** One line: how many kernels, how many of them failed and how many spill. */
  public String summary() {
    long failed = kernels.stream().filter(k -> !k.good()).count();
    long names = kernels.stream().map(EmittedKernel::kernel).distinct().count();
    boolean measured = kernels.stream().anyMatch(k -> k.usage() != null);
    return "%s, tier %s: %d kernels in %d codes, %d failed%s (%s)"
        .formatted(
            backend.label(),
            tier,
            names,
            kernels.size(),
            failed,
            measured ? ", " + spilling().size() + " spill" : "",
            compiler);
  }

  /** All of it as JSON. */
  public ObjectNode toJson() {
    ObjectNode json = JSON.createObjectNode();
    json.put("backend", backend.label());
    json.put("tier", tier);
    json.put("head_dim", headDim);
    json.put("compiler", compiler);
    json.put("program", program);
    for (EmittedKernel k : kernels) {
      ObjectNode one = json.withArray("kernels").addObject();
      one.put("kernel", k.kernel());
      one.put("file", k.file() == null ? null : k.file().getFileName().toString());
      one.put("failure", k.failure());
      if (k.usage() != null) {
        numbers(k.usage()).forEach(one::put);
      }
    }
    return json;
  }

  private static Map<String, Integer> numbers(Usage u) {
    return Map.of(
        "registers", u.registers(),
        "stack_bytes", u.stackBytes(),
        "spill_store_bytes", u.spillStoreBytes(),
        "spill_load_bytes", u.spillLoadBytes(),
        "shared_bytes", u.sharedBytes(),
        "constant_bytes", u.constantBytes());
  }

  /** All of it as Markdown: a heading, a line on how it was made, and a table. */
  public String toMarkdown() {
    StringBuilder text = new StringBuilder();
    text.append("## ").append(backend.label()).append(", tier ").append(tier).append("\n\n");
    text.append(summary()).append("; head dim ").append(headDim).append("; ").append(program);
    text.append(
            "\n\n| kernel | registers | stack | spill stores | spill loads | shared | constant |")
        .append("\n|---|---:|---:|---:|---:|---:|---:|\n");
    for (EmittedKernel k : kernels) {
      text.append("| ").append(k.file() == null ? k.kernel() : stem(k)).append(" | ");
      Usage u = k.usage();
      if (!k.good()) {
        text.append(k.failure().replace("|", "\\|")).append(" | | | | | |\n");
      } else if (u == null) {
        text.append("emitted | | | | | |\n");
      } else {
        text.append(
            "%d | %d | %d | %d | %d | %d |\n"
                .formatted(
                    u.registers(),
                    u.stackBytes(),
                    u.spillStoreBytes(),
                    u.spillLoadBytes(),
                    u.sharedBytes(),
                    u.constantBytes()));
      }
    }
    return text.append('\n').toString();
  }

  /** The file's name without suffix: the kernel, and a number where it has several codes. */
  public static String stem(EmittedKernel k) {
    String name = k.file().getFileName().toString();
    return name.substring(0, name.lastIndexOf('.'));
  }
}
