package uk.ac.manchester.tornado.runtime.library.spi;

import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** Runs tasks that are calls of a native library; found by {@link java.util.ServiceLoader}. */
public interface TornadoLibraryProvider {
  /**
   * The library.
   *
   * @return the name that tasks give
   */
  String libraryName();

  /**
   * Whether the provider runs calls on a device.
   *
   * @param device the device
   * @return true if it does
   */
  boolean canHandle(TornadoXPUDevice device);

  /**
   * Begins work for a plan.
   *
   * @param device the device
   * @param executionPlanId the plan
   * @return what calls of this plan are given
   */
  LibraryContext createContext(TornadoXPUDevice device, long executionPlanId);

  /**
   * Gets ready for a call, before anything is captured. Comes before each execution.
   *
   * @param descriptor the call
   * @param context of its plan
   */
  default void prepare(LibraryTaskDescriptor descriptor, LibraryContext context) {}

  /**
   * Calls a function.
   *
   * @param functionName its name
   * @param invocation its arguments
   */
  void dispatch(String functionName, LibraryInvocation invocation);

  /**
   * Ends work for a plan.
   *
   * @param context of the plan
   */
  void destroyContext(LibraryContext context);
}
