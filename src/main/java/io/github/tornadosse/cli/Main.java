package io.github.tornadosse.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.tensor.UserError;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command {@code sse}. */
@Command(
    name = "sse",
    mixinStandardHelpOptions = true,
    versionProvider = BuildInfo.class,
    description = "Trains, runs and measures language models with Sparse State Expansion.",
    subcommands = {
      DevicesCommand.class,
      TrainCommand.class,
      GenerateCommand.class,
      EvalCommand.class,
      ExperimentCommand.class,
      InspectCommand.class,
      ConvertCommand.class,
      VerifyCommand.class,
      EmitCommand.class,
      TuneCommand.class,
      BenchCommand.class,
      ProfileCommand.class,
      DemoCommand.class,
      CompletionCommand.class
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse train tornado-config/demo.yaml --data src.zip --seconds 240",
      "  sse generate runs/demo --prompt 'public static void' --tokens 200",
      "  sse verify",
      "  sse bench mixer --tokens 8192 --json",
      "",
      "Exit codes: 0 done; 1 a check failed; 2 something that you can put right, said in one line."
    })
public final class Main implements Runnable {
  @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

  /** The command. */
  public Main() {}

  /**
   * Runs the command and exits with its code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    System.exit(run(args));
  }

  /**
   * Runs the command.
   *
   * @param args the command line
   * @return the exit code
   */
  static int run(String... args) {
    CommandLine line = new CommandLine(new Main());
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setParameterExceptionHandler(Main::usage);
    line.setExecutionExceptionHandler(Main::failure);
    line.setExecutionStrategy(
        result -> {
          try {
            Globals.of(result).apply();
          } catch (UserError e) {
            return report(e, line);
          }
          return new CommandLine.RunLast().execute(result);
        });
    try {
      return line.execute(args);
    } catch (OutOfMemoryError e) {
      long heap = Runtime.getRuntime().maxMemory();
      print(
          line,
          "out of memory: the heap holds "
              + heap
              + " bytes; take a smaller model or fewer tokens a batch, or a larger heap"
              + " (SSE_JAVA_OPTS=-Xmx…)");
      return 2;
    } catch (Error e) {
      return report(e, line);
    } finally {
      System.out.flush();
    }
  }

  private static int usage(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    String near = "";
    if (e instanceof UnmatchedArgumentException u) {
      List<String> suggestions = u.getSuggestions();
      near = suggestions.isEmpty() ? "" : " (did you mean " + suggestions.get(0) + "?)";
    }
    String name = line.getCommandSpec().qualifiedName();
    print(line, oneLine(e.getMessage()) + near + "; see '" + name + " --help'");
    return 2;
  }

  private static int failure(Exception e, CommandLine line, ParseResult result) {
    return report(e instanceof RuntimeException r ? Devices.explain(r) : e, line);
  }

  private static int report(Throwable e, CommandLine line) {
    if (e instanceof UserError) {
      print(line, oneLine(e.getMessage()));
      return 2;
    }
    if (Globals.stackTraces()) {
      e.printStackTrace(line.getErr());
    }
    String hint = Globals.stackTraces() ? "" : "; --stacktrace shows where";
    print(line, "internal error: " + oneLine(String.valueOf(e)) + hint);
    return 1;
  }

  private static void print(CommandLine line, String message) {
    line.getErr().println("sse: " + message);
    line.getErr().flush();
  }

  private static String oneLine(String message) {
    return message.strip().replaceAll("\\s*\\R\\s*", " ");
  }

  /** How much is logged; the levels of {@code -v} and {@code -vv}. */
  static void logLevel(int verbosity) {
    Level level = verbosity == 0 ? Level.WARN : verbosity == 1 ? Level.INFO : Level.DEBUG;
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).setLevel(level);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "which command? One of " + commands());
  }

  private String commands() {
    return String.join(", ", spec.subcommands().keySet());
  }
}
