package io.github.tornadosse.eval.emit;

import io.github.tornadosse.tensor.UserError;
import java.util.Arrays;
import java.util.List;

/** What TornadoVM emits for, and what the files are called. */
public enum Backend {
  /** OpenCL C. */
  OPENCL("cl"),
  /** CUDA C. */
  CUDA("cu"),
  /** PTX assembly. */
  PTX("ptx"),
  /** SPIR-V as text. */
  SPIRV("spvasm");

  private final String suffix;

  Backend(String suffix) {
    this.suffix = suffix;
  }

  /** The suffix of its files, without a dot. */
  public String suffix() {
    return suffix;
  }

  /** Its name in devices and on the command line. */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }

  /**
   * The backend of a name.
   *
   * @param label such as opencl
   * @return the backend
   * @throws UserError if there is none
   */
  public static Backend of(String label) {
    return Arrays.stream(values())
        .filter(b -> b.label().equals(label))
        .findFirst()
        .orElseThrow(() -> new UserError("there is no backend '" + label + "' of " + labels()));
  }

  private static List<String> labels() {
    return Arrays.stream(values()).map(Backend::label).toList();
  }
}
