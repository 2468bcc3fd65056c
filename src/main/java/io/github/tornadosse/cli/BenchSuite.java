package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.ResultFile;
import io.github.tornadosse.eval.bench.SuiteEntry;
import io.github.tornadosse.eval.bench.SuiteRunner.Outcome;
import io.github.tornadosse.runtime.Devices;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Runs entries on devices, each device and number of threads in a process of its own, and writes
 * every result as it comes. A process that ends is one entry's failure: the next entry gets
 * another.
 */
final class BenchSuite {
  /**
   * How a suite is run.
   *
   * @param launcher bin/sse
   * @param tier what each process is asked for
   * @param threads instead of those of the entries; 0 for theirs
   * @param seconds how long an entry may take
   * @param again whether entries are run that have a result of this commit
   */
  record Settings(Path launcher, String tier, int threads, int seconds, boolean again) {}

  private record Batch(String device, String driver, List<SuiteEntry> entries) {}

  private final Settings settings;
  private final ResultFile file;
  private final BenchPeer peer;
  private final List<Batch> batches = new ArrayList<>();
  private final Map<Outcome, Integer> counts = new LinkedHashMap<>();
  private int before;
  private volatile boolean stopped;

  BenchSuite(Settings settings, ResultFile file, BenchPeer peer) {
    this.settings = settings;
    this.file = file;
    this.peer = peer;
  }

  /**
   * Adds a device.
   *
   * @param device its name
   * @param driver its driver; null where it has none
   * @param entries of the plan
   */
  void add(String device, String driver, List<SuiteEntry> entries) {
    boolean embedded = device.equals(Devices.JVM);
    Map<Integer, Map<String, SuiteEntry>> byThreads = new LinkedHashMap<>();
    for (SuiteEntry planned : entries) {
      SuiteEntry e = planned.on(embedded, settings.threads());
      byThreads.computeIfAbsent(e.threads(), k -> new LinkedHashMap<>()).putIfAbsent(e.name(), e);
    }
    byThreads
        .values()
        .forEach(some -> batches.add(new Batch(device, driver, List.copyOf(some.values()))));
  }

  /** Ends after what is written by then. */
  void requestStop() {
    stopped = true;
  }

  boolean stopped() {
    return stopped;
  }

  int count(Outcome outcome) {
    return counts.getOrDefault(outcome, 0);
  }

  /** Entries that had a result before. */
  int before() {
    return before;
  }

  void run() {
    int all = batches.stream().mapToInt(b -> b.entries.size()).sum();
    try (BenchProgress progress = new BenchProgress(all)) {
      for (Batch batch : batches) {
        run(batch, progress);
      }
    }
  }

  private void run(Batch batch, BenchProgress progress) {
    BenchProcess process = null;
    try {
      for (SuiteEntry entry : batch.entries) {
        if (stopped) {
          return;
        }
        if (process == null) {
          process =
              new BenchProcess(settings.launcher(), batch.device, settings.tier(), entry.threads());
        }
        if (process.facts() == null) {
          for (SuiteEntry e : batch.entries) {
            finish(e, broken(e, batch, process), progress);
          }
          return;
        }
        if (known(entry, process.facts())) {
          before++;
          progress.done(entry.name() + " on " + batch.device + ": has a result of this commit");
          continue;
        }
        progress.began(entry.name());
        Optional<ObjectNode> result = process.run(entry, settings.seconds());
        if (stopped) {
          return;
        }
        ObjectNode j = result.orElse(broken(entry, batch, process));
        addFacts(j, batch, process.facts());
        if (Outcome.MEASURED.text().equals(j.path("outcome").asText())) {
          peer.time(entry, j);
        }
        finish(entry, j, progress);
        if (result.isEmpty()) {
          process.close();
          process = null;
        }
      }
    } finally {
      if (process != null) {
        process.close();
      }
    }
  }

  private boolean known(SuiteEntry entry, JsonNode facts) {
    String tier = entry.precision().equals("bf16") ? "cuda" : facts.path("tier").asText();
    return !settings.again()
        && file.done(
            entry.name(), facts.path("device").asText(), tier, facts.path("commit").asText());
  }

  private static ObjectNode broken(SuiteEntry entry, Batch batch, BenchProcess process) {
    ObjectNode j = entry.toJson();
    j.remove("config");
    j.remove("ask_peer");
    j.put("outcome", Outcome.BROKEN.text());
    j.put("reason", process.ended());
    j.put("device", batch.device);
    j.put("commit", BuildInfo.commit());
    return j;
  }

  private static void addFacts(ObjectNode j, Batch batch, ObjectNode facts) {
    for (Map.Entry<String, JsonNode> fact : facts.properties()) {
      if (!fact.getKey().equals("ready") && !j.has(fact.getKey())) {
        j.set(fact.getKey(), fact.getValue());
      }
    }
    if (batch.driver != null) {
      j.put("driver", batch.driver);
    }
  }

  private void finish(SuiteEntry entry, ObjectNode j, BenchProgress progress) {
    BenchMachine.moment(j);
    file.put(j);
    Outcome outcome = Outcome.valueOf(j.path("outcome").asText().toUpperCase(Locale.ROOT));
    counts.merge(outcome, 1, Integer::sum);
    progress.done(entry.name() + " on " + j.path("device").asText() + ": " + text(j));
  }

  private static String text(JsonNode j) {
    if (!j.path("median_ms").isNumber()) {
      String reason = j.path("reason").asText();
      return j.path("outcome").asText() + (reason.isEmpty() ? "" : ": " + reason);
    }
    String beside =
        j.has("peer")
            ? String.format(
                Locale.ROOT,
                ", the peer %.2f times as long",
                j.path("peer").path("median_ms").doubleValue() / j.path("median_ms").doubleValue())
            : "";
    return String.format(
        Locale.ROOT,
        "parity passed, %.3f ms, %.1f GFLOP/s, %.2f of a product%s",
        j.path("median_ms").doubleValue(),
        j.path("gflops").doubleValue(),
        j.path("of_product").doubleValue(),
        beside);
  }
}
