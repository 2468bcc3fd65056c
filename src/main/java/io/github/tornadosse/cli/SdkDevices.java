package io.github.tornadosse.cli;

import io.github.tornadosse.runtime.Tiers;
import java.util.List;

/**
 * The devices of the TornadoVM SDK: what the launcher found with {@link DeviceProbe}, in JVMs of
 * their own, and hands on in an environment variable.
 */
final class SdkDevices {
  /**
   * Lines of backend, a line of the probe, profile and the profile's tier; or of backend and why it
   * has no devices. Fields are separated by tabs.
   */
  private static final String FOUND = "SSE_SDK_DEVICES";

  /** Fields of a line with a device. */
  private static final int FIELDS = 1 + DeviceProbe.FIELDS + 2;

  private SdkDevices() {}

  /**
   * A device.
   *
   * @param name backend and index; of what has no devices, the backend or the SDK itself
   * @param fields what the probe and the profile say; null without a device
   * @param obstacle why there is none; empty otherwise
   */
  record Found(String name, Fields fields, String obstacle) {}

  /** The fields of a line: those of {@link DeviceProbe}, then profile and tier. */
  record Fields(List<String> line) {
    String kind() {
      return line.get(2);
    }

    long memoryBytes() {
      return Long.parseLong(line.get(3));
    }

    long largestArrayBytes() {
      return Long.parseLong(line.get(4));
    }

    long localMemoryBytes() {
      return Long.parseLong(line.get(5));
    }

    int workGroupItems() {
      return Integer.parseInt(line.get(6));
    }

    String workGroup() {
      return line.get(7);
    }

    /** The name of a type if the device has it, "no" and the name if not, a hyphen if unknown. */
    String type(String name) {
      return switch (name) {
        case "fp64" -> line.get(8);
        case "fp16" -> line.get(9);
        case "bf16" -> line.get(10);
        default -> throw new IllegalArgumentException(name);
      };
    }

    String driver() {
      return line.get(11);
    }

    String description() {
      return line.get(12);
    }

    String profile() {
      return line.get(13);
    }

    /** The tier that programs get: the profile's, or what is best for the kind of device. */
    String tier() {
      String tier = line.get(14);
      if (!tier.equals("auto")) {
        return tier;
      }
      return kind().equals("gpu") && Tiers.NAMES.contains("gpu") ? "gpu" : "portable";
    }
  }

  /** What the launcher found; nothing without an SDK. */
  static List<Found> found() {
    return parse(System.getenv().getOrDefault(FOUND, ""));
  }

  static List<Found> parse(String lines) {
    return lines.lines().map(SdkDevices::device).toList();
  }

  private static Found device(String line) {
    List<String> fields = List.of(line.split("\t", -1));
    if (fields.size() == FIELDS) {
      return new Found(fields.get(0) + ":" + fields.get(1), new Fields(fields), "");
    }
    String why = String.join(" ", fields.subList(1, fields.size())).strip();
    return new Found(fields.get(0), null, why.isEmpty() ? "the launcher found none" : why);
  }
}
