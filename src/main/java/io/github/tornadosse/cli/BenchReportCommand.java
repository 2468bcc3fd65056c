package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.ResultFile;
import io.github.tornadosse.eval.bench.SuiteReport;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Results of benchmarks as a page. */
@Command(
    name = "report",
    description = {
      "Writes results of 'sse bench suite' as one page with plots, and the plots as pictures",
      "beside it: time against length with fitted exponents, time against partitions, rooflines,",
      "devices and peer side by side."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse bench report runs/suite.jsonl --out runs/suite.html",
      "  sse bench report laptop.jsonl gpu.jsonl --out both.html --title 'Two machines'"
    })
final class BenchReportCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Parameters(arity = "1..*", paramLabel = "RESULTS", description = "Files of results.")
  private List<Path> files;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "report.html",
      description = "The page (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(
      names = "--title",
      defaultValue = "Benchmark suite",
      description = "Its heading (default: ${DEFAULT-VALUE}).")
  private String title;

  @Override
  public Integer call() {
    List<ObjectNode> results = new ArrayList<>();
    for (Path file : files) {
      results.addAll(ResultFile.read(file));
    }
    List<Path> pictures = SuiteReport.write(out, title, results);
    if (globals.json()) {
      ObjectNode j = Console.object().put("report", out.toString());
      ArrayNode names = j.putArray("pictures");
      pictures.forEach(p -> names.add(p.toString()));
      Console.json(j);
    } else {
      Console.out("report   %s", out);
      pictures.forEach(p -> Console.out("picture  %s", p));
    }
    return 0;
  }
}
