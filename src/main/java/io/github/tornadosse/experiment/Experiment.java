package io.github.tornadosse.experiment;

import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Trains all runs of an experiment, several at a time, and sums up. A run that is finished is not
 * repeated, one that was interrupted goes on from its checkpoint, so the same call goes on with an
 * experiment that was stopped or killed.
 */
public final class Experiment {
  private final ExperimentRecipe recipe;
  private final Cells cells;
  private final Operations ops;
  private final int jobs;
  private final ExperimentProgress progress;
  private final Set<CellRun> running = new LinkedHashSet<>();
  private final Map<Cell, CellResult> results = new LinkedHashMap<>();
  private boolean stopRequested;

  /**
   * Checks an experiment; nothing is computed yet.
   *
   * @param recipe what to do
   * @param overrides assignments to keys of all training recipes, such as {@code train.steps=100}
   * @param ops the tier of kernels
   * @param jobs runs at a time
   * @param progress hears how it goes
   * @throws UserError if a model's recipe does not fit
   */
  public Experiment(
      ExperimentRecipe recipe,
      List<String> overrides,
      Operations ops,
      int jobs,
      ExperimentProgress progress) {
    this.recipe = recipe;
    this.ops = ops;
    this.jobs = jobs;
    this.progress = progress;
    cells = new Cells(recipe, overrides);
  }

  /** Asks all runs to finish their step, save and return; from any thread. */
  public void requestStop() {
    synchronized (running) {
      stopRequested = true;
      running.forEach(CellRun::requestStop);
    }
  }

  private boolean stopped() {
    synchronized (running) {
      return stopRequested;
    }
  }

  /**
   * Runs to the end or until {@link #requestStop()}.
   *
   * @return what is known then; of all models if it was not stopped
   * @throws UserError if a run fails; others that were under way have ended by then
   */
  public Summary run() {
    List<Integer> sweep = recipe.seeds().subList(0, recipe.sweepSeeds());
    List<Cell> first = new ArrayList<>();
    for (String model : recipe.models().keySet()) {
      first.addAll(cells.of(model, recipe.learningRates().get(model), sweep));
    }
    run(inTurn(first));
    if (!stopped() && sweep.size() < recipe.seeds().size()) {
      List<Cell> second = new ArrayList<>();
      Summary chosen = summary();
      for (String model : recipe.models().keySet()) {
        double rate = chosen.of(model).orElseThrow().learningRate();
        List<Integer> others = recipe.seeds().subList(sweep.size(), recipe.seeds().size());
        second.addAll(cells.of(model, List.of(rate), others));
      }
      run(inTurn(second));
    }
    return summary();
  }

  /** The first seed of all models before the second, so that an early end shows all models. */
  private static List<Cell> inTurn(List<Cell> all) {
    List<Cell> sorted = new ArrayList<>(all);
    sorted.sort((a, b) -> Integer.compare(a.seed(), b.seed()));
    return sorted;
  }

  /** What is known now. */
  private Summary summary() {
    synchronized (results) {
      return Summary.of(recipe, results);
    }
  }

  private void run(Collection<Cell> all) {
    List<Cell> left = new ArrayList<>();
    long steps = 0;
    for (Cell cell : all) {
      Optional<CellResult> kept = CellResult.read(cell, recipe);
      if (kept.isPresent()) {
        results.put(cell, kept.get());
      } else {
        left.add(cell);
        steps += cell.recipe().train().steps();
      }
    }
    progress.started(all.size(), all.size() - left.size(), steps);
    List<Future<?>> futures = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(jobs)) {
      for (Cell cell : left) {
        futures.add(pool.submit(() -> run(cell)));
      }
    }
    Throwable failure = null;
    for (Future<?> future : futures) {
      try {
        future.get();
      } catch (ExecutionException e) {
        failure = failure == null ? e.getCause() : failure;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        failure = e;
      }
    }
    switch (failure) {
      case null -> {}
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(failure);
    }
  }

  private void run(Cell cell) {
    CellRun run = new CellRun(cell, recipe, ops, progress);
    synchronized (running) {
      if (stopRequested) {
        return;
      }
      running.add(run);
    }
    try {
      Optional<CellResult> result = run.run();
      if (result.isPresent()) {
        synchronized (results) {
          results.put(cell, result.get());
        }
        progress.finished(cell, result.get());
      }
    } catch (UserError e) {
      requestStop();
      throw new UserError(cell.describe() + ": " + e.getMessage(), e);
    } catch (RuntimeException | Error e) {
      requestStop();
      throw e;
    } finally {
      synchronized (running) {
        running.remove(run);
      }
    }
  }
}
