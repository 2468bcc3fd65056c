package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.ResultComparison;
import io.github.tornadosse.eval.bench.ResultComparison.Row;
import io.github.tornadosse.eval.bench.ResultFile;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Two files of results, entry by entry. */
@Command(
    name = "compare",
    description = {
      "Compares results of 'sse bench suite' of the same machine: for each entry the ratio of",
      "medians with a 95 % confidence interval from the recorded runs. The exit code is 1 if an",
      "entry is slower beyond its interval and the tolerance, or has no time any more."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse bench compare before.jsonl after.jsonl",
      "  sse bench compare before.jsonl after.jsonl --tolerance 0.02 --json"
    })
final class BenchCompareCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Parameters(index = "0", paramLabel = "BASE", description = "The earlier results.")
  private Path base;

  @Parameters(index = "1", paramLabel = "NEW", description = "The later results.")
  private Path later;

  @Option(
      names = "--tolerance",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description = "By how much an entry may be slower (default: ${DEFAULT-VALUE}).")
  private double tolerance;

  @Option(
      names = "--anyway",
      description = "Compare results of different machines, devices and tiers, too.")
  private boolean anyway;

  @Override
  public Integer call() {
    if (!(tolerance >= 0) || Double.isInfinite(tolerance)) {
      throw new UserError("--tolerance must be 0 or more, not " + tolerance);
    }
    ResultComparison c =
        ResultComparison.of(ResultFile.read(base), ResultFile.read(later), tolerance, anyway);
    if (globals.json()) {
      c.rows().forEach(r -> Console.json(json(r)));
    } else {
      print(c);
    }
    return c.worse() ? 1 : 0;
  }

  private static void print(ResultComparison c) {
    int width = c.rows().stream().mapToInt(r -> r.name().length()).max().orElse(0);
    String line = "%-" + width + "s  %-9s  %11s  %11s  %7s  %-15s  %s";
    Console.out(line, "entry", "device", "before, ms", "after, ms", "ratio", "95 %", "");
    for (Row r : c.rows()) {
      Console.out(
          line,
          r.name(),
          r.device(),
          number("%.3f", r.before()),
          number("%.3f", r.after()),
          r.ratio() == null ? "" : number("%.3f", r.ratio().ratio()),
          r.ratio() == null ? "" : interval(r),
          verdict(r));
    }
    c.onlyBefore().forEach(name -> Console.out("only before: %s", name));
    c.onlyAfter().forEach(name -> Console.out("only after: %s", name));
  }

  private static String interval(Row r) {
    return Double.isInfinite(r.ratio().high())
        ? "too few runs"
        : String.format(Locale.ROOT, "%.3f to %.3f", r.ratio().low(), r.ratio().high());
  }

  private static String verdict(Row r) {
    return switch (r.verdict()) {
      case SLOWER -> "slower";
      case FASTER -> "faster";
      case LOST -> "lost: " + r.reason();
      case NONE -> r.reason();
      case SAME -> "";
    };
  }

  private static String number(String format, double x) {
    return Double.isNaN(x) ? "" : String.format(Locale.ROOT, format, x);
  }

  private static ObjectNode json(Row r) {
    ObjectNode j = Console.object().put("name", r.name()).put("device", r.device());
    j.put("verdict", r.verdict().name().toLowerCase(Locale.ROOT));
    if (!Double.isNaN(r.before())) {
      j.put("before_ms", r.before());
    }
    if (!Double.isNaN(r.after())) {
      j.put("after_ms", r.after());
    }
    if (r.ratio() != null) {
      j.put("ratio", r.ratio().ratio());
      if (!Double.isInfinite(r.ratio().high())) {
        j.put("low", r.ratio().low()).put("high", r.ratio().high());
      }
    }
    if (!r.reason().isEmpty()) {
      j.put("reason", r.reason());
    }
    return j;
  }
}
