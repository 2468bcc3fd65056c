package io.github.tornadosse.graph;

/**
 * Where the parts of graphs get their arrays, and views of them.
 *
 * @param buffers makes the arrays
 * @param control knows where views begin
 */
public record Workspace(Buffers buffers, ControlTable control) {
  /**
   * For graphs of another capacity: arrays of their own, and {@link Buffers#shared()} ones.
   *
   * @param prefix tells its arrays from others of the same name
   * @return the workspace
   */
  public Workspace within(String prefix) {
    return new Workspace(buffers.within(prefix), control);
  }
}
