package uk.ac.manchester.tornado.runtime.library.spi;

/** A device whose queue of commands a library can add to. */
public interface TornadoNativeStreamSupport {
  /**
   * The queue of a plan.
   *
   * @param executionPlanId the plan
   * @return the driver's handle, such as a CUstream
   */
  long getNativeStream(long executionPlanId);

  /**
   * The context of a plan.
   *
   * @param executionPlanId the plan
   * @return the driver's handle, such as a CUcontext
   */
  long getNativeContext(long executionPlanId);
}
