package uk.ac.manchester.tornado.api;

import java.util.List;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** A way to reach devices. */
public interface TornadoBackend {
  /**
   * The device that is used if none is asked for.
   *
   * @return the device
   */
  TornadoDevice getDefaultDevice();

  /**
   * Number of devices.
   *
   * @return at least 1
   */
  int getNumDevices();

  /**
   * One of the devices.
   *
   * @param index its index
   * @return the device
   */
  TornadoDevice getDevice(int index);

  /**
   * All devices.
   *
   * @return the devices
   */
  List<TornadoDevice> getAllDevices();

  /**
   * The default device's kind.
   *
   * @return the kind
   */
  TornadoDeviceType getTypeDefaultDevice();

  /**
   * The backend's name.
   *
   * @return the name
   */
  String getName();

  /**
   * What tasks are compiled to.
   *
   * @return the type
   */
  TornadoVMBackendType getBackendType();
}
