package uk.ac.manchester.tornado.api.enums;

/** Kinds of devices. */
public enum TornadoDeviceType {
  /** Not known. */
  UNKNOWN,
  /** The one that is used if none is asked for. */
  DEFAULT,
  /** A processor. */
  CPU,
  /** A graphics processor. */
  GPU,
  /** A programmable circuit. */
  FPGA,
  /** Another accelerator. */
  ACCELERATOR,
  /** A device of a kind of its own. */
  CUSTOM,
  /** All kinds. */
  ALL
}
