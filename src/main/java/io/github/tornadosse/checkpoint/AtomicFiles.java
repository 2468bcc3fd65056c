package io.github.tornadosse.checkpoint;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Writes files and directories so that they are there whole or not at all, whenever the process
 * dies: the content goes under a temporary name beside the target, is forced to the disk and
 * renamed.
 *
 * <p>A temporary name is {@code .NAME.tmp-PID-COUNT}, so that what a killed process left behind can
 * be told from what a running one is writing.
 */
public final class AtomicFiles {
  private static final Pattern TEMPORARY = Pattern.compile("\\..+\\.tmp-(\\d{1,18})-\\d+");
  private static final boolean DIRECTORIES_SYNC =
      !System.getProperty("os.name").startsWith("Windows");
  private static final AtomicLong COUNT = new AtomicLong();
  private static final Set<Path> OPEN = ConcurrentHashMap.newKeySet();

  private AtomicFiles() {}

  /** Writes the content of a file. */
  @FunctionalInterface
  public interface FileContent {
    /**
     * Writes the content.
     *
     * @param channel an empty file, open for writing
     * @throws IOException if writing fails
     */
    void writeTo(FileChannel channel) throws IOException;
  }

  /** Writes the files of a directory. */
  @FunctionalInterface
  public interface DirectoryContent {
    /**
     * Writes the files.
     *
     * @param directory an empty directory
     * @throws IOException if writing fails
     */
    void writeTo(Path directory) throws IOException;
  }

  /**
   * Writes a file, in place of one that may be there.
   *
   * @param file the file; its directory exists
   * @param content what to write
   * @throws UserError if the file cannot be written (no permission, no space, no directory); then
   *     the old file is as it was
   */
  public static void write(Path file, FileContent content) {
    if (Files.isDirectory(file)) {
      throw new UserError("cannot write " + file + ": it is a directory, a file name is needed");
    }
    Path temporary = temporaryName(file);
    try {
      try (FileChannel channel =
          FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
        content.writeTo(channel);
        channel.force(true);
      }
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
      sync(parent(file));
    } catch (IOException e) {
      throw FileErrors.of("cannot write", file, e);
    } finally {
      discard(temporary);
    }
  }

  /**
   * Makes the directory of a file where there is none.
   *
   * @param file the file
   * @throws UserError if it cannot be made
   */
  public static void makeDirectoryOf(Path file) {
    try {
      Files.createDirectories(parent(file));
    } catch (IOException e) {
      throw FileErrors.of("cannot write", file, e);
    }
  }

  /**
   * Writes bytes to a file, in place of one that may be there.
   *
   * @param file the file; its directory exists
   * @param bytes the content
   * @throws UserError if the file cannot be written
   */
  public static void write(Path file, byte[] bytes) {
    write(file, channel -> writeFully(channel, ByteBuffer.wrap(bytes)));
  }

  /**
   * Writes text in UTF-8 to a file, in place of one that may be there.
   *
   * @param file the file; its directory exists
   * @param text the content
   * @throws UserError if the file cannot be written
   */
  public static void write(Path file, String text) {
    write(file, text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Writes a directory that is not there yet, or is empty, whole or not at all. The parents are
   * made where needed.
   *
   * @param directory the directory
   * @param content writes its files, which are forced to the disk afterwards
   * @throws UserError if the directory is there with files in it, or cannot be written
   */
  public static void writeDirectory(Path directory, DirectoryContent content) {
    Path temporary = temporaryName(directory);
    try {
      Files.createDirectories(parent(directory));
      checkVacant(directory);
      Files.createDirectory(temporary);
      content.writeTo(temporary);
      syncTree(temporary);
      Files.move(temporary, directory, StandardCopyOption.ATOMIC_MOVE);
      sync(parent(directory));
    } catch (IOException e) {
      throw FileErrors.of("cannot write", directory, e);
    } finally {
      discard(temporary);
    }
  }

  /**
   * Removes the temporary files and directories that processes now dead left in a directory. What
   * this process or another running one of this machine is writing stays.
   *
   * @param directory where to look; nothing happens if it is not there
   * @return how many were removed
   * @throws UserError if one cannot be removed
   */
  public static int cleanStale(Path directory) {
    int removed = 0;
    for (Path entry : list(directory)) {
      if (isStale(entry)) {
        deleteTree(entry);
        removed++;
      }
    }
    return removed;
  }

  /**
   * Removes a directory with all that is in it, or a file. Symbolic links are removed, not
   * followed.
   *
   * @param root what to remove; nothing happens if it is not there
   * @throws UserError if something cannot be removed
   */
  public static void deleteTree(Path root) {
    if (!Files.exists(root, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw FileErrors.of("cannot remove", root, e);
    } catch (UncheckedIOException e) {
      throw FileErrors.of("cannot remove", root, e.getCause());
    }
  }

  /** The entries of a directory in the order of their names; none if it is not there. */
  static List<Path> list(Path directory) {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.sorted().toList();
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw FileErrors.of("cannot list", directory, e);
    } catch (UncheckedIOException e) {
      throw FileErrors.of("cannot list", directory, e.getCause());
    }
  }

  /** Writes all that remains in a buffer at the channel's position. */
  static void writeFully(FileChannel channel, ByteBuffer buffer) throws IOException {
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  /** Forces a directory's entries to the disk, where the system can. */
  static void sync(Path directory) throws IOException {
    if (DIRECTORIES_SYNC) {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      }
    }
  }

  private static void checkVacant(Path directory) {
    if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS)
        && !(Files.isDirectory(directory, LinkOption.NOFOLLOW_LINKS)
            && list(directory).isEmpty())) {
      throw new UserError(
          "cannot write " + directory + ": it is there already; remove it or name another place");
    }
  }

  private static void syncTree(Path directory) throws IOException {
    try (Stream<Path> walk = Files.walk(directory)) {
      for (Path path : walk.toList()) {
        if (Files.isDirectory(path)) {
          sync(path);
        } else {
          try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.force(true);
          }
        }
      }
    }
  }

  private static Path temporaryName(Path target) {
    if (target.getFileName() == null) {
      throw new UserError("cannot write " + target + ": a name is needed");
    }
    Path temporary =
        parent(target)
            .resolve(
                "."
                    + target.getFileName()
                    + ".tmp-"
                    + ProcessHandle.current().pid()
                    + "-"
                    + COUNT.getAndIncrement());
    // A process of the same number (they start again at 1 in a container) may have left one.
    deleteTree(temporary);
    OPEN.add(temporary);
    return temporary;
  }

  private static void discard(Path temporary) {
    deleteTree(temporary);
    OPEN.remove(temporary);
  }

  private static boolean isStale(Path entry) {
    Matcher matcher = TEMPORARY.matcher(entry.getFileName().toString());
    if (!matcher.matches()) {
      return false;
    }
    long pid = Long.parseLong(matcher.group(1));
    if (pid == ProcessHandle.current().pid()) {
      return !OPEN.contains(entry.toAbsolutePath().normalize());
    }
    return ProcessHandle.of(pid).isEmpty();
  }

  private static Path parent(Path target) {
    return target.toAbsolutePath().normalize().getParent();
  }
}
