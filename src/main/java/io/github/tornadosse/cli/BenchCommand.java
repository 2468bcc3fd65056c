package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.MixerBenchmark;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.tensor.UserError;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures speed. */
@Command(
    name = "bench",
    description = "Measures the speed of parts of the model.",
    mixinStandardHelpOptions = true,
    subcommands = {BenchCommand.MixerCommand.class, BenchDecodeCommand.class},
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse bench mixer --tokens 8192 --heads 4 --dim 128 --partitions 4 --topk 1 --json",
      "  sse bench mixer --mixer gla --pass forward+backward",
      "  sse bench decode --context 1000,100000 --json"
    })
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which benchmark? One of mixer, decode");
  }

  /** The token mixer. */
  @Command(
      name = "mixer",
      description = {
        "Times the token mixer, from activated q, k, v, gates and routing logits to its output,",
        "beside a matrix product (1024 cubed, on graphics processors 4096 cubed) and a copy of",
        "256 MiB in the same process."
      },
      footerHeading = "%nExamples:%n",
      footer = {
        "  sse bench mixer --tokens 8192 --heads 4 --dim 128 --partitions 4 --topk 1 --json",
        "  sse bench mixer --mixer gla --pass forward+backward --threads 1",
        "  sse bench mixer --device cuda:0 --dtype bf16 --heads 16 --tokens 131072"
      })
  static final class MixerCommand implements Callable<Integer> {
    @Mixin private Globals globals;

    @Option(
        names = "--mixer",
        defaultValue = "sse",
        description = "sse or gla (default: ${DEFAULT-VALUE}).")
    private String mixer;

    @Option(
        names = "--pass",
        defaultValue = "forward",
        description = "forward or forward+backward (default: ${DEFAULT-VALUE}).")
    private String pass;

    @Option(
        names = "--tokens",
        paramLabel = "N",
        defaultValue = "8192",
        description = "Length of the sequence.")
    private int tokens;

    @Option(
        names = "--heads",
        paramLabel = "N",
        defaultValue = "4",
        description = "Number of heads.")
    private int heads;

    @Option(
        names = "--dim",
        paramLabel = "N",
        defaultValue = "128",
        description = "Head dim of q, k and v.")
    private int dim;

    @Option(
        names = "--partitions",
        paramLabel = "N,..",
        split = ",",
        defaultValue = "4",
        description = "Sparse partitions; several numbers, separated by commas, give a line each.")
    private int[] partitions;

    @Option(
        names = "--topk",
        paramLabel = "N",
        defaultValue = "1",
        description = "Partitions a token uses.")
    private int topk;

    @Option(names = "--runs", paramLabel = "N", defaultValue = "9", description = "Timed runs.")
    private int runs;

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
      boolean sse = choice("--mixer", mixer, "gla", "sse");
      boolean backward = choice("--pass", pass, "forward", "forward+backward");
      globals.precision(dtype);
      Operations ops = globals.tier().operations();
      for (int n : partitions) {
        MixerBenchmark.Options o =
            new MixerBenchmark.Options(sse, backward, tokens, heads, dim, n, topk, runs);
        print(n, ops.tier(), MixerBenchmark.run(o, ops));
      }
      return 0;
    }

    private static boolean choice(String option, String value, String no, String yes) {
      if (!value.equals(no) && !value.equals(yes)) {
        throw new UserError(option + " must be " + no + " or " + yes + ", not '" + value + "'");
      }
      return value.equals(yes);
    }

    private void print(int n, String tier, MixerBenchmark.Result r) {
      if (!globals.json()) {
        Console.out(
            "%s %s, %d tokens, %d heads of %d, N = %d, k = %d, %s: %.2f ms (median %.2f), %.1f"
                + " GFLOP/s, %.2f of a %d³ product's %.1f; a copy moves %.1f GB/s",
            mixer,
            pass,
            tokens,
            heads,
            dim,
            n,
            topk,
            globals.deviceAndTier(),
            r.minMs(),
            r.medianMs(),
            r.gflops(),
            r.ofSgemm(),
            MixerBenchmark.productSize(),
            r.sgemmGflops(),
            r.copyGbs());
        return;
      }
      ObjectNode j = Console.object();
      j.put("mixer", mixer);
      j.put("pass", pass);
      j.put("tokens", tokens);
      j.put("heads", heads);
      j.put("dim", dim);
      j.put("partitions", mixer.equals("sse") ? n : 0);
      j.put("topk", mixer.equals("sse") ? topk : 0);
      j.put("threads", globals.threads());
      j.put("min_ms", Console.rounded(r.minMs(), 3));
      j.put("median_ms", Console.rounded(r.medianMs(), 3));
      j.put("gflops", Console.rounded(r.gflops(), 1));
      j.put("sgemm_gflops", Console.rounded(r.sgemmGflops(), 1));
      j.put("of_sgemm", Console.rounded(r.ofSgemm(), 3));
      j.put("product_size", MixerBenchmark.productSize());
      j.put("copy_gbs", Console.rounded(r.copyGbs(), 1));
      j.put("device", Devices.name());
      j.put("device_name", Devices.description());
      j.put("tier", tier);
      j.put("machine", BuildInfo.machine());
      j.put("jdk", BuildInfo.jdk());
      j.put("commit", BuildInfo.commit());
      Console.json(j);
    }
  }
}
