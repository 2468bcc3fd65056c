package io.github.tornadosse.eval.profile;

import io.github.tornadosse.checkpoint.AtomicFiles;
import io.github.tornadosse.eval.profile.TrainingProfile.Share;
import io.github.tornadosse.eval.profile.TrainingProfile.Task;
import io.github.tornadosse.eval.tasks.HtmlPage;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.tensor.FileErrors;
import io.github.tornadosse.tensor.Pictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Writes a profile as a page and a picture. */
public final class ProfilePage {
  /** Name of the page. */
  public static final String PAGE = "profile.html";

  /** Name of the picture. */
  public static final String PICTURE = "profile.png";

  private ProfilePage() {}

  /**
   * Writes both.
   *
   * @param directory where to; made if there is none
   * @param what was profiled, for the heading
   * @param profile the figures
   * @param facts names and values about machine and run, in order
   * @throws io.github.tornadosse.tensor.UserError if the disk refuses or AWT does not work here
   */
  public static void write(
      Path directory, String what, TrainingProfile profile, Map<String, String> facts) {
    Path target = directory.resolve(PAGE);
    Pictures.require(target);
    byte[] png = ProfileChart.png(profile);
    HtmlPage page =
        new HtmlPage(
            "Profile of " + what,
            text(
                "The fastest of %d steps: %,d tokens in %.1f ms (median %.1f), %.0f tokens a second",
                profile.steps(),
                profile.tokens(),
                profile.wallMs(),
                profile.medianMs(),
                profile.tokensPerSecond()));
    page.picture("Time of each part, and what it would take at the machine's limits", png);
    page.section("Parts");
    page.table(
        List.of("part", "ms", "share", "GFLOP/s", "GB/s", "of the limit"),
        profile.parts().stream().map(s -> row(profile, s)).toList());
    page.section("Operations");
    page.table(
        List.of(
            "graph", "operation", "part", "runs", "ms", "share", "GFLOP/s", "GB/s", "of the limit"),
        profile.longest().stream().map(t -> row(profile, t)).toList());
    page.section("Machine and memory");
    Map<String, String> all = new LinkedHashMap<>(facts);
    all.put(
        "Limits",
        text(
            "a %d³ product %.1f GFLOP/s, a copy %.1f GB/s, measured between the steps",
            profile.productSize(), profile.sgemmGflops(), profile.copyGbs()));
    all.put(
        "Step",
        text(
            "%.3f nominal GFLOP, %.1f GFLOP/s, %.2f of the product",
            profile.work().flop() / 1e9, profile.gflops(), profile.ofSgemm()));
    all.put("Memory", memory(profile.memory()));
    page.facts(all);
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw FileErrors.of("cannot make", directory, e);
    }
    AtomicFiles.write(directory.resolve(PICTURE), png);
    AtomicFiles.write(target, page.text());
  }

  /**
   * Memory in words.
   *
   * @param memory planned and used
   * @return one line
   */
  public static String memory(MemoryUse memory) {
    return "planned "
        + MemoryBudget.format(memory.planned())
        + ", on the heap after the steps "
        + MemoryBudget.format(memory.heap())
        + (memory.resident().isPresent()
            ? ", the whole process at most " + MemoryBudget.format(memory.resident().getAsLong())
            : "");
  }

  private static List<String> row(TrainingProfile p, Share s) {
    return List.of(
        s.part().label(),
        text("%.2f", s.ms()),
        text("%.1f %%", 100 * s.ms() / p.wallMs()),
        rate(s.work().flop(), s.gflops()),
        rate(s.work().bytes(), s.gbs()),
        rate(s.work().bytes(), p.ofLimit(s.work(), s.ms())));
  }

  private static List<String> row(TrainingProfile p, Task t) {
    return List.of(
        t.graph(),
        t.id(),
        t.part().label(),
        text("%d", t.executions()),
        text("%.3f", t.ms()),
        text("%.1f %%", 100 * t.ms() / p.wallMs()),
        rate(t.work().flop(), t.gflops()),
        rate(t.work().bytes(), t.gbs()),
        rate(t.work().bytes(), p.ofLimit(t.work(), t.ms())));
  }

  private static String rate(double amount, double rate) {
    return amount > 0 ? text(rate < 10 ? "%.2f" : "%.1f", rate) : "";
  }

  private static String text(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
