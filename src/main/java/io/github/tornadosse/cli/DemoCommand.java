package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.ByteTokenizer;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.infer.Generator;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.infer.SamplingOptions;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Baseline;
import io.github.tornadosse.train.CorpusData;
import io.github.tornadosse.train.Recipe;
import io.github.tornadosse.train.TrainingRun;
import io.github.tornadosse.train.TrainingSummary;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Trains a small model on source text and shows what it has learned. */
@Command(
    name = "demo",
    description = {
      "Trains a byte-level SSE model for a few minutes, by default on the JDK's own sources, and",
      "compares it with models that count bytes on the same text."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sse demo", "  sse demo --seconds 60 --json", "  sse demo --data ~/books"})
final class DemoCommand implements Callable<Integer> {
  private static final String PROMPT =
      "    /**\n     * Returns the number of elements in this list.\n     */\n    public int ";
  private static final int SAMPLE_TOKENS = 400;
  private static final long COUNTED_BYTES = 32 << 20;

  @Mixin private Globals globals;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "240",
      description = "For how long to train (default: ${DEFAULT-VALUE}).")
  private double seconds;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "Text to train on: a file, a folder or a zip file.")
  private Path data;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      description = "Where the run goes (default: a new folder under runs).")
  private Path out;

  @Override
  public Integer call() {
    if (!(seconds > 0)) {
      throw new UserError("--seconds must be above 0, not " + seconds);
    }
    Path home = home();
    boolean java = data == null;
    Path text = java ? sources(home) : data;
    Path directory = out == null ? newDirectory(home) : out;
    Recipe recipe = recipe(home, text, java, directory);
    Console.err("text: %s", text);
    List<Baseline> baselines;
    try (CorpusData corpus = CorpusData.open(recipe)) {
      baselines = corpus.baselines(COUNTED_BYTES, recipe.evaluate().tokens());
    }
    TrainingSummary s =
        TrainCommand.run(
            globals,
            recipe,
            new TrainingRun.Options(false, null, baselines, TrainCommand.facts(globals)));
    String sample = sample(s.checkpoint(), java ? PROMPT : "The ");
    if (globals.json()) {
      Console.out("%s", sample);
      ObjectNode j = Console.object();
      j.put("bits_per_byte", s.heldOutBitsPerByte().orElse(Double.NaN));
      j.put("order0_bits_per_byte", baselines.get(0).bitsPerByte());
      j.put("order3_bits_per_byte", baselines.get(1).bitsPerByte());
      j.put("tokens_per_second", Console.rounded(s.tokensPerSecond(), 1));
      j.put("checkpoint", s.checkpoint().toString());
      s.report().ifPresent(p -> j.put("report", p.toString()));
      j.put("steps", s.step());
      j.put("seconds", Console.rounded(s.seconds(), 1));
      Console.json(j);
    } else {
      print(s, baselines, sample);
    }
    return 0;
  }

  private static Path home() {
    String home = System.getProperty("sse.home");
    if (home == null) {
      throw new UserError(
          "the demo needs the repository: start it with ./setup.sh demo or bin/sse");
    }
    return Path.of(home);
  }

  private static Path sources(Path home) {
    Path jdk = Path.of(System.getProperty("java.home"), "lib", "src.zip");
    return Files.isReadable(jdk) ? jdk : home.resolve("src");
  }

  private static Path newDirectory(Path home) {
    String now = LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
    return home.resolve("runs").resolve("demo-" + now);
  }

  private Recipe recipe(Path home, Path text, boolean java, Path directory) {
    List<String> overrides = new ArrayList<>();
    overrides.add("data.path=" + text);
    overrides.add("train.seconds=" + seconds);
    overrides.add("train.steps=1000000");
    overrides.add("evaluate.every=0");
    overrides.add("checkpoint.every=0");
    overrides.add("checkpoint.directory=" + directory);
    if (!java) {
      overrides.add("data.include=**");
    }
    return Recipe.load(home.resolve("tornado-config").resolve("demo.yaml"), overrides);
  }

  private String sample(Path checkpoint, String prompt) {
    Tokenizer tokenizer = new ByteTokenizer();
    StringBuilder text = new StringBuilder(prompt);
    try (LanguageModel m =
        ModelLoader.load(
            checkpoint,
            globals.tier().operations(),
            LanguageModel.Capacity.reading(128, 1, 1024))) {
      Tokenizer.Decoder decoder = tokenizer.decoder(text::append);
      new Generator(m)
          .generate(
              tokenizer.encode(prompt.getBytes(StandardCharsets.UTF_8)),
              SAMPLE_TOKENS,
              new SamplingOptions(0.6, 0, 0.95, 1),
              id -> {
                decoder.accept(id);
                return id != tokenizer.separator();
              });
      decoder.finish();
    }
    return text.toString();
  }

  private static void print(TrainingSummary s, List<Baseline> baselines, String sample) {
    Console.out("");
    Console.out("%s", sample);
    Console.out("");
    Console.out("held-out text, bits per byte");
    Console.out(
        "  this model, %,d parameters  %.3f",
        s.parameters(), s.heldOutBitsPerByte().orElse(Double.NaN));
    Console.out("  counts of bytes (order 0)      %.3f", baselines.get(0).bitsPerByte());
    Console.out("  counts after 3 bytes (order 3) %.3f", baselines.get(1).bitsPerByte());
    Console.out("%d steps in %.0f s, %.0f tokens/s", s.step(), s.seconds(), s.tokensPerSecond());
    Console.out("checkpoint  %s", s.checkpoint());
    s.report().ifPresent(p -> Console.out("report      %s", p));
    Console.out("");
    Console.out("next:  bin/sse generate %s --prompt 'public static int '", s.checkpoint());
    s.report()
        .ifPresent(
            p ->
                Console.out(
                    "       bin/sse train %s --resume --set train.seconds=1200",
                    p.resolveSibling("recipe.yaml")));
  }
}
