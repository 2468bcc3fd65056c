package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.profile.MemoryUse;
import io.github.tornadosse.eval.profile.ProfilePage;
import io.github.tornadosse.eval.profile.StepProfiler;
import io.github.tornadosse.eval.profile.TrainingProfile;
import io.github.tornadosse.eval.profile.TrainingProfile.Share;
import io.github.tornadosse.eval.profile.TrainingProfile.Task;
import io.github.tornadosse.eval.profile.Work;
import io.github.tornadosse.nn.AdamSettings;
import io.github.tornadosse.nn.TrainingModel;
import io.github.tornadosse.tensor.Pictures;
import io.github.tornadosse.train.CorpusData;
import io.github.tornadosse.train.Recipe;
import io.github.tornadosse.train.Schedule;
import io.github.tornadosse.train.TaskData;
import io.github.tornadosse.train.TrainingData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Says where the time goes. */
@Command(
    name = "profile",
    description = "Says where the time of a program goes.",
    mixinStandardHelpOptions = true,
    subcommands = {ProfileCommand.TrainingCommand.class},
    footerHeading = "%nExamples:%n",
    footer = {"  sse profile train tornado-config/demo.yaml --data src.zip"})
final class ProfileCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which profile? One of train");
  }

  /** Training steps. */
  @Command(
      name = "train",
      description = {
        "Runs training steps of a recipe and says where their time goes: time, share, operations and",
        "bytes a second of each part and each operation, beside a matrix product and a copy in the",
        "same process; and the memory that was planned and used. Nothing is saved but the page."
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  sse profile train tornado-config/demo.yaml --data src.zip",
        "  sse profile train tornado-config/demo.yaml --data src.zip --steps 20 --json",
        "  sse profile train tornado-config/small.yaml --data ~/books --out profiles/small"
      })
  static final class TrainingCommand implements Callable<Integer> {
    @Mixin private Globals globals;

    @Parameters(paramLabel = "RECIPE", description = "A recipe, such as tornado-config/demo.yaml.")
    private Path recipe;

    @Option(
        names = "--set",
        paramLabel = "KEY=VALUE",
        description = "Overrides a key of the recipe, such as train.batch_tokens=4096.")
    private List<String> overrides = new ArrayList<>();

    @Option(
        names = "--data",
        paramLabel = "PATH",
        description = "Text to train on: a file, a folder or a zip file (data.path).")
    private Path data;

    @Option(
        names = "--warmup",
        paramLabel = "N",
        defaultValue = "40",
        description = "Steps before those that count (default: ${DEFAULT-VALUE}).")
    private int warmup;

    @Option(
        names = "--steps",
        paramLabel = "N",
        defaultValue = "10",
        description = "Steps that count; the fastest is shown (default: ${DEFAULT-VALUE}).")
    private int steps;

    @Option(
        names = "--out",
        paramLabel = "DIR",
        description = "Where to write profile.html and profile.png; without it they are not.")
    private Path out;

    @Option(
        names = "--dtype",
        paramLabel = "DTYPE",
        description = {
          "float32, or bf16: products of bfloat16 factors, summed in float32 (device cuda:N).",
          "Without it, the tier's."
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
        Pictures.require(out);
      }
      TrainingProfile p = profile(Recipe.load(recipe, all));
      if (out != null) {
        ProfilePage.write(out, recipe.getFileName().toString(), p, TrainCommand.facts(globals));
      }
      if (globals.json()) {
        Console.json(json(p));
      } else {
        print(p);
      }
      return 0;
    }

    private TrainingProfile profile(Recipe r) {
      Recipe.Train t = r.train();
      try (TrainingData source = r.data().task() == null ? CorpusData.open(r) : TaskData.open(r)) {
        AdamSettings adam = new AdamSettings(t.beta1(), t.beta2(), t.eps(), t.weightDecay());
        StepProfiler.Options options =
            new StepProfiler.Options(
                r.modelConfig(source.vocabSize()),
                new TrainingModel.Settings(
                    t.batchTokens(), source.maxSequences(), adam, t.recompute()),
                t.seed(),
                t.accumulation(),
                r.data().sequenceLength(),
                t.clipNorm(),
                warmup,
                steps);
        Schedule schedule = new Schedule(t);
        return new StepProfiler(
                options, source::next, step -> schedule.at(Math.min(step, t.steps())))
            .run(globals.tier().operations());
      }
    }

    private void print(TrainingProfile p) {
      Console.out(
          "%s: fastest of %d steps, %d tokens in %.2f ms (median %.2f), %.0f tokens/s",
          globals.deviceAndTier(),
          p.steps(),
          p.tokens(),
          p.wallMs(),
          p.medianMs(),
          p.tokensPerSecond());
      Console.out("");
      header("part");
      for (Share s : p.parts()) {
        line(p, s.part().label(), s.ms(), s.work());
      }
      line(p, "step", p.wallMs(), p.work());
      Console.out("");
      header("operation");
      for (Task t : p.longest()) {
        if (t.ms() >= p.wallMs() / 200) {
          line(p, t.graph() + "." + t.id(), t.ms(), t.work());
        }
      }
      Console.out("");
      Console.out(
          "limits  a %d³ product %.1f GFLOP/s, a copy %.1f GB/s; the step's arithmetic is %.2f of"
              + " the product",
          p.productSize(), p.sgemmGflops(), p.copyGbs(), p.ofSgemm());
      Console.out("memory  %s", ProfilePage.memory(p.memory()));
      if (out != null) {
        Console.out("page    %s", out.resolve(ProfilePage.PAGE));
      }
    }

    private static void header(String first) {
      Console.out("%-40s %9s %7s %9s %8s %9s", first, "ms", "share", "GFLOP/s", "GB/s", "of limit");
    }

    private static void line(TrainingProfile p, String name, double ms, Work work) {
      boolean any = work.bytes() > 0;
      Console.out(
          "%-40s %9.2f %6.1f%% %9s %8s %9s",
          name,
          ms,
          100 * ms / p.wallMs(),
          figure(work.flop() > 0, "%.1f", work.flop() / ms / 1e6),
          figure(any, "%.1f", work.bytes() / ms / 1e6),
          figure(any, "%.2f", p.ofLimit(work, ms)));
    }

    private static String figure(boolean any, String format, double x) {
      return any ? String.format(Locale.ROOT, format, x) : "-";
    }

    private ObjectNode json(TrainingProfile p) {
      ObjectNode j = Console.object();
      j.put("recipe", recipe.toString());
      j.put("tokens", p.tokens());
      j.put("steps", p.steps());
      j.put("step_ms", Console.rounded(p.wallMs(), 3));
      j.put("median_ms", Console.rounded(p.medianMs(), 3));
      j.put("tokens_per_second", Console.rounded(p.tokensPerSecond(), 1));
      j.put("gflop", Console.rounded(p.work().flop() / 1e9, 6));
      j.put("gflops", Console.rounded(p.gflops(), 1));
      j.put("of_sgemm", Console.rounded(p.ofSgemm(), 3));
      j.put("sgemm_gflops", Console.rounded(p.sgemmGflops(), 1));
      j.put("product_size", p.productSize());
      j.put("copy_gbs", Console.rounded(p.copyGbs(), 1));
      for (Share s : p.parts()) {
        ObjectNode part = j.withArray("parts").addObject();
        part.put("part", s.part().name().toLowerCase(Locale.ROOT));
        figures(part, p, s.ms(), s.work());
      }
      for (Task t : p.longest()) {
        ObjectNode task = j.withArray("operations").addObject();
        task.put("graph", t.graph());
        task.put("id", t.id());
        task.put("operation", t.operation());
        task.put("part", t.part().name().toLowerCase(Locale.ROOT));
        task.put("executions", t.executions());
        figures(task, p, t.ms(), t.work());
      }
      MemoryUse m = p.memory();
      j.put("planned_bytes", m.planned());
      j.put("heap_bytes", m.heap());
      m.resident().ifPresent(bytes -> j.put("resident_bytes", bytes));
      j.put("threads", globals.threads());
      j.put("device", globals.deviceAndTier());
      j.put("machine", BuildInfo.machine());
      j.put("jdk", BuildInfo.jdk());
      j.put("commit", BuildInfo.commit());
      return j;
    }

    private static void figures(ObjectNode j, TrainingProfile p, double ms, Work work) {
      j.put("ms", Console.rounded(ms, 4));
      j.put("share", Console.rounded(ms / p.wallMs(), 4));
      if (work.bytes() > 0) {
        j.put("gflop", Console.rounded(work.flop() / 1e9, 6));
        j.put("gb", Console.rounded(work.bytes() / 1e9, 6));
        j.put("gflops", Console.rounded(ms > 0 ? work.flop() / ms / 1e6 : 0, 2));
        j.put("gbs", Console.rounded(ms > 0 ? work.bytes() / ms / 1e6 : 0, 2));
        j.put("of_limit", Console.rounded(p.ofLimit(work, ms), 3));
      }
    }
  }
}
