package io.github.tornadosse.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path directory;

  @Test
  void aFileIsReplaced() {
    Path file = directory.resolve("a");
    AtomicFiles.write(file, "old");
    AtomicFiles.write(file, "new ü");
    assertThat(file).hasContent("new ü");
    assertThat(AtomicFiles.list(directory)).containsExactly(file);
  }

  @Test
  void aWriterThatFailsLeavesTheOldFile() {
    Path file = directory.resolve("a");
    AtomicFiles.write(file, "old");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    channel -> {
                      throw new IOException("disk\non fire");
                    }))
        .isInstanceOf(UserError.class)
        .hasMessage("cannot write " + file + ": disk");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    channel -> {
                      throw new IllegalStateException("mistake");
                    }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(file).hasContent("old");
    assertThat(AtomicFiles.list(directory)).containsExactly(file);
  }

  @Test
  void aDirectoryAppearsWithItsFiles() throws IOException {
    Path target = directory.resolve("deep/er/d");
    AtomicFiles.writeDirectory(
        target,
        temporary -> {
          assertThat(target).doesNotExist();
          Files.createDirectory(temporary.resolve("sub"));
          Files.writeString(temporary.resolve("sub/f"), "x");
        });
    assertThat(target.resolve("sub/f")).hasContent("x");
    assertThat(AtomicFiles.list(target.getParent())).containsExactly(target);
    Path empty = Files.createDirectory(directory.resolve("empty"));
    AtomicFiles.writeDirectory(empty, temporary -> Files.writeString(temporary.resolve("f"), "y"));
    assertThat(empty.resolve("f")).hasContent("y");
  }

  @Test
  void aDirectoryInTheWayStays() {
    Path file = directory.resolve("f");
    AtomicFiles.write(file, "x");
    assertThatThrownBy(() -> AtomicFiles.writeDirectory(directory, temporary -> {}))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is there already");
    assertThatThrownBy(() -> AtomicFiles.writeDirectory(file, temporary -> {}))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("is there already");
    assertThatThrownBy(() -> AtomicFiles.writeDirectory(file.resolve("d"), temporary -> {}))
        .isInstanceOf(UserError.class)
        .hasMessageContaining("cannot write " + file.resolve("d"));
    assertThat(file).hasContent("x");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void aPlaceWithoutPermissionIsAUserErrorOfOneLine() {
    Path file = Path.of("/proc/sse-test");
    assertThatThrownBy(() -> AtomicFiles.write(file, "x"))
        .isInstanceOf(UserError.class)
        .message()
        .startsWith("cannot write /proc/sse-test: ")
        .hasLineCount(1);
  }

  @Test
  void onlyWhatDeadProcessesLeftIsCleaned() throws IOException {
    Path parent = Files.createDirectory(directory.resolve("d"));
    long self = ProcessHandle.current().pid();
    Process dead = new ProcessBuilder(javaCommand(), "-version").start();
    dead.destroyForcibly().onExit().join();
    Path live = Files.writeString(parent.resolve(".a.tmp-" + parentPid() + "-0"), "");
    Path stale = Files.createDirectory(parent.resolve(".b.tmp-" + dead.pid() + "-3"));
    Files.writeString(stale.resolve("part"), "x");
    Path earlier = Files.writeString(parent.resolve(".c.tmp-" + self + "-999999"), "");
    Path other = Files.writeString(parent.resolve(".tmp-file"), "");
    Path target = parent.resolve("open");
    AtomicFiles.write(
        target,
        channel -> {
          assertThat(AtomicFiles.cleanStale(parent)).isEqualTo(2);
          assertThat(AtomicFiles.list(parent)).hasSize(3);
        });
    assertThat(AtomicFiles.list(parent)).containsExactly(live, other, target);
    assertThat(stale).doesNotExist();
    assertThat(earlier).doesNotExist();
    assertThat(AtomicFiles.cleanStale(directory.resolve("absent"))).isZero();
  }

  @Test
  void removingDoesNotFollowLinks() throws IOException {
    Path kept = Files.createDirectory(directory.resolve("kept"));
    Path precious = Files.writeString(kept.resolve("precious"), "x");
    Path tree = Files.createDirectory(directory.resolve("tree"));
    Files.createSymbolicLink(tree.resolve("link"), kept);
    AtomicFiles.deleteTree(tree);
    assertThat(tree).doesNotExist();
    assertThat(precious).exists();
    AtomicFiles.deleteTree(tree);
  }

  static String javaCommand() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  private static long parentPid() {
    return ProcessHandle.current().parent().orElseThrow().pid();
  }
}
