package io.github.tornadosse.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.runtime.Tiers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
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
  /** What the launcher found with {@link DeviceProbe}: backend, tab, a line of the probe. */
  private static final String FOUND = "SSE_SDK_DEVICES";

  @Mixin private Globals globals;

  @Override
  public Integer call() {
    List<ObjectNode> devices = new ArrayList<>();
    devices.add(jvm());
    for (String line : System.getenv().getOrDefault(FOUND, "").lines().toList()) {
      devices.add(device(line.split("\t", -1)));
    }
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

  /** Backend and the fields of a probe; or backend and why it has no devices. */
  static ObjectNode device(String[] fields) {
    ObjectNode device = Console.object();
    if (fields.length != 1 + DeviceProbe.FIELDS) {
      device.put("device", fields[0]);
      device.put("unusable", String.join(" ", fields).substring(fields[0].length()).strip());
      return device;
    }
    device.put("device", fields[0] + ":" + fields[1]);
    device.put("description", fields[9]);
    device.put("kind", fields[2]);
    device.put("memory_bytes", Long.parseLong(fields[3]));
    device.put("largest_array_bytes", Long.parseLong(fields[4]));
    device.put("work_group", fields[5]);
    putKnown(device, "fp64", fields[6]);
    putKnown(device, "fp16", fields[7]);
    if (!fields[8].equals("-")) {
      device.put("driver", fields[8]);
    }
    device.put("tier", "portable");
    device.put("reason", "what TornadoVM compiles");
    return device;
  }

  private static void putKnown(ObjectNode device, String name, String value) {
    if (!value.equals("-")) {
      device.put(name, value.equals(name));
    }
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
          "          %s, %s of memory, arrays up to %s, work-groups up to %s%s%s",
          d.get("kind").textValue(),
          memory,
          MemoryBudget.format(d.get("largest_array_bytes").longValue()),
          d.get("work_group").textValue(),
          flag(d, "fp64"),
          flag(d, "fp16"));
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
