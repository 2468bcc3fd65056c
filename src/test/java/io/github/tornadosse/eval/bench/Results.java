package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Random;

/** Results as a suite would give them, without measuring anything. */
public final class Results {
  private Results() {}

  /** A mixer's result with these times. */
  public static ObjectNode mixer(String mixer, int tokens, int partitions, double... ms) {
    MixerCase c =
        new MixerCase(mixer, "varlen", false, tokens, 2, 64, partitions, partitions > 0 ? 1 : 0);
    ObjectNode j = new SuiteEntry(c, null, "float32", 2, ms.length, false).toJson();
    j.remove("ask_peer");
    j.put("tier", "vector").put("outcome", "measured").put("reason", "");
    j.putObject("parity").put("passed", true).putObject("forward").put("error", 2e-7);
    ArrayNode times = j.putArray("times_ms");
    for (double x : ms) {
      times.add(x);
    }
    double fastest = Figures.fastest(ms);
    j.put("median_ms", Figures.median(ms));
    j.put("flop", c.flop());
    j.put("gflops", c.flop() / fastest / 1e6);
    j.put("product_gflops", 150).put("of_product", 0.5).put("copy_gbs", 20);
    j.put("io_bytes", c.ioBytes()).put("planned_bytes", c.ioBytes() + 1000);
    j.put("planned_over_io", 1.1).put("peak_bytes", c.ioBytes() + 2000).put("peak_over_io", 1.2);
    j.put("cpu", "a processor").put("cores", 2).put("os", "Linux").put("jdk", "25");
    j.put("device", "jvm").put("device_name", "Java").put("commit", "abc");
    return j.put("date", "2026-01-01T00:00:00Z").put("load", 0.5);
  }

  /** A result that was not right. */
  public static ObjectNode failed(ObjectNode measured, String reason) {
    ObjectNode j = measured.deepCopy();
    j.remove("times_ms");
    j.remove("median_ms");
    return j.put("outcome", "failed").put("reason", reason);
  }

  /** Times around a median. */
  public static double[] times(double median, double spread, int n, long seed) {
    Random random = new Random(seed);
    double[] ms = new double[n];
    for (int i = 0; i < n; i++) {
      ms[i] = median * Math.exp(spread * random.nextGaussian());
    }
    return ms;
  }

  static ObjectNode copy(ObjectNode j, String key, String value) {
    return ((ObjectNode) new ObjectMapper().valueToTree(j)).put(key, value);
  }
}
