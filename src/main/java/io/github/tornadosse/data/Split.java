package io.github.tornadosse.data;

import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The texts that a model learns from, and those that it is measured on.
 *
 * @param training what it learns from, at least one document
 * @param heldOut what it is measured on, at least one document
 */
public record Split(List<Document> training, List<Document> heldOut) {
  private static final int LONGEST_CHARACTER = 4;

  /** Keeps copies of the lists. */
  public Split {
    training = List.copyOf(training);
    heldOut = List.copyOf(heldOut);
  }

  /**
   * Holds a share out. Of a single document that is its end, from the beginning of a character on.
   * Of several it is whole documents, chosen by a hash of their names, so that a document stays on
   * its side when others come or go; at least one is on either side.
   *
   * @param documents all texts
   * @param share about how much is held out: of the bytes of a single document, of the number of
   *     several; above 0 and below 1
   * @param seed decides which
   * @return the split
   * @throws UserError if the share is out of range or a single document is too short
   */
  public static Split byShare(List<Document> documents, double share, long seed) {
    if (!(share > 0 && share < 1)) {
      throw new UserError(
          "the held-out share is " + share + "; it has to be above 0 and below 1, such as 0.02");
    }
    if (documents.size() == 1) {
      return cut(documents.get(0), share);
    }
    List<Document> training = new ArrayList<>();
    List<Document> heldOut = new ArrayList<>();
    for (Document document : documents) {
      (place(document, seed) < share ? heldOut : training).add(document);
    }
    Comparator<Document> byPlace = Comparator.comparingDouble(document -> place(document, seed));
    if (heldOut.isEmpty()) {
      Document first = training.stream().min(byPlace).orElseThrow();
      training.remove(first);
      heldOut.add(first);
    } else if (training.isEmpty()) {
      Document last = heldOut.stream().max(byPlace).orElseThrow();
      heldOut.remove(last);
      training.add(last);
    }
    return new Split(training, heldOut);
  }

  /**
   * Holds given texts out. Those that are among the training texts too are left out there.
   *
   * @param documents the training texts
   * @param heldOut the held-out texts
   * @return the split
   * @throws UserError if no training text is left
   */
  public static Split byDocuments(List<Document> documents, List<Document> heldOut) {
    Set<String> held = new HashSet<>();
    heldOut.forEach(document -> held.add(document.identity()));
    List<Document> training =
        documents.stream().filter(document -> !held.contains(document.identity())).toList();
    if (training.isEmpty()) {
      throw new UserError(
          "all training text is held out too; the held-out path has to be of other text");
    }
    return new Split(training, heldOut);
  }

  /** Where a document's name falls between 0 and 1. */
  private static double place(Document document, long seed) {
    return (Mix.hash(document.name(), seed) >>> 11) * 0x1p-53;
  }

  private static Split cut(Document document, double share) {
    long bytes = document.bytes();
    long nominal = bytes - Math.round(bytes * share);
    long cut = nominal + continuationBytes(document, nominal);
    if (cut == 0 || cut >= bytes) {
      throw new UserError(
          "%s: a share of %s cannot be held out of %d bytes; more text or another share is needed"
              .formatted(document.name(), share, bytes));
    }
    return new Split(List.of(document.part(0, cut)), List.of(document.part(cut, bytes)));
  }

  /** How many bytes from a place on belong to a UTF-8 character that begins before it. */
  private static int continuationBytes(Document document, long at) {
    byte[] next = new byte[LONGEST_CHARACTER];
    try (Document.Reader reader = document.open(at)) {
      int length = reader.read(next);
      int count = 0;
      while (count < length && (next[count] & 0xc0) == 0x80) {
        count++;
      }
      return count < LONGEST_CHARACTER ? count : 0;
    }
  }
}
