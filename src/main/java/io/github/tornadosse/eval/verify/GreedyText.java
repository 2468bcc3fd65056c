package io.github.tornadosse.eval.verify;

import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.infer.Generator;
import io.github.tornadosse.infer.SamplingOptions;
import io.github.tornadosse.infer.Session;
import io.github.tornadosse.nn.LanguageModel;
import io.github.tornadosse.nn.ModelWeights;
import io.github.tornadosse.tensor.FileErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The likeliest continuation of a prompt, in every way in which a session can come to it. */
final class GreedyText {
  private static final int SESSIONS = 4;
  private static final int BLOCK = 7;

  private final ModelWeights weights;
  private final Operations ops;
  private final int[] prompt;
  private final double[] expected;

  GreedyText(ModelWeights weights, Operations ops, int[] prompt, double[] expected) {
    this.weights = weights;
    this.ops = ops;
    this.prompt = prompt;
    this.expected = expected;
  }

  /** Adds a line for each way. */
  void compare(Comparison comparison) {
    try (LanguageModel model = model(prompt.length)) {
      comparison.forward("greedy", inBlocks(model, prompt.length), expected);
      comparison.forward("greedy, token by token", inBlocks(model, 1), expected);
      comparison.forward("greedy, blocks of " + BLOCK, inBlocks(model, BLOCK), expected);
      comparison.forward("greedy, beside three others", besideOthers(model), expected);
      comparison.forward("greedy, saved and restored", savedAndRestored(model), expected);
    }
  }

  private LanguageModel model(int tokens) {
    int context = prompt.length + expected.length;
    return LanguageModel.create(
        weights, ops, LanguageModel.Capacity.reading(tokens, SESSIONS, context));
  }

  private static Generator.Request request(
      Session session, int[] prompt, int tokens, List<Integer> drawn) {
    return new Generator.Request(session, prompt, tokens, SamplingOptions.greedy(), drawn::add);
  }

  private static double[] tokens(List<Integer> drawn) {
    return drawn.stream().mapToDouble(Integer::doubleValue).toArray();
  }

  private double[] inBlocks(LanguageModel model, int block) {
    List<Integer> drawn = new ArrayList<>();
    try (Session session = Session.open(model)) {
      for (int i = 0; i < prompt.length; i += block) {
        session.read(Arrays.copyOfRange(prompt, i, Math.min(i + block, prompt.length)));
      }
      new Generator(model).generate(List.of(request(session, new int[0], expected.length, drawn)));
    }
    return tokens(drawn);
  }

  /** The others read other texts, of other lengths, and end at other times. */
  private double[] besideOthers(LanguageModel model) {
    List<Session> sessions = new ArrayList<>();
    List<Generator.Request> requests = new ArrayList<>();
    List<Integer> drawn = new ArrayList<>();
    for (int i = 0; i < SESSIONS; i++) {
      sessions.add(Session.open(model));
      boolean other = i != 1;
      int[] text = other ? Arrays.copyOfRange(prompt, i % prompt.length, prompt.length) : prompt;
      int n = other ? expected.length / (i + 1) : expected.length;
      requests.add(request(sessions.get(i), text, n, other ? new ArrayList<>() : drawn));
    }
    new Generator(model).generate(requests);
    sessions.forEach(Session::close);
    return tokens(drawn);
  }

  /** In the middle, to a model that reads in other blocks. */
  private double[] savedAndRestored(LanguageModel model) {
    List<Integer> drawn = new ArrayList<>();
    int half = expected.length / 2;
    Path file = temporary();
    try (Session session = Session.open(model);
        LanguageModel second = model(BLOCK)) {
      new Generator(model).generate(List.of(request(session, prompt, half, drawn)));
      session.save(file);
      try (Session restored = Session.restore(second, file)) {
        new Generator(second)
            .generate(List.of(request(restored, new int[0], expected.length - half, drawn)));
      }
    } finally {
      delete(file);
    }
    return tokens(drawn);
  }

  private static Path temporary() {
    try {
      return Files.createTempFile("session", ".safetensors");
    } catch (IOException e) {
      throw FileErrors.of("cannot write to", Path.of(System.getProperty("java.io.tmpdir")), e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw FileErrors.of("cannot remove", file, e);
    }
  }
}
