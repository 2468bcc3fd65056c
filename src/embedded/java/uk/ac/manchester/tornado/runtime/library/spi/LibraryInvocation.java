package uk.ac.manchester.tornado.runtime.library.spi;

import uk.ac.manchester.tornado.runtime.common.TornadoXPUDevice;

/** The arguments of a call of a library. */
public final class LibraryInvocation {
  private final Object[] javaArgs;
  private final long[] devicePointers;
  private final boolean[] isReference;
  private final TornadoXPUDevice device;
  private final long executionPlanId;
  private final LibraryContext context;
  private final Object tuning;

  /**
   * The arguments of one call.
   *
   * @param javaArgs arrays and numbers
   * @param devicePointers where an array's first element is on the device; 0 for numbers
   * @param isReference which arguments are arrays
   * @param device the device
   * @param executionPlanId the plan
   * @param context what the provider made for the plan
   * @param tuning as the task has it
   */
  public LibraryInvocation(
      Object[] javaArgs,
      long[] devicePointers,
      boolean[] isReference,
      TornadoXPUDevice device,
      long executionPlanId,
      LibraryContext context,
      Object tuning) {
    this.javaArgs = javaArgs.clone();
    this.devicePointers = devicePointers.clone();
    this.isReference = isReference.clone();
    this.device = device;
    this.executionPlanId = executionPlanId;
    this.context = context;
    this.tuning = tuning;
  }

  /**
   * Number of arguments.
   *
   * @return the number
   */
  public int getNumArgs() {
    return javaArgs.length;
  }

  /**
   * An argument.
   *
   * @param index its index
   * @return an array or a number
   */
  public Object getArg(int index) {
    return javaArgs[index];
  }

  /**
   * Where an array is on the device.
   *
   * @param index the argument's index
   * @return the address of its first element
   */
  public long getDevicePointer(int index) {
    return devicePointers[index];
  }

  /**
   * Whether an argument is an array.
   *
   * @param index its index
   * @return true if it is
   */
  public boolean isReference(int index) {
    return isReference[index];
  }

  /**
   * The device.
   *
   * @return the device
   */
  public TornadoXPUDevice getDevice() {
    return device;
  }

  /**
   * The plan.
   *
   * @return its number
   */
  public long getExecutionPlanId() {
    return executionPlanId;
  }

  /**
   * What the provider made for the plan.
   *
   * @return as it was made
   */
  public LibraryContext getContext() {
    return context;
  }

  /**
   * What only the provider understands.
   *
   * @return as the task has it
   */
  public Object getTuning() {
    return tuning;
  }
}
