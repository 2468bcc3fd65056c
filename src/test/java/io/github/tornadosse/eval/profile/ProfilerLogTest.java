package io.github.tornadosse.eval.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class ProfilerLogTest {
  @Test
  void readsTheEmbeddedRuntimesLog() {
    String log =
        """
        {
          "TOTAL_TASK_GRAPH_TIME": "900",
          "head.norm": {"TASK_KERNEL_TIME": "12"},
          "head.loss.rows": {"TASK_KERNEL_TIME": "34"}
        }
        """;
    assertThat(ProfilerLog.tasks("head", log))
        .containsExactly(entry("norm", 12L), entry("loss.rows", 34L));
  }

  @Test
  void readsOneGraphOfTornadoVmsLogs() {
    String embed =
        """
        {"embed": {"TOTAL_KERNEL_TIME": "7",
          "embed.rows": {"METHOD": "Embedding.rows", "TASK_KERNEL_TIME": "7"}}}
        """;
    String head =
        """
        {"head": {"TOTAL_KERNEL_TIME": "9", "head.norm": {"TASK_KERNEL_TIME": "9"}}}""";
    assertThat(ProfilerLog.tasks("head", "null" + embed + "nullnull" + head + "null"))
        .containsExactly(entry("norm", 9L));
    assertThat(ProfilerLog.tasks("embed", embed + head)).containsExactly(entry("rows", 7L));
    assertThat(ProfilerLog.tasks("zero", "null")).isEmpty();
  }

  @Test
  void takesTheLastOfSeveralExecutions() {
    String log = "{\"g\": {\"g.a\": {\"TASK_KERNEL_TIME\": \"%d\"}}}\n";
    assertThat(ProfilerLog.tasks("g", log.formatted(5) + log.formatted(7)))
        .containsExactly(entry("a", 7L));
  }

  @Test
  void readsPastAGraphThatRanNoTask() {
    String copies =
        """
        {
            "copies": {
                "TOTAL_KERNEL_TIME": "0",
            }
        }
        """;
    String head = "{\"head\": {\"head.norm\": {\"TASK_KERNEL_TIME\": \"9\"}}}";
    assertThat(ProfilerLog.tasks("head", copies + head)).containsExactly(entry("norm", 9L));
    assertThat(ProfilerLog.tasks("copies", copies + head)).isEmpty();
  }

  @Test
  void refusesWhatIsNotALog() {
    assertThatThrownBy(() -> ProfilerLog.tasks("head", "{head: 3"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("JSON");
  }
}
