package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Tiers;
import java.util.concurrent.Callable;
import jdk.incubator.vector.FloatVector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists what kernels can run on. */
@Command(
    name = "devices",
    description = "Lists the devices that programs can run on, and the tier of kernels they get.",
    footerHeading = "%nExamples:%n",
    footer = {"  sse devices", "  sse devices --json"})
final class DevicesCommand implements Callable<Integer> {
  @Mixin private Globals globals;

  @Override
  public Integer call() {
    Tiers.Choice choice = globals.tier();
    long memory = Runtime.getRuntime().maxMemory();
    if (globals.json()) {
      ObjectNode device = Console.object();
      device.put("device", Globals.DEVICE);
      device.put("description", BuildInfo.machine());
      device.put("jdk", BuildInfo.jdk());
      device.put("threads", globals.threads());
      device.put("memory_bytes", memory);
      device.put("vector_bits", vectorBits());
      device.put("tier", choice.operations().tier());
      device.put("reason", choice.reason());
      ObjectNode all = Console.object();
      all.putArray("devices").add(device);
      Console.json(all);
    } else {
      Console.out("jvm    %s, %s", BuildInfo.machine(), BuildInfo.jdk());
      int bits = vectorBits();
      Console.out(
          "       %d threads, %s of memory, %s",
          globals.threads(),
          MemoryBudget.format(memory),
          bits == 0 ? "no Vector API" : "vectors of " + bits + " bits");
      Console.out("       tier %s: %s", choice.operations().tier(), choice.reason());
    }
    return 0;
  }

  /** Width of the vectors that the Vector API prefers here; 0 without the module. */
  private static int vectorBits() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? FloatVector.SPECIES_PREFERRED.vectorBitSize()
        : 0;
  }
}
