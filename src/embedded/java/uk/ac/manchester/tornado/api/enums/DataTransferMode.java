package uk.ac.manchester.tornado.api.enums;

/** When a transfer between host and device takes place. */
public class DataTransferMode {
  /** Once, before the first execution. */
  public static final int FIRST_EXECUTION = 0;

  /** With every execution. */
  public static final int EVERY_EXECUTION = 1;

  /** When the program asks for it. */
  public static final int UNDER_DEMAND = 2;
}
