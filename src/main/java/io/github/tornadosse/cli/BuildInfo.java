package io.github.tornadosse.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import picocli.CommandLine.IVersionProvider;

/** What the program was built from. */
final class BuildInfo implements IVersionProvider {
  private static final Properties BUILD = load();

  private static Properties load() {
    Properties p = new Properties();
    try (InputStream in =
        BuildInfo.class.getResourceAsStream("/io/github/tornadosse/cli/build.properties")) {
      p.load(in);
      return p;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Abbreviated commit, with a + if the working tree had changes. */
  static String commit() {
    return BUILD.getProperty("commit") + ("true".equals(BUILD.getProperty("dirty")) ? "+" : "");
  }

  /** Name, version and commit. */
  static String program() {
    return "sse " + BUILD.getProperty("version") + " (commit " + commit() + ")";
  }

  static String jdk() {
    return System.getProperty("java.vendor") + " " + Runtime.version();
  }

  static String machine() {
    return System.getProperty("os.name")
        + " "
        + System.getProperty("os.arch")
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " processors";
  }

  @Override
  public String[] getVersion() {
    return new String[] {program(), "JDK " + jdk(), machine()};
  }
}
