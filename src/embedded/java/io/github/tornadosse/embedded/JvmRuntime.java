package io.github.tornadosse.embedded;

import java.util.List;
import jdk.incubator.vector.VectorShape;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** The embedded runtime as the one backend, with the JVM's threads as its one device. */
public final class JvmRuntime implements TornadoRuntime, TornadoBackend {
  /** The runtime. */
  public static final JvmRuntime INSTANCE = new JvmRuntime();

  private final Device device = new Device();

  private JvmRuntime() {}

  /**
   * Width of the vectors that the JVM prefers.
   *
   * @return bits; 0 if the JVM was started without the module jdk.incubator.vector
   */
  public static int vectorBits() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent()
        ? VectorShape.preferredShape().vectorBitSize()
        : 0;
  }

  @Override
  public TornadoBackend getBackend(int index) {
    checkFirst("backend", index);
    return this;
  }

  @Override
  public TornadoVMBackendType getBackendType(int index) {
    return getBackend(index).getBackendType();
  }

  @Override
  public int getNumBackends() {
    return 1;
  }

  @Override
  public TornadoDevice getDefaultDevice() {
    return device;
  }

  @Override
  public int getNumDevices() {
    return 1;
  }

  @Override
  public TornadoDevice getDevice(int index) {
    checkFirst("device", index);
    return device;
  }

  private static void checkFirst(String what, int index) {
    if (index != 0) {
      throw new TornadoRuntimeException(
          "there is no " + what + " " + index + ": the embedded runtime has only " + what + " 0");
    }
  }

  @Override
  public List<TornadoDevice> getAllDevices() {
    return List.of(device);
  }

  @Override
  public TornadoDeviceType getTypeDefaultDevice() {
    return TornadoDeviceType.CPU;
  }

  @Override
  public String getName() {
    return "jvm";
  }

  @Override
  public TornadoVMBackendType getBackendType() {
    return TornadoVMBackendType.JAVA;
  }

  private static final class Device implements TornadoXPUDevice, TornadoTargetDevice {
    @Override
    public String getDeviceName() {
      return "jvm";
    }

    @Override
    public String getDescription() {
      return "Java "
          + Runtime.version().feature()
          + " on "
          + System.getProperty("os.arch")
          + ", "
          + Workers.count()
          + " threads, vectors of "
          + vectorBits()
          + " bits";
    }

    @Override
    public String getDeviceInfo() {
      return getDescription();
    }

    @Override
    public String getPlatformName() {
      return System.getProperty("java.vm.name");
    }

    @Override
    public TornadoTargetDevice getPhysicalDevice() {
      return this;
    }

    @Override
    public TornadoDeviceType getDeviceType() {
      return TornadoDeviceType.CPU;
    }

    @Override
    public long getMaxAllocMemory() {
      return Math.min(getMaxGlobalMemory(), 4L * Integer.MAX_VALUE);
    }

    @Override
    public long getDeviceMaxAllocationSize() {
      return getMaxAllocMemory();
    }

    @Override
    public long getMaxGlobalMemory() {
      return Runtime.getRuntime().maxMemory();
    }

    @Override
    public long getDeviceGlobalMemorySize() {
      return getMaxGlobalMemory();
    }

    @Override
    public long getDeviceLocalMemorySize() {
      return getMaxGlobalMemory();
    }

    @Override
    public int getDeviceMaxComputeUnits() {
      return Workers.count();
    }

    @Override
    public int getMaxThreadsPerBlock() {
      return GridRun.ITEMS_OF_A_GROUP;
    }

    @Override
    public long[] getDeviceMaxWorkgroupDimensions() {
      return new long[] {
        GridRun.ITEMS_OF_A_GROUP, GridRun.ITEMS_OF_A_GROUP, GridRun.ITEMS_OF_A_GROUP
      };
    }

    @Override
    public int getBackendIndex() {
      return 0;
    }

    @Override
    public TornadoVMBackendType getTornadoVMBackend() {
      return TornadoVMBackendType.JAVA;
    }
  }
}
