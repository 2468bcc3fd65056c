package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.GraphDefinition;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;
import uk.ac.manchester.tornado.api.common.LibraryTaskDescriptor;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.*;

/**
 * A list of transfers and tasks that a {@link TornadoExecutionPlan} runs. A task is a name, a
 * reference to a static method or a call of a native library, and its arguments: arrays, numbers or
 * a {@link KernelContext}.
 */
public class TaskGraph {
  private final GraphDefinition definition;
  private final Set<Object> arguments = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * A graph without tasks.
   *
   * @param name its name, unique in a plan
   */
  public TaskGraph(String name) {
    definition = new GraphDefinition(name);
  }

  private TaskGraph add(String id, Object code, Object... arguments) {
    definition.task(id, code, arguments);
    this.arguments.addAll(Arrays.asList(arguments));
    return this;
  }

  /**
   * Appends a call of a native library.
   *
   * @param id the task's name
   * @param code describes the call
   * @param arg1 what code is given
   * @return this graph
   */
  public <T1> TaskGraph libraryTask(String id, LibraryTask1<T1> code, T1 arg1) {
    LibraryTaskDescriptor call = code.apply(arg1);
    return add(id, call, call.getParameters());
  }

  /** Appends a task of 0 arguments. */
  public TaskGraph task(String id, Task code) {
    return add(id, code);
  }

  /** Appends a task of 1 argument. */
  public <T1> TaskGraph task(String id, Task1<T1> code, T1 arg1) {
    return add(id, code, arg1);
  }

  /** Appends a task of 2 arguments. */
  public <T1, T2> TaskGraph task(String id, Task2<T1, T2> code, T1 arg1, T2 arg2) {
    return add(id, code, arg1, arg2);
  }

  /** Appends a task of 3 arguments. */
  public <T1, T2, T3> TaskGraph task(String id, Task3<T1, T2, T3> code, T1 arg1, T2 arg2, T3 arg3) {
    return add(id, code, arg1, arg2, arg3);
  }

  /** Appends a task of 4 arguments. */
  public <T1, T2, T3, T4> TaskGraph task(
      String id, Task4<T1, T2, T3, T4> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4) {
    return add(id, code, arg1, arg2, arg3, arg4);
  }

  /** Appends a task of 5 arguments. */
  public <T1, T2, T3, T4, T5> TaskGraph task(
      String id, Task5<T1, T2, T3, T4, T5> code, T1 arg1, T2 arg2, T3 arg3, T4 arg4, T5 arg5) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5);
  }

  /** Appends a task of 6 arguments. */
  public <T1, T2, T3, T4, T5, T6> TaskGraph task(
      String id,
      Task6<T1, T2, T3, T4, T5, T6> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6);
  }

  /** Appends a task of 7 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7> TaskGraph task(
      String id,
      Task7<T1, T2, T3, T4, T5, T6, T7> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7);
  }

  /** Appends a task of 8 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8> TaskGraph task(
      String id,
      Task8<T1, T2, T3, T4, T5, T6, T7, T8> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8);
  }

  /** Appends a task of 9 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9> TaskGraph task(
      String id,
      Task9<T1, T2, T3, T4, T5, T6, T7, T8, T9> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9);
  }

  /** Appends a task of 10 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> TaskGraph task(
      String id,
      Task10<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10);
  }

  /** Appends a task of 11 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> TaskGraph task(
      String id,
      Task11<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10,
      T11 arg11) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11);
  }

  /** Appends a task of 12 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> TaskGraph task(
      String id,
      Task12<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10,
      T11 arg11,
      T12 arg12) {
    return add(id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12);
  }

  /** Appends a task of 13 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> TaskGraph task(
      String id,
      Task13<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10,
      T11 arg11,
      T12 arg12,
      T13 arg13) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13);
  }

  /** Appends a task of 14 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> TaskGraph task(
      String id,
      Task14<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10,
      T11 arg11,
      T12 arg12,
      T13 arg13,
      T14 arg14) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14);
  }

  /** Appends a task of 15 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> TaskGraph task(
      String id,
      Task15<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10,
      T11 arg11,
      T12 arg12,
      T13 arg13,
      T14 arg14,
      T15 arg15) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14, arg15);
  }

  /** Appends a task of 16 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> TaskGraph task(
      String id,
      Task16<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16> code,
      T1 arg1,
      T2 arg2,
      T3 arg3,
      T4 arg4,
      T5 arg5,
      T6 arg6,
      T7 arg7,
      T8 arg8,
      T9 arg9,
      T10 arg10,
      T11 arg11,
      T12 arg12,
      T13 arg13,
      T14 arg14,
      T15 arg15,
      T16 arg16) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14, arg15, arg16);
  }

  /** Appends a task of 17 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17>
      TaskGraph task(
          String id,
          Task17<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17> code,
          T1 arg1,
          T2 arg2,
          T3 arg3,
          T4 arg4,
          T5 arg5,
          T6 arg6,
          T7 arg7,
          T8 arg8,
          T9 arg9,
          T10 arg10,
          T11 arg11,
          T12 arg12,
          T13 arg13,
          T14 arg14,
          T15 arg15,
          T16 arg16,
          T17 arg17) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14, arg15, arg16, arg17);
  }

  /** Appends a task of 18 arguments. */
  public <T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
      TaskGraph task(
          String id,
          Task18<T1, T2, T3, T4, T5, T6, T7, T8, T9, T10, T11, T12, T13, T14, T15, T16, T17, T18>
              code,
          T1 arg1,
          T2 arg2,
          T3 arg3,
          T4 arg4,
          T5 arg5,
          T6 arg6,
          T7 arg7,
          T8 arg8,
          T9 arg9,
          T10 arg10,
          T11 arg11,
          T12 arg12,
          T13 arg13,
          T14 arg14,
          T15 arg15,
          T16 arg16,
          T17 arg17,
          T18 arg18) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14, arg15, arg16, arg17, arg18);
  }

  /** Appends a task of 19 arguments. */
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
          T1 arg1,
          T2 arg2,
          T3 arg3,
          T4 arg4,
          T5 arg5,
          T6 arg6,
          T7 arg7,
          T8 arg8,
          T9 arg9,
          T10 arg10,
          T11 arg11,
          T12 arg12,
          T13 arg13,
          T14 arg14,
          T15 arg15,
          T16 arg16,
          T17 arg17,
          T18 arg18,
          T19 arg19) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14, arg15, arg16, arg17, arg18, arg19);
  }

  /** Appends a task of 20 arguments. */
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
          T1 arg1,
          T2 arg2,
          T3 arg3,
          T4 arg4,
          T5 arg5,
          T6 arg6,
          T7 arg7,
          T8 arg8,
          T9 arg9,
          T10 arg10,
          T11 arg11,
          T12 arg12,
          T13 arg13,
          T14 arg14,
          T15 arg15,
          T16 arg16,
          T17 arg17,
          T18 arg18,
          T19 arg19,
          T20 arg20) {
    return add(
        id, code, arg1, arg2, arg3, arg4, arg5, arg6, arg7, arg8, arg9, arg10, arg11, arg12, arg13,
        arg14, arg15, arg16, arg17, arg18, arg19, arg20);
  }

  /**
   * Copies arrays to the device before the tasks, if a task uses them.
   *
   * @param mode FIRST_EXECUTION or EVERY_EXECUTION of {@code DataTransferMode}
   * @param objects arrays; numbers are ignored, they are part of their tasks
   * @return this graph
   */
  public TaskGraph transferToDevice(final int mode, Object... objects) {
    definition.transferToDevice(mode, objects);
    return this;
  }

  /**
   * Copies arrays to the host after the tasks.
   *
   * @param mode EVERY_EXECUTION of {@code DataTransferMode}, or UNDER_DEMAND: then they come only
   *     with {@link TornadoExecutionResult#transferToHost}
   * @param objects arrays
   * @return this graph
   */
  public TaskGraph transferToHost(final int mode, Object... objects) {
    definition.transferToHost(mode, objects);
    return this;
  }

  /**
   * Keeps arrays on the device for other graphs.
   *
   * @param objects arrays that tasks of this graph use, or that it consumes
   * @return this graph
   */
  public TaskGraph persistOnDevice(Object... objects) {
    definition.persistOnDevice(objects);
    return this;
  }

  /**
   * Uses arrays that another graph keeps on the device.
   *
   * @param uniqueTaskGraphName name of that graph
   * @param objects arrays
   * @return this graph
   */
  public TaskGraph consumeFromDevice(String uniqueTaskGraphName, Object... objects) {
    definition.consumeFromDevice(uniqueTaskGraphName, objects);
    return this;
  }

  /**
   * Uses arrays that the graph which runs before this one keeps on the device.
   *
   * @param objects arrays
   * @return this graph
   */
  public TaskGraph consumeFromDevice(Object... objects) {
    definition.consumeFromDevice(null, objects);
    return this;
  }

  /**
   * The graph as it is now; what is added to this one later does not change it.
   *
   * @return a copy to make plans of
   */
  public ImmutableTaskGraph snapshot() {
    return new ImmutableTaskGraph(definition.snapshot());
  }

  /**
   * The arguments of the tasks so far. TornadoVM's own method tells those of transfers only.
   *
   * @return each object once
   */
  public Set<Object> getArgumentsLookup() {
    return Collections.unmodifiableSet(arguments);
  }

  /**
   * The graph's name.
   *
   * @return the name given to the constructor
   */
  public String getTaskGraphName() {
    return definition.name();
  }
}
