package uk.ac.manchester.tornado.api.exceptions;

/** A failure to release what an execution plan holds. */
public class TornadoExecutionPlanException extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * An error with that message.
   *
   * @param message what is wrong
   */
  public TornadoExecutionPlanException(String message) {
    super(message);
  }

  /**
   * An error with that message and cause.
   *
   * @param message what is wrong
   * @param cause what went wrong underneath
   */
  public TornadoExecutionPlanException(String message, Throwable cause) {
    super(message, cause);
  }
}
