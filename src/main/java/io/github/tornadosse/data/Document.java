package io.github.tornadosse.data;

import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.UserError;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Comparator;
import java.util.List;

/** A text, or a part of one, that is read when it is needed. */
public final class Document {
  private final String name;
  private final String identity;
  private final Opener opener;
  private final long begin;
  private final long end;

  /** Opens the whole text. */
  @FunctionalInterface
  interface Opener {
    InputStream open() throws IOException;
  }

  Document(String name, String identity, long bytes, Opener opener) {
    this(name, identity, opener, 0, bytes);
  }

  private Document(String name, String identity, Opener opener, long begin, long end) {
    this.name = name;
    this.identity = identity;
    this.opener = opener;
    this.begin = begin;
    this.end = end;
  }

  /**
   * The document's name: the file's, relative to its folder or zip.
   *
   * @return the name, with slashes
   */
  public String name() {
    return name;
  }

  /**
   * Documents in an order that the seed decides, so that the first of them are a sample of all.
   *
   * @param documents the documents
   * @param seed another seed gives another order
   * @return the same documents, by a hash of their names
   */
  public static List<Document> sample(List<Document> documents, long seed) {
    return documents.stream()
        .sorted(Comparator.comparingLong(document -> Mix.hash(document.signature(), seed)))
        .toList();
  }

  /**
   * The length of the document.
   *
   * @return the length in bytes
   */
  public long bytes() {
    return end - begin;
  }

  /** Where the whole text is, to tell whether two documents are of the same. */
  String identity() {
    return identity;
  }

  /** What distinguishes the document from others of the same source. */
  String signature() {
    return name + "[" + begin + ":" + end + "]";
  }

  /** The bytes from one index up to another as a document of their own. */
  Document part(long from, long to) {
    return new Document(name, identity, opener, begin + from, begin + to);
  }

  /** Reads the document from a place on. */
  Reader open(long from) {
    return new Reader(from);
  }

  /** The document's bytes, in their order. */
  final class Reader implements AutoCloseable {
    private final InputStream stream;
    private long left;

    private Reader(long from) {
      left = bytes() - from;
      InputStream opened = null;
      try {
        opened = opener.open();
        opened.skipNBytes(begin + from);
        stream = opened;
      } catch (IOException e) {
        UserError error = error(e);
        if (opened != null) {
          closeAfter(opened, error);
        }
        throw error;
      }
    }

    /**
     * Reads the next bytes.
     *
     * @return how many: the buffer's length, or less at the end of the document
     */
    int read(byte[] buffer) {
      return read(buffer, 0);
    }

    /**
     * Reads the next bytes into the end of a buffer.
     *
     * @param from index of the first one
     * @return how many: what fits, or less at the end of the document
     */
    int read(byte[] buffer, int from) {
      int length = (int) Math.min(buffer.length - from, left);
      try {
        if (stream.readNBytes(buffer, from, length) < length) {
          throw new EOFException();
        }
      } catch (IOException e) {
        throw error(e);
      }
      left -= length;
      return length;
    }

    @Override
    public void close() {
      try {
        stream.close();
      } catch (IOException e) {
        throw error(e);
      }
    }

    private static void closeAfter(InputStream opened, UserError error) {
      try {
        opened.close();
      } catch (IOException e) {
        error.addSuppressed(e);
      }
    }

    private UserError error(IOException cause) {
      return new UserError(
          "cannot read "
              + FileErrors.quote(identity)
              + ": "
              + (cause instanceof EOFException
                  ? "it is shorter than when the run began; start again with the changed text"
                  : FileErrors.reason(cause)),
          cause);
    }
  }
}
