package io.github.tornadosse.embedded;

import java.util.function.Supplier;

/**
 * Says whether plans keep device memory apart from the host's arrays and hold graphs to what
 * TornadoVM takes: those made with the system property {@value #PROPERTY} set to true do, and those
 * made within {@link #on} or {@link #off}.
 */
public final class StrictMode {
  /** Name of the system property. */
  public static final String PROPERTY = "tornado.sse.strict";

  private static final ThreadLocal<Boolean> CHOICE = new ThreadLocal<>();

  private StrictMode() {}

  /**
   * Whether a plan made now by this thread is strict.
   *
   * @return true if it is
   */
  public static boolean enabled() {
    Boolean choice = CHOICE.get();
    return choice == null ? Boolean.getBoolean(PROPERTY) : choice;
  }

  /**
   * Makes strict plans.
   *
   * @param <T> what is made
   * @param make makes it
   * @return what was made
   */
  public static <T> T on(Supplier<T> make) {
    return with(true, make);
  }

  /**
   * Makes plans that work on the host's arrays themselves.
   *
   * @param <T> what is made
   * @param make makes it
   * @return what was made
   */
  public static <T> T off(Supplier<T> make) {
    return with(false, make);
  }

  private static <T> T with(boolean strict, Supplier<T> make) {
    Boolean before = CHOICE.get();
    CHOICE.set(strict);
    try {
      return make.get();
    } finally {
      if (before == null) {
        CHOICE.remove();
      } else {
        CHOICE.set(before);
      }
    }
  }
}
