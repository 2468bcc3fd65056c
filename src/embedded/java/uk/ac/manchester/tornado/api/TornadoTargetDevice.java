package uk.ac.manchester.tornado.api;

/** The properties of a device's hardware. */
public interface TornadoTargetDevice {
  /**
   * The device's name.
   *
   * @return the name
   */
  String getDeviceName();

  /**
   * Size of the device's memory.
   *
   * @return bytes
   */
  long getDeviceGlobalMemorySize();

  /**
   * Size of the memory that a group of work-items shares.
   *
   * @return bytes
   */
  long getDeviceLocalMemorySize();

  /**
   * Number of units that work at the same time.
   *
   * @return the number
   */
  int getDeviceMaxComputeUnits();

  /**
   * Largest number of work-items in a group.
   *
   * @return the number
   */
  int getMaxThreadsPerBlock();

  /**
   * Size of the largest array.
   *
   * @return bytes
   */
  long getDeviceMaxAllocationSize();

  /**
   * What else is known.
   *
   * @return one line
   */
  String getDeviceInfo();
}
