package io.github.tornadosse.nn;

import io.github.tornadosse.graph.Buffers;
import io.github.tornadosse.graph.HostArrays;
import io.github.tornadosse.runtime.MemoryBudget;
import io.github.tornadosse.tensor.TensorSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import org.apache.commons.math3.random.RandomGenerator;
import org.apache.commons.math3.random.Well19937c;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The parameters of a model. Once filled they do not change, and any number of {@link
 * LanguageModel}s, in any threads, share them.
 */
public final class ModelWeights {
  private final ModelConfig config;
  private final ParameterLayout layout;
  private final FloatArray parameters;
  private String fingerprint;

  private ModelWeights(ModelConfig config, ParameterLayout layout, FloatArray parameters) {
    this.config = config;
    this.layout = layout;
    this.parameters = parameters;
  }

  /** Gives a tensor's values, [shape] in row-major order. */
  @FunctionalInterface
  public interface Source {
    /**
     * Writes a tensor's values.
     *
     * @param tensor its name and shape
     * @param destination [size of the tensor], overwritten
     */
    void read(TensorSpec tensor, float[] destination);
  }

  /**
   * Takes all parameters from a source, one tensor after another.
   *
   * @param config the configuration
   * @param source gives the values
   * @return the weights
   * @throws io.github.tornadosse.tensor.UserError if they do not fit into memory, before anything
   *     is read
   */
  public static ModelWeights read(ModelConfig config, Source source) {
    ParameterLayout layout = new ParameterLayout(config);
    Buffers plan = Buffers.measuring();
    plan.floats("parameters", layout.size());
    MemoryBudget.check(plan, "the model's weights");
    FloatArray parameters = HostArrays.floats(layout.size());
    for (int i = 0; i < layout.tensors().size(); i++) {
      TensorSpec t = layout.tensors().get(i);
      float[] values = new float[t.size()];
      source.read(t, values);
      int from = layout.offset(i);
      for (int j = 0; j < values.length; j++) {
        parameters.set(from + j, values[j]);
      }
    }
    return new ModelWeights(config, layout, parameters);
  }

  /**
   * Draws the weights that training begins with.
   *
   * @param config the configuration
   * @param seed the same seed gives the same weights
   * @return the weights
   */
  public static ModelWeights initial(ModelConfig config, long seed) {
    RandomGenerator random = new Well19937c(seed);
    return read(
        config, (t, to) -> Initializer.draw(t, random, config.initialRange(t.name()), to, 0));
  }

  /**
   * Names and shapes of a model's parameters.
   *
   * @param config the model's configuration
   * @return in checkpoint order
   */
  public static List<TensorSpec> tensors(ModelConfig config) {
    return new ParameterLayout(config).tensors();
  }

  /** Of the right shapes, without values: for measuring what a model needs. */
  static ModelWeights measuring(ModelConfig config) {
    return new ModelWeights(config, new ParameterLayout(config), new FloatArray(1));
  }

  /** The configuration. */
  public ModelConfig config() {
    return config;
  }

  /** Number of parameters. */
  public int size() {
    return layout.size();
  }

  ParameterLayout layout() {
    return layout;
  }

  FloatArray parameters() {
    return parameters;
  }

  /**
   * Tells models apart: SHA-256 of configuration and parameters, as hexadecimal digits.
   *
   * @return computed when first asked for
   */
  public synchronized String fingerprint() {
    if (fingerprint == null) {
      MessageDigest digest = sha256();
      digest.update(config.toJson().toString().getBytes(StandardCharsets.UTF_8));
      ByteBuffer bytes = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < layout.size(); i++) {
        if (!bytes.hasRemaining()) {
          digest.update(bytes.flip());
          bytes.clear();
        }
        bytes.putFloat(parameters.get(i));
      }
      digest.update(bytes.flip());
      fingerprint = HexFormat.of().formatHex(digest.digest());
    }
    return fingerprint;
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
