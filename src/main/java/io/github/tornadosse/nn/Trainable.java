package io.github.tornadosse.nn;

import io.github.tornadosse.data.PackedBatch;
import io.github.tornadosse.tensor.TensorSpec;
import java.util.List;

/**
 * A model with its gradients and optimiser state on one device. One thread at a time. Parameters,
 * gradients and moments are named tensors; arrays handed over are in the order of {@link
 * #tensors()}, each tensor contiguous.
 */
public interface Trainable extends AutoCloseable {
  /** The configuration. */
  ModelConfig config();

  /** Names and shapes of all parameters, in checkpoint order. */
  List<TensorSpec> tensors();

  /**
   * What one micro-batch gave.
   *
   * @param crossEntropy sum over targets of the cross-entropy, in nats
   * @param targets number of targets
   * @param balance sum over layers of the balance loss
   * @param load share of tokens that write each partition, [layers][N], empty for layers without
   *     sparse partitions
   */
  record Outcome(double crossEntropy, int targets, double balance, float[][] load) {}

  /**
   * Forward and backward of one batch, adding to the gradients: crossEntropyScale times the summed
   * cross-entropy, plus balanceScale times the summed balance loss.
   *
   * @param batch at most the model's capacity of tokens and sequences
   * @param crossEntropyScale usually 1 / (targets of the whole step)
   * @param balanceScale usually aux_loss_coef / (micro-batches of the step)
   * @return the losses, unscaled
   */
  Outcome accumulate(PackedBatch batch, double crossEntropyScale, double balanceScale);

  /** Forward alone; gradients stay as they are. */
  Outcome evaluate(PackedBatch batch);

  /** Sets all gradients to zero. */
  void zeroGradients();

  /** L2 norm of all gradients together (not finite if any is not). */
  double gradientNorm();

  /**
   * One AdamW step.
   *
   * @param step from 1
   * @param learningRate this step's
   * @param gradientFactor what gradients are multiplied by first (clipping)
   */
  void update(int step, double learningRate, double gradientFactor);

  /** Copies a parameter off the device into destination[offset..]. */
  void readParameter(int tensor, float[] destination, int offset);

  /** Sets a parameter from source[offset..]. */
  void writeParameter(int tensor, float[] source, int offset);

  /** Copies a parameter's moment (0 first, 1 second) off the device. */
  void readMoment(int moment, int tensor, float[] destination, int offset);

  /** Sets a parameter's moment. */
  void writeMoment(int moment, int tensor, float[] source, int offset);

  /** Copies a parameter's gradient off the device. */
  void readGradient(int tensor, float[] destination, int offset);

  /** Frees the device's memory. */
  @Override
  void close();
}
