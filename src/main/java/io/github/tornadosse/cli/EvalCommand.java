package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.Document;
import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.data.PackedBatches;
import io.github.tornadosse.data.Split;
import io.github.tornadosse.data.TextSource;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.eval.Perplexity;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures a model on text or on a task. */
@Command(
    name = "eval",
    customSynopsis = {
      "sse eval CHECKPOINT --data PATH [OPTIONS]",
      "       sse eval TASK CHECKPOINT [OPTIONS]"
    },
    description = {
      "Measures how well a model predicts text (bits per byte and perplexity), or how often it is",
      "right on a task of recall, copying or state tracking.",
      "Tasks: mqar, needle-noise, needle-text, needle-uuid, needle-keys, needle-values,",
      "needle-queries, phone-book, copy, selective-copy, permutations-3, permutations-5."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse eval runs/demo --data other-books",
      "  sse eval runs/demo --data src.zip --include '**.java' --held-out 0.05 --seed 1 --json",
      "  sse eval mqar runs/mqar --pairs 8,16,32 --lengths 128,256 --json",
      "  sse eval needle-text runs/needle --lengths 256,512,1024 --report needle.html"
    })
final class EvalCommand implements Callable<Integer> {
  private static final int CAPACITY = 4096;

  @Mixin private Globals globals;

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "[TASK] CHECKPOINT",
      arity = "1..2",
      description = {
        "A task if not text is to be measured, and",
        "a model's directory, or that of a run (its latest checkpoint)."
      })
  private List<String> parameters;

  @Mixin private TaskOptions task;

  @Option(
      names = "--data",
      paramLabel = "PATH",
      description = "The text: a file, a folder or a zip file.")
  private Path data;

  @Option(
      names = "--include",
      paramLabel = "GLOB",
      description = "Files to take; all if not given.")
  private List<String> include = new ArrayList<>();

  @Option(
      names = "--held-out",
      paramLabel = "SHARE",
      description =
          "Measure only this held-out share of the text, as a recipe's data.held_out splits it.")
  private Double heldOut;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description =
          "Of the split and of the order (a recipe's data.seed), or of a task's examples (default:"
              + " ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "65536",
      description = "How much to measure, at most (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--sequence-length",
      paramLabel = "N",
      defaultValue = "512",
      description =
          "Longest sequence; each begins with an empty state (default: ${DEFAULT-VALUE}).")
  private int sequenceLength;

  @Override
  public Integer call() {
    Path named = Path.of(parameters.get(parameters.size() - 1));
    if (parameters.size() == 2) {
      if (data != null) {
        throw new UserError("--data is for text, not for task " + parameters.get(0));
      }
      Tasks.requireKnown(parameters.get(0));
      new EvalTask(globals, task, Checkpoints.model(named), seed).run(parameters.get(0));
      return 0;
    }
    if (Tasks.names().contains(parameters.get(0))) {
      throw new UserError("task " + parameters.get(0) + " of which model? Name its directory");
    }
    if (data == null) {
      throw new ParameterException(spec.commandLine(), "Missing required option: '--data=PATH'");
    }
    return text(named);
  }

  private int text(Path checkpoint) {
    if (heldOut != null && !(heldOut > 0 && heldOut < 1)) {
      throw new UserError("--held-out must be between 0 and 1, not " + heldOut);
    }
    if (tokens < 2 || sequenceLength < 2) {
      throw new UserError("--tokens and --sequence-length must be 2 or more");
    }
    int capacity = Math.max(CAPACITY, sequenceLength);
    PackedBatches.Settings settings = new PackedBatches.Settings(capacity, sequenceLength, 1, seed);
    Path directory = Checkpoints.model(checkpoint);
    Tokenizer tokenizer = Checkpoints.tokenizer(directory);
    try (LanguageModel model =
            ModelLoader.load(
                directory,
                globals.tier().operations(),
                LanguageModel.Capacity.scoring(capacity, settings.maxSequences()));
        TextSource source = TextSource.open(data, include)) {
      Checkpoints.requireTokenizer(directory, model.config().vocabSize(), tokenizer);
      List<Document> documents =
          heldOut == null
              ? source.documents()
              : Split.byShare(source.documents(), heldOut, seed).heldOut();
      List<PackedBatch> batches =
          PackedBatches.heldOut(Document.sample(documents, seed), tokenizer, settings, tokens);
      long bytes = batches.stream().mapToLong(b -> b.targetBytes(tokenizer)).sum();
      if (bytes == 0) {
        throw new UserError(data + ": the text is too short to predict anything; give more of it");
      }
      print(directory, Perplexity.evaluate(model, batches, done -> {}), bytes);
    }
    return 0;
  }

  private void print(Path directory, Perplexity.Result r, long bytes) {
    double bitsPerByte = r.bits() * r.targets() / bytes;
    if (globals.json()) {
      ObjectNode j = Console.object();
      j.put("checkpoint", directory.toString());
      j.put("bits_per_byte", bitsPerByte);
      j.put("perplexity", r.perplexity());
      j.put("loss", r.nats());
      j.put("targets", r.targets());
      Console.json(j);
    } else {
      Console.out("%.4f bits per byte, perplexity %.3f a token", bitsPerByte, r.perplexity());
      Console.out("over %,d predicted tokens of %s by %s", r.targets(), data, directory);
    }
  }
}
