package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.TokenIds;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.data.Tokenizers;
import io.github.tornadosse.data.tasks.Part;
import io.github.tornadosse.data.tasks.TaskExamples;
import io.github.tornadosse.data.tasks.Tasks;
import io.github.tornadosse.eval.inspect.Inspected;
import io.github.tornadosse.eval.inspect.Inspection;
import io.github.tornadosse.eval.inspect.InspectionPage;
import io.github.tornadosse.eval.inspect.LayerReport;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Looks into the states of a model. */
@Command(
    name = "inspect",
    description = {
      "Shows what a model's states hold of a text: how its partitions are used, how much of the",
      "state is written, how alike rows and partitions are, effective ranks and decay lengths."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse inspect runs/demo --text story.txt --report states.html",
      "  sse inspect runs/sse --text story.txt --against runs/gla --json",
      "  sse inspect runs/mqar-sse"
    })
final class InspectCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Parameters(
      paramLabel = "CHECKPOINT",
      description = "A model's directory, or that of a run (its latest checkpoint).")
  private Path checkpoint;

  @Option(
      names = "--text",
      paramLabel = "FILE",
      description = {
        "The text; token ids separated by white space for a model without a tokenizer. May be left",
        "out for a model that was trained on a task, which then reads an example of it."
      })
  private Path text;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "2048",
      description = "How much of the text to read, at most (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--against",
      paramLabel = "CHECKPOINT",
      description = "Another model to show beside it, such as one without sparse partitions.")
  private Path against;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      description = "Write an HTML page with the text in the colours of its partitions.")
  private Path report;

  @Override
  public Integer call() {
    if (tokens < 1) {
      throw new UserError("--tokens must be 1 or more, not " + tokens);
    }
    List<Inspected> models = new ArrayList<>();
    models.add(inspect(checkpoint));
    if (against != null) {
      models.add(inspect(against));
    }
    if (report != null) {
      Map<String, String> facts = new LinkedHashMap<>();
      models.forEach(m -> facts.put(m.name(), m.kind()));
      facts.put("Text", text == null ? "an example of the task" : text.toString());
      facts.put("Tokens", Integer.toString(models.get(0).pieces().size()));
      facts.putAll(TrainCommand.facts(globals));
      InspectionPage.write(report, models, facts);
    }
    if (globals.json()) {
      ObjectNode j = models.get(0).json();
      if (models.size() > 1) {
        j.set("against", models.get(1).json());
      }
      Console.json(j);
    } else {
      models.forEach(InspectCommand::print);
      if (report != null) {
        Console.out("report  %s", report);
      }
    }
    return 0;
  }

  private Inspected inspect(Path path) {
    Path directory = Checkpoints.model(path);
    ModelWeights weights = ModelLoader.weights(directory);
    Read read = text == null ? example(directory) : textOf(directory, weights);
    try (LanguageModel model =
        LanguageModel.create(
            weights, globals.tier().operations(), Inspection.capacity(read.ids.length))) {
      return new Inspected(
          directory.toString(),
          weights.config().describe(),
          read.pieces,
          Inspection.of(model, read.ids));
    }
  }

  private record Read(int[] ids, List<String> pieces) {
    /** Ids that stand for themselves. */
    static Read of(int... ids) {
      return new Read(ids, Arrays.stream(ids).mapToObj(id -> id + " ").toList());
    }
  }

  private Read textOf(Path directory, ModelWeights weights) {
    int vocabSize = weights.config().vocabSize();
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(text);
    } catch (IOException e) {
      throw FileErrors.of("cannot read", text, e);
    }
    Read read;
    if (Tokenizers.exists(directory)) {
      Tokenizer tokenizer = Checkpoints.tokenizer(directory);
      Checkpoints.requireTokenizer(directory, vocabSize, tokenizer);
      int[] opening = tokenizer.opening();
      int[] ids =
          IntStream.concat(Arrays.stream(opening), Arrays.stream(tokenizer.encode(bytes)))
              .limit(tokens)
              .toArray();
      read = new Read(ids, Inspected.pieces(tokenizer, ids));
    } else {
      read = Read.of(TokenIds.parse(bytes, text, vocabSize, tokens));
    }
    if (read.ids.length == 0) {
      throw new UserError(text + ": the text is empty");
    }
    return read;
  }

  private Read example(Path directory) {
    Recipe.Data data = TaskOptions.trainedOn(directory);
    if (data == null) {
      throw new UserError(directory + " was not trained on a task; name a text (--text FILE)");
    }
    int[] ids =
        new TaskExamples(
                Tasks.of(data.task()),
                Part.TEST,
                data.sequenceLength(),
                data.task().pairs(),
                data.seed())
            .example(0)
            .ids();
    int[] read = Arrays.copyOf(ids, Math.min(ids.length, tokens));
    return Tasks.of(data.task()).text()
        ? new Read(read, Inspected.pieces(Checkpoints.tokenizer(directory), read))
        : Read.of(read);
  }

  private static void print(Inspected m) {
    Console.out("%s: %s, %,d tokens", m.name(), m.kind(), m.pieces().size());
    for (LayerReport layer : m.layers()) {
      List<String> figures = m.figures(layer.layer());
      if (figures.isEmpty()) {
        Console.out("layer %d: softmax attention, which has no state", layer.layer());
        continue;
      }
      Console.out("layer %d", layer.layer());
      for (int i = 0; i < figures.size(); i++) {
        Console.out("  %-36s %s", Inspected.FIGURES.get(i), figures.get(i));
      }
      LayerReport.Routing routing = layer.state().routing();
      if (routing != null) {
        StringBuilder loads = new StringBuilder();
        for (double load : routing.load()) {
          loads.append(String.format(Locale.ROOT, " %.3f", load));
        }
        Console.out("  %-36s%s", "load of each sparse partition", loads);
      }
    }
  }
}
