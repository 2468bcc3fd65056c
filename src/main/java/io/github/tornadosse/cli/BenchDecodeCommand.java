package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.DecodeBenchmark;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.MemoryBudget;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Decoding, token by token. */
@Command(
    name = "decode",
    description = {
      "Times a step of decoding after contexts of different lengths, beside the time that reading",
      "the parameters takes at the speed of the machine, measured in the same process, and says",
      "how much a session keeps. The model's weights are drawn; the contexts are really read."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse bench decode --context 1000,100000 --json",
      "  sse bench decode --mixer softmax --context 1000,10000",
      "  sse bench decode --layers 8 --hidden 512 --heads 8 --sessions 4"
    })
final class BenchDecodeCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Option(
      names = "--mixer",
      defaultValue = "sse-gla",
      description = "sse-gla, sse-gdn, gla, gdn or softmax (default: ${DEFAULT-VALUE}).")
  private String mixer;

  @Option(
      names = "--context",
      paramLabel = "N,..",
      split = ",",
      defaultValue = "1000,100000",
      description = "Tokens read before; each number gives a line (default: ${DEFAULT-VALUE}).")
  private List<Integer> contexts;

  @Option(
      names = "--layers",
      paramLabel = "N",
      defaultValue = "4",
      description = "Number of layers (default: ${DEFAULT-VALUE}).")
  private int layers;

  @Option(
      names = "--hidden",
      paramLabel = "N",
      defaultValue = "256",
      description = "Hidden size (default: ${DEFAULT-VALUE}).")
  private int hidden;

  @Option(
      names = "--heads",
      paramLabel = "N",
      defaultValue = "4",
      description = "Number of heads (default: ${DEFAULT-VALUE}).")
  private int heads;

  @Option(
      names = "--dim",
      paramLabel = "N",
      defaultValue = "64",
      description = "Head dim; softmax: hidden size / heads (default: ${DEFAULT-VALUE}).")
  private int dim;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "4",
      description = "Sparse partitions (default: ${DEFAULT-VALUE}).")
  private int partitions;

  @Option(
      names = "--topk",
      paramLabel = "N",
      defaultValue = "1",
      description = "Partitions a token uses (default: ${DEFAULT-VALUE}).")
  private int topk;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Number of tokens to choose from (default: ${DEFAULT-VALUE}).")
  private int vocabulary;

  @Option(
      names = "--sessions",
      paramLabel = "N",
      defaultValue = "1",
      description = "Sessions that step together (default: ${DEFAULT-VALUE}).")
  private int sessions;

  @Option(
      names = "--block",
      paramLabel = "N",
      defaultValue = "512",
      description = "Tokens of a context to read at a time (default: ${DEFAULT-VALUE}).")
  private int block;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "3000",
      description = {
        "Timed steps after each context; up to four times as many where times differ much,",
        "and of softmax at most a twentieth of the shortest context (default: ${DEFAULT-VALUE})."
      })
  private int steps;

  @Override
  public Integer call() {
    DecodeBenchmark.Options o =
        new DecodeBenchmark.Options(
            mixer,
            layers,
            hidden,
            heads,
            dim,
            partitions,
            topk,
            vocabulary,
            block,
            sessions,
            steps,
            contexts);
    Operations ops = globals.tier().operations();
    for (DecodeBenchmark.Result r : DecodeBenchmark.run(o, ops)) {
      if (globals.json()) {
        Console.json(json(r, ops.tier()));
      } else {
        print(r, ops.tier());
      }
    }
    return 0;
  }

  private void print(DecodeBenchmark.Result r, String tier) {
    Console.out(
        "%s after %,d tokens, %d layers of %d, %d sessions, %d threads, tier %s: %.3f ms a token (median of %d), %.2f of reading its"
            + " parameters at %.1f GB/s; a session keeps %s (%,d bytes)%s",
        mixer,
        r.context(),
        layers,
        hidden,
        sessions,
        globals.threads(),
        tier,
        r.msPerToken(),
        r.steps(),
        r.ofRead(),
        r.readGbs(),
        MemoryBudget.format(r.stateBytes()),
        r.stateBytes(),
        r.stateBytesAfter() == r.stateBytes()
            ? ", unchanged by the steps"
            : String.format(", and %,d after the steps", r.stateBytesAfter()));
  }

  private ObjectNode json(DecodeBenchmark.Result r, String tier) {
    ObjectNode j = Console.object();
    j.put("mixer", mixer);
    j.put("context", r.context());
    j.put("ms_per_token", Console.rounded(r.msPerToken(), 4));
    j.put("ms_per_step", Console.rounded(r.msPerStep(), 4));
    j.put("weight_bytes", r.weightBytes());
    j.put("read_gbs", Console.rounded(r.readGbs(), 1));
    j.put("of_read", Console.rounded(r.ofRead(), 3));
    j.put("state_bytes", r.stateBytes());
    j.put("state_bytes_after", r.stateBytesAfter());
    j.put("layers", layers);
    j.put("hidden", hidden);
    j.put("heads", heads);
    j.put("dim", dim);
    j.put("partitions", mixer.startsWith("sse") ? partitions : 0);
    j.put("topk", mixer.startsWith("sse") ? topk : 0);
    j.put("vocabulary", vocabulary);
    j.put("sessions", sessions);
    j.put("steps", r.steps());
    j.put("threads", globals.threads());
    j.put("tier", tier);
    j.put("machine", BuildInfo.machine());
    j.put("jdk", BuildInfo.jdk());
    j.put("commit", BuildInfo.commit());
    return j;
  }
}
