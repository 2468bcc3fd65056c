package io.github.tornadosse.kernels.cuda;

import io.github.tornadosse.kernels.Control;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The states of gated linear attention at the bounds of chunks and their gradients, summed in
 * float32 and left as bfloat16 factors; see docs/mathematics.md section 2.
 */
public final class ChunkScans {
  /**
   * Most work-items of a group: the more, the longer are the runs of memory that it reads and
   * writes at a time.
   */
  public static final int MOST_ITEMS = 512;

  /** Least work-items of a group, where larger ones would leave multiprocessors without any. */
  public static final int LEAST_ITEMS = 128;

  private static final int CHUNK = ChunkOperands.CHUNK;
  private static final int SUB = 16;

  private ChunkScans() {}

  /**
   * The state at the start of each chunk, and that at the end of each segment. Groups: along x
   * segments × heads, along y ⌈K·V/2/work-items⌉.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table see {@code gpu.GlaStates.chunks}
   * @param decay [chunks, H, K] of {@link ChunkOperands#prepare}
   * @param added [chunks, H, room] of {@link ChunkAdditions#states}
   * @param state [segments, H, K, V], used if control[USE_STATE] is 1
   * @param stateAt base of state
   * @param prior output [chunks, H, K, V] as right factors
   * @param heads H
   * @param key K
   * @param value V
   * @param parts N + 1
   * @param chunks largest number of chunks
   * @param room floats between the chunks of added
   * @param keep 1 if final states are kept, else 0
   */
  public static void scan(
      KernelContext context,
      IntArray control,
      IntArray segments,
      IntArray table,
      FloatArray decay,
      FloatArray added,
      FloatArray state,
      int stateAt,
      IntArray prior,
      int heads,
      int key,
      int value,
      int parts,
      int chunks,
      int room,
      int keep) {
    int segment = context.groupIdx / heads;
    int head = context.groupIdx % heads;
    int n = context.groupIdy * context.localGroupSizeX + context.localIdx;
    int ints = key * value / 2;
    if (segment < control.get(Control.SEQUENCES) * parts) {
      if (n < ints) {
        // The tiles of what is added lie as those of the factor do.
        int tile = n / Packed.RIGHT;
        int tiles = value / 8;
        int c = tile / tiles * SUB + n % Packed.RIGHT / 4;
        int x = tile % tiles * 8 + n % 4 * 2;
        int count = (segments.get(2 * segment + 1) - segments.get(2 * segment) + CHUNK - 1) / CHUNK;
        int at = table.get(2 * chunks + segment) * heads + head;
        int useState = control.get(Control.USE_STATE);
        float first = 0f;
        float second = 0f;
        int si = (segment * heads + head) * key * value + c * value + x;
        if (useState == 1) {
          si += control.get(stateAt);
          first = state.get(si);
          second = state.get(si + 1);
        }
        int from = 2 * n;
        int i = 0;
        // Eight chunks' reads are under way before the first is needed.
        for (; i + 8 <= count; i += 8) {
          int at0 = at + i * heads;
          int at1 = at0 + heads;
          int at2 = at1 + heads;
          int at3 = at2 + heads;
          int at4 = at3 + heads;
          int at5 = at4 + heads;
          int at6 = at5 + heads;
          int at7 = at6 + heads;
          float d0 = decay.get(at0 * key + c);
          float d1 = decay.get(at1 * key + c);
          float d2 = decay.get(at2 * key + c);
          float d3 = decay.get(at3 * key + c);
          float d4 = decay.get(at4 * key + c);
          float d5 = decay.get(at5 * key + c);
          float d6 = decay.get(at6 * key + c);
          float d7 = decay.get(at7 * key + c);
          float x0 = added.get(at0 * room + from);
          float y0 = added.get(at0 * room + from + 1);
          float x1 = added.get(at1 * room + from);
          float y1 = added.get(at1 * room + from + 1);
          float x2 = added.get(at2 * room + from);
          float y2 = added.get(at2 * room + from + 1);
          float x3 = added.get(at3 * room + from);
          float y3 = added.get(at3 * room + from + 1);
          float x4 = added.get(at4 * room + from);
          float y4 = added.get(at4 * room + from + 1);
          float x5 = added.get(at5 * room + from);
          float y5 = added.get(at5 * room + from + 1);
          float x6 = added.get(at6 * room + from);
          float y6 = added.get(at6 * room + from + 1);
          float x7 = added.get(at7 * room + from);
          float y7 = added.get(at7 * room + from + 1);
          prior.set(at0 * ints + n, Packed.pair(first, second));
          first = d0 * first + x0;
          second = d0 * second + y0;
          prior.set(at1 * ints + n, Packed.pair(first, second));
          first = d1 * first + x1;
          second = d1 * second + y1;
          prior.set(at2 * ints + n, Packed.pair(first, second));
          first = d2 * first + x2;
          second = d2 * second + y2;
          prior.set(at3 * ints + n, Packed.pair(first, second));
          first = d3 * first + x3;
          second = d3 * second + y3;
          prior.set(at4 * ints + n, Packed.pair(first, second));
          first = d4 * first + x4;
          second = d4 * second + y4;
          prior.set(at5 * ints + n, Packed.pair(first, second));
          first = d5 * first + x5;
          second = d5 * second + y5;
          prior.set(at6 * ints + n, Packed.pair(first, second));
          first = d6 * first + x6;
          second = d6 * second + y6;
          prior.set(at7 * ints + n, Packed.pair(first, second));
          first = d7 * first + x7;
          second = d7 * second + y7;
        }
        for (; i < count; i++) {
          int here = at + i * heads;
          prior.set(here * ints + n, Packed.pair(first, second));
          float d = decay.get(here * key + c);
          first = d * first + added.get(here * room + from);
          second = d * second + added.get(here * room + from + 1);
        }
        if (useState * keep == 1) {
          state.set(si, first);
          state.set(si + 1, second);
        }
      }
    }
  }

  /**
   * The gradient of the state at the end of each chunk, and that of the state at the start of each
   * segment. Groups as in {@link #scan}.
   *
   * @param context the work-item
   * @param control see {@link Control}
   * @param segments begin and end row of each segment
   * @param table see {@code gpu.GlaStates.chunks}
   * @param decay [chunks, H, K] of {@link ChunkOperands#prepare}
   * @param added [chunks, H, room] of {@link ChunkAdditions#states}
   * @param dState [segments, H, K, V]: if control[USE_STATE] is 1, the gradient of the final states
   *     is replaced by that of the initial ones
   * @param dStateAt base of dState
   * @param after output [chunks, H, K, V] as right factors
   * @param heads H
   * @param key K
   * @param value V
   * @param parts N + 1
   * @param chunks largest number of chunks
   * @param room floats between the chunks of added
   */
  public static void scanBack(
      KernelContext context,
      IntArray control,
      IntArray segments,
      IntArray table,
      FloatArray decay,
      FloatArray added,
      FloatArray dState,
      int dStateAt,
      IntArray after,
      int heads,
      int key,
      int value,
      int parts,
      int chunks,
      int room) {
    int segment = context.groupIdx / heads;
    int head = context.groupIdx % heads;
    int n = context.groupIdy * context.localGroupSizeX + context.localIdx;
    int ints = key * value / 2;
    if (segment < control.get(Control.SEQUENCES) * parts) {
      if (n < ints) {
        // The tiles of what is added lie as those of the factor do.
        int tile = n / Packed.RIGHT;
        int tiles = value / 8;
        int c = tile / tiles * SUB + n % Packed.RIGHT / 4;
        int x = tile % tiles * 8 + n % 4 * 2;
        int count = (segments.get(2 * segment + 1) - segments.get(2 * segment) + CHUNK - 1) / CHUNK;
        int at = table.get(2 * chunks + segment) * heads + head;
        int useState = control.get(Control.USE_STATE);
        float first = 0f;
        float second = 0f;
        int si = (segment * heads + head) * key * value + c * value + x;
        if (useState == 1) {
          si += control.get(dStateAt);
          first = dState.get(si);
          second = dState.get(si + 1);
        }
        int from = 2 * n;
        int i = count - 1;
        // Eight chunks' reads are under way before the first is needed.
        for (; i >= 7; i -= 8) {
          int at0 = at + i * heads;
          int at1 = at0 - heads;
          int at2 = at1 - heads;
          int at3 = at2 - heads;
          int at4 = at3 - heads;
          int at5 = at4 - heads;
          int at6 = at5 - heads;
          int at7 = at6 - heads;
          float d0 = decay.get(at0 * key + c);
          float d1 = decay.get(at1 * key + c);
          float d2 = decay.get(at2 * key + c);
          float d3 = decay.get(at3 * key + c);
          float d4 = decay.get(at4 * key + c);
          float d5 = decay.get(at5 * key + c);
          float d6 = decay.get(at6 * key + c);
          float d7 = decay.get(at7 * key + c);
          float x0 = added.get(at0 * room + from);
          float y0 = added.get(at0 * room + from + 1);
          float x1 = added.get(at1 * room + from);
          float y1 = added.get(at1 * room + from + 1);
          float x2 = added.get(at2 * room + from);
          float y2 = added.get(at2 * room + from + 1);
          float x3 = added.get(at3 * room + from);
          float y3 = added.get(at3 * room + from + 1);
          float x4 = added.get(at4 * room + from);
          float y4 = added.get(at4 * room + from + 1);
          float x5 = added.get(at5 * room + from);
          float y5 = added.get(at5 * room + from + 1);
          float x6 = added.get(at6 * room + from);
          float y6 = added.get(at6 * room + from + 1);
          float x7 = added.get(at7 * room + from);
          float y7 = added.get(at7 * room + from + 1);
          after.set(at0 * ints + n, Packed.pair(first, second));
          first = d0 * first + x0;
          second = d0 * second + y0;
          after.set(at1 * ints + n, Packed.pair(first, second));
          first = d1 * first + x1;
          second = d1 * second + y1;
          after.set(at2 * ints + n, Packed.pair(first, second));
          first = d2 * first + x2;
          second = d2 * second + y2;
          after.set(at3 * ints + n, Packed.pair(first, second));
          first = d3 * first + x3;
          second = d3 * second + y3;
          after.set(at4 * ints + n, Packed.pair(first, second));
          first = d4 * first + x4;
          second = d4 * second + y4;
          after.set(at5 * ints + n, Packed.pair(first, second));
          first = d5 * first + x5;
          second = d5 * second + y5;
          after.set(at6 * ints + n, Packed.pair(first, second));
          first = d6 * first + x6;
          second = d6 * second + y6;
          after.set(at7 * ints + n, Packed.pair(first, second));
          first = d7 * first + x7;
          second = d7 * second + y7;
        }
        for (; i >= 0; i--) {
          int here = at + i * heads;
          after.set(here * ints + n, Packed.pair(first, second));
          float d = decay.get(here * key + c);
          first = d * first + added.get(here * room + from);
          second = d * second + added.get(here * room + from + 1);
        }
        if (useState == 1) {
          dState.set(si, first);
          dState.set(si + 1, second);
        }
      }
    }
  }
}
