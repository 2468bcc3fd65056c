package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.train.Recipe;
import io.github.tornadosse.train.TaskGraphModels;
import io.github.tornadosse.train.TrainingRun;
import io.github.tornadosse.train.TrainingSummary;
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

/** Trains a model. */
@Command(
    name = "train",
    description = {
      "Trains a model as a recipe says, or goes on with a run.",
      "Ctrl-C finishes the step, saves and ends; --resume goes on from there."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse train tornado-config/demo.yaml --data ~/books --out runs/books",
      "  sse train tornado-config/demo.yaml --set train.learning_rate=1e-3 --set train.steps=200",
      "  sse train continue.yaml --from hybrid --data ~/books --out runs/hybrid",
      "  sse train runs/books/recipe.yaml --resume"
    })
final class TrainCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Parameters(paramLabel = "RECIPE", description = "A recipe, such as tornado-config/demo.yaml.")
  private Path recipe;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Overrides a key of the recipe, such as train.steps=100.")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "Text to train on: a file, a folder or a zip file (data.path).")
  private Path data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where checkpoints and the report go (checkpoint.directory).")
  private Path out;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      description = "Wall-clock limit; the learning rate comes down by then (train.seconds).")
  private Double seconds;

  @Option(
      names = "--from",
      paramLabel = "DIR",
      description =
          "Start from the weights of a model's directory, or that of a run (train.init). The recipe"
              + " has no model keys then: they are the model's.")
  private Path from;

  @Option(names = "--resume", description = "Go on from the run's latest checkpoint.")
  private boolean resume;

  @Option(
      names = "--dtype",
      paramLabel = "DTYPE",
      description = {
        "float32, or bf16: products of bfloat16 factors, summed in float32; parameters, moments and",
        "states stay float32 (device cuda:N). Without it, the tier's."
      })
  private String dtype;

  @Override
  public Integer call() {
    globals.precision(dtype);
    List<String> all = new ArrayList<>(overrides);
    if (data != null) {
      all.add("data.path=" + data);
    }
    if (out != null) {
      all.add("checkpoint.directory=" + out);
    }
    if (from != null) {
      all.add("train.init=" + Checkpoints.model(from));
    }
    if (seconds != null) {
      all.add("train.seconds=" + seconds);
    }
    TrainingRun.Options options = new TrainingRun.Options(resume, null, List.of(), facts(globals));
    TrainingSummary s = run(globals, Recipe.load(recipe, all), options);
    if (globals.json()) {
      Console.json(json(s));
    } else {
      print(s);
    }
    return 0;
  }

  /** Runs with progress on standard error; an interrupt ends it after its step. */
  static TrainingSummary run(Globals globals, Recipe recipe, TrainingRun.Options options) {
    TrainingRun run =
        new TrainingRun(
            recipe,
            options,
            new TaskGraphModels(globals.tier().operations(), false),
            new TrainProgress());
    try (Interrupts interrupts = Interrupts.calling(run::requestStop)) {
      return run.run();
    }
  }

  /** What the report says of the machine. */
  static Map<String, String> facts(Globals globals) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Machine", BuildInfo.machine());
    facts.put("JDK", BuildInfo.jdk());
    facts.put("Device", globals.deviceAndTier());
    facts.put("Commit", BuildInfo.commit());
    return facts;
  }

  static ObjectNode json(TrainingSummary s) {
    ObjectNode j = Console.object();
    j.put("step", s.step());
    j.put("stopped", s.stopped());
    j.put("skipped", s.skipped());
    if (!Double.isNaN(s.loss())) {
      j.put("loss", s.loss());
    }
    s.heldOutLoss().ifPresent(x -> j.put("held_out_loss", x));
    s.heldOutBitsPerByte().ifPresent(x -> j.put("bits_per_byte", x));
    j.put("tokens_per_second", Console.rounded(s.tokensPerSecond(), 1));
    j.put("seconds", Console.rounded(s.seconds(), 2));
    j.put("parameters", s.parameters());
    j.put("checkpoint", s.checkpoint().toString());
    s.report().ifPresent(p -> j.put("report", p.toString()));
    return j;
  }

  private static void print(TrainingSummary s) {
    Console.out(
        "%s after step %d: %.0f tokens/s%s",
        s.stopped() ? "stopped" : "done",
        s.step(),
        s.tokensPerSecond(),
        s.heldOutBitsPerByte().isPresent()
            ? String.format(
                Locale.ROOT, ", held-out %.3f bits per byte", s.heldOutBitsPerByte().getAsDouble())
            : "");
    if (s.skipped() > 0) {
      Console.out("%d steps were skipped: their loss or gradients were not finite", s.skipped());
    }
    Console.out("checkpoint  %s", s.checkpoint());
    s.report().ifPresent(p -> Console.out("report      %s", p));
  }
}
