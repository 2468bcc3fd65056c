package io.github.tornadosse.eval.emit;

import io.github.tornadosse.eval.emit.EmittedKernel.Usage;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The compiler or checker for a backend's code that the search path has: nvcc for CUDA, ptxas for
 * PTX, clang for OpenCL C, spirv-as for SPIR-V.
 */
public final class DeviceCompiler {
  /** Kernels that a C compiler is given at a time: most of its time goes into its own headers. */
  private static final int TOGETHER = 16;

  private static final Pattern ENTRY =
      Pattern.compile(
          "(?:__global__|__kernel)\\s+void\\s+(?:__launch_bounds__\\([^)]*\\)\\s*)?(\\w+)\\s*\\(");
  private static final Pattern COMPILING = Pattern.compile("Compiling entry function '(\\w+)'");
  private static final Pattern PROPERTIES = Pattern.compile("Function properties for (\\w+)");
  private static final Pattern STACK =
      Pattern.compile(
          "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern USED = Pattern.compile("Used (\\d+) registers(.*)");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  private final Backend backend;
  private final Path program;
  private final String architecture;

  private DeviceCompiler(Backend backend, Path program, String architecture) {
    this.backend = backend;
    this.program = program;
    this.architecture = architecture;
  }

  /** The programs that are looked for, by backend. */
  private static Stream<String> programs(Backend backend) {
    return switch (backend) {
      case CUDA -> Stream.of("nvcc");
      case PTX -> Stream.of("ptxas");
      case OPENCL ->
          Stream.concat(
              Stream.of("clang"),
              IntStream.iterate(25, v -> v >= 14, v -> v - 1).mapToObj(v -> "clang-" + v));
      case SPIRV -> Stream.of("spirv-as");
    };
  }

  /**
   * Looks for a compiler.
   *
   * @param backend whose code it is to take
   * @param architecture of NVIDIA's compilers, such as sm_90
   * @return the compiler, or null if the search path has none
   */
  public static DeviceCompiler find(Backend backend, String architecture) {
    String[] path = System.getenv().getOrDefault("PATH", "").split(File.pathSeparator);
    return programs(backend)
        .flatMap(name -> Stream.of(path).map(d -> Path.of(d, name)))
        .filter(Files::isExecutable)
        .findFirst()
        .map(p -> new DeviceCompiler(backend, p, architecture))
        .orElse(null);
  }

  /** Which program would be needed, for the report of one that is not there. */
  public static String wanted(Backend backend) {
    return programs(backend).findFirst().orElseThrow();
  }

  /** The program's name, the line of its version and the architecture it compiles for. */
  public String version() {
    Outcome said = run(List.of(program.toString(), "--version"));
    String line =
        said.text
            .lines()
            .filter(l -> l.matches(".*(release|version|v20).*"))
            .findFirst()
            .orElse("unknown version");
    return program.getFileName() + ", " + line.strip() + (measures() ? ", " + architecture : "");
  }

  /** Whether it says what kernels use; else it only checks them. */
  public boolean measures() {
    return backend == Backend.CUDA || backend == Backend.PTX;
  }

  /**
   * Compiles kernels.
   *
   * @param kernels emitted for this backend; those without code are left as they are
   * @return the kernels with what became of them
   */
  public List<EmittedKernel> compile(List<EmittedKernel> kernels) {
    List<EmittedKernel> done = new ArrayList<>();
    int step = isC() ? TOGETHER : 1;
    try {
      Path work = Files.createTempDirectory("sse-emit");
      try {
        for (int i = 0; i < kernels.size(); i += step) {
          done.addAll(together(kernels.subList(i, Math.min(i + step, kernels.size())), work));
        }
      } finally {
        try (Stream<Path> left = Files.list(work)) {
          for (Path file : left.toList()) {
            Files.delete(file);
          }
        }
        Files.delete(work);
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot compile in", Path.of(System.getProperty("java.io.tmpdir")), e);
    }
    return done;
  }

  private List<EmittedKernel> together(List<EmittedKernel> kernels, Path work) throws IOException {
    Path source = work.resolve("kernels." + backend.suffix());
    Map<String, EmittedKernel> byEntry = new LinkedHashMap<>();
    StringBuilder code = new StringBuilder();
    for (EmittedKernel k : kernels) {
      if (k.file() != null) {
        String name = "k" + byEntry.size();
        byEntry.put(name, k);
        code.append(isC() ? apart(name, k) : Files.readString(k.file()));
      }
    }
    if (byEntry.isEmpty()) {
      return kernels;
    }
    Files.writeString(source, code);
    Path out = work.resolve("out");
    Outcome said = run(command(source, out));
    if (said.status != 0 && byEntry.size() > 1) {
      List<EmittedKernel> one = new ArrayList<>();
      for (EmittedKernel k : kernels) {
        one.addAll(together(List.of(k), work));
      }
      return one;
    }
    Map<String, Usage> usage =
        said.status == 0 && measures()
            ? usage(said.text, Cubin.constants(Files.readAllBytes(out)))
            : Map.of();
    String refusal = said.status == 0 ? null : program.getFileName() + ": " + firstError(said.text);
    List<EmittedKernel> done = new ArrayList<>(kernels);
    byEntry.forEach(
        (name, k) ->
            done.set(
                kernels.indexOf(k), k.with(refusal == null ? found(usage, name) : null, refusal)));
    return done;
  }

  /** Of PTX the compiler names its own entry, the only one; of CUDA C it is ours. */
  private Usage found(Map<String, Usage> usage, String name) {
    if (!measures()) {
      return null;
    }
    return backend == Backend.CUDA
        ? usage.get(name)
        : usage.values().stream().findFirst().orElse(null);
  }

  /** Code of one kernel under a name of its own, so that many can stand in one file. */
  private String apart(String name, EmittedKernel k) throws IOException {
    String code = Files.readString(k.file());
    Matcher entry = ENTRY.matcher(code);
    String define = entry.find() ? entry.group(1) : name;
    String body = backend == Backend.CUDA ? "namespace s" + name + " {\n" + code + "}\n" : code;
    return "#define " + define + " " + name + "\n" + body + "#undef " + define + "\n";
  }

  private boolean isC() {
    return backend == Backend.CUDA || backend == Backend.OPENCL;
  }

  private List<String> command(Path source, Path out) {
    List<String> c = new ArrayList<>(List.of(program.toString()));
    c.addAll(
        switch (backend) {
          // What NVRTC knows without being told, and a C++ compiler does not.
          case CUDA ->
              List.of(
                  "-std=c++17",
                  "-cubin",
                  "-arch=" + architecture,
                  "-Xptxas",
                  "-v",
                  "-include",
                  "cuda_fp16.h",
                  "-include",
                  "cuda_bf16.h",
                  "-o");
          case PTX -> List.of("-v", "-arch=" + architecture, "-o");
          case OPENCL ->
              List.of(
                  "-x",
                  "cl",
                  "-cl-std=CL2.0",
                  "-Xclang",
                  "-finclude-default-header",
                  "-w",
                  "-fsyntax-only",
                  "-o");
          case SPIRV -> List.of("--target-env", "opencl2.2", "-o");
        });
    c.add(out.toString());
    c.add(source.toString());
    return c;
  }

  /** What ptxas says of each entry function, with its constants from elsewhere. */
  static Map<String, Usage> usage(String text, Map<String, Integer> constants) {
    Map<String, Usage> usage = new LinkedHashMap<>();
    String entry = "";
    String function = "";
    int[] stack = new int[3];
    for (String line : text.lines().toList()) {
      Matcher compiling = COMPILING.matcher(line);
      Matcher properties = PROPERTIES.matcher(line);
      Matcher bytes = STACK.matcher(line);
      Matcher used = USED.matcher(line);
      if (compiling.find()) {
        entry = compiling.group(1);
        stack = new int[3];
      } else if (properties.find()) {
        function = properties.group(1);
      } else if (bytes.find() && function.equals(entry)) {
        stack = IntStream.of(1, 2, 3).map(i -> Integer.parseInt(bytes.group(i))).toArray();
      } else if (used.find()) {
        usage.put(
            entry,
            new Usage(
                Integer.parseInt(used.group(1)),
                stack[0],
                stack[1],
                stack[2],
                sum(SHARED, used.group(2)),
                constants.getOrDefault(entry, 0)));
      }
    }
    return usage;
  }

  private static int sum(Pattern number, String text) {
    return number.matcher(text).results().mapToInt(m -> Integer.parseInt(m.group(1))).sum();
  }

  private static String firstError(String text) {
    return text.lines()
        .filter(l -> l.contains("error"))
        .findFirst()
        .or(() -> text.lines().findFirst())
        .orElse("it failed and said nothing")
        .strip();
  }

  /** How a program ended, and what it printed. */
  private record Outcome(int status, String text) {}

  private static Outcome run(List<String> command) {
    try {
      Process p = new ProcessBuilder(command).redirectErrorStream(true).start();
      p.getOutputStream().close();
      String text = new String(p.getInputStream().readAllBytes());
      return new Outcome(p.waitFor(), text);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("interrupted", new InterruptedIOException(e.getMessage()));
    } catch (IOException e) {
      throw FileErrors.of("cannot run", Path.of(command.getFirst()), e);
    }
  }
}
