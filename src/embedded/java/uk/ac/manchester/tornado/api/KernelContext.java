package uk.ac.manchester.tornado.api;

/** Where a work-item stands within its grid, with barriers and memory shared within its group. */
public class KernelContext {
  public final Integer globalIdx = 0;
  public final Integer globalIdy = 0;
  public final Integer globalIdz = 0;
  public final Integer groupIdx = 0;
  public final Integer groupIdy = 0;
  public final Integer groupIdz = 0;
  public final Integer localIdx = 0;
  public final Integer localIdy = 0;
  public final Integer localIdz = 0;
  public final Integer globalGroupSizeX = 0;
  public final Integer globalGroupSizeY = 0;
  public final Integer globalGroupSizeZ = 0;
  public final Integer localGroupSizeX = 0;
  public final Integer localGroupSizeY = 0;
  public final Integer localGroupSizeZ = 0;

  /** The context to give to a task. */
  public KernelContext() {}
}
