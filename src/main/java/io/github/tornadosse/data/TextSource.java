package io.github.tornadosse.data;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Text in a file, a folder or a zip file. Only an index is kept in memory; documents are read when
 * they are needed, and long ones in pieces. Binary files (a zero byte in what is read of them) count
 * as empty.
 */
public final class TextSource implements AutoCloseable {
  /** Longest piece of a document in bytes. */
  static final int PIECE = 8 << 20;

  /**
   * A document, or a piece of a long one.
   *
   * @param name path within the folder or zip file, with {@code /}
   * @param offset where the piece begins in the document
   * @param length bytes of the piece
   */
  public record Document(String name, long offset, int length) {}

  private final Path path;
  private final ZipFile zip;
  private final boolean folder;
  private final List<Document> documents = new ArrayList<>();

  private TextSource(Path path, ZipFile zip, boolean folder) {
    this.path = path;
    this.zip = zip;
    this.folder = folder;
  }

  /**
   * Opens a source.
   *
   * @param path a file, a folder or a zip file
   * @param include globs of the names to take from a folder or zip file; none takes every one
   * @return the source, to be closed by the caller
   * @throws UserError if it cannot be read, or holds no text
   */
  public static TextSource open(Path path, List<String> include) {
    if (!Files.exists(path)) {
      throw new UserError("cannot read " + path + ": no such file or folder");
    }
    List<PathMatcher> globs =
        include.stream().map(g -> FileSystems.getDefault().getPathMatcher("glob:" + g)).toList();
    TextSource source = null;
    try {
      if (Files.isDirectory(path)) {
        source = new TextSource(path, null, true);
        source.listFolder(globs);
      } else if (isZip(path)) {
        source = new TextSource(path, new ZipFile(path.toFile()), false);
        source.listZip(globs);
      } else {
        source = new TextSource(path, null, false);
        source.add(path.getFileName().toString(), Files.size(path));
      }
    } catch (IOException e) {
      if (source != null) {
        source.close();
      }
      throw new UserError("cannot read " + path + ": " + e.getMessage(), e);
    }
    source.requireText(include);
    return source;
  }

  private static boolean isZip(Path path) throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] magic = in.readNBytes(4);
      return magic.length == 4 && magic[0] == 'P' && magic[1] == 'K' && magic[2] == 3 && magic[3] == 4;
    }
  }

  private static boolean matches(List<PathMatcher> globs, String name) {
    Path p = Path.of(name);
    return globs.isEmpty() || globs.stream().anyMatch(g -> g.matches(p) || g.matches(p.getFileName()));
  }

  private void listFolder(List<PathMatcher> globs) throws IOException {
    try (Stream<Path> all = Files.walk(path)) {
      List<Path> files =
          all.filter(Files::isRegularFile)
              .filter(f -> !hidden(path.relativize(f)))
              .sorted(Comparator.comparing(f -> name(path.relativize(f))))
              .toList();
      for (Path f : files) {
        String name = name(path.relativize(f));
        if (matches(globs, name)) {
          add(name, Files.size(f));
        }
      }
    }
  }

  private static String name(Path relative) {
    return relative.toString().replace('\\', '/');
  }

  private static boolean hidden(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".")) {
        return true;
      }
    }
    return false;
  }

  private void listZip(List<PathMatcher> globs) {
    zip.stream()
        .filter(e -> !e.isDirectory())
        .sorted(Comparator.comparing(ZipEntry::getName))
        .filter(e -> matches(globs, e.getName()))
        .forEach(e -> add(e.getName(), e.getSize()));
  }

  private void add(String name, long size) {
    for (long at = 0; at < size; at += PIECE) {
      documents.add(new Document(name, at, (int) Math.min(PIECE, size - at)));
    }
  }

  private void requireText(List<String> include) {
    for (Document d : documents) {
      if (read(d).length > 0) {
        return;
      }
    }
    close();
    String which = include.isEmpty() ? "" : " that matches " + String.join(", ", include);
    throw new UserError(
        path + ": there is no text" + which + "; give a file, folder or zip file with text in it");
  }

  /**
   * All documents in the order of their names, long ones in pieces.
   *
   * @return the index
   */
  public List<Document> documents() {
    return List.copyOf(documents);
  }

  /**
   * Reads a document, or a part of one of {@link #documents()}.
   *
   * @param d which
   * @return its bytes; none if they are binary
   * @throws UserError if reading fails
   */
  public byte[] read(Document d) {
    try {
      byte[] bytes = zip != null ? readZip(d) : readFile(folder ? path.resolve(d.name) : path, d);
      for (byte b : bytes) {
        if (b == 0) {
          return new byte[0];
        }
      }
      return bytes;
    } catch (IOException e) {
      throw new UserError("cannot read " + d.name + " in " + path + ": " + e.getMessage(), e);
    }
  }

  private static byte[] readFile(Path file, Document d) throws IOException {
    try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
      in.seek(d.offset);
      byte[] bytes = new byte[d.length];
      in.readFully(bytes);
      return bytes;
    }
  }

  private byte[] readZip(Document d) throws IOException {
    try (InputStream in = zip.getInputStream(zip.getEntry(d.name))) {
      in.skipNBytes(d.offset);
      return in.readNBytes(d.length);
    }
  }

  @Override
  public void close() {
    if (zip != null) {
      try {
        zip.close();
      } catch (IOException e) {
        throw new UserError("cannot close " + path + ": " + e.getMessage(), e);
      }
    }
  }
}
