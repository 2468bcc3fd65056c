package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.tune.Tuner;
import io.github.tornadosse.eval.tune.Tuner.Finding;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.TuningFile;
import io.github.tornadosse.tensor.UserError;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Finds the settings of the GPU tier that are the fastest on a device, and keeps them. */
@Command(
    name = "tune",
    description = {
      "Times what the GPU tier can set (sizes of groups and tiles) on a TornadoVM device, and keeps",
      "the fastest in the user's cache, where later runs on that device find them. A new driver, SDK",
      "or version of the program starts with the usual settings again."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sse tune --device cuda:0", "  sse tune --device opencl:0 --hidden 2048 --json"})
final class TuneCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Option(
      names = "--tokens",
      paramLabel = "N",
      defaultValue = "2048",
      description = "Tokens of a training step (default: 2048).")
  private int tokens;

  @Option(
      names = "--hidden",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Width of the model (default: 1024).")
  private int hidden;

  @Option(
      names = "--vocabulary",
      paramLabel = "N",
      defaultValue = "8192",
      description = "Tokens that there are (default: 8192).")
  private int vocabulary;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "9",
      description = "Timings of each candidate, of 10 executions (default: 9).")
  private int rounds;

  @Override
  public Integer call() {
    if (tokens < 1 || hidden < 1 || vocabulary < 1 || rounds < 1) {
      throw new UserError("--tokens, --hidden, --vocabulary and --rounds must be 1 or more");
    }
    if (Devices.embedded()) {
      throw new UserError(
          "tune is for devices of a TornadoVM SDK, such as --device cuda:0; 'sse devices' lists them");
    }
    TuningFile file = TuningFile.here();
    ObjectNode json = Console.object();
    json.put("device", file.device());
    Map<String, Integer> tuned =
        new Tuner(tokens, hidden, vocabulary, rounds)
            .run(Devices.untuned(), f -> report(f, json.withArray("settings").addObject()));
    file.write(tuned);
    if (globals.json()) {
      json.put("file", file.file().toString());
      Console.json(json);
    } else {
      Console.out("%s: %d settings differ from the usual ones", file.file(), tuned.size());
    }
    return 0;
  }

  private void report(Finding f, ObjectNode json) {
    json.put("name", f.name());
    json.put("chosen", f.chosen());
    ObjectNode seconds = json.putObject("seconds");
    f.seconds().forEach((candidate, s) -> seconds.put(String.valueOf(candidate), s));
    if (!globals.json()) {
      Console.out(
          "%-16s %4d   %s",
          f.name(),
          f.chosen(),
          f.seconds().entrySet().stream()
              .map(e -> String.format(Locale.ROOT, "%d: %.3f ms", e.getKey(), 1e3 * e.getValue()))
              .collect(Collectors.joining(", ")));
    }
  }
}
