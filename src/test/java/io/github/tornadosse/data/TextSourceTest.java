package io.github.tornadosse.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.tornadosse.tensor.UserError;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class TextSourceTest {
  private static final String[][] FILES = {
    {"b.txt", "text b"},
    {"a/deep/A.java", "class A"},
    {"a/b.md", "# b"},
    {"empty.txt", ""},
    {"image.png", "PNG\0\0"},
    {".git/config", "hidden"},
    {"a/.hidden", "hidden"},
    {"Top.java", "class Top"},
  };

  @TempDir Path directory;
  private Path folder;
  private Path zip;

  @BeforeEach
  void makeFiles() throws IOException {
    folder = directory.resolve("folder");
    zip = directory.resolve("texts.archive");
    try (OutputStream file = Files.newOutputStream(zip);
        ZipOutputStream out = new ZipOutputStream(file)) {
      out.putNextEntry(new ZipEntry("a/"));
      for (String[] text : FILES) {
        Path path = folder.resolve(text[0]);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text[1]);
        out.putNextEntry(new ZipEntry(text[0]));
        out.write(text[1].getBytes(StandardCharsets.UTF_8));
      }
    }
  }

  private static List<String> names(TextSource source) {
    return source.documents().stream().map(Document::name).toList();
  }

  private static void refused(ThrowingCallable what, String... parts) {
    assertThatThrownBy(what)
        .isInstanceOf(UserError.class)
        .message()
        .hasLineCount(1)
        .contains(parts);
  }

  @Test
  void foldersAndZipsGiveTheSameSortedTexts() {
    for (Path path : new Path[] {folder, zip}) {
      try (TextSource source = TextSource.open(path, List.of())) {
        assertThat(names(source)).containsExactly("Top.java", "a/b.md", "a/deep/A.java", "b.txt");
        assertThat(source.skippedBinary()).isEqualTo(1);
        assertThat(source.bytes()).isEqualTo(9 + 3 + 7 + 6);
        assertThat(source.documents().stream().map(Texts::read))
            .containsExactly("class Top", "# b", "class A", "text b");
      }
    }
  }

  @Test
  void globsChooseAtAnyDepth() {
    for (Path path : new Path[] {folder, zip}) {
      for (String glob : new String[] {"**/*.java", "*.java"}) {
        try (TextSource source = TextSource.open(path, List.of(glob))) {
          assertThat(names(source)).containsExactly("Top.java", "a/deep/A.java");
        }
      }
      try (TextSource source = TextSource.open(path, List.of("a/*", "b.*"))) {
        assertThat(names(source)).containsExactly("a/b.md", "b.txt");
      }
      refused(
          () -> TextSource.open(path, List.of("*.py")),
          "there is no text; left out are 0 binary, 0 empty and 6 not included files");
    }
    refused(() -> TextSource.open(folder, List.of("[")), "include \"[\" is not a right glob");
  }

  @Test
  void aSingleFileIsADocument() {
    try (TextSource source = TextSource.open(folder.resolve("b.txt"), List.of("*.java"))) {
      assertThat(names(source)).containsExactly("b.txt");
      Document part = source.documents().get(0).part(2, 6).part(1, 3);
      assertThat(part.bytes()).isEqualTo(2);
      assertThat(Texts.read(part)).isEqualTo("t ");
    }
  }

  @Test
  void placesWithoutTextAreExplained() throws IOException {
    refused(() -> TextSource.open(folder.resolve("image.png"), List.of()), "1 binary, 0 empty");
    refused(() -> TextSource.open(folder.resolve("empty.txt"), List.of()), "0 binary, 1 empty");
    refused(() -> TextSource.open(folder.resolve("absent"), List.of()), "no such file");
    Path bare = Files.createDirectory(directory.resolve("bare"));
    refused(() -> TextSource.open(bare, List.of()), bare + ": there is no text");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void devicesAreRefused() {
    refused(() -> TextSource.open(Path.of("/dev/zero"), List.of()), "neither a file nor a folder");
  }

  @Test
  void damagedZipsAreRefused() throws IOException {
    byte[] whole = Files.readAllBytes(zip);
    Path damaged = directory.resolve("damaged.zip");
    Files.write(damaged, Arrays.copyOf(whole, whole.length / 2));
    refused(() -> TextSource.open(damaged, List.of()), "cannot read " + damaged);
    try (RandomAccessFile file = new RandomAccessFile(zip.toFile(), "rw")) {
      // Inside the first compressed text, behind its local header.
      file.seek(66 + "a/b.txt".length());
      file.write(new byte[] {-1, -1, -1, -1});
    }
    refused(() -> TextSource.open(zip, List.of()), "cannot read ", "b.txt");
  }

  @Test
  void aTextThatShrinksWhileItIsReadIsAnError() throws IOException {
    try (TextSource source = TextSource.open(folder, List.of("b.txt"))) {
      Files.writeString(folder.resolve("b.txt"), "te");
      refused(() -> Texts.read(source.documents().get(0)), "b.txt", "shorter than when");
      Files.delete(folder.resolve("b.txt"));
      refused(() -> Texts.read(source.documents().get(0)), "b.txt", "no such file");
    }
  }

  @Test
  void linksToFoldersAreNotFollowed() throws IOException {
    Files.createSymbolicLink(folder.resolve("loop"), folder);
    Files.createSymbolicLink(folder.resolve("link.txt"), folder.resolve("b.txt"));
    try (TextSource source = TextSource.open(folder, List.of("*.txt"))) {
      assertThat(names(source)).containsExactly("b.txt", "link.txt");
    }
  }
}
