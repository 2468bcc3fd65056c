package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.tensor.UserError;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * The device that plans run on. It is fixed when the JVM starts: the embedded runtime has one, and
 * TornadoVM takes the one that its flags name.
 */
public final class Devices {
  /** The embedded runtime's device. */
  public static final String JVM = "jvm";

  /** False if the device's library of matrix products is not to be used. */
  static final String LIBRARY = "sse.cuda.library";

  private static final String CAPTURE = "sse.cuda.graphs";
  private static final String MEMORY = "tornado.device.memory";
  private static final String TORNADO_DEFAULT_MEMORY = "4GB";
  private static final String UNITS = "KMGT";
  private static final Pattern SIZE = Pattern.compile("([0-9]+)(?:([" + UNITS + "])B)?");

  private static final Pattern COLOUR = Pattern.compile("\u001B\\[[0-9;]*m");
  private static final Pattern STACK =
      Pattern.compile("Stacktrace: |\\[[^ ]*\\([^ ]*\\.java:[0-9]+\\)");
  // A kernel that does not compile never runs as sequential Java here.
  private static final Pattern PHRASES =
      Pattern.compile(
          "^(Bailout is disabled\\. ?)?(Reason: |The internal error is: |\\[WARNING\\] )?"
              + "| Deoptimizing to sequential execution\\.$");

  private Devices() {}

  /** Whether the embedded runtime is there rather than TornadoVM. */
  public static boolean embedded() {
    return runtime().getNumBackends() > 0
        && runtime().getBackendType(0) == TornadoVMBackendType.JAVA;
  }

  /** {@code jvm}, or backend and index such as {@code opencl:0}. */
  public static String name() {
    if (embedded()) {
      return JVM;
    }
    String backend = runtime().getBackendType(backendIndex()).name().toLowerCase(Locale.ROOT);
    return backend + ":" + deviceIndex();
  }

  /** Whether it is a graphics processor that a TornadoVM SDK offers. */
  public static boolean graphics() {
    return !embedded() && device().getDeviceType() == TornadoDeviceType.GPU;
  }

  /** Whether it is of the CUDA backend. */
  static boolean cuda() {
    return !embedded() && runtime().getBackendType(backendIndex()) == TornadoVMBackendType.CUDA;
  }

  /**
   * Whether graphs are to be captured when they are executed first, and replayed by the driver from
   * then on: {@code -Dsse.cuda.graphs=true}.
   *
   * @throws UserError if the device is not of the CUDA backend
   */
  static boolean captured() {
    boolean captured = Boolean.getBoolean(CAPTURE);
    if (captured && !cuda()) {
      throw new UserError("-D" + CAPTURE + "=true is for devices cuda:N; this is " + name());
    }
    return captured;
  }

  /** Why products are not the device's own library's; null if they are. */
  static String libraryObstacle() {
    if (!cuda()) {
      return "device '" + name() + "' has no library of them";
    }
    if (!Boolean.parseBoolean(System.getProperty(LIBRARY, "true"))) {
      return "-D" + LIBRARY + "=false";
    }
    return Cublas.available() ? null : "no " + Cublas.wanted() + " on the dynamic linker's path";
  }

  /** Whether it is of the OpenCL backend. */
  static boolean opencl() {
    return !embedded() && runtime().getBackendType(backendIndex()) == TornadoVMBackendType.OPENCL;
  }

  /** What the GPU tier needs to know of it, with what was found to be fast there. */
  static GpuSettings gpuSettings() {
    GpuSettings untuned = untuned();
    return embedded()
        ? untuned
        : new GpuSettings(untuned.groupItems(), untuned.localBytes(), TuningFile.here().read());
  }

  /** What the GPU tier needs to know of it, with the usual settings. */
  public static GpuSettings untuned() {
    if (embedded()) {
      return GpuSettings.SMALLEST;
    }
    long items = device().getDeviceMaxWorkgroupDimensions()[0];
    return new GpuSettings(Math.toIntExact(items), device().getDeviceLocalMemorySize(), Map.of());
  }

  /** What tells it from others, and from itself with other software. */
  static String identity() {
    String driver =
        String.valueOf(device().getPhysicalDevice().getDeviceInfo())
            .lines()
            .filter(l -> l.startsWith("Driver version"))
            .map(l -> l.substring(l.indexOf(':') + 1).strip())
            .findFirst()
            .orElse("unknown");
    return "%s, %s, driver %s, SDK %s, %s"
        .formatted(
            name().replace(':', ' '),
            description(),
            driver,
            TornadoRuntimeProvider.class.getModule().getDescriptor() == null
                ? "none"
                : TornadoRuntimeProvider.class
                    .getModule()
                    .getDescriptor()
                    .rawVersion()
                    .orElse("unknown"),
            version());
  }

  /** The program's, which the manifest of its jar has; classes outside of a jar have none. */
  private static String version() {
    String version = Devices.class.getPackage().getImplementationVersion();
    return "sse " + (version == null ? "without version" : version);
  }

  /** What the device calls itself. */
  public static String description() {
    TornadoDevice device = device();
    return embedded()
        ? device.getDescription()
        : device.getPhysicalDevice().getDeviceName() + " (" + device.getPlatformName() + ")";
  }

  /**
   * Checks that this JVM was started for a device.
   *
   * @param name {@code jvm}, or backend and index
   * @throws UserError if it was started for another one
   */
  public static void check(String name) {
    if (!name.equals(name())) {
      throw new UserError(
          "this JVM runs on device '"
              + name()
              + "', not on '"
              + name
              + "'; bin/sse starts the right one, 'sse devices' lists them");
    }
  }

  /**
   * What plans may take of a TornadoVM device's memory.
   *
   * @return bytes
   */
  static long memory() {
    return Math.min(
        bytes(System.getProperty(MEMORY, TORNADO_DEFAULT_MEMORY)), device().getMaxGlobalMemory());
  }

  /**
   * Largest array on a TornadoVM device.
   *
   * @return bytes
   */
  static long largestArray() {
    return device().getMaxAllocMemory();
  }

  /**
   * Turns an exception of TornadoVM into what a user can act on.
   *
   * @param graph what was run
   * @param e the exception
   * @return what to throw instead; the exception itself if it is the embedded runtime's or ours
   */
  static RuntimeException explain(String graph, Throwable e) {
    return explained("graph '" + graph + "'", e);
  }

  /**
   * Turns an exception of TornadoVM that came before a graph was run: it refuses some kernels when
   * graphs are built.
   *
   * @param e the exception
   * @return what to throw instead; the exception itself if it is the embedded runtime's or ours, an
   *     error is thrown
   */
  public static RuntimeException explain(Throwable e) {
    return explained("the program", e);
  }

  /**
   * Checks that the driver has refused nothing, if its output is watched.
   *
   * @param what was done
   * @throws UserError if results are not to be trusted
   */
  static void requireNoErrors(String what) {
    List<String> errors = DriverOutput.errors();
    if (!errors.isEmpty()) {
      throw new UserError(
          what
              + " has no right results: the driver of "
              + name()
              + ", "
              + description()
              + ", refused "
              + errors.stream().distinct().collect(Collectors.joining(", "))
              + (errors.size() > 1 ? " (" + errors.size() + " calls)" : ""));
    }
  }

  /** Whether it is one of TornadoVM's own exceptions or errors: its compilers throw both. */
  static boolean fromTornado(Throwable e) {
    return e.getClass().getName().startsWith("uk.ac.manchester.tornado.");
  }

  private static RuntimeException explained(String what, Throwable e) {
    if (embedded() || !fromTornado(e)) {
      if (e instanceof Error error) {
        throw error;
      }
      return e instanceof RuntimeException r ? r : new IllegalStateException(e);
    }
    return new UserError(
        what + " does not run on " + name() + ", " + description() + ": " + reason(e), e);
  }

  /**
   * What TornadoVM says, in one line: without colours, its introductions and stack traces.
   *
   * @param e its exception
   * @return the task and why, such as "Unable to compile task head.loss - forward: …"
   */
  public static String reason(Throwable e) {
    String said = e.getMessage() == null ? "" : COLOUR.matcher(e.getMessage()).replaceAll("");
    String reason =
        said.lines()
            .map(String::strip)
            .filter(line -> !STACK.matcher(line).lookingAt())
            .map(line -> PHRASES.matcher(line).replaceAll(""))
            .filter(line -> !line.isEmpty())
            .collect(Collectors.joining(": "))
            .replace(".: ", ". ")
            .replace("use -D" + MEMORY + "=<X>GB", "use --device-memory");
    return reason.isEmpty() ? e.getClass().getSimpleName() : reason;
  }

  /** Bytes of TornadoVM's notation: a number, or one with KB, MB, GB or TB. */
  static long bytes(String size) {
    Matcher parts = SIZE.matcher(size);
    try {
      if (!parts.matches()) {
        throw new NumberFormatException(size);
      }
      int power = parts.group(2) == null ? 0 : UNITS.indexOf(parts.group(2)) + 1;
      return Math.multiplyExact(Long.parseLong(parts.group(1)), 1L << (10 * power));
    } catch (NumberFormatException | ArithmeticException e) {
      throw new UserError(
          MEMORY + " must be a number of bytes, or one with KB, MB or GB, not '" + size + "'", e);
    }
  }

  private static TornadoDevice device() {
    return runtime().getBackend(backendIndex()).getDevice(deviceIndex());
  }

  private static int backendIndex() {
    return embedded() ? 0 : Integer.getInteger("tornado.backend", 0);
  }

  private static int deviceIndex() {
    return embedded() ? 0 : Integer.getInteger("tornado.device", 0);
  }

  private static TornadoRuntime runtime() {
    return TornadoRuntimeProvider.getTornadoRuntime();
  }
}
