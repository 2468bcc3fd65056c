package io.github.tornadosse.kernels.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.embedded.Workers;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterTry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PiecesTest {
  private static final int HEADS = 3;
  private static final int STATE = 5;

  @AfterTry
  @AfterEach
  void allThreads() {
    Workers.setCount(Runtime.getRuntime().availableProcessors());
  }

  /** The pieces of each segment and head, by 8·segment + head, in the order of their execution. */
  private static Map<Integer, List<Pieces.Piece>> run(
      int[] bounds, int threads, int stateSize, boolean backwards) {
    Workers.setCount(threads);
    Map<Integer, List<Pieces.Piece>> all = new ConcurrentHashMap<>();
    Pieces.forEach(
        bounds,
        bounds.length / 2,
        HEADS,
        stateSize,
        backwards,
        (segment, head, piece) -> {
          List<Pieces.Piece> own = all.computeIfAbsent(8 * segment + head, c -> new ArrayList<>());
          // No lock: a piece begins when the one before is over, which publishes what that has
          // left.
          own.add(piece);
        });
    return all;
  }

  @Property(tries = 200)
  void coverAllRowsInOrder(
      @ForAll @Size(min = 1, max = 9) List<@IntRange(max = 3000) Integer> lengths,
      @ForAll @IntRange(min = 1, max = 6) int threads,
      @ForAll boolean backwards) {
    int[] bounds = new int[2 * lengths.size()];
    for (int i = 0, row = 0; i < lengths.size(); i++) {
      bounds[2 * i] = row;
      bounds[2 * i + 1] = row += lengths.get(i);
      row += 7;
    }
    Map<Integer, List<Pieces.Piece>> all = run(bounds, threads, STATE, backwards);
    for (int i = 0; i < lengths.size(); i++) {
      for (int head = 0; head < HEADS; head++) {
        List<Pieces.Piece> own = all.remove(8 * i + head);
        if (lengths.get(i) == 0) {
          assertThat(own).isNull();
          continue;
        }
        List<Pieces.Piece> upwards = backwards ? own.reversed() : own;
        int row = bounds[2 * i];
        for (Pieces.Piece piece : upwards) {
          assertThat(piece.begin()).isEqualTo(bounds[2 * i]);
          assertThat(piece.end()).isEqualTo(bounds[2 * i + 1]);
          assertThat(piece.from()).isEqualTo(row);
          assertThat((row - piece.begin()) % GlaStates.PAIR).isZero();
          assertThat(piece.to()).isGreaterThan(row);
          assertThat(piece.state()).isSameAs(own.getFirst().state());
          row = piece.to();
        }
        assertThat(row).isEqualTo(bounds[2 * i + 1]);
        if (own.size() > 1) assertThat(own.getFirst().state()).hasSize(STATE);
      }
    }
    assertThat(all).isEmpty();
  }

  @Test
  void theLastSegmentsAreCutIfThereAreSeveralThreads() {
    int[] bounds = {0, 2048, 2048, 4096, 4096, 6144};
    assertThat(run(bounds, 1, STATE, false).values()).allMatch(own -> own.size() == 1);
    assertThat(run(bounds, 2, 0, false).values()).allMatch(own -> own.size() == 1);
    Map<Integer, List<Pieces.Piece>> cut = run(bounds, 2, STATE, false);
    assertThat(cut.values().stream().filter(own -> own.size() > 1)).hasSize(4);
    assertThat(cut.get(8 * 2 + 2))
        .extracting(piece -> piece.to() - piece.from())
        .containsExactly(1024, 512, 256, 256);
    assertThat(run(bounds, 2, STATE, true).get(8 * 2 + 2))
        .extracting(Pieces.Piece::to)
        .containsExactly(6144, 5120, 4608, 4352);
  }

  @Test
  void aPieceThatFailsEndsTheCall() {
    Workers.setCount(3);
    AtomicInteger begun = new AtomicInteger();
    int[] bounds = {0, 4096, 4096, 8192, 8192, 12288};
    assertThatThrownBy(
            () ->
                Pieces.forEach(
                    bounds,
                    3,
                    HEADS,
                    STATE,
                    false,
                    (segment, head, piece) -> {
                      begun.incrementAndGet();
                      if (piece.from() > piece.begin()) throw new IllegalStateException("broken");
                    }))
        .hasMessage("broken");
    assertThat(begun.get()).isBetween(10, 13);
  }
}
