package io.github.tornadosse.eval.bench;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.tornadosse.eval.verify.CaseResult;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.runtime.Devices;
import io.github.tornadosse.tensor.UserError;
import java.util.function.Function;

/**
 * Runs entries of a suite on the device of this process: first the comparison with the reference,
 * then, if that was passed, the clock.
 */
public final class SuiteRunner {
  /** What became of an entry: the field {@code outcome} of its result. */
  public enum Outcome {
    /** It was right, and has times. */
    MEASURED,
    /** It was not right, and has no times. */
    FAILED,
    /** This device, or its memory, is not for it. */
    SKIPPED,
    /** Something went wrong. */
    BROKEN;

    /** As results have it. */
    public String text() {
      return name().toLowerCase(java.util.Locale.ROOT);
    }
  }

  private final Function<String, Operations> tiers;

  /**
   * A runner.
   *
   * @param tiers gives the tier that computes in a precision; throws a {@link UserError} where
   *     there is none
   */
  public SuiteRunner(Function<String, Operations> tiers) {
    this.tiers = tiers;
  }

  /**
   * Runs an entry.
   *
   * @param entry what to run
   * @return the entry's fields and what became of it; never throws for what went wrong meanwhile
   */
  public ObjectNode run(SuiteEntry entry) {
    ObjectNode j = entry.toJson();
    j.remove("config");
    j.remove("ask_peer");
    try {
      Operations ops = tiers.apply(entry.precision());
      j.put("tier", ops.tier());
      CaseResult parity =
          entry.mixer() == null
              ? ModelParity.check(entry.model(), ops)
              : MixerParity.check(entry.mixer(), ops);
      put(j.putObject("parity"), parity);
      if (parity.outcome() != CaseResult.Outcome.PASSED) {
        return outcome(j, Outcome.FAILED, parity.reason());
      }
      put(
          j,
          entry.mixer() == null
              ? ModelBenchmark.run(entry.model(), entry.runs(), ops)
              : MixerBenchmark.run(entry.mixer(), entry.runs(), ops));
      return outcome(j, Outcome.MEASURED, "");
    } catch (UserError e) {
      return outcome(j, Outcome.SKIPPED, e.getMessage());
    } catch (OutOfMemoryError e) {
      return outcome(j, Outcome.BROKEN, "out of memory");
    } catch (RuntimeException | Error e) {
      RuntimeException why = Devices.explain(e);
      return outcome(
          j, Outcome.BROKEN, why instanceof UserError ? why.getMessage() : why.toString());
    }
  }

  private static ObjectNode outcome(ObjectNode j, Outcome outcome, String reason) {
    j.put("outcome", outcome.text());
    j.put("reason", reason.strip().replaceAll("\\s*\\R\\s*", " "));
    return j;
  }

  private static void put(ObjectNode j, CaseResult parity) {
    j.put("passed", parity.outcome() == CaseResult.Outcome.PASSED);
    put(j, "forward", parity.forward());
    put(j, "gradient", parity.gradient());
  }

  private static void put(ObjectNode j, String name, CaseResult.Worst worst) {
    if (worst != null) {
      j.putObject(name)
          .put("error", worst.error())
          .put("tolerance", worst.tolerance())
          .put("tensor", worst.tensor());
    }
  }

  private static void put(ObjectNode j, Figures f) {
    times(j.putArray("times_ms"), f.ms());
    j.put("min_ms", rounded(f.minMs()));
    j.put("median_ms", rounded(f.medianMs()));
    j.put("tokens_per_second", rounded(f.tokens() / f.medianMs() * 1e3));
    j.put("flop", f.flop());
    j.put("gflops", rounded(f.gflops()));
    j.put("product_size", Figures.productSize());
    times(j.putArray("product_times_ms"), f.productMs());
    j.put("product_gflops", rounded(f.productGflops()));
    j.put("of_product", rounded(f.ofProduct()));
    j.put("copy_gbs", rounded(f.copyGbs()));
    Figures.Bytes bytes = f.bytes();
    j.put("io_bytes", bytes.io());
    j.put("planned_bytes", bytes.planned());
    j.put("planned_over_io", rounded((double) bytes.planned() / bytes.io()));
    if (bytes.peak() >= 0) {
      j.put("peak_bytes", bytes.peak());
      j.put("peak_over_io", rounded((double) bytes.peak() / bytes.io()));
    }
  }

  private static void times(ArrayNode to, double[] ms) {
    for (double x : ms) {
      to.add(rounded(x));
    }
  }

  /** Six digits: as many as a clock can mean. */
  private static double rounded(double x) {
    return Double.isFinite(x)
        ? new java.math.BigDecimal(x).round(new java.math.MathContext(6)).doubleValue()
        : x;
  }
}
