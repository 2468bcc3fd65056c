package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.WeightsFormat;
import io.github.tornadosse.convert.Conversion;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Writes a checkpoint anew in another type or in other files. */
@Command(
    name = "convert",
    description = {
      "Writes a model's directory anew: its configuration, its weights in another type or spread",
      "over files of a limited size, and its tokenizer."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse convert --from runs/demo --to demo-bf16 --dtype bfloat16",
      "  sse convert --from large --to large-sharded --max-shard-size 2GB --json"
    })
final class ConvertCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Option(
      names = "--from",
      required = true,
      paramLabel = "DIR",
      description = "A model's directory, or that of a run (its latest checkpoint).")
  private Path from;

  @Option(
      names = "--to",
      required = true,
      paramLabel = "DIR",
      description = "Where the model goes; not there yet, or empty.")
  private Path to;

  @Option(
      names = "--dtype",
      paramLabel = "TYPE",
      description = "float32, float16 or bfloat16 (default: the type that the weights have).")
  private String dtype;

  @Option(
      names = "--max-shard-size",
      paramLabel = "SIZE",
      defaultValue = "5GB",
      description =
          "The most bytes of tensors in one file, such as 2GB or 512MiB (default:"
              + " ${DEFAULT-VALUE}).")
  private String maxShardSize;

  @Override
  public Integer call() {
    Conversion.Options options =
        new Conversion.Options(
            dtype == null ? null : WeightsFormat.type(dtype), WeightsFormat.bytes(maxShardSize));
    Conversion.Result result;
    try (WorkProgress progress = new WorkProgress("convert")) {
      result = Conversion.run(Checkpoints.model(from), to, options, progress::update);
    }
    print(result);
    return 0;
  }

  private void print(Conversion.Result r) {
    if (!globals.json()) {
      Console.out(
          "%s: %,d parameters in %,d tensors, %s, %,d bytes",
          to, r.parameters(), r.tensors(), r.format().typeName(), r.bytes());
      r.files().forEach(name -> Console.out("  %s", name));
      return;
    }
    ObjectNode j = Console.object();
    j.put("to", to.toString());
    j.put("model_type", r.modelType());
    j.put("dtype", r.format().typeName());
    j.put("parameters", r.parameters());
    j.put("tensors", r.tensors());
    j.put("bytes", r.bytes());
    ArrayNode files = j.putArray("files");
    r.files().forEach(files::add);
    Console.json(j);
  }
}
