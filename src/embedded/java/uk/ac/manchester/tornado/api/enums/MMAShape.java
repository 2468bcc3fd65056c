package uk.ac.manchester.tornado.api.enums;

/** Sizes of the products that tensor cores take: rows and columns of the result, and terms. */
public enum MMAShape {
  /** 16×8, of 16 terms. */
  M16N8K16("m16n8k16"),
  /** 16×8, of 32 terms. */
  M16N8K32("m16n8k32");

  private final String ptxName;

  MMAShape(String ptxName) {
    this.ptxName = ptxName;
  }

  /**
   * The shape's name in PTX.
   *
   * @return such as m16n8k16
   */
  public String getPtxName() {
    return ptxName;
  }
}
