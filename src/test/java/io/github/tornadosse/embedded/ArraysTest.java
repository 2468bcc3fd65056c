package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.DoubleArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HalfFloatArray;
import uk.ac.manchester.tornado.api.types.arrays.HeapAccess;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;
import uk.ac.manchester.tornado.api.types.arrays.LongArray;

class ArraysTest {
  @Test
  void floats() {
    float[] source = {1, 2, 3};
    FloatArray a = FloatArray.fromArray(source);
    source[0] = 9;
    assertThat(a.toHeapArray()).containsExactly(1, 2, 3);
    a.set(1, 5);
    assertThat(a.get(1)).isEqualTo(5);
    assertThat(a.getSize()).isEqualTo(3);
    assertThat(a.getElementSize()).isEqualTo(4);
    assertThat(a.getNumBytesOfSegment()).isEqualTo(12);
    assertThat(a.slice(1, 2).toHeapArray()).containsExactly(5, 3);
    assertThat(FloatArray.concat(a, FloatArray.fromElements(7), a).toHeapArray())
        .containsExactly(1, 5, 3, 7, 1, 5, 3);
    FloatArray.initialize(a, 4);
    assertThat(a.toHeapArray()).containsExactly(4, 4, 4);
    a.clear();
    assertThat(a.toHeapArray()).containsExactly(0, 0, 0);
    assertThat(new FloatArray(2).toHeapArray()).containsExactly(0, 0);
    assertThat(HeapAccess.floats(a)).isSameAs(HeapAccess.floats(a)).hasSize(3);
  }

  @Test
  void intsLongsDoublesAndBytes() {
    IntArray ints = IntArray.fromElements(1, 2);
    ints.init(3);
    assertThat(ints.slice(0, 1).toHeapArray()).containsExactly(3);
    assertThat(IntArray.concat(ints, IntArray.fromArray(new int[] {4})).toHeapArray())
        .containsExactly(3, 3, 4);
    LongArray longs = LongArray.fromElements(1L << 40, 2);
    longs.set(1, -1);
    assertThat(longs.toHeapArray()).containsExactly(1L << 40, -1);
    assertThat(longs.getNumBytesOfSegment()).isEqualTo(16);
    DoubleArray doubles = DoubleArray.fromElements(0.1, 2);
    doubles.clear();
    doubles.set(0, 0.1);
    assertThat(doubles.toHeapArray()).containsExactly(0.1, 0);
    assertThat(doubles.getElementSize()).isEqualTo(8);
    ByteArray bytes = ByteArray.fromElements((byte) 1, (byte) -2);
    bytes.set(0, (byte) 7);
    assertThat(bytes.toHeapArray()).containsExactly(7, -2);
    assertThat(bytes.getElementSize()).isEqualTo(1);
  }

  @Test
  void halves() {
    HalfFloatArray a = HalfFloatArray.fromElements(new HalfFloat(1.5f), new HalfFloat(0.1f));
    assertThat(a.get(0).getFloat32()).isEqualTo(1.5f);
    assertThat(a.get(1).getFloat32()).isEqualTo(0.099975586f);
    assertThat(a.toShortArray()).containsExactly(0x3e00, 0x2e66);
    a.init(new HalfFloat((short) 0x3c00));
    assertThat(a.toHeapArray()[1].getFloat32()).isEqualTo(1);
    assertThat(a.getNumBytesOfSegment()).isEqualTo(4);
    HalfFloat three = new HalfFloat(3f);
    HalfFloat two = new HalfFloat(2f);
    assertThat(HalfFloat.add(three, two).getFloat32()).isEqualTo(5);
    assertThat(HalfFloat.sub(three, two).getFloat32()).isEqualTo(1);
    assertThat(HalfFloat.mult(three, two).getFloat32()).isEqualTo(6);
    assertThat(HalfFloat.div(three, two).getFloat32()).isEqualTo(1.5f);
    assertThat(three.toString()).contains("3.0");
  }

  @Test
  void segments() {
    FloatArray a = FloatArray.fromElements(1, 2, 3);
    MemorySegment view = a.getSegment();
    assertThat(view.byteSize()).isEqualTo(12);
    view.setAtIndex(ValueLayout.JAVA_FLOAT, 2, 8);
    assertThat(a.get(2)).isEqualTo(8);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment outside = arena.allocateFrom(ValueLayout.JAVA_LONG, 5, 6);
      LongArray longs = LongArray.fromSegment(outside);
      outside.setAtIndex(ValueLayout.JAVA_LONG, 0, 0);
      assertThat(longs.toHeapArray()).containsExactly(5, 6);
      assertThatThrownBy(() -> IntArray.fromSegment(outside.asSlice(0, 6)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("6 bytes");
    }
  }

  @Test
  void indicesAreChecked() {
    FloatArray a = new FloatArray(2);
    assertThatThrownBy(() -> a.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> a.set(-1, 0)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> a.slice(1, 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a slice of 2 from 1 of an array of 2");
    assertThatThrownBy(() -> a.slice(1, Integer.MAX_VALUE))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void functions() {
    assertThat(TornadoMath.max(1f, 2f)).isEqualTo(2);
    assertThat(TornadoMath.min(3, -2)).isEqualTo(-2);
    assertThat(TornadoMath.abs(-2f)).isEqualTo(2);
    assertThat(TornadoMath.clamp(5, 1, 3)).isEqualTo(3);
    assertThat(TornadoMath.clamp(0.5f, 1, 3)).isEqualTo(1);
    assertThat(TornadoMath.exp(1f)).isEqualTo((float) Math.E);
    assertThat(TornadoMath.log(TornadoMath.exp(2.0))).isEqualTo(2);
    assertThat(TornadoMath.log2(8f)).isEqualTo(3);
    assertThat(TornadoMath.pow(2f, 10)).isEqualTo(1024);
    assertThat(TornadoMath.floor(-1.5f)).isEqualTo(-2);
    assertThat(TornadoMath.ceil(1.2f)).isEqualTo(2);
    assertThat(TornadoMath.fract(2.25f)).isEqualTo(0.25f);
    assertThat(TornadoMath.sqrt(9f)).isEqualTo(3);
    assertThat(TornadoMath.sin(0.5f)).isEqualTo((float) Math.sin(0.5));
    assertThat(TornadoMath.sinpi(0.5f)).isEqualTo(1);
    assertThat(TornadoMath.acosh(TornadoMath.PI())).isEqualTo(1.8115262724608532);
    assertThat(TornadoMath.asinh(1f)).isEqualTo(0.8813736f);
    assertThat(TornadoMath.atan2(1f, 1f)).isEqualTo(TornadoMath.floatPI() / 4);
    assertThat(TornadoMath.tanh(0.3)).isEqualTo(Math.tanh(0.3));
    assertThat(TornadoMath.signum(-3f)).isEqualTo(-1);
    assertThat(TornadoMath.toRadians(180f)).isEqualTo(TornadoMath.floatPI());
  }
}
