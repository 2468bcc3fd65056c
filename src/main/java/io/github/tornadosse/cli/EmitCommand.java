package io.github.tornadosse.cli;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.eval.emit.Backend;
import io.github.tornadosse.eval.emit.DeviceCompiler;
import io.github.tornadosse.eval.emit.Emission;
import io.github.tornadosse.eval.emit.EmissionReport;
import io.github.tornadosse.eval.emit.EmittedKernel;
import io.github.tornadosse.eval.emit.EmittedKernel.Usage;
import io.github.tornadosse.graph.CudaOperations;
import io.github.tornadosse.graph.GpuOperations;
import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.runtime.KernelCompiler;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import io.github.tornadosse.train.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Emits device code of all kernels and lets device compilers look at it. */
@Command(
    name = "emit",
    description = {
      "Lets TornadoVM emit the code of every kernel of a tier, for the models of",
      "tornado-config/variants in training and decoding, and lists what the device's compiler, where",
      "the search path has it (nvcc, ptxas, clang, spirv-as), says of it: registers, spills, memory.",
      "OpenCL and CUDA need no device; PTX, SPIR-V and tier cuda do. Exit code 1 if a kernel fails."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse emit --backend cuda --tier gpu --out emitted",
      "  sse emit --backend all --tier portable --json"
    })
final class EmitCommand implements Callable<Integer> {
  private static final int VOCABULARY = 4096;

  /** What every GPU of these backends has; a virtual device does not say it. */
  private static final GpuSettings SETTINGS = new GpuSettings(1024, 48 << 10, Map.of());

  @Mixin private Globals globals;

  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = "all",
      description = "opencl, cuda, ptx, spirv, or all that the SDK has (default: all).")
  private String backend;

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "emitted",
      description = "Where a directory for each backend and tier goes (default: emitted).")
  private Path out;

  @Option(
      names = "--head-dim",
      paramLabel = "N",
      defaultValue = "128",
      description = "Head dim that the models are widened to: 32, 64 or 128 (default: 128).")
  private int headDim;

  @Option(
      names = "--arch",
      paramLabel = "NAME",
      defaultValue = "sm_90",
      description = "What NVIDIA's compilers compile for (default: sm_90).")
  private String architecture;

  @Option(
      names = "--variants",
      paramLabel = "DIR",
      defaultValue = "${sys:sse.home:-.}/tornado-config/variants",
      description = "Recipes whose models are taken (default: those of the program).")
  private Path variants;

  @Option(
      names = "--no-spills",
      description = "Exit code 1, too, if a kernel keeps registers in memory.")
  private boolean noSpills;

  @Override
  public Integer call() {
    if (!KernelCompiler.available()) {
      throw new UserError("emit starts from bin/sse, which sets TornadoVM up for it");
    }
    if (headDim != 32 && headDim != 64 && headDim != 128) {
      throw new UserError("--head-dim must be 32, 64 or 128, not " + headDim);
    }
    Backend b = Backend.of(backend);
    List<Operations> tier = tier(b);
    String name = tier.getFirst().tier();
    Path directory = out.resolve(b.label() + "-" + name);
    List<EmittedKernel> kernels;
    try (WorkProgress progress = new WorkProgress("emitting")) {
      kernels = new Emission(b, directory).run(models(), headDim, tier, progress::update);
    }
    DeviceCompiler compiler = DeviceCompiler.find(b, architecture);
    if (compiler != null) {
      kernels = compiler.compile(kernels);
    }
    EmissionReport report =
        new EmissionReport(
            b,
            name,
            headDim,
            compiler == null
                ? "not compiled: no " + DeviceCompiler.wanted(b) + " on the search path"
                : compiler.version(),
            BuildInfo.program(),
            kernels);
    write(report, directory);
    print(report);
    return report.good() && !(noSpills && !report.spilling().isEmpty()) ? 0 : 1;
  }

  /** The tier; on CUDA with its own dense products, and with those of the library. */
  private List<Operations> tier(Backend b) {
    if (globals.tierName().equals("cuda") && b != Backend.CUDA) {
      throw new UserError("tier 'cuda' is for backend cuda, not for " + b.label());
    }
    return switch (globals.tierName()) {
      case "portable" -> List.of(new PortableOperations());
      case "auto", "gpu" ->
          b == Backend.CUDA
              ? List.of(new GpuOperations(SETTINGS), new GpuOperations(SETTINGS, true))
              : List.of(new GpuOperations(SETTINGS));
      case "cuda" ->
          List.of(new CudaOperations(SETTINGS, false), new CudaOperations(SETTINGS, true));
      default ->
          throw new UserError(
              "TornadoVM compiles tiers portable, gpu and cuda, not '" + globals.tierName() + "'");
    };
  }

  private List<ModelConfig> models() {
    try (Stream<Path> files = Files.list(variants)) {
      List<ModelConfig> models =
          files
              .filter(f -> f.toString().endsWith(".yaml"))
              .sorted()
              .map(f -> Recipe.load(f, List.of()).modelConfig(VOCABULARY))
              .toList();
      if (models.isEmpty()) {
        throw new UserError(variants + " has no recipe, *.yaml");
      }
      return models;
    } catch (IOException e) {
      throw FileErrors.of("cannot read", variants, e);
    }
  }

  private static void write(EmissionReport report, Path directory) {
    AtomicFiles.write(directory.resolve("report.md"), report.toMarkdown());
    AtomicFiles.write(directory.resolve("report.json"), report.toJson().toPrettyString() + "\n");
  }

  private void print(EmissionReport report) {
    if (globals.json()) {
      Console.json(report.toJson());
      return;
    }
    int width = 6;
    for (EmittedKernel k : report.kernels()) {
      width = Math.max(width, name(k).length());
    }
    String columns = "%-" + width + "s  %9s %6s %11s %11s %7s %9s";
    Console.out(
        columns, "kernel", "registers", "stack", "spill store", "spill load", "shared", "constant");
    for (EmittedKernel k : report.kernels()) {
      Usage u = k.usage();
      if (!k.good()) {
        Console.out("%-" + width + "s  failed: %s", name(k), k.failure());
      } else if (u == null) {
        Console.out("%-" + width + "s  emitted", name(k));
      } else {
        Console.out(
            columns,
            name(k),
            u.registers(),
            u.stackBytes(),
            u.spillStoreBytes(),
            u.spillLoadBytes(),
            u.sharedBytes(),
            u.constantBytes());
      }
    }
    Console.out("%s", report.summary());
  }

  private static String name(EmittedKernel k) {
    return k.file() == null ? k.kernel() : EmissionReport.stem(k);
  }
}
