package io.github.tornadosse.graph;

import io.github.tornadosse.graph.AttentionOperations.Sizes;
import io.github.tornadosse.graph.Operations.Linear;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Takes nothing. */
final class NoSteps implements StepOperations {
  @Override
  public boolean takes(int tokens) {
    return false;
  }

  @Override
  public boolean takes(Mixer m) {
    return false;
  }

  @Override
  public boolean takes(Sizes sizes) {
    return false;
  }

  @Override
  public void normedLinear(Stage s, String id, Linear l, View norm, float eps, IntArray rows) {
    throw none();
  }

  @Override
  public void normedSwiglu(
      Stage s, String id, View x, View norm, float eps, View gateUp, View y, int in, int inner) {
    throw none();
  }

  @Override
  public void mixer(
      Stage s,
      String id,
      Mixer m,
      Projected x,
      MixerWeights w,
      IntArray cu,
      MixerStates states,
      View y) {
    throw none();
  }

  @Override
  public void attention(
      Stage s,
      String id,
      View x,
      View bias,
      FloatArray angles,
      Cached cached,
      View y,
      Sizes sizes) {
    throw none();
  }

  private static IllegalStateException none() {
    return new IllegalStateException("this tier has no kernels for layers of few tokens");
  }
}
