package io.github.tornadosse.graph;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Says which tasks operations consist of, without running any. */
public final class KernelTasks {
  private KernelTasks() {}

  /**
   * A tier whose operations append nothing, and report the tasks that they would have appended.
   *
   * @param tier the tier
   * @param to is told of each task
   * @return in its place
   */
  public static Operations of(Operations tier, Consumer<KernelTask> to) {
    return proxy(Operations.class, tier, to);
  }

  /**
   * The tasks that send arrays to the device, which no tier has.
   *
   * @param to is told of each task
   */
  public static void uploads(Consumer<KernelTask> to) {
    KernelRecorder recorder = new KernelRecorder(new GridScheduler());
    List<Object> arrays = List.of(new FloatArray(1), new IntArray(1));
    TouchOperations.touch(recorder, arrays, new FloatArray(1));
    recorder.tasks().forEach(to);
  }

  private static <T> T proxy(Class<T> type, T target, Consumer<KernelTask> to) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> call(target, method, arguments, to)));
  }

  private static Object call(
      Object target, Method method, Object[] arguments, Consumer<KernelTask> to) throws Throwable {
    try {
      if (arguments == null || !(arguments[0] instanceof Stage s)) {
        Object result = method.invoke(target, arguments);
        Class<?> type = method.getReturnType();
        return type.isInterface() && type.getPackage() == Operations.class.getPackage()
            ? part(type, result, to)
            : result;
      }
      GridScheduler grids = new GridScheduler();
      KernelRecorder recorder = new KernelRecorder(grids);
      Object[] recording = arguments.clone();
      recording[0] = s.on(recorder, grids);
      Object result = method.invoke(target, recording);
      recorder.tasks().forEach(to);
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private static <T> T part(Class<T> type, Object part, Consumer<KernelTask> to) {
    return proxy(type, type.cast(part), to);
  }
}
