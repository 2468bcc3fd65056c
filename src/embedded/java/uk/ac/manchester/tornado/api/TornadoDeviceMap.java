package uk.ac.manchester.tornado.api;

import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** All backends and their devices. */
public class TornadoDeviceMap {
  private final TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();

  /** What there is now. */
  public TornadoDeviceMap() {}

  /**
   * Number of backends.
   *
   * @return at least 1
   */
  public int getNumBackends() {
    return runtime.getNumBackends();
  }

  /**
   * All backends.
   *
   * @return the backends
   */
  public List<TornadoBackend> getAllBackends() {
    return IntStream.range(0, runtime.getNumBackends()).mapToObj(runtime::getBackend).toList();
  }

  /**
   * Some of the backends.
   *
   * @param predicate says which
   * @return the backends
   */
  public List<TornadoBackend> getBackendsWithPredicate(
      Predicate<? super TornadoBackend> predicate) {
    return getAllBackends().stream().filter(predicate).toList();
  }

  /**
   * The backends with a certain device.
   *
   * @param predicate says which devices
   * @return the backends that have one
   */
  public List<TornadoBackend> getBackendsWithDevicePredicate(
      Predicate<? super TornadoDevice> predicate) {
    return getBackendsWithPredicate(b -> b.getAllDevices().stream().anyMatch(predicate));
  }

  /**
   * The devices whose name contains a text.
   *
   * @param deviceName the text, in capitals or not
   * @return the devices
   */
  public Stream<TornadoDevice> getDevicesByName(String deviceName) {
    String name = deviceName.toLowerCase(Locale.ROOT);
    return devices().filter(d -> d.getDeviceName().toLowerCase(Locale.ROOT).contains(name));
  }

  /**
   * The devices of a kind.
   *
   * @param type the kind
   * @return the devices
   */
  public Stream<TornadoDevice> getDevicesByType(TornadoDeviceType type) {
    return devices().filter(d -> d.getDeviceType() == type);
  }

  private Stream<TornadoDevice> devices() {
    return getAllBackends().stream().flatMap(b -> b.getAllDevices().stream());
  }
}
