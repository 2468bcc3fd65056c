package io.github.tornadosse.graph;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.*;
import uk.ac.manchester.tornado.api.types.arrays.TornadoNativeArray;

/**
 * A graph that only notes which arrays its tasks use, to find out before a graph is built which
 * transfers it needs.
 */
public final class ArrayRecorder extends TaskGraph {
  private final Set<Object> arrays = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * A graph without tasks.
   *
   * @param name its name
   */
  public ArrayRecorder(String name) {
    super(name);
  }

  /**
   * The arrays among the arguments of all tasks so far.
   *
   * @return each array once
   */
  public Set<Object> arrays() {
    return arrays;
  }

  private TaskGraph note(Object... arguments) {
    for (Object a : arguments) {
      if (a instanceof TornadoNativeArray) {
        arrays.add(a);
      }
    }
    return this;
  }

  @Override
  public <T1> TaskGraph task(String id, Task1<T1> code, T1 a1) {
    return note(a1);
  }

  @Override
  public <T1, T2> TaskGraph task(String id, Task2<T1, T2> code, T1 a1, T2 a2) {
    return note(a1, a2);
  }

  @Override
  public <T1, T2, T3> TaskGraph task(String id, Task3<T1, T2, T3> code, T1 a1, T2 a2, T3 a3) {
    return note(a1, a2, a3);
  }

  @Override
  public <T1, T2, T3, T4> TaskGraph task(
      String id, Task4<T1, T2, T3, T4> code, T1 a1, T2 a2, T3 a3, T4 a4) {
    return note(a1, a2, a3, a4);
  }

  @Override
  public <T1, T2, T3, T4, T5> TaskGraph task(
      String id, Task5<T1, T2, T3, T4, T5> code, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5) {
    return note(a1, a2, a3, a4, a5);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6> TaskGraph task(
      String id, Task6<T1, T2, T3, T4, T5, T6> code, T1 a1, T2 a2, T3 a3, T4 a4, T5 a5, T6 a6) {
    return note(a1, a2, a3, a4, a5, a6);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7> TaskGraph task(
      String id,
      Task7<T1, T2, T3, T4, T5, T6, T7> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7) {
    return note(a1, a2, a3, a4, a5, a6, a7);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8> TaskGraph task(
      String id,
      Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskGraph task(
      String id,
      Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskGraph task(
      String id,
      Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskGraph task(
      String id,
      Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10,
      T11 a11) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskGraph task(
      String id,
      Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10,
      T11 a11,
      T12 a12) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskGraph task(
      String id,
      Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10,
      T11 a11,
      T12 a12,
      T13 a13) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskGraph task(
      String id,
      Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10,
      T11 a11,
      T12 a12,
      T13 a13,
      T14 a14) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskGraph task(
      String id,
      Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10,
      T11 a11,
      T12 a12,
      T13 a13,
      T14 a14,
      T15 a15) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> TaskGraph task(
      String id,
      Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> code,
      T1 a1,
      T2 a2,
      T3 a3,
      T4 a4,
      T5 a5,
      T6 a6,
      T7 a7,
      T8 a8,
      T9 a9,
      T10 a10,
      T11 a11,
      T12 a12,
      T13 a13,
      T14 a14,
      T15 a15,
      T16 a16) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>
      TaskGraph task(
          String id,
          Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> code,
          T1 a1,
          T2 a2,
          T3 a3,
          T4 a4,
          T5 a5,
          T6 a6,
          T7 a7,
          T8 a8,
          T9 a9,
          T10 a10,
          T11 a11,
          T12 a12,
          T13 a13,
          T14 a14,
          T15 a15,
          T16 a16,
          T17 a17) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
      TaskGraph task(
          String id,
          Task18<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
              code,
          T1 a1,
          T2 a2,
          T3 a3,
          T4 a4,
          T5 a5,
          T6 a6,
          T7 a7,
          T8 a8,
          T9 a9,
          T10 a10,
          T11 a11,
          T12 a12,
          T13 a13,
          T14 a14,
          T15 a15,
          T16 a16,
          T17 a17,
          T18 a18) {
    return note(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19>
      TaskGraph task(
          String id,
          Task19<
                  T1,
                  T2,
                  T3,
                  T4,
                  T5,
                  T6,
                  T7,
                  T8,
                  T9,
                  T10,
                  T11,
                  T12,
                  T13,
                  T14,
                  T15,
                  T16,
                  T17,
                  T18,
                  T19>
              code,
          T1 a1,
          T2 a2,
          T3 a3,
          T4 a4,
          T5 a5,
          T6 a6,
          T7 a7,
          T8 a8,
          T9 a9,
          T10 a10,
          T11 a11,
          T12 a12,
          T13 a13,
          T14 a14,
          T15 a15,
          T16 a16,
          T17 a17,
          T18 a18,
          T19 a19) {
    return note(
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19);
  }

  @Override
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18, T19, T20>
      TaskGraph task(
          String id,
          Task20<
                  T1,
                  T2,
                  T3,
                  T4,
                  T5,
                  T6,
                  T7,
                  T8,
                  T9,
                  T10,
                  T11,
                  T12,
                  T13,
                  T14,
                  T15,
                  T16,
                  T17,
                  T18,
                  T19,
                  T20>
              code,
          T1 a1,
          T2 a2,
          T3 a3,
          T4 a4,
          T5 a5,
          T6 a6,
          T7 a7,
          T8 a8,
          T9 a9,
          T10 a10,
          T11 a11,
          T12 a12,
          T13 a13,
          T14 a14,
          T15 a15,
          T16 a16,
          T17 a17,
          T18 a18,
          T19 a19,
          T20 a20) {
    return note(
        a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20);
  }
}
