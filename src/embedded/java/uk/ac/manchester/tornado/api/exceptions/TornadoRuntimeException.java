package uk.ac.manchester.tornado.api.exceptions;

/** A task graph or plan that cannot be run. */
public class TornadoRuntimeException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * An error with that message.
   *
   * @param message what is wrong
   */
  public TornadoRuntimeException(final String message) {
    super(message);
  }

  /**
   * An error with that cause.
   *
   * @param cause what went wrong underneath
   */
  public TornadoRuntimeException(final Exception cause) {
    super(cause);
  }
}
