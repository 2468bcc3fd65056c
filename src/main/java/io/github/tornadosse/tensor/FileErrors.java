package io.github.tornadosse.tensor;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/** Turns what the file system refuses into errors of one line. */
public final class FileErrors {
  private static final int SHOWN = 120;

  private FileErrors() {}

  /**
   * An error that says what was tried, on what, and why it did not work.
   *
   * @param action what was tried, such as "cannot write"
   * @param file on what
   * @param cause why not
   * @return the error to throw
   */
  public static UserError of(String action, Path file, IOException cause) {
    return new UserError(action + " " + file + ": " + reason(cause), cause);
  }

  /**
   * The reason of an exception in words, without its paths and in one line.
   *
   * @param cause the exception
   * @return the reason
   */
  public static String reason(IOException cause) {
    if (cause instanceof NoSuchFileException) {
      return "no such file or directory";
    }
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (cause instanceof NotDirectoryException) {
      return "not a directory";
    }
    if (cause instanceof FileAlreadyExistsException) {
      return "a file of that name is in the way";
    }
    if (cause instanceof DirectoryNotEmptyException) {
      return "the directory is not empty";
    }
    String text =
        cause instanceof FileSystemException failure ? failure.getReason() : cause.getMessage();
    return text == null ? cause.getClass().getSimpleName() : firstLine(text);
  }

  /**
   * A text from a file as it can be shown: in quotes, short, on one line and without control
   * characters.
   *
   * @param text the text
   * @return its beginning in quotes
   */
  public static String quote(String text) {
    StringBuilder shown = new StringBuilder("\"");
    text.codePoints()
        .limit(SHOWN)
        .forEach(
            point -> {
              if (Character.isISOControl(point) || point == 0x2028 || point == 0x2029) {
                shown.append(String.format("\\u%04x", point));
              } else {
                shown.appendCodePoint(point);
              }
            });
    if (text.codePointCount(0, text.length()) > SHOWN) {
      shown.append('…');
    }
    return shown.append('"').toString();
  }

  /**
   * The first line of a text, without control characters.
   *
   * @param text the text
   * @return its first line
   */
  public static String firstLine(String text) {
    return text.lines().findFirst().orElse("").replaceAll("\\p{Cntrl}", " ").strip();
  }
}
