package io.github.tornadosse.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.eval.bench.ResultFile;
import io.github.tornadosse.eval.bench.SuiteEntry;
import io.github.tornadosse.eval.bench.SuitePlan;
import io.github.tornadosse.eval.bench.SuiteRunner;
import io.github.tornadosse.eval.bench.SuiteRunner.Outcome;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Recipe;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Runs a plan of benchmarks on several devices. */
@Command(
    name = "suite",
    description = {
      "Times what a plan names: mixers, and training, reading and decoding of models, each device",
      "in a process of its own. Every entry is first compared with the reference in double",
      "precision; what is not right has no time. Run again with the same file, it goes on where it",
      "was. Results are lines of JSON; docs/performance.md says what they mean."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse bench suite --quick --out quick.jsonl",
      "  sse bench suite --devices all --out runs/suite.jsonl",
      "  sse bench suite --devices jvm,cuda:0 --only 'sse-.*L8192' --peer 'python3 torch_cpu.py'",
      "  sse bench suite --plan mine.yaml --list"
    })
final class BenchSuiteCommand implements Callable<Integer> {
  /** Where a peer is found without being asked for, from the repository's directory. */
  private static final Path PEER = Path.of("..", "shared", "peers", "torch_cpu.py");

  @Mixin private Globals globals;

  @Option(
      names = "--devices",
      paramLabel = "NAME,..",
      split = ",",
      description = {
        "Devices that 'sse devices' lists, or all of them with jvm (default: the one of --device)."
      })
  private List<String> devices = List.of();

  @Option(
      names = "--plan",
      paramLabel = "FILE",
      description = "What to time, in YAML (default: benchmarks/suite.yaml of the repository).")
  private Path plan;

  @Option(names = "--quick", description = "The plan benchmarks/quick.yaml: a few minutes.")
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      description = "Entries whose name has a part that fits this regular expression.")
  private String only;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "runs/suite.jsonl",
      description =
          "Where results go, and where those are that need no run (default: ${DEFAULT-VALUE}).")
  private Path out;

  @Option(names = "--again", description = "Run entries that have a result of this commit, too.")
  private boolean again;

  @Option(
      names = "--peer",
      paramLabel = "COMMAND",
      description = {
        "A program to time beside entries that ask for it, with its arguments; see",
        "docs/performance.md (default: ../shared/peers/torch_cpu.py where that is)."
      })
  private String peer;

  @Option(names = "--no-peer", description = "Time no peer.")
  private boolean noPeer;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "3600",
      description = "How long an entry may take (default: ${DEFAULT-VALUE}).")
  private int timeout;

  @Option(names = "--list", description = "Print the names of the entries, and run none.")
  private boolean list;

  @Option(names = "--worker", hidden = true, description = "Run entries from standard input.")
  private boolean worker;

  @Override
  public Integer call() {
    if (worker) {
      return work();
    }
    List<SuiteEntry> entries = entries();
    if (list) {
      entries.forEach(e -> Console.out(e.name()));
      return 0;
    }
    if (timeout < 1) {
      throw new UserError("--timeout must be 1 or more, not " + timeout);
    }
    Path home = home();
    BenchSuite.Settings settings =
        new BenchSuite.Settings(
            home.resolve("bin").resolve("sse"),
            globals.tierName(),
            globals.askedThreads(),
            timeout,
            again);
    ResultFile file = ResultFile.open(out);
    BenchSuite suite = new BenchSuite(settings, file, new BenchPeer(peer(home)));
    addDevices(suite, entries);
    try (Interrupts interrupts = Interrupts.calling(suite::requestStop)) {
      suite.run();
    }
    report(suite, file);
    return suite.count(Outcome.FAILED) + suite.count(Outcome.BROKEN) > 0 ? 1 : 0;
  }

  // ---------------------------------------------------------------- the plan

  private List<SuiteEntry> entries() {
    if (quick && plan != null) {
      throw new UserError("--quick is a plan of its own; leave out one of --quick and --plan");
    }
    Path file =
        plan != null
            ? plan
            : home().resolve("benchmarks").resolve(quick ? "quick.yaml" : "suite.yaml");
    List<SuiteEntry> all = SuitePlan.load(file, BenchSuiteCommand::model).entries();
    if (only == null) {
      return all;
    }
    Pattern pattern;
    try {
      pattern = Pattern.compile(only);
    } catch (PatternSyntaxException e) {
      throw new UserError(
          "--only '" + only + "' is no regular expression: " + e.getDescription(), e);
    }
    List<SuiteEntry> some = all.stream().filter(e -> pattern.matcher(e.name()).find()).toList();
    if (some.isEmpty()) {
      throw new UserError(
          "no entry of " + file + " fits --only '" + only + "'; --list prints their names");
    }
    return some;
  }

  private static ModelConfig model(Path recipe) {
    Recipe read = Recipe.load(recipe, List.of());
    if (!read.data().tokenizer().equals(ByteTokenizer.NAME) && !read.model().has("vocab_size")) {
      throw new UserError(
          recipe + ": model.vocab_size is missing, which a tokenizer.json needs here");
    }
    return read.modelConfig(new ByteTokenizer().vocabSize());
  }

  private static Path home() {
    String home = System.getProperty("sse.home");
    if (home == null) {
      throw new UserError(
          "bench suite is for the launcher, bin/sse; without it, name a --plan and --list it");
    }
    return Path.of(home);
  }

  private String peer(Path home) {
    if (noPeer) {
      if (peer != null) {
        throw new UserError("leave out one of --peer and --no-peer");
      }
      return null;
    }
    if (peer != null) {
      if (peer.isBlank()) {
        throw new UserError("--peer must name a program");
      }
      return peer;
    }
    Path found = home.resolve(PEER).normalize();
    if (!Files.isRegularFile(found)) {
      return null;
    }
    return Files.isExecutable(found) ? found.toString() : "python3 " + found;
  }

  private void addDevices(BenchSuite suite, List<SuiteEntry> entries) {
    List<SdkDevices.Found> found = SdkDevices.found();
    List<String> names =
        devices.isEmpty() ? List.of(Devices.name()) : devices.stream().map(String::strip).toList();
    if (names.equals(List.of("all"))) {
      suite.add(Devices.JVM, null, entries);
      for (SdkDevices.Found d : found) {
        if (d.fields() == null) {
          Console.err("%s is left out: %s", d.name(), d.obstacle());
        } else {
          suite.add(d.name(), d.fields().driver(), entries);
        }
      }
      return;
    }
    for (String name : names) {
      SdkDevices.Found device =
          found.stream().filter(d -> d.name().equals(name)).findFirst().orElse(null);
      if (device == null && !devices.isEmpty() && !name.equals(Devices.JVM)) {
        throw new UserError(
            "--devices: there is no device '" + name + "' here; 'sse devices' lists them");
      }
      suite.add(name, device == null ? null : device.fields().driver(), entries);
    }
  }

  private void report(BenchSuite suite, ResultFile file) {
    if (globals.json()) {
      file.results().forEach(Console::json);
      return;
    }
    Console.out(
        "%d measured, %d failed, %d broken, %d skipped, %d known before%s",
        suite.count(Outcome.MEASURED),
        suite.count(Outcome.FAILED),
        suite.count(Outcome.BROKEN),
        suite.count(Outcome.SKIPPED),
        suite.before(),
        suite.stopped() ? "; stopped, the same command goes on with it" : "");
    Console.out("results  %s", out);
  }

  // ---------------------------------------------------------------- a process of one device

  /** Runs an entry for each line of standard input, and prints a line for each. */
  private int work() {
    Operations usual = globals.tier().operations();
    ObjectNode ready = Console.object().put("ready", true);
    BenchMachine.facts(ready);
    ready.put("tier", usual.tier());
    Console.json(ready);
    SuiteRunner runner = new SuiteRunner(precision -> tier(precision, usual));
    ObjectMapper json = new ObjectMapper();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        Console.json(runner.run(SuiteEntry.fromJson(json.readTree(line))));
      }
    } catch (JsonProcessingException e) {
      throw new UserError("--worker takes an entry of JSON a line", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return 0;
  }

  private Operations tier(String precision, Operations usual) {
    if (precision.equals("bf16") && !Devices.name().startsWith("cuda:")) {
      throw new UserError("bf16 needs a device cuda:N; this is " + Devices.name());
    }
    String name = Tiers.forPrecision(precision, globals.tierName());
    return name.equals(globals.tierName()) ? usual : Tiers.choose(name).operations();
  }
}
