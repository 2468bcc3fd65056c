package io.github.tornadosse.graph;

import io.github.tornadosse.kernels.Control;
import java.util.ArrayList;
import java.util.List;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The host's side of the control array: knows how the base index of each view follows from the
 * layer, and writes it before an execution.
 */
public final class ControlTable {
  private static final int CAPACITY = 256;

  /** What a view's base index follows. */
  public enum Axis {
    /** Nothing: the base is the offset. */
    FIXED,
    /** The layer whose parameters are used. */
    LAYER,
    /** Where the layer's activations are kept. */
    SLOT,
    /** Which copy of the residual stream is read. */
    INPUT,
    /** Which copy of the residual stream is written. */
    OUTPUT
  }

  private record Entry(int offset, int stride, Axis axis) {}

  private final IntArray control = new IntArray(CAPACITY);
  private final List<Entry> entries = new ArrayList<>();

  /** The array that kernels receive. */
  public IntArray array() {
    return control;
  }

  /**
   * A view that begins at offset + stride·(value of the axis).
   *
   * @param array the whole array
   * @param offset first element for value 0
   * @param stride elements from one value of the axis to the next
   * @param axis what the base follows
   * @return the view
   */
  public View view(FloatArray array, int offset, int stride, Axis axis) {
    return new View(array, register(offset, stride, axis));
  }

  /** Same for an int array. */
  public IntView view(IntArray array, int offset, int stride, Axis axis) {
    return new IntView(array, register(offset, stride, axis));
  }

  /** The whole array. */
  public View whole(FloatArray array) {
    return view(array, 0, 0, Axis.FIXED);
  }

  private int register(int offset, int stride, Axis axis) {
    Entry e = new Entry(offset, axis == Axis.FIXED ? 0 : stride, axis);
    int known = entries.indexOf(e);
    if (known >= 0) {
      return Control.FIRST_BASE + known;
    }
    if (Control.FIRST_BASE + entries.size() == CAPACITY) {
      throw new IllegalStateException("more than " + CAPACITY + " control entries");
    }
    entries.add(e);
    return Control.FIRST_BASE + entries.size() - 1;
  }

  /** Sets the base index of every view. */
  public void select(int layer, int slot, int input, int output) {
    for (int i = 0; i < entries.size(); i++) {
      Entry e = entries.get(i);
      int value =
          switch (e.axis) {
            case FIXED -> 0;
            case LAYER -> layer;
            case SLOT -> slot;
            case INPUT -> input;
            case OUTPUT -> output;
          };
      control.set(
          Control.FIRST_BASE + i, Math.addExact(e.offset, Math.multiplyExact(e.stride, value)));
    }
  }

  /** Sets one of the entries of {@link Control}. */
  public void set(int entry, int value) {
    control.set(entry, value);
  }
}
