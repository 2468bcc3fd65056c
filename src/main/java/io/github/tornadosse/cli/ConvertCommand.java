package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.checkpoint.WeightsFormat;
import io.github.tornadosse.convert.Conversion;
import io.github.tornadosse.convert.HybridOptions;
import io.github.tornadosse.convert.HybridReport;
import io.github.tornadosse.tensor.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Writes a checkpoint anew in another type or in other files, or makes a hybrid of a Transformer.
 */
@Command(
    name = "convert",
    description = {
      "Writes a model's directory anew: its configuration, its weights in another type or spread",
      "over files of a limited size, and its tokenizer.",
      "A Transformer (model_type llama, mistral or qwen2) becomes a hybrid: the layers that",
      "--attention-layers names keep their softmax attention, the others get a mixer that takes",
      "over their queries, keys, values and outputs."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  sse convert --from runs/demo --to demo-bf16 --dtype bfloat16",
      "  sse convert --from large --to large-sharded --max-shard-size 2GB --json",
      "  sse convert --from llama --to hybrid --attention-layers 5,11,17",
      "  sse convert --from llama --to baseline --attention-layers all",
      "  sse convert --from llama --to gdn --attention-layers '' --set linear_attn_type=gdn"
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

  @Option(
      names = "--attention-layers",
      paramLabel = "LIST",
      description =
          "Of a Transformer: the layers that keep their softmax attention, from 0, such as 5,11,17;"
              + " 'all', or '' for none.")
  private String attentionLayers;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description =
          "Of a Transformer: a key of the mixers' configuration, such as num_sparse_partition=8,"
              + " num_writer=2 or linear_attn_type=gdn (default: SSE-n4k1, gated linear attention,"
              + " no output gate).")
  private List<String> overrides = new ArrayList<>();

  @Option(
      names = "--seed",
      paramLabel = "S",
      defaultValue = "1",
      description =
          "Of a Transformer: of the mixers' new weights; the same seed gives the same bytes"
              + " (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Override
  public Integer call() {
    if (attentionLayers == null && !overrides.isEmpty()) {
      throw new UserError("--set needs --attention-layers, such as --attention-layers ''");
    }
    Conversion.Options options =
        new Conversion.Options(
            dtype == null ? null : WeightsFormat.type(dtype),
            WeightsFormat.bytes(maxShardSize),
            attentionLayers == null ? null : new HybridOptions(attentionLayers, overrides, seed));
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
      if (r.hybrid() != null) {
        print(r.hybrid());
      }
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
    if (r.hybrid() != null) {
      j.set("hybrid", r.hybrid().toJson());
    }
    Console.json(j);
  }

  private static void print(HybridReport r) {
    Console.out("%s", r.model());
    Console.out("taken over: %,d parameters", r.mappedParameters());
    for (HybridReport.Mapped m : r.mapped()) {
      String repeats =
          m.repeats() == 1 ? "" : ", each head for " + m.repeats() + " heads of the mixer";
      Console.out("  %s -> %s%s%s", m.source(), m.target(), layers(m.layers()), repeats);
    }
    Console.out("new: %,d parameters", r.newParameters());
    for (HybridReport.Added a : r.added()) {
      Console.out("  %s%s: %s", a.target(), layers(a.layers()), a.values());
    }
    if (!r.leftOut().isEmpty()) {
      Console.out("left out");
    }
    for (HybridReport.LeftOut l : r.leftOut()) {
      Console.out("  %s%s: %s", l.source(), layers(l.layers()), l.reason());
    }
  }

  /** Ascending numbers with runs drawn together: , layers 0-4, 6. */
  private static String layers(List<Integer> layers) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < layers.size(); i++) {
      int first = layers.get(i);
      while (i + 1 < layers.size() && layers.get(i + 1) == layers.get(i) + 1) {
        i++;
      }
      int last = layers.get(i);
      text.append(text.isEmpty() ? ", layers " : ", ").append(first);
      text.append(last == first ? "" : "-" + last);
    }
    return text.toString();
  }
}
