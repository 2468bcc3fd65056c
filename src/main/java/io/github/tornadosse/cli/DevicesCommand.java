package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Tiers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import jdk.incubator.vector.FloatVector;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists what kernels can run on. */
@Command(
    name = "devices",
    description = {
      "Lists the devices that programs can run on, and the tier of kernels they get: the JVM's",
      "threads, and those of a TornadoVM SDK where TORNADOVM_HOME names one."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  sse devices", "  sse devices --json"})
final class DevicesCommand implements Callable<Integer> {
  /** Types that a device may calculate with, besides float. */
  private static final List<String> TYPES = List.of("fp64", "fp16", "bf16");

  @Mixin private Globals globals;

  @Override
  public Integer call() {
    List<ObjectNode> devices = new ArrayList<>();
    devices.add(jvm());
    SdkDevices.found().forEach(d -> devices.add(device(d)));
    if (globals.json()) {
      ObjectNode all = Console.object();
      all.putArray("devices").addAll(devices);
      Console.json(all);
    } else {
      devices.forEach(DevicesCommand::print);
    }
    return 0;
  }

  private ObjectNode jvm() {
    Tiers.Choice choice = globals.tier();
    ObjectNode device = Console.object();
    device.put("device", Devices.JVM);
    device.put("description", BuildInfo.machine());
    device.put("driver", BuildInfo.jdk());
    device.put("threads", globals.threads());
    device.put("memory_bytes", Runtime.getRuntime().maxMemory());
    device.put("vector_bits", vectorBits());
    device.put("tier", choice.operations().tier());
    device.put("reason", choice.reason());
    return device;
  }

  static ObjectNode device(SdkDevices.Found d) {
    ObjectNode device = Console.object();
    device.put("device", d.name());
    if (d.fields() == null) {
      device.put("unusable", d.obstacle());
      return device;
    }
    SdkDevices.Fields f = d.fields();
    device.put("description", f.description());
    device.put("kind", f.kind());
    device.put("memory_bytes", f.memoryBytes());
    device.put("largest_array_bytes", f.largestArrayBytes());
    device.put("local_memory_bytes", f.localMemoryBytes());
    device.put("work_group_items", f.workGroupItems());
    device.put("work_group", f.workGroup());
    for (String name : TYPES) {
      String value = f.type(name);
      if (!value.equals("-")) {
        device.put(name, value.equals(name));
      }
    }
    if (!f.driver().equals("-")) {
      device.put("driver", f.driver());
    }
    device.put("profile", f.profile());
    device.put("tier", f.tier());
    device.put("reason", "profile " + f.profile() + " of tornado-config/devices");
    return device;
  }

  private static void print(ObjectNode d) {
    String name = d.get("device").textValue();
    if (d.has("unusable")) {
      Console.out("%-9s no devices: %s", name, d.get("unusable").textValue());
      return;
    }
    Console.out(
        "%-9s %s%s", name, d.get("description").textValue(), text(d, ", driver ", "driver"));
    String memory = MemoryBudget.format(d.get("memory_bytes").longValue());
    if (d.has("threads")) {
      int bits = d.get("vector_bits").intValue();
      Console.out(
          "          %d threads, %s of memory, %s",
          d.get("threads").intValue(),
          memory,
          bits == 0 ? "no Vector API" : "vectors of " + bits + " bits");
    } else {
      Console.out(
          "          %s, %s of memory, arrays up to %s%s",
          d.get("kind").textValue(),
          memory,
          MemoryBudget.format(d.get("largest_array_bytes").longValue()),
          TYPES.stream().map(type -> flag(d, type)).collect(Collectors.joining()));
      Console.out(
          "          work-groups of up to %d items, %s, with %s of local memory",
          d.get("work_group_items").intValue(),
          d.get("work_group").textValue(),
          MemoryBudget.format(d.get("local_memory_bytes").longValue()));
    }
    Console.out("          tier %s: %s", d.get("tier").textValue(), d.get("reason").textValue());
  }

  private static String text(ObjectNode d, String before, String name) {
    return d.has(name) ? before + d.get(name).textValue() : "";
  }

  private static String flag(ObjectNode d, String name) {
    return d.has(name) ? (d.get(name).booleanValue() ? ", " : ", no ") + name : "";
  }

  /** Width of the vectors that the Vector API prefers here; 0 without the module. */
  private static int vectorBits() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? FloatVector.SPECIES_PREFERRED.vectorBitSize()
        : 0;
  }
}
