package uk.ac.manchester.tornado.api.common;

import uk.ac.manchester.tornado.api.TornadoTargetDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A device that runs tasks. */
public interface TornadoDevice {
  /**
   * The device's short name.
   *
   * @return the name
   */
  String getDeviceName();

  /**
   * What the device is.
   *
   * @return one line
   */
  String getDescription();

  /**
   * The platform that the device belongs to.
   *
   * @return its name
   */
  String getPlatformName();

  /**
   * The hardware.
   *
   * @return its properties
   */
  TornadoTargetDevice getPhysicalDevice();

  /**
   * The kind of device.
   *
   * @return the kind
   */
  TornadoDeviceType getDeviceType();

  /**
   * Size of the largest array.
   *
   * @return bytes
   */
  long getMaxAllocMemory();

  /**
   * Size of the device's memory.
   *
   * @return bytes
   */
  long getMaxGlobalMemory();

  /**
   * Size of the memory that a group of work-items shares.
   *
   * @return bytes
   */
  long getDeviceLocalMemorySize();

  /**
   * Largest numbers of work-items of a group.
   *
   * @return along x, y and z
   */
  long[] getDeviceMaxWorkgroupDimensions();

  /**
   * Index of the backend that drives the device.
   *
   * @return the index
   */
  int getBackendIndex();

  /**
   * What tasks are compiled to.
   *
   * @return the type
   */
  TornadoVMBackendType getTornadoVMBackend();
}
