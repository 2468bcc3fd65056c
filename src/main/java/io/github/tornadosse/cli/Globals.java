package io.github.tornadosse.cli;

import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.DriverOutput;
import io.github.tornadosse.runtime.Tiers;
import io.github.tornadosse.tensor.UserError;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParseResult;

/** Options of every command that computes. */
final class Globals {
  /** Read by the embedded runtime when it starts its threads. */
  private static final String THREADS = "sse.threads";

  private static boolean stackTraces;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads to compute on (default: all cores). Results do not depend on it.")
  private Integer threads;

  @Option(
      names = "--tier",
      paramLabel = "TIER",
      defaultValue = "${sys:sse.tier:-auto}",
      description =
          "Kernels to use: auto, vector, gpu, cuda or portable (default: ${DEFAULT-VALUE}).")
  private String tier;

  @Option(
      names = "--device",
      paramLabel = "NAME",
      description = {
        "A device that 'sse devices' lists, or auto: a TornadoVM SDK's GPU if there is one",
        "(default: SSE_DEVICE, or jvm)."
      })
  private String device;

  @Option(
      names = "--device-memory",
      paramLabel = "SIZE",
      description =
          "What may be taken of the device's memory, such as 8GB (default: a share of it).")
  private String deviceMemory;

  @Option(
      names = "--show-command",
      description = "Print the command line that starts the program, and exit.")
  private boolean showCommand;

  @Option(names = "--json", description = "Print the result as one line of JSON.")
  private boolean json;

  @Option(
      names = {"-v", "--verbose"},
      description = "Say more on standard error; twice for even more.")
  private boolean[] verbosity = {};

  @Option(names = "--stacktrace", description = "Show where an internal error happened.")
  private boolean stackTrace;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help and exit.")
  private boolean help;

  /** The options of the command that was called; the defaults where it has none. */
  static Globals of(ParseResult result) {
    ParseResult last = result;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    var mixin = last.commandSpec().mixins().get("globals");
    return mixin == null ? new Globals() : (Globals) mixin.userObject();
  }

  /** Puts into effect what holds for the whole process; before any kernel runs. */
  void apply() {
    stackTraces = stackTrace;
    Main.logLevel(verbosity == null ? 0 : verbosity.length);
    if (showCommand || deviceMemory != null) {
      throw new UserError("--show-command and --device-memory are for the launcher, bin/sse");
    }
    if (device != null) {
      Devices.check(device);
    }
    if (!Devices.embedded()) {
      DriverOutput.watch();
    }
    if (threads != null) {
      if (threads < 1) {
        throw new UserError("--threads must be 1 or more, not " + threads);
      }
      if (!Devices.embedded()) {
        throw new UserError("--threads is for device jvm, not for " + Devices.name());
      }
      System.setProperty(THREADS, Integer.toString(threads));
    }
  }

  static boolean stackTraces() {
    return stackTraces;
  }

  boolean json() {
    return json;
  }

  /** Threads that kernels run on. */
  int threads() {
    return Integer.getInteger(THREADS, Runtime.getRuntime().availableProcessors());
  }

  /** Threads that were asked for; 0 if none were. */
  int askedThreads() {
    return threads == null ? 0 : threads;
  }

  /** Lets kernels run on fewer threads; before any kernel runs. */
  void limitThreads(int count) {
    System.setProperty(THREADS, Integer.toString(count));
  }

  /** The tier that was asked for, or the best one here; logs why. */
  Tiers.Choice tier() {
    Tiers.Choice choice = Tiers.choose(tier);
    LoggerFactory.getLogger(Globals.class)
        .info("tier {}: {}", choice.operations().tier(), choice.reason());
    return choice;
  }

  /**
   * Asks for the tier that computes products in a precision.
   *
   * @param dtype one of {@link Tiers#DTYPES}, or null to leave the tier as it is
   */
  void precision(String dtype) {
    if (dtype != null) {
      tier = Tiers.forPrecision(dtype, tier);
    }
  }

  /** The device and what computes there. */
  String deviceAndTier() {
    String computes = Devices.embedded() ? threads() + " threads" : Devices.description();
    return Devices.name() + ", " + computes + ", tier " + tier().operations().tier();
  }

  String tierName() {
    return tier;
  }
}
