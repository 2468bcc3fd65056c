package uk.ac.manchester.tornado.api.enums;

/** What becomes of the times that the profiler takes. */
public enum ProfilerMode {
  /** They are printed after each execution. */
  CONSOLE,

  /** They are kept for the program to ask for. */
  SILENT
}
