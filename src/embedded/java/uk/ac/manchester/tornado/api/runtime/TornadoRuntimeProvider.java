package uk.ac.manchester.tornado.api.runtime;

import io.github.tornadosse.embedded.JvmRuntime;
import uk.ac.manchester.tornado.api.TornadoRuntime;

/** Gives access to the runtime. */
public class TornadoRuntimeProvider {
  /** The methods are static. */
  public TornadoRuntimeProvider() {}

  /**
   * The runtime.
   *
   * @return the embedded one
   */
  public static TornadoRuntime getTornadoRuntime() {
    return JvmRuntime.INSTANCE;
  }
}
