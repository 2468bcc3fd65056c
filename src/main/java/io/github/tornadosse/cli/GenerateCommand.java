package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.infer.Generator;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.infer.SamplingOptions;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Continues a text. */
@Command(
    name = "generate",
    description = "Continues a prompt, and prints the text as it comes.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse generate runs/demo --prompt 'public static int ' --tokens 300",
      "  sse generate runs/demo --prompt-file story.txt --temperature 0.7 --top-p 0.9 --seed 3",
      "  echo 'Once upon' | sse generate runs/demo --prompt-file - --temperature 0"
    })
final class GenerateCommand implements Callable<Integer> {
  private static final int BLOCK = 256;

  @Mixin private Globals globals;

  @Parameters(
      paramLabel = "CHECKPOINT",
      description = "A model's directory, or that of a run (its latest checkpoint).")
  private Path checkpoint;

  @ArgGroup(multiplicity = "1")
  private Prompt prompt;

  private static final class Prompt {
    @Option(names = "--prompt", paramLabel = "TEXT", description = "The text to continue.")
    private String text;

    @Option(
        names = "--prompt-file",
        paramLabel = "FILE",
        description = "A file with the text to continue; - for standard input.")
    private String file;
  }

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "200",
      description = "How many tokens to generate at most (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      defaultValue = "0.8",
      description = "0 takes the most likely token (default: ${DEFAULT-VALUE}).")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "K",
      defaultValue = "0",
      description = "Only the K most likely tokens; 0 for all (default).")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      defaultValue = "1",
      description = "Only the likeliest tokens that make up this probability (default: all).")
  private double topP;

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of the random draws (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Override
  public Integer call() {
    if (tokens < 1) {
      throw new UserError("--tokens must be 1 or more, not " + tokens);
    }
    SamplingOptions options = new SamplingOptions(temperature, topK, topP, seed);
    byte[] bytes = promptBytes();
    if (bytes.length == 0) {
      throw new UserError("the prompt is empty; give at least one character");
    }
    Path model = Checkpoints.model(checkpoint);
    Tokenizer tokenizer = Checkpoints.tokenizer(model);
    int[] ids =
        IntStream.concat(Arrays.stream(tokenizer.opening()), Arrays.stream(tokenizer.encode(bytes)))
            .toArray();
    StringBuilder text = new StringBuilder();
    try (LanguageModel m =
        ModelLoader.load(
            model, globals.tier().operations(), LanguageModel.Capacity.reading(BLOCK, 1, 4096))) {
      Checkpoints.requireTokenizer(model, m.config().vocabSize(), tokenizer);
      long start = System.nanoTime();
      int drawn = generate(m, tokenizer, ids, options, text);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (globals.json()) {
        ObjectNode j = Console.object();
        j.put("text", text.toString());
        j.put("tokens", drawn);
        j.put("tokens_per_second", Console.rounded(drawn / seconds, 1));
        j.put("checkpoint", model.toString());
        Console.json(j);
      } else {
        System.out.println();
      }
    }
    return 0;
  }

  private int generate(
      LanguageModel m,
      Tokenizer tokenizer,
      int[] ids,
      SamplingOptions options,
      StringBuilder text) {
    Tokenizer.Decoder decoder =
        tokenizer.decoder(
            ids,
            part -> {
              text.append(part);
              if (!globals.json()) {
                System.out.print(part);
                System.out.flush();
              }
            });
    int drawn =
        new Generator(m)
            .generate(
                ids,
                tokens,
                options,
                id -> {
                  decoder.accept(id);
                  return id != tokenizer.separator();
                });
    decoder.finish();
    return drawn;
  }

  private byte[] promptBytes() {
    if (prompt.text != null) {
      return prompt.text.getBytes(StandardCharsets.UTF_8);
    }
    try {
      return prompt.file.equals("-")
          ? System.in.readAllBytes()
          : Files.readAllBytes(Path.of(prompt.file));
    } catch (IOException e) {
      throw FileErrors.of("cannot read the prompt from", Path.of(prompt.file), e);
    }
  }
}
