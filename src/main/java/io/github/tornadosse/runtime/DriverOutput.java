package io.github.tornadosse.runtime;

import io.github.tornadosse.tensor.UserError;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads along what is printed on standard output. TornadoVM's native code prints that the driver
 * has refused a call, such as a copy or a kernel's launch, and goes on as if nothing had happened:
 * the line is all that tells wrong results from right ones. Standard output becomes a pipe whose
 * other end is read here and written to where it went before.
 */
public final class DriverOutput {
  private static final String ERROR = "JNI] ERROR : ";
  private static final int STANDARD_OUTPUT = 1;
  private static final short READABLE = 1;
  private static final int BLOCK = 1 << 16;

  /** The one of this JVM, once it is watched. */
  private static DriverOutput watched;

  private final Posix posix;
  private final int source;
  private final int destination;
  private final MemorySegment block = Arena.global().allocate(BLOCK);
  private final StringBuilder line = new StringBuilder();
  private final List<String> errors = new ArrayList<>();

  DriverOutput(Posix posix, int source, int destination) {
    this.posix = posix;
    this.source = source;
    this.destination = destination;
  }

  /**
   * Begins to read along what this process prints on standard output, until it ends. Does nothing
   * the second time.
   *
   * @throws UserError on systems that are not like Unix
   */
  public static synchronized void watch() {
    if (watched != null) {
      return;
    }
    Posix posix = Posix.here();
    int before = posix.duplicate(STANDARD_OUTPUT);
    int[] pipe = posix.pipe();
    posix.replace(pipe[1], STANDARD_OUTPUT);
    posix.close(pipe[1]);
    DriverOutput output = new DriverOutput(posix, pipe[0], before);
    Thread reader = Thread.ofPlatform().daemon().name("driver output").start(output::pass);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> output.end(reader)));
    watched = output;
  }

  /**
   * What TornadoVM has said that the driver refused since this was called last.
   *
   * @return its lines, none if nothing is watched
   */
  static List<String> errors() {
    DriverOutput output = watched;
    return output == null ? List.of() : output.take();
  }

  /** All errors that were printed up to now, whether or not the reader has come by. */
  synchronized List<String> take() {
    while (posix.readable(source, 0)) {
      if (!copy()) {
        break;
      }
    }
    List<String> taken = List.copyOf(errors);
    errors.clear();
    return taken;
  }

  /** Passes on what is printed until the pipe's end. */
  void pass() {
    boolean more = true;
    while (more) {
      posix.readable(source, -1);
      synchronized (this) {
        // What take() has taken meanwhile is no longer there.
        more = !posix.readable(source, 0) || copy();
      }
    }
  }

  private void end(Thread reader) {
    posix.replace(destination, STANDARD_OUTPUT);
    try {
      reader.join(5000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Copies what there is; false at the end. */
  private boolean copy() {
    int n = posix.read(source, block, BLOCK);
    if (n <= 0) {
      return false;
    }
    for (int done = 0; done < n; ) {
      int written = posix.write(destination, block.asSlice(done, n - done));
      if (written <= 0) {
        break;
      }
      done += written;
    }
    scan(new String(block.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
    return true;
  }

  private void scan(String text) {
    int from = 0;
    for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      line.append(text, from, end);
      int at = line.indexOf(ERROR);
      if (at >= 0) {
        errors.add(line.substring(at + ERROR.length()).strip());
      }
      line.setLength(0);
      from = end + 1;
    }
    line.append(text, from, text.length());
  }

  /** The system's calls on file descriptors. */
  static final class Posix {
    private final MethodHandle pipe;
    private final MethodHandle dup;
    private final MethodHandle dup2;
    private final MethodHandle close;
    private final MethodHandle read;
    private final MethodHandle write;
    private final MethodHandle poll;

    private Posix() {
      pipe = function("pipe", ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
      dup = function("dup", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
      dup2 = function("dup2", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
      close = function("close", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
      read =
          function(
              "read",
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG);
      write =
          function(
              "write",
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG);
      poll =
          function(
              "poll",
              ValueLayout.JAVA_INT,
              ValueLayout.ADDRESS,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT);
    }

    static Posix here() {
      if (System.getProperty("os.name").startsWith("Windows")) {
        throw new UserError("devices of a TornadoVM SDK need Linux or another Unix");
      }
      return new Posix();
    }

    @SuppressWarnings("restricted") // signatures are those of POSIX
    private static MethodHandle function(
        String name, ValueLayout result, ValueLayout... parameters) {
      Linker linker = Linker.nativeLinker();
      return linker.downcallHandle(
          linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, parameters));
    }

    /** Reading and writing end. */
    int[] pipe() {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment ends = arena.allocate(ValueLayout.JAVA_INT, 2);
        check("pipe", (int) pipe.invoke(ends));
        return ends.toArray(ValueLayout.JAVA_INT);
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    int duplicate(int descriptor) {
      try {
        return check("dup", (int) dup.invoke(descriptor));
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    void replace(int with, int descriptor) {
      try {
        check("dup2", (int) dup2.invoke(with, descriptor));
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    void close(int descriptor) {
      try {
        check("close", (int) close.invoke(descriptor));
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    int read(int descriptor, MemorySegment to, long most) {
      try {
        return (int) (long) read.invoke(descriptor, to, most);
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    int write(int descriptor, MemorySegment from) {
      try {
        return (int) (long) write.invoke(descriptor, from, from.byteSize());
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    /**
     * Whether there is something to read, or nothing ever will; waits for that long, -1 forever.
     */
    boolean readable(int descriptor, int milliseconds) {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment request = arena.allocate(8, 4);
        request.set(ValueLayout.JAVA_INT, 0, descriptor);
        request.set(ValueLayout.JAVA_SHORT, 4, READABLE);
        return (int) poll.invoke(request, 1L, milliseconds) > 0;
      } catch (Throwable e) {
        throw failed(e);
      }
    }

    private static int check(String call, int result) {
      if (result < 0) {
        throw new IllegalStateException(call + " failed");
      }
      return result;
    }

    private static RuntimeException failed(Throwable e) {
      return e instanceof RuntimeException r ? r : new IllegalStateException(e);
    }
  }
}
