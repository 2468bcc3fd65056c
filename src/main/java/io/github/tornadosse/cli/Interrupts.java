package io.github.tornadosse.cli;

import java.util.ArrayList;
import java.util.List;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Ctrl-C and SIGTERM. While this is open, the first one calls an action instead of ending the
 * process, which then ends when its command does, with the command's own code; a second one ends it
 * at once.
 *
 * <p>A shutdown hook would not do: while a JVM shuts down, much of its library (pictures, for one)
 * refuses to work, and the last report could not be written.
 */
final class Interrupts implements AutoCloseable {
  private record Replaced(Signal signal, SignalHandler handler) {}

  private final List<Replaced> replaced = new ArrayList<>();

  private Interrupts(Runnable action) {
    for (String name : List.of("INT", "TERM")) {
      Signal signal = new Signal(name);
      replaced.add(
          new Replaced(
              signal,
              Signal.handle(
                  signal,
                  s -> {
                    close();
                    action.run();
                  })));
    }
  }

  /** Opens: the next interrupt calls this. */
  static Interrupts calling(Runnable action) {
    return new Interrupts(action);
  }

  @Override
  public synchronized void close() {
    replaced.forEach(r -> Signal.handle(r.signal, r.handler));
    replaced.clear();
  }
}
