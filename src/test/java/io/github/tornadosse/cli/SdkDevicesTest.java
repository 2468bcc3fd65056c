package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import org.junit.jupiter.api.Test;

class SdkDevicesTest {
  private static final String PROBED =
      "0\tcpu\t12307955712\t4294967296\t524288\t4096\t4096x4096x4095\tfp64\tno fp16\t-\t3.1\tsome"
          + " processor";

  @Test
  void aDeviceIsDescribedAsTheProbeAndTheProfileSay() {
    SdkDevices.Found found =
        SdkDevices.parse("opencl\t" + PROBED + "\topencl-cpu\tportable\n").getFirst();
    JsonNode device = DevicesCommand.device(found);
    assertThat(device.get("device").textValue()).isEqualTo("opencl:0");
    assertThat(device.get("kind").textValue()).isEqualTo("cpu");
    assertThat(device.get("memory_bytes").longValue()).isEqualTo(12307955712L);
    assertThat(device.get("largest_array_bytes").longValue()).isEqualTo(4294967296L);
    assertThat(device.get("local_memory_bytes").longValue()).isEqualTo(524288);
    assertThat(device.get("work_group_items").intValue()).isEqualTo(4096);
    assertThat(device.get("work_group").textValue()).isEqualTo("4096x4096x4095");
    assertThat(device.get("fp64").booleanValue()).isTrue();
    assertThat(device.get("fp16").booleanValue()).isFalse();
    assertThat(device.has("bf16")).isFalse();
    assertThat(device.get("driver").textValue()).isEqualTo("3.1");
    assertThat(device.get("description").textValue()).isEqualTo("some processor");
    assertThat(device.get("tier").textValue()).isEqualTo("portable");
    assertThat(device.get("reason").textValue()).contains("opencl-cpu");
  }

  @Test
  void theTierIsTheProfilesOrThatOfTheKindOfDevice() {
    assertThat(tier("portable")).isEqualTo("portable");
    assertThat(tier("vector")).isEqualTo("vector");
    assertThat(tier("auto")).isEqualTo("portable");
  }

  private static String tier(String ofProfile) {
    String line = "opencl\t" + PROBED + "\topencl-cpu\t" + ofProfile;
    return SdkDevices.parse(line).getFirst().fields().tier();
  }

  @Test
  void aBackendWithoutDevicesSaysWhy() {
    List<SdkDevices.Found> found = SdkDevices.parse("ptx\tno driver here\nTornadoVM\t\n");
    assertThat(found).extracting(SdkDevices.Found::name).containsExactly("ptx", "TornadoVM");
    assertThat(found).extracting(SdkDevices.Found::fields).containsOnlyNulls();
    assertThat(found.get(0).obstacle()).isEqualTo("no driver here");
    assertThat(found.get(1).obstacle()).isEqualTo("the launcher found none");
    assertThat(DevicesCommand.device(found.get(0)).get("unusable").textValue())
        .isEqualTo("no driver here");
  }

  @Test
  void typesAreReadFromWhatTheSdkSays() {
    String cuda = "Extensions:\n\tcl_khr_fp16\nDevice version   : CUDA 9.0\nDriver version : 13 \n";
    assertThat(DeviceProbe.fp16(cuda)).isEqualTo("fp16");
    assertThat(DeviceProbe.fp64(cuda)).isEqualTo("-");
    assertThat(DeviceProbe.bf16(cuda)).isEqualTo("bf16");
    assertThat(DeviceProbe.bf16("Device version : CUDA 7.5")).isEqualTo("no bf16");
    assertThat(DeviceProbe.line(cuda, "Driver version")).isEqualTo("13");
    String opencl =
        "Extensions:\n\tcl_khr_fp64\nDevice version   : OpenCL 3.0\nDouble fp config : true";
    assertThat(DeviceProbe.fp16(opencl)).isEqualTo("no fp16");
    assertThat(DeviceProbe.fp64(opencl)).isEqualTo("fp64");
    assertThat(DeviceProbe.bf16(opencl)).isEqualTo("-");
    assertThat(DeviceProbe.fp16("")).isEqualTo("-");
  }
}
