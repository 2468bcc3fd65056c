package io.github.tornadosse.data;

import io.github.tornadosse.data.TextSource.Document;
import io.github.tornadosse.tensor.UserError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Which documents are trained on and which are held out.
 *
 * @param training documents to train on
 * @param heldOut documents to evaluate on
 */
public record Split(List<Document> training, List<Document> heldOut) {
  /**
   * Splits by document, as a hash of name and seed says; a single file is cut, and its end held out.
   *
   * @param documents all documents
   * @param share of the documents (or of the file's bytes) that is held out, between 0 and 1
   * @param seed another seed gives another split
   * @return the split, with something in either part
   * @throws UserError if there is too little to split
   */
  public static Split of(List<Document> documents, double share, long seed) {
    List<String> names = documents.stream().map(Document::name).distinct().toList();
    if (names.size() == 1) {
      return cut(documents, share);
    }
    List<String> held =
        new ArrayList<>(names.stream().filter(n -> draw(n, seed) < share).toList());
    if (held.isEmpty()) {
      held.add(names.stream().min(Comparator.comparingDouble(n -> draw(n, seed))).orElseThrow());
    }
    if (held.size() == names.size()) {
      held.remove(held.size() - 1);
    }
    List<Document> training = new ArrayList<>();
    List<Document> heldOut = new ArrayList<>();
    Set<String> set = new HashSet<>(held);
    for (Document d : documents) {
      (set.contains(d.name()) ? heldOut : training).add(d);
    }
    return new Split(training, heldOut);
  }

  private static Split cut(List<Document> pieces, double share) {
    Document last = pieces.get(pieces.size() - 1);
    long size = last.offset() + last.length();
    long at = Math.min(size - 1, Math.max(1, size - Math.round(size * share)));
    if (size < 2) {
      throw new UserError(last.name() + ": one byte cannot be split into training and held-out text");
    }
    List<Document> training = new ArrayList<>();
    List<Document> heldOut = new ArrayList<>();
    for (Document d : pieces) {
      long end = d.offset() + d.length();
      if (d.offset() < at) {
        training.add(new Document(d.name(), d.offset(), (int) (Math.min(end, at) - d.offset())));
      }
      if (end > at) {
        long from = Math.max(d.offset(), at);
        heldOut.add(new Document(d.name(), from, (int) (end - from)));
      }
    }
    return new Split(training, heldOut);
  }

  /** A number in [0, 1) that follows from the name and the seed. */
  private static double draw(String name, long seed) {
    long h = seed * 0x9E3779B97F4A7C15L + 0xCBF29CE484222325L;
    for (int i = 0; i < name.length(); i++) {
      h = (h ^ name.charAt(i)) * 0x100000001B3L;
    }
    h = (h ^ (h >>> 33)) * 0xFF51AFD7ED558CCDL;
    h = (h ^ (h >>> 33)) * 0xC4CEB9FE1A85EC53L;
    h ^= h >>> 33;
    return (h >>> 11) * 0x1p-53;
  }
}
