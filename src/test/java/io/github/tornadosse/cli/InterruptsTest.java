package io.github.tornadosse.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import sun.misc.Signal;
import sun.misc.SignalHandler;

class InterruptsTest {
  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void theFirstInterruptCallsTheAction(String name) throws InterruptedException {
    Signal signal = new Signal(name);
    SignalHandler inherited = Signal.handle(signal, s -> {});
    Signal.handle(signal, inherited);
    assumeTrue(
        inherited != SignalHandler.SIG_IGN,
        "this process was started with the signal ignored, as shells start background jobs");
    CountDownLatch called = new CountDownLatch(1);
    try (Interrupts open = Interrupts.calling(called::countDown)) {
      Signal.raise(signal);
      assertThat(called.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void whatHandledInterruptsBeforeDoesAgainAfterwards() throws InterruptedException {
    Signal signal = new Signal("TERM");
    Semaphore before = new Semaphore(0);
    AtomicInteger actions = new AtomicInteger();
    SignalHandler original = Signal.handle(signal, s -> before.release());
    try {
      try (Interrupts open = Interrupts.calling(actions::incrementAndGet)) {
        assertThat(actions).hasValue(0);
      }
      Signal.raise(signal);
      // a signal's handler is looked up when it is delivered, on another thread
      assertThat(before.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      CountDownLatch action = new CountDownLatch(1);
      try (Interrupts open = Interrupts.calling(action::countDown)) {
        Signal.raise(signal);
        assertThat(action.await(10, TimeUnit.SECONDS)).isTrue();
        Signal.raise(signal);
        assertThat(before.tryAcquire(10, TimeUnit.SECONDS)).isTrue();
      }
      assertThat(actions).hasValue(0);
    } finally {
      Signal.handle(signal, original);
    }
  }
}
