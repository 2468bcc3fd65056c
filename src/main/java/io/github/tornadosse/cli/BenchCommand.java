package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.bench.Figures;
import io.github.tornadosse.eval.bench.MixerBenchmark;
import io.github.tornadosse.eval.bench.MixerCase;
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
    subcommands = {
      BenchCommand.MixerCommand.class,
      BenchDecodeCommand.class,
      BenchSuiteCommand.class,
      BenchReportCommand.class,
      BenchCompareCommand.class
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse bench mixer --tokens 8192 --heads 4 --dim 128 --partitions 4 --topk 1 --json",
      "  sse bench mixer --mixer gla --pass forward+backward",
      "  sse bench decode --context 1000,100000 --json",
      "  sse bench suite --quick --out quick.jsonl",
      "  sse bench report quick.jsonl --out quick.html",
      "  sse bench compare before.jsonl after.jsonl"
    })
final class BenchCommand implements Runnable {
  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "which benchmark? One of mixer, decode, suite, report, compare");
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
        description = "sse-gla (or sse), sse-gdn, gla, gdn or softmax (default: sse).")
    private String mixer;

    @Option(
        names = "--form",
        defaultValue = "varlen",
        description = {
          "Of sparse partitions: varlen, rows sorted by partition, or mask, every partition over",
          "all tokens (default: ${DEFAULT-VALUE})."
        })
    private String form;

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
      if (!MixerCase.PASSES.contains(pass)) {
        throw new UserError(
            "--pass must be " + String.join(" or ", MixerCase.PASSES) + ", not '" + pass + "'");
      }
      boolean backward = pass.equals(MixerCase.PASSES.get(1));
      globals.precision(dtype);
      Operations ops = globals.tier().operations();
      String kind = mixer.equals("sse") ? "sse-gla" : mixer;
      for (int n : partitions) {
        MixerCase c = new MixerCase(kind, form, backward, tokens, heads, dim, n, topk);
        print(c, ops.tier(), MixerBenchmark.run(c, runs, ops));
      }
      return 0;
    }

    private void print(MixerCase c, String tier, Figures r) {
      if (!globals.json()) {
        Console.out(
            "%s %s, %d tokens, %d heads of %d, N = %d, k = %d, %s: %.2f ms (median %.2f), %.1f"
                + " GFLOP/s, %.2f of a %d³ product's %.1f; a copy moves %.1f GB/s",
            mixer,
            pass,
            tokens,
            heads,
            dim,
            c.partitions(),
            c.topk(),
            globals.deviceAndTier(),
            r.minMs(),
            r.medianMs(),
            r.gflops(),
            r.ofProduct(),
            Figures.productSize(),
            r.productGflops(),
            r.copyGbs());
        return;
      }
      ObjectNode j = Console.object();
      j.put("mixer", mixer);
      j.put("pass", pass);
      j.put("tokens", tokens);
      j.put("heads", heads);
      j.put("dim", dim);
      j.put("form", c.form());
      j.put("partitions", c.partitions());
      j.put("topk", c.topk());
      j.put("threads", globals.threads());
      j.put("min_ms", Console.rounded(r.minMs(), 3));
      j.put("median_ms", Console.rounded(r.medianMs(), 3));
      j.put("gflops", Console.rounded(r.gflops(), 1));
      j.put("sgemm_gflops", Console.rounded(r.productGflops(), 1));
      j.put("of_sgemm", Console.rounded(r.ofProduct(), 3));
      j.put("product_size", Figures.productSize());
      j.put("copy_gbs", Console.rounded(r.copyGbs(), 1));
      Figures.Bytes bytes = r.bytes();
      j.put("io_bytes", bytes.io());
      j.put("planned_over_io", Console.rounded((double) bytes.planned() / bytes.io(), 3));
      if (bytes.peak() >= 0) {
        j.put("peak_over_io", Console.rounded((double) bytes.peak() / bytes.io(), 3));
      }
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
