package io.github.tornadosse.data;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystems;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Enumeration;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * The texts of a file, a folder with all its folders, or a zip file. Only names and lengths are
 * kept in memory; the texts are read when they are needed and may not change meanwhile.
 *
 * <p>Hidden files and folders (a name that begins with a dot), empty files and binary files (a zero
 * byte among the first 8 KiB) are left out. Documents are in the order of their names.
 */
public final class TextSource implements AutoCloseable {
  private static final int PROBE_BYTES = 8192;

  private final Path path;
  private final ZipFile zip;
  private final Include include;
  private final boolean listing;
  private final List<Document> documents = new ArrayList<>();
  private int binary;
  private int empty;
  private int unmatched;

  private TextSource(Path path, ZipFile zip, Include include) {
    this.path = path;
    this.zip = zip;
    this.include = include;
    listing = zip != null || Files.isDirectory(path);
  }

  /**
   * Lists the texts.
   *
   * @param path a text file, a folder or a zip file
   * @param include globs of the names to take from a folder or zip file; none takes all. A glob
   *     without a slash is for the last part of the name; <code>**&#47;</code> at its start is for
   *     any folder or none
   * @return the texts, to be closed by the caller when they have been read
   * @throws UserError if there is no text, or something cannot be read
   */
  public static TextSource open(Path path, List<String> include) {
    Include matchers = new Include(include);
    ZipFile zip = null;
    boolean opened = false;
    try {
      if (Files.isRegularFile(path) && isZip(path)) {
        zip = new ZipFile(path.toFile());
      }
      TextSource source = new TextSource(path, zip, matchers);
      source.scan();
      opened = true;
      return source;
    } catch (IOException e) {
      throw FileErrors.of("cannot read", path, e);
    } finally {
      if (zip != null && !opened) {
        close(zip, path);
      }
    }
  }

  /**
   * The texts.
   *
   * @return at least one document, none empty, in the order of their names
   */
  public List<Document> documents() {
    return List.copyOf(documents);
  }

  /**
   * The number of files that were left out because they are binary.
   *
   * @return how many
   */
  public int skippedBinary() {
    return binary;
  }

  /**
   * The length of all texts together.
   *
   * @return the length in bytes
   */
  public long bytes() {
    return documents.stream().mapToLong(Document::bytes).sum();
  }

  /** Closes the zip file, if it is one. The documents cannot be read afterwards. */
  @Override
  public void close() {
    if (zip != null) {
      close(zip, path);
    }
  }

  private static void close(ZipFile zip, Path path) {
    try {
      zip.close();
    } catch (IOException e) {
      throw FileErrors.of("cannot close", path, e);
    }
  }

  private static boolean isZip(Path path) throws IOException {
    try (InputStream stream = Files.newInputStream(path)) {
      byte[] start = stream.readNBytes(4);
      return Arrays.equals(start, new byte[] {'P', 'K', 3, 4})
          || Arrays.equals(start, new byte[] {'P', 'K', 5, 6});
    }
  }

  private void scan() throws IOException {
    if (zip != null) {
      scanZip();
    } else if (Files.isDirectory(path)) {
      scanFolder();
    } else if (!Files.exists(path) || Files.isRegularFile(path)) {
      add(path.getFileName().toString(), path, Files.size(path));
    } else {
      throw new UserError("cannot read " + path + ": neither a file nor a folder");
    }
    documents.sort(Comparator.comparing(Document::name));
    if (documents.isEmpty()) {
      throw new UserError(
          "%s: there is no text; left out are %d binary, %d empty and %d not included files"
              .formatted(path, binary, empty, unmatched));
    }
  }

  private void scanFolder() throws IOException {
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            return !folder.equals(path) && isHidden(folder.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!isHidden(file.getFileName().toString()) && Files.isRegularFile(file)) {
              String name = path.relativize(file).toString().replace('\\', '/');
              add(name, file, Files.size(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private void scanZip() throws IOException {
    for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
      ZipEntry entry = all.nextElement();
      boolean hidden = Arrays.stream(entry.getName().split("/")).anyMatch(TextSource::isHidden);
      if (!entry.isDirectory() && !hidden) {
        add(
            new Document(
                entry.getName(),
                path.toRealPath() + "!" + entry.getName(),
                entry.getSize(),
                () -> zip.getInputStream(entry)));
      }
    }
  }

  private void add(String name, Path file, long size) throws IOException {
    add(new Document(name, file.toRealPath().toString(), size, () -> Files.newInputStream(file)));
  }

  private void add(Document document) {
    if (listing && !include.matches(document.name())) {
      unmatched++;
    } else if (document.bytes() == 0) {
      empty++;
    } else if (isBinary(document)) {
      binary++;
    } else {
      documents.add(document);
    }
  }

  private static boolean isBinary(Document document) {
    byte[] start = new byte[PROBE_BYTES];
    try (Document.Reader reader = document.open(0)) {
      int length = reader.read(start);
      for (int i = 0; i < length; i++) {
        if (start[i] == 0) {
          return true;
        }
      }
      return false;
    }
  }

  private static boolean isHidden(String name) {
    return name.startsWith(".");
  }

  /** The globs of the names to take. */
  private static final class Include {
    private final List<PathMatcher> whole = new ArrayList<>();
    private final List<PathMatcher> last = new ArrayList<>();

    Include(List<String> globs) {
      for (String glob : globs) {
        if (glob.contains("/")) {
          whole.add(matcher(glob));
          if (glob.startsWith("**/")) {
            whole.add(matcher(glob.substring(3)));
          }
        } else {
          last.add(matcher(glob));
        }
      }
    }

    private static PathMatcher matcher(String glob) {
      try {
        return FileSystems.getDefault().getPathMatcher("glob:" + glob);
      } catch (IllegalArgumentException e) {
        throw new UserError(
            "include "
                + FileErrors.quote(glob)
                + " is not a right glob, such as **/*.java: "
                + FileErrors.firstLine(e.getMessage()),
            e);
      }
    }

    boolean matches(String name) {
      if (whole.isEmpty() && last.isEmpty()) {
        return true;
      }
      try {
        Path path = Path.of(name);
        return whole.stream().anyMatch(matcher -> matcher.matches(path))
            || last.stream().anyMatch(matcher -> matcher.matches(path.getFileName()));
      } catch (InvalidPathException e) {
        throw new UserError("the name " + FileErrors.quote(name) + " is not that of a file", e);
      }
    }
  }
}
