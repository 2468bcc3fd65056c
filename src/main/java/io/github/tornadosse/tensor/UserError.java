package io.github.tornadosse.tensor;

/**
 * Something that the user can put right: a bad option, configuration or file. The message is one
 * line that says what is wrong, where, and what would be right; the command prints it and exits
 * with 2.
 */
public final class UserError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * An error without a cause.
   *
   * @param message one line
   */
  public UserError(String message) {
    super(message);
  }

  /**
   * An error found through an exception.
   *
   * @param message one line
   * @param cause the exception
   */
  public UserError(String message, Throwable cause) {
    super(message, cause);
  }
}
