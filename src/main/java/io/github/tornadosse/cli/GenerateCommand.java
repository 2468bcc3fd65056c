package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.data.Tokenizer;
import io.github.tornadosse.infer.Generator;
import io.github.tornadosse.infer.ModelLoader;
import io.github.tornadosse.infer.SamplingOptions;
import io.github.tornadosse.infer.Session;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Continues texts. */
@Command(
    name = "generate",
    description = {
      "Continues a prompt, and prints the text as it comes; several prompts are continued together,",
      "each as if it were alone. Ctrl-C ends the text."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse generate runs/demo --prompt 'public static int ' --tokens 300",
      "  sse generate runs/demo --prompt-file story.txt --temperature 0.7 --top-p 0.9 --seed 3",
      "  echo 'Once upon' | sse generate runs/demo --prompt-file - --temperature 0",
      "  sse generate runs/demo --prompt 'Dear' --prompt 'To whom' --stop '.' --json",
      "  sse generate runs/demo --prompt-file long.txt --save-session long.safetensors",
      "  sse generate runs/demo --session long.safetensors --prompt ' The end' --tokens 50",
      "  sse generate models/letters --prompt-ids 1,5,7 --top-k 5"
    })
final class GenerateCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Parameters(
      paramLabel = "CHECKPOINT",
      description = "A model's directory, or that of a run (its latest checkpoint).")
  private Path checkpoint;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "The text to continue; may be given several times.")
  private List<String> texts = new ArrayList<>();

  @Option(
      names = "--prompt-file",
      paramLabel = "FILE",
      description = "A file with the text to continue; - for standard input.")
  private List<String> files = new ArrayList<>();

  @Option(
      names = "--prompt-ids",
      paramLabel = "N,..",
      description =
          "Tokens to continue, of a model without text; prints tokens. Several times too.")
  private List<String> ids = new ArrayList<>();

  @Option(
      names = "--session",
      paramLabel = "FILE",
      description = "Goes on from a saved session; a prompt is then not needed.")
  private Path session;

  @Option(
      names = "--save-session",
      paramLabel = "FILE",
      description = "Saves the session at the end, to go on later.")
  private Path saved;

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
      names = "--min-p",
      paramLabel = "P",
      defaultValue = "0",
      description = "Only tokens at least P times as likely as the likeliest one (default: all).")
  private double minP;

  @Option(
      names = "--repetition-penalty",
      paramLabel = "X",
      defaultValue = "1",
      description = "Above 1: tokens that the text has already become less likely (default: none).")
  private double repetitionPenalty;

  @Option(
      names = "--stop",
      paramLabel = "TEXT",
      description = "Ends before this text; may be given several times.")
  private List<String> stops = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "0",
      description = "Of the random draws (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--block",
      paramLabel = "N",
      defaultValue = "256",
      description = "Tokens of a prompt to read at a time (default: ${DEFAULT-VALUE}).")
  private int block;

  @Option(
      names = "--context",
      paramLabel = "N",
      description = "Tokens to have room for in softmax attention (default: prompt and --tokens).")
  private Integer context;

  @Override
  public Integer call() {
    requirePositive("--tokens", tokens);
    requirePositive("--block", block);
    requirePositive("--context", context == null ? 1 : context);
    SamplingOptions options =
        new SamplingOptions(temperature, topK, topP, minP, repetitionPenalty, seed);
    requireOneKind();
    int before = session == null ? 0 : Session.savedPosition(session);
    Path model = Checkpoints.model(checkpoint);
    Tokenizer tokenizer = ids.isEmpty() ? Checkpoints.tokenizer(model) : null;
    List<int[]> prompts = prompts(tokenizer);
    long longest = prompts.stream().mapToInt(p -> p.length).max().orElse(0);
    long room = context == null ? before + longest + tokens : context;
    LanguageModel.Capacity capacity =
        LanguageModel.Capacity.reading(
            block, prompts.size(), (int) Math.min(room, Integer.MAX_VALUE));
    try (LanguageModel m = ModelLoader.load(model, globals.tier().operations(), capacity)) {
      if (tokenizer != null) {
        Checkpoints.requireTokenizer(model, m.config().vocabSize(), tokenizer);
      }
      List<GeneratedText> out = new ArrayList<>();
      long start = System.nanoTime();
      List<Generator.Result> results = generate(m, tokenizer, prompts, options, out);
      double seconds = (System.nanoTime() - start) / 1e9;
      if (globals.json()) {
        printJson(out, results, model, seconds);
      } else {
        print(out, results);
      }
    }
    return 0;
  }

  private static void requirePositive(String option, int value) {
    if (value < 1) {
      throw new UserError(option + " must be 1 or more, not " + value);
    }
  }

  private void requireOneKind() {
    int prompts = texts.size() + files.size() + ids.size();
    if (prompts == 0 && session == null) {
      throw new UserError(
          "nothing to continue: give --prompt, --prompt-file, --prompt-ids or --session");
    }
    if (!ids.isEmpty() && prompts > ids.size()) {
      throw new UserError("--prompt-ids cannot stand beside --prompt or --prompt-file");
    }
    if (!ids.isEmpty() && !stops.isEmpty()) {
      throw new UserError("--stop needs text, and --prompt-ids is for models without");
    }
    if (saved != null && prompts > 1) {
      throw new UserError("--save-session saves one session, and there are " + prompts);
    }
    Path directory = saved == null ? null : saved.toAbsolutePath().getParent();
    if (directory != null && !Files.isDirectory(directory)) {
      throw new UserError("cannot write " + saved + ": there is no directory " + directory);
    }
  }

  /** The tokens of each prompt; nothing once where only a session goes on. */
  private List<int[]> prompts(Tokenizer tokenizer) {
    List<int[]> prompts = new ArrayList<>();
    ids.forEach(list -> prompts.add(parsed(list)));
    texts.forEach(t -> prompts.add(encoded(tokenizer, t.getBytes(StandardCharsets.UTF_8))));
    files.forEach(f -> prompts.add(encoded(tokenizer, bytes(f))));
    if (prompts.isEmpty()) {
      return List.of(new int[0]);
    }
    boolean mayBeEmpty = session != null && !ids.isEmpty();
    if (!mayBeEmpty && prompts.stream().anyMatch(p -> p.length == 0)) {
      throw emptyPrompt();
    }
    return prompts;
  }

  private static UserError emptyPrompt() {
    return new UserError("the prompt is empty; give at least one character or token");
  }

  /** A text's tokens, after those that open a text where it begins one. */
  private int[] encoded(Tokenizer tokenizer, byte[] text) {
    if (text.length == 0) {
      throw emptyPrompt();
    }
    if (session != null) {
      return tokenizer.encodeNext(text);
    }
    return IntStream.concat(
            Arrays.stream(tokenizer.opening()), Arrays.stream(tokenizer.encode(text)))
        .toArray();
  }

  private static int[] parsed(String list) {
    try {
      return list.isBlank()
          ? new int[0]
          : Arrays.stream(list.split(",", -1))
              .map(String::strip)
              .mapToInt(Integer::parseInt)
              .toArray();
    } catch (NumberFormatException e) {
      throw new UserError(
          "--prompt-ids is "
              + FileErrors.quote(list)
              + "; it must be tokens between commas, such as 1,5,7",
          e);
    }
  }

  private static byte[] bytes(String file) {
    try {
      return file.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(file));
    } catch (IOException e) {
      throw FileErrors.of("cannot read the prompt from", Path.of(file), e);
    }
  }

  private List<Generator.Result> generate(
      LanguageModel m,
      Tokenizer tokenizer,
      List<int[]> prompts,
      SamplingOptions options,
      List<GeneratedText> out) {
    List<Session> sessions = new ArrayList<>();
    try {
      sessions.add(session == null ? Session.open(m) : Session.restore(m, session));
      while (sessions.size() < prompts.size()) {
        sessions.add(sessions.get(0).fork());
      }
      if (prompts.get(0).length == 0 && sessions.get(0).position() == 0) {
        throw new UserError(session + ": the session has read nothing yet; give a prompt");
      }
      List<Generator.Request> requests = new ArrayList<>();
      boolean shown = prompts.size() == 1 && !globals.json();
      for (int i = 0; i < prompts.size(); i++) {
        int[] before =
            IntStream.concat(Arrays.stream(sessions.get(i).tokens()), Arrays.stream(prompts.get(i)))
                .toArray();
        out.add(new GeneratedText(tokenizer, before, stops, shown));
        requests.add(
            new Generator.Request(sessions.get(i), prompts.get(i), tokens, options, out.get(i)));
      }
      Generator generator = new Generator(m);
      List<Generator.Result> results;
      try (Interrupts interrupts = Interrupts.calling(generator::cancel)) {
        results = generator.generate(requests);
      }
      out.forEach(GeneratedText::finish);
      if (saved != null) {
        sessions.get(0).save(saved);
      }
      return results;
    } finally {
      sessions.forEach(Session::close);
    }
  }

  private void print(List<GeneratedText> out, List<Generator.Result> results) {
    if (out.size() == 1) {
      System.out.println();
    } else {
      List<String> shown = new ArrayList<>(ids);
      shown.addAll(texts);
      shown.addAll(files);
      for (int i = 0; i < out.size(); i++) {
        Console.out("--- %d of %d: %s", i + 1, out.size(), FileErrors.quote(shown.get(i)));
        Console.out("%s", out.get(i).text());
      }
    }
    if (results.stream().anyMatch(r -> r.end() == Generator.End.CONTEXT)) {
      Console.err("the context of softmax attention is full; --context N gives it more room");
    }
  }

  private void printJson(
      List<GeneratedText> out, List<Generator.Result> results, Path model, double seconds) {
    int drawn = results.stream().mapToInt(Generator.Result::tokens).sum();
    ArrayNode all = Console.object().arrayNode();
    for (int i = 0; i < out.size(); i++) {
      ObjectNode j = all.addObject();
      out.get(i).putInto(j);
      j.put("tokens", results.get(i).tokens());
      j.put("end", results.get(i).end().name().toLowerCase(Locale.ROOT));
      j.put("tokens_per_second", Console.rounded(drawn / seconds, 1));
      j.put("checkpoint", model.toString());
      if (saved != null) {
        j.put("session", saved.toString());
      }
    }
    Console.json(out.size() == 1 ? all.get(0) : all);
  }
}
