package io.github.tornadosse.runtime;

import io.github.tornadosse.graph.CudaOperations;
import io.github.tornadosse.graph.GpuOperations;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.tensor.UserError;
import java.util.List;

/** Which tier of kernels a program uses, and why. */
public final class Tiers {
  private static final String VECTOR_CLASS = "io.github.tornadosse.graph.VectorOperations";
  private static final String VECTOR_MODULE = "jdk.incubator.vector";

  private Tiers() {}

  /** Names that {@link #forPrecision} takes. */
  public static final List<String> DTYPES = List.of("float32", "bf16");

  /**
   * The tier that computes products in a precision.
   *
   * @param dtype float32, for which any tier will do, or bf16: products of bfloat16 factors summed
   *     in float32, with parameters and states in float32
   * @param tier what was asked for, one of {@link #NAMES}
   * @return the name of the tier to choose
   * @throws UserError if the precision is unknown, or if that tier has not got it
   */
  public static String forPrecision(String dtype, String tier) {
    if (!DTYPES.contains(dtype)) {
      throw new UserError(
          "unknown dtype '" + dtype + "'; choose one of " + String.join(", ", DTYPES));
    }
    boolean bf16 = dtype.equals("bf16");
    if (bf16 ? !tier.equals("cuda") && !tier.equals("auto") : tier.equals("cuda")) {
      throw new UserError(
          "tier '"
              + tier
              + "' has no products of "
              + dtype
              + "; tier 'cuda' has bf16, the others have float32");
    }
    return bf16 ? "cuda" : tier;
  }

  /** Names that {@link #choose} takes. */
  public static final List<String> NAMES = List.of("auto", "vector", "cuda", "gpu", "portable");

  /**
   * A tier and the reason for it.
   *
   * @param operations the tier
   * @param reason why it was chosen, for the log
   */
  public record Choice(Operations operations, String reason) {}

  /**
   * Chooses a tier for the device that this JVM runs on.
   *
   * @param name one of {@link #NAMES}
   * @return the tier and why
   * @throws UserError if the tier is unknown or cannot be used here
   */
  public static Choice choose(String name) {
    String obstacle = vectorObstacle();
    return switch (name) {
      case "portable" -> new Choice(new PortableOperations(), "asked for");
      case "gpu" -> new Choice(gpu(), "asked for" + products());
      case "cuda" -> {
        if (!Devices.embedded() && !Devices.cuda()) {
          throw new UserError(
              "tier 'cuda' needs a device of the CUDA backend, such as --device cuda:0; this is "
                  + Devices.name());
        }
        boolean library = Devices.libraryObstacle() == null;
        yield new Choice(
            new CudaOperations(Devices.gpuSettings(), library), "asked for" + products());
      }
      case "vector" -> {
        if (obstacle != null) {
          throw new UserError("tier 'vector' cannot be used: " + obstacle);
        }
        yield new Choice(vector(), "asked for");
      }
      case "auto" -> {
        if (obstacle == null) {
          yield new Choice(vector(), "the embedded runtime and the Vector API are there");
        }
        yield Devices.graphics()
            ? new Choice(gpu(), Devices.name() + " is a graphics processor" + products())
            : new Choice(new PortableOperations(), "no vector tier here: " + obstacle);
      }
      default ->
          throw new UserError(
              "unknown tier '" + name + "'; choose one of " + String.join(", ", NAMES));
    };
  }

  private static String vectorObstacle() {
    if (!Devices.embedded()) {
      return "TornadoVM compiles the portable tier for " + Devices.name();
    }
    if (ModuleLayer.boot().findModule(VECTOR_MODULE).isEmpty()) {
      return "the JVM was started without --add-modules " + VECTOR_MODULE;
    }
    try {
      Class.forName(VECTOR_CLASS, false, Tiers.class.getClassLoader());
      return null;
    } catch (ClassNotFoundException e) {
      return "the embedded runtime's jar is not on the class path";
    }
  }

  private static Operations gpu() {
    return new GpuOperations(Devices.gpuSettings(), Devices.libraryObstacle() == null);
  }

  /** Whose products large dense layers have, where the device could have a library. */
  private static String products() {
    if (!Devices.cuda()) {
      return "";
    }
    String obstacle = Devices.libraryObstacle();
    return obstacle == null
        ? "; products of large dense layers by cuBLAS"
        : "; products of large dense layers by its own kernels: " + obstacle;
  }

  private static Operations vector() {
    try {
      return (Operations) Class.forName(VECTOR_CLASS).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("cannot make " + VECTOR_CLASS, e);
    }
  }
}
