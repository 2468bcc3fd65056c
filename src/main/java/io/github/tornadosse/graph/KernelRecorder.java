package io.github.tornadosse.graph;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.StackWalker.StackFrame;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.DirectMethodHandleDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.TaskGraph;

/**
 * Collects tasks with the names of their kernels. An object made from a method reference does not
 * say which method it calls; the instruction before the call of {@code task} does, as the reference
 * stands there.
 */
final class KernelRecorder extends TaskRecorder {
  private static final StackWalker STACK =
      StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

  private final GridScheduler grids;
  private final List<KernelTask> tasks = new ArrayList<>();

  KernelRecorder(GridScheduler grids) {
    super(KernelTask.GRAPH);
    this.grids = grids;
  }

  List<KernelTask> tasks() {
    return tasks;
  }

  @Override
  void on(String id, Consumer<TaskGraph> append, Object... arguments) {
    StackFrame caller =
        STACK.walk(
            frames ->
                frames
                    .filter(f -> !TaskRecorder.class.isAssignableFrom(f.getDeclaringClass()))
                    .findFirst()
                    .orElseThrow());
    tasks.add(KernelTask.of(id, kernel(caller), arguments, append, grids));
  }

  /** A call of a library has no kernel. */
  @Override
  void onLibrary(String id, Consumer<TaskGraph> append, Object... arguments) {}

  private static String kernel(StackFrame caller) {
    ClassFile files = ClassFile.of();
    for (MethodModel method : files.parse(bytes(caller.getDeclaringClass())).methods()) {
      if (method.methodName().equalsString(caller.getMethodName())
          && method.methodTypeSymbol().descriptorString().equals(caller.getDescriptor())) {
        String found = referenceBefore(caller.getByteCodeIndex(), method);
        if (found != null) {
          return found;
        }
      }
    }
    throw new IllegalStateException(
        caller.getMethodName() + " gives a task something else than a method reference");
  }

  private static byte[] bytes(Class<?> c) {
    String name = c.getName();
    try (InputStream in =
        c.getResourceAsStream(name.substring(name.lastIndexOf('.') + 1) + ".class")) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The method of the last reference to one before an instruction; null if there is none. */
  private static String referenceBefore(int end, MethodModel method) {
    String found = null;
    int at = 0;
    for (CodeElement element : method.code().orElseThrow()) {
      if (at >= end) {
        break;
      }
      if (element instanceof InvokeDynamicInstruction reference) {
        for (ConstantDesc argument : reference.bootstrapArgs()) {
          if (argument instanceof DirectMethodHandleDesc handle) {
            found = simpleName(handle.owner()) + "." + handle.methodName();
          }
        }
      }
      if (element instanceof Instruction instruction) {
        at += instruction.sizeInBytes();
      }
    }
    return found;
  }

  private static String simpleName(ClassDesc type) {
    return type.displayName();
  }
}
