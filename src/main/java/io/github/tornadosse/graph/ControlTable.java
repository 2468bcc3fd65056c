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
  private static final int CAPACITY = 512;

  /** What a view's base index follows. */
  public enum Axis {
    /** Nothing: the base is the offset. */
    FIXED,
    /** The layer. */
    LAYER,
    /** The layer's index among those of its kind (mixer or softmax attention). */
    KIND,
    /** Where activations that every layer has are kept. */
    SLOT,
    /** Where activations that the layers of one kind have are kept. */
    KIND_SLOT,
    /** Which copy of the residual stream is read. */
    INPUT,
    /** Which copy of the residual stream is written. */
    OUTPUT,
    /** The session whose states are meant. */
    SESSION
  }

  /**
   * What an execution is for: a value for each axis.
   *
   * @param layer the layer
   * @param kind its index among those of its kind
   * @param slot where its activations are kept
   * @param kindSlot where those of its kind are kept
   * @param input copy of the residual stream that is read
   * @param output copy of the residual stream that is written
   * @param session whose states are meant
   */
  public record Position(
      int layer, int kind, int slot, int kindSlot, int input, int output, int session) {
    /** All zero. */
    public static final Position ORIGIN = new Position(0, 0, 0, 0, 0, 0, 0);

    int of(Axis axis) {
      return switch (axis) {
        case FIXED -> 0;
        case LAYER -> layer;
        case KIND -> kind;
        case SLOT -> slot;
        case KIND_SLOT -> kindSlot;
        case INPUT -> input;
        case OUTPUT -> output;
        case SESSION -> session;
      };
    }
  }

  private record Entry(int offset, int stride, Axis axis, int secondStride, Axis secondAxis) {}

  private final IntArray control = HostArrays.ints(CAPACITY);
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
    return new View(array, register(offset, stride, axis, 0, Axis.FIXED));
  }

  /** Same for an int array. */
  public IntView view(IntArray array, int offset, int stride, Axis axis) {
    return new IntView(array, register(offset, stride, axis, 0, Axis.FIXED));
  }

  /** A view from element 0 on that follows two axes. */
  public View view(FloatArray array, int stride, Axis axis, int secondStride, Axis secondAxis) {
    return new View(array, register(0, stride, axis, secondStride, secondAxis));
  }

  /** The whole array. */
  public View whole(FloatArray array) {
    return new View(array, Control.ZERO);
  }

  private int register(int offset, int stride, Axis axis, int secondStride, Axis secondAxis) {
    Entry e = new Entry(offset, axis == Axis.FIXED ? 0 : stride, axis, secondStride, secondAxis);
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

  /**
   * Sets the base index of every view.
   *
   * @throws ArithmeticException if a base exceeds the range of an index
   */
  public void select(Position at) {
    for (int i = 0; i < entries.size(); i++) {
      Entry e = entries.get(i);
      int first = Math.multiplyExact(e.stride, at.of(e.axis));
      int second = Math.multiplyExact(e.secondStride, at.of(e.secondAxis));
      control.set(Control.FIRST_BASE + i, Math.addExact(e.offset, Math.addExact(first, second)));
    }
  }

  /** Sets one of the entries of {@link Control}. */
  public void set(int entry, int value) {
    control.set(entry, value);
  }
}
