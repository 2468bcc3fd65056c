package uk.ac.manchester.tornado.api;

import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/** What there is to run tasks on. */
public interface TornadoRuntime {
  /**
   * One of the backends.
   *
   * @param index its index
   * @return the backend
   */
  TornadoBackend getBackend(int index);

  /**
   * What a backend compiles tasks to.
   *
   * @param index its index
   * @return the type
   */
  TornadoVMBackendType getBackendType(int index);

  /**
   * Number of backends.
   *
   * @return at least 1
   */
  int getNumBackends();

  /**
   * The device that is used if none is asked for.
   *
   * @return the device
   */
  TornadoDevice getDefaultDevice();
}
