package io.github.tornadosse.eval.verify;

import io.github.tornadosse.checkpoint.Safetensors;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One golden case: inputs, outputs and gradients.
 *
 * @param name kind and file or directory, such as {@code mixer/gla_n4k1}
 * @param kind what it is a case of
 * @param path its safetensors file; of a model its directory
 */
public record GoldenCase(String name, Kind kind, Path path) {
  /** What a case is of. */
  public enum Kind {
    /** The recurrence alone. */
    OP,
    /** One layer. */
    MIXER,
    /** A whole model. */
    MODEL
  }

  /**
   * A file's content.
   *
   * @param tensors float and integer tensors by name, in the file's order
   * @param shapes their shapes
   * @param metadata the header's texts
   */
  public record Content(
      Map<String, double[]> tensors, Map<String, int[]> shapes, Map<String, String> metadata) {
    /**
     * A tensor that must be there.
     *
     * @param name its name
     * @return its elements, row-major
     * @throws IllegalArgumentException if it is not there
     */
    public double[] get(String name) {
      double[] values = tensors.get(name);
      if (values == null) {
        throw new IllegalArgumentException("the case has no tensor '" + name + "'");
      }
      return values;
    }

    /**
     * An integer tensor that must be there.
     *
     * @param name its name
     * @return its elements, row-major
     * @throws IllegalArgumentException if it is not there
     */
    public int[] ints(String name) {
      double[] values = get(name);
      int[] ints = new int[values.length];
      for (int i = 0; i < ints.length; i++) {
        ints[i] = (int) values[i];
      }
      return ints;
    }

    /**
     * A dimension of a tensor that must be there.
     *
     * @param name the tensor's name
     * @param dimension counted from 0, the outermost
     * @return its size
     */
    public int size(String name, int dimension) {
      get(name);
      return shapes.get(name)[dimension];
    }

    /**
     * The tensors whose name begins with a prefix, by the rest of their name.
     *
     * @param prefix such as {@code param.}
     * @return in the file's order
     */
    public Map<String, double[]> under(String prefix) {
      Map<String, double[]> found = new LinkedHashMap<>();
      tensors.forEach(
          (name, values) -> {
            if (name.startsWith(prefix)) {
              found.put(name.substring(prefix.length()), values);
            }
          });
      return found;
    }
  }

  /**
   * Reads a whole safetensors file of small tensors.
   *
   * @param file the file
   * @return its content
   * @throws io.github.tornadosse.tensor.UserError if it cannot be read
   */
  public static Content read(Path file) {
    try (Safetensors in = Safetensors.open(file)) {
      Map<String, double[]> tensors = new LinkedHashMap<>();
      Map<String, int[]> shapes = new LinkedHashMap<>();
      for (String name : in.names()) {
        shapes.put(name, in.shape(name));
        tensors.put(
            name,
            switch (in.dtype(name)) {
              case I64, I32 -> doubles(in.longs(name));
              default -> doubles(in.floats(name));
            });
      }
      return new Content(tensors, shapes, in.metadata());
    }
  }

  private static double[] doubles(long[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }
}
