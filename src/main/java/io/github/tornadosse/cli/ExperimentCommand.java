package io.github.tornadosse.cli;

import io.github.tornadosse.experiment.Cell;
import io.github.tornadosse.experiment.CellResult;
import io.github.tornadosse.experiment.Experiment;
import io.github.tornadosse.experiment.ExperimentProgress;
import io.github.tornadosse.experiment.ExperimentRecipe;
import io.github.tornadosse.experiment.ResultFiles;
import io.github.tornadosse.experiment.Spread;
import io.github.tornadosse.experiment.States;
import io.github.tornadosse.experiment.Summary;
import io.github.tornadosse.tensor.Pictures;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Trains and compares models. */
@Command(
    name = "experiment",
    description = {
      "Trains models with several learning rates and seeds, and writes one table and one plot.",
      "Run again, it goes on where it was: finished runs are kept, others go on from their",
      "checkpoints."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse experiment tornado-config/experiments/mqar-quick.yaml",
      "  sse experiment tornado-config/experiments/mqar.yaml --jobs 8 --out runs/mqar-8"
    })
final class ExperimentCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Parameters(
      paramLabel = "RECIPE",
      description = "An experiment's recipe, such as tornado-config/experiments/mqar-quick.yaml.")
  private Path recipe;

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Runs at a time; they share the threads (default: one a thread).")
  private Integer jobs;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where runs and results go (default: the recipe's directory).")
  private Path out;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of all training recipes, such as train.steps=100.")
  private List<String> overrides = new ArrayList<>();

  @Override
  public Integer call() {
    if (jobs != null && jobs < 1) {
      throw new UserError("--jobs must be 1 or more, not " + jobs);
    }
    int atOnce = jobs == null ? globals.threads() : jobs;
    ExperimentRecipe read = ExperimentRecipe.load(recipe, out);
    Pictures.require("the results of " + recipe);
    Map<String, String> facts = new LinkedHashMap<>(TrainCommand.facts(globals));
    Summary summary;
    try (Shown shown = new Shown()) {
      Experiment experiment =
          new Experiment(read, overrides, globals.tier().operations(), atOnce, shown);
      // A run takes its share of the threads, and it alone.
      globals.limitThreads(Math.max(1, globals.threads() / atOnce));
      try (Interrupts interrupts = Interrupts.calling(experiment::requestStop)) {
        summary = experiment.run();
      }
    }
    if (summary.models().isEmpty()) {
      Console.err("stopped before the first run was finished; the same command goes on with it");
      return 0;
    }
    facts.put("Runs at a time", Integer.toString(atOnce));
    facts.put("Recipe", recipe.toString());
    ResultFiles.write(read.directory(), summary, facts);
    if (read.statesTokens() > 0) {
      States.write(read, summary, globals.tier().operations(), facts);
    }
    if (globals.json()) {
      Console.json(ResultFiles.json(summary));
    } else {
      print(read, summary);
    }
    return 0;
  }

  private static void print(ExperimentRecipe recipe, Summary summary) {
    Console.out("%-14s %10s %12s %9s  %s", "model", "parameters", "state bytes", "lr", "mean");
    for (Summary.Model m : summary.models()) {
      Console.out(
          "%-14s %,10d %,12d %9s  %s over %d %s",
          m.name(),
          m.parameters(),
          m.stateBytes(),
          m.learningRate(),
          text(m.overall()),
          m.overall().count(),
          m.overall().count() == 1 ? "seed" : "seeds");
    }
    if (!summary.complete(recipe.seeds().size())) {
      Console.out("not finished; the same command goes on with it");
    }
    Console.out("results  %s", recipe.directory().resolve("results.md"));
    Console.out("plot     %s", recipe.directory().resolve("recall.png"));
    Console.out("report   %s", recipe.directory().resolve("report.html"));
    if (recipe.statesTokens() > 0) {
      Console.out("states   %s", recipe.directory().resolve("states.html"));
    }
  }

  private static String text(Spread s) {
    return Double.isNaN(s.half())
        ? String.format(Locale.ROOT, "%.4f", s.mean())
        : String.format(Locale.ROOT, "%.4f ± %.4f", s.mean(), s.half());
  }

  /** Says on standard error how far it is. */
  private static final class Shown implements ExperimentProgress, AutoCloseable {
    private WorkProgress progress = new WorkProgress("experiment");
    private long done;
    private long all = 1;
    private int cells;
    private int finished;
    private long began;

    @Override
    public synchronized void started(int cells, int finished, long steps) {
      Console.err("%d runs, %d of them finished before", cells, finished);
      this.cells = cells;
      this.finished = finished;
      progress.close();
      progress = new WorkProgress("experiment");
      done = 0;
      all = Math.max(1, steps);
      began = System.nanoTime();
    }

    @Override
    public synchronized void step() {
      progress.update(++done, all);
    }

    @Override
    public synchronized void finished(Cell cell, CellResult result) {
      finished++;
      double seconds = (System.nanoTime() - began) / 1e9;
      Console.err(
          "%d of %d: %s: validation %.4f, loss %.4f, %.0f s; about %.0f min left",
          finished,
          cells,
          cell.describe(),
          result.validationValue(),
          result.validationNats(),
          result.seconds(),
          seconds * (all - done) / Math.max(1, done) / 60);
    }

    @Override
    public synchronized void close() {
      progress.close();
    }
  }
}
