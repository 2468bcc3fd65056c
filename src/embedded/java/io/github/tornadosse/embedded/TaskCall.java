package io.github.tornadosse.embedded;

import uk.ac.manchester.tornado.api.common.TornadoFunctions.*;

/** Calls a task's code with arguments given as an array. */
final class TaskCall {
  private TaskCall() {}

  @SuppressWarnings("unchecked")
  static void call(Object code, Object[] a) {
    switch (a.length) {
      case 0 -> ((Task) code).apply();
      case 1 -> ((Task1<Object>) code).apply(a[0]);
      case 2 -> ((Task2<Object, Object>) code).apply(a[0], a[1]);
      case 3 -> ((Task3<Object, Object, Object>) code).apply(a[0], a[1], a[2]);
      case 4 -> ((Task4<Object, Object, Object, Object>) code).apply(a[0], a[1], a[2], a[3]);
      case 5 ->
          ((Task5<Object, Object, Object, Object, Object>) code)
              .apply(a[0], a[1], a[2], a[3], a[4]);
      case 6 ->
          ((Task6<Object, Object, Object, Object, Object, Object>) code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5]);
      case 7 ->
          ((Task7<Object, Object, Object, Object, Object, Object, Object>) code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
      case 8 ->
          ((Task8<Object, Object, Object, Object, Object, Object, Object, Object>) code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
      case 9 ->
          ((Task9<Object, Object, Object, Object, Object, Object, Object, Object, Object>) code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8]);
      case 10 ->
          ((Task10<Object, Object, Object, Object, Object, Object, Object, Object, Object, Object>)
                  code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9]);
      case 11 ->
          ((Task11<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10]);
      case 12 ->
          ((Task12<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11]);
      case 13 ->
          ((Task13<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12]);
      case 14 ->
          ((Task14<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13]);
      case 15 ->
          ((Task15<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13], a[14]);
      case 16 ->
          ((Task16<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13], a[14], a[15]);
      case 17 ->
          ((Task17<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13], a[14], a[15], a[16]);
      case 18 ->
          ((Task18<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13], a[14], a[15], a[16], a[17]);
      case 19 ->
          ((Task19<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13], a[14], a[15], a[16], a[17], a[18]);
      case 20 ->
          ((Task20<
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object,
                      Object>)
                  code)
              .apply(
                  a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11], a[12],
                  a[13], a[14], a[15], a[16], a[17], a[18], a[19]);
      default -> throw new IllegalStateException("more than 20 arguments");
    }
  }
}
