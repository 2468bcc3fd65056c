package io.github.tornadosse.cli;

import io.github.tornadosse.runtime.Devices;
import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/**
 * Says what devices a backend of a TornadoVM SDK has: started by the launcher with the SDK's flags,
 * one backend at a time, so that one without a driver does not hide the others.
 */
public final class DeviceProbe {
  /** Fields of a line of the probe, after backend and index. */
  static final int FIELDS = 12;

  /** CUDA's first compute capability with arithmetic of bfloat16. */
  private static final int BFLOAT16_CAPABILITY = 8;

  private static final Pattern CAPABILITY = Pattern.compile("CUDA ([0-9]+)\\..*");

  private DeviceProbe() {}

  /**
   * Prints a line of fields, separated by tabs, for each device: index, kind, bytes of memory,
   * bytes of the largest array, bytes of local memory, work-items of a work-group, its largest
   * dimensions, fp64, fp16, bf16, driver, name. What the SDK does not say is a hyphen.
   *
   * @param args the backend
   */
  public static void main(String[] args) {
    try {
      TornadoBackend backend =
          backend(TornadoVMBackendType.valueOf(args[0].toUpperCase(Locale.ROOT)));
      for (int i = 0; i < backend.getNumDevices(); i++) {
        System.out.println(line(i, backend.getDevice(i)));
      }
      System.exit(0);
    } catch (Throwable e) {
      Throwable cause = e;
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      System.err.println(Devices.reason(cause));
      System.exit(2);
    }
  }

  private static TornadoBackend backend(TornadoVMBackendType type) {
    var runtime = TornadoRuntimeProvider.getTornadoRuntime();
    for (int i = 0; i < runtime.getNumBackends(); i++) {
      if (runtime.getBackendType(i) == type) {
        return runtime.getBackend(i);
      }
    }
    throw new IllegalStateException("the SDK's runtime did not load this backend");
  }

  private static String line(int index, TornadoDevice device) {
    TornadoTargetDevice hardware = device.getPhysicalDevice();
    String info = info(hardware);
    return String.join(
        "\t",
        Integer.toString(index),
        kind(device),
        Long.toString(device.getMaxGlobalMemory()),
        Long.toString(device.getMaxAllocMemory()),
        Long.toString(device.getDeviceLocalMemorySize()),
        Integer.toString(hardware.getMaxThreadsPerBlock()),
        Arrays.stream(device.getDeviceMaxWorkgroupDimensions())
            .mapToObj(Long::toString)
            .collect(Collectors.joining("x")),
        fp64(info),
        fp16(info),
        bf16(info),
        line(info, "Driver version"),
        oneLine(hardware.getDeviceName() + ", " + device.getPlatformName()));
  }

  /** Lines about the device; nothing of SPIR-V through OpenCL, where the SDK refuses to say. */
  private static String info(TornadoTargetDevice hardware) {
    try {
      return String.valueOf(hardware.getDeviceInfo());
    } catch (UnsupportedOperationException e) {
      return "";
    }
  }

  /** FPGAs of Intel and Xilinx are accelerators that their platform names. */
  private static String kind(TornadoDevice device) {
    TornadoDeviceType type = device.getDeviceType();
    String platform = String.valueOf(device.getPlatformName()).toLowerCase(Locale.ROOT);
    boolean fpga = type == TornadoDeviceType.FPGA || type == TornadoDeviceType.ACCELERATOR;
    if (fpga && platform.contains("xilinx")) {
      return "xilinx-fpga";
    }
    return fpga && platform.contains("intel") ? "intel-fpga" : type.name().toLowerCase(Locale.ROOT);
  }

  static String fp64(String info) {
    return info.contains("Double fp config : ")
        ? info.contains("Double fp config : true") ? "fp64" : "no fp64"
        : "-";
  }

  static String fp16(String info) {
    return info.contains("Extensions:") ? info.contains("cl_khr_fp16") ? "fp16" : "no fp16" : "-";
  }

  /** The SDK names no support of bfloat16; on CUDA it follows from the compute capability. */
  static String bf16(String info) {
    Matcher capability = CAPABILITY.matcher(line(info, "Device version"));
    if (!capability.matches()) {
      return "-";
    }
    return Integer.parseInt(capability.group(1)) < BFLOAT16_CAPABILITY ? "no bf16" : "bf16";
  }

  /** What stands after the colon of the line that begins so. */
  static String line(String info, String name) {
    return info.lines()
        .filter(x -> x.startsWith(name))
        .map(x -> oneLine(x.substring(x.indexOf(':') + 1)))
        .findFirst()
        .orElse("-");
  }

  private static String oneLine(String s) {
    return s.strip().replaceAll("\\s+", " ");
  }
}
