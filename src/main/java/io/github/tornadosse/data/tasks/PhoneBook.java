package io.github.tornadosse.data.tasks;

import org.apache.commons.math3.random.RandomGenerator;

/**
 * Lines of a name and a number, then one of the names, whose number is to be given (Jelassi et al.,
 * arXiv 2402.01032).
 */
final class PhoneBook implements Task {
  static final String NAME = "phone-book";
  private static final int SYLLABLES = 2;

  private final int digits;
  private final int line;

  PhoneBook(int digits) {
    this.digits = digits;
    // "Kalo Mina: 1234" and the end of the line
    line = 2 * 2 * SYLLABLES + 1 + 2 + digits + 1;
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int vocabSize() {
    return TextExample.VOCABULARY;
  }

  @Override
  public boolean text() {
    return true;
  }

  @Override
  public int usualPairs(int length) {
    return Math.max(1, length / line - 1);
  }

  @Override
  public long shortest(int pairs) {
    // The book, an empty line, and the line that is asked for, whose end is only predicted.
    return (pairs + 1L) * line;
  }

  @Override
  public double chance() {
    return Draws.chance(digits);
  }

  @Override
  public Example draw(RandomGenerator random, Part part, int length, int pairs) {
    String[] names = Draws.distinct(pairs, () -> name(random));
    String[] numbers = new String[pairs];
    TextExample text = new TextExample();
    for (int i = 0; i < pairs; i++) {
      numbers[i] = Draws.number(random, digits);
      text.add(names[i] + ": " + numbers[i] + "\n");
    }
    int asked = random.nextInt(pairs);
    text.add("\n" + names[asked] + ": ");
    text.answer(numbers[asked] + "\n", asked * line);
    return text.example(pairs);
  }

  private static String name(RandomGenerator random) {
    return capital(Draws.word(random, SYLLABLES)) + " " + capital(Draws.word(random, SYLLABLES));
  }

  private static String capital(String word) {
    return Character.toUpperCase(word.charAt(0)) + word.substring(1);
  }
}
