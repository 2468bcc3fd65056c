package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.verify.CaseResult;
import io.github.tornadosse.eval.verify.CaseResult.Outcome;
import io.github.tornadosse.eval.verify.GoldenCases;
import io.github.tornadosse.eval.verify.OperationsRunner;
import io.github.tornadosse.eval.verify.ReferenceRunner;
import io.github.tornadosse.eval.verify.TierRunner;
import io.github.tornadosse.eval.verify.Verifier;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Checks the kernels against golden cases. */
@Command(
    name = "verify",
    description = {
      "Compares every tier with golden cases computed in double precision.",
      "Without --tier: reference, portable and, where it can be used, vector; on a TornadoVM device",
      "what it compiles. Here --tier takes reference, too. With --all-devices: on jvm and every",
      "device of the SDK, each tier in a process of its own, as many at a time as the machine",
      "has processors for."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse verify",
      "  sse verify --cases golden --tier vector",
      "  sse verify --device opencl:0",
      "  sse verify --all-devices --json"
    })
final class VerifyCommand implements Callable<Integer> {
  private static final String REFERENCE = "reference";

  @Mixin private Globals globals;

  @Option(
      names = "--cases",
      paramLabel = "DIR",
      description = "A directory with op/, mixer/ and model/ (default: the cases in the jar).")
  private Path directory;

  @Option(
      names = "--all-devices",
      description = {
        "Check jvm and every device that 'sse devices' lists, and print one table. A device that",
        "does not start is a row of it, and a failure."
      })
  private boolean allDevices;

  private final int[] counts = new int[Outcome.values().length];

  @Override
  public Integer call() {
    if (allDevices) {
      return all();
    }
    boolean good;
    try (GoldenCases cases =
        directory == null ? GoldenCases.shipped() : GoldenCases.in(directory)) {
      good = Verifier.run(cases.all(), tiers(), this::report);
    }
    int passed = counts[Outcome.PASSED.ordinal()];
    int failed = counts[Outcome.FAILED.ordinal()];
    int skipped = counts[Outcome.SKIPPED.ordinal()];
    if (globals.json()) {
      Console.json(
          Console.object().put("passed", passed).put("failed", failed).put("skipped", skipped));
    } else {
      Console.out("%d passed, %d failed, %d skipped", passed, failed, skipped);
    }
    return good ? 0 : 1;
  }

  private int all() {
    if (!globals.tierName().equals("auto")) {
      throw new UserError("--all-devices checks every tier of a device; leave --tier out");
    }
    String home = System.getProperty("sse.home");
    if (home == null) {
      throw new UserError("--all-devices is for the launcher, bin/sse");
    }
    DeviceVerification processes =
        new DeviceVerification(
            Path.of(home, "bin", "sse"), directory, line -> Console.err("%s", line));
    // Nearly all of the time is compilation, on about two processors.
    int atOnce = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    DeviceTable table = processes.all(SdkDevices.found(), atOnce);
    if (globals.json()) {
      Console.json(table.json());
    } else {
      table.lines().forEach(Console::out);
    }
    return table.good() ? 0 : 1;
  }

  private List<TierRunner> tiers() {
    List<TierRunner> tiers = new ArrayList<>();
    if (globals.tierName().equals(REFERENCE)) {
      tiers.add(new ReferenceRunner());
      return tiers;
    }
    if (!globals.tierName().equals("auto")) {
      tiers.add(new OperationsRunner(globals.tier().operations()));
      return tiers;
    }
    if (Devices.embedded()) {
      tiers.add(new ReferenceRunner());
    }
    tiers.add(new OperationsRunner(Tiers.choose("portable").operations()));
    Tiers.Choice best = Tiers.choose("auto");
    if (best.operations().tier().equals("portable")) {
      Console.err("no other tier than portable: %s", best.reason());
    } else {
      tiers.add(new OperationsRunner(best.operations()));
    }
    return tiers;
  }

  private void report(CaseResult r) {
    counts[r.outcome().ordinal()]++;
    if (globals.json()) {
      ObjectNode j = Console.object();
      j.put("case", r.name());
      j.put("tier", r.tier());
      j.put("outcome", r.outcome().name().toLowerCase(Locale.ROOT));
      put(j, "forward", r.forward());
      put(j, "gradient", r.gradient());
      j.put("reason", r.reason());
      Console.json(j);
    } else {
      Console.out(
          "%-7s %-9s %-34s%s%s%s",
          r.outcome().name().toLowerCase(Locale.ROOT),
          r.tier(),
          r.name(),
          text("forward", r.forward()),
          text("gradient", r.gradient()),
          r.reason().isEmpty() ? "" : "  " + r.reason());
    }
  }

  private static void put(ObjectNode j, String name, CaseResult.Worst w) {
    if (w != null) {
      ObjectNode o = j.putObject(name);
      o.put("error", w.error());
      o.put("tolerance", w.tolerance());
      o.put("tensor", w.tensor());
    }
  }

  private static String text(String name, CaseResult.Worst w) {
    return w == null
        ? ""
        : String.format(Locale.ROOT, "  %s %.1e (<= %.0e)", name, w.error(), w.tolerance());
  }
}
