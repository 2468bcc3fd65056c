package io.github.tornadosse.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandleInfo;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Method;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.exceptions.TornadoRuntimeException;

/**
 * A static method that tasks run, with what the runtime has to know of its code. Tasks of the same
 * method share it, and so share what is compiled for it.
 */
final class Kernel {
  private static final ClassDesc CONTEXT = ClassDesc.of(KernelContext.class.getName());

  private static final ClassValue<Map<String, Kernel>> CACHE =
      new ClassValue<>() {
        @Override
        protected Map<String, Kernel> computeValue(Class<?> type) {
          return new ConcurrentHashMap<>();
        }
      };

  private static final ClassValue<Optional<ClassModel>> MODELS =
      new ClassValue<>() {
        @Override
        protected Optional<ClassModel> computeValue(Class<?> type) {
          return read(type);
        }
      };

  private final String name;
  private final MethodHandle parallel;
  private final boolean splits;
  private final boolean barriers;

  private Kernel(String name, MethodHandle parallel, boolean splits, boolean barriers) {
    this.name = name;
    this.parallel = parallel;
    this.splits = splits;
    this.barriers = barriers;
  }

  /** Name of class and method. */
  String name() {
    return name;
  }

  /**
   * From (Object[]) arguments to a {@link ParallelKernel}; null without {@code @Parallel} loops.
   */
  MethodHandle parallel() {
    return parallel;
  }

  /** Whether parts of the inner parallel loop can run side by side too. */
  boolean splits() {
    return splits;
  }

  /** Whether its work-items wait for each other. */
  boolean barriers() {
    return barriers;
  }

  /**
   * The kernel behind a task's code.
   *
   * @param task the task's name, for errors
   * @param code a reference to a static method
   * @param strict whether private arrays are to hold garbage at first, as they do on a device
   * @throws TornadoRuntimeException if it is something else, or its parallel loops cannot be shared
   *     out
   */
  static Kernel of(String task, Object code, boolean strict) {
    SerializedLambda reference = reference(task, code);
    String method = reference.getImplMethodName();
    String type = reference.getImplMethodSignature();
    Class<?> owner = owner(task, code, reference);
    String name = owner.getSimpleName() + "." + method;
    if (reference.getImplMethodKind() != MethodHandleInfo.REF_invokeStatic
        || reference.getCapturedArgCount() != 0) {
      throw new TornadoRuntimeException(
          "task " + task + ": " + name + " is not a static method that captures nothing");
    }
    Map<String, Kernel> known = CACHE.get(owner);
    String key = method + type + strict;
    Kernel kernel = known.get(key);
    if (kernel == null) {
      kernel = make(task, name, owner, method, type, strict);
      known.put(key, kernel);
    }
    return kernel;
  }

  private static SerializedLambda reference(String task, Object code) {
    if (code instanceof Serializable && code.getClass().isHidden()) {
      try {
        Method replace = code.getClass().getDeclaredMethod("writeReplace");
        replace.setAccessible(true);
        if (replace.invoke(code) instanceof SerializedLambda reference) {
          return reference;
        }
      } catch (ReflectiveOperationException e) {
        throw new TornadoRuntimeException(e);
      }
    }
    throw new TornadoRuntimeException(
        "task " + task + ": its code has to be a reference to a static method, Class::method");
  }

  private static Class<?> owner(String task, Object code, SerializedLambda reference) {
    String name = reference.getImplClass().replace('/', '.');
    try {
      return Class.forName(name, false, code.getClass().getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new TornadoRuntimeException("task " + task + ": there is no class " + name);
    }
  }

  private static Kernel make(
      String task, String name, Class<?> owner, String methodName, String type, boolean strict) {
    MethodModel method =
        model(owner)
            .flatMap(m -> find(m, methodName, type))
            .orElseThrow(
                () ->
                    new TornadoRuntimeException(
                        "task " + task + ": the class file of " + name + " is not to be found"));
    boolean lambda = method.flags().has(AccessFlag.SYNTHETIC);
    try {
      ParallelLoops loops = ParallelLoops.of(method);
      boolean context = method.methodTypeSymbol().parameterList().contains(CONTEXT);
      if (loops != null) {
        if (context) {
          throw new ParallelLoops.Refusal("it has a KernelContext as well");
        }
        MethodHandle constructor = ParallelRewriter.constructor(loops, owner, strict);
        return new Kernel(name, constructor, loops.splitInner() != null, false);
      }
      if (lambda && !context) {
        throw new ParallelLoops.Refusal(
            "it is a lambda expression, in which loops of the methods that it calls are not seen: "
                + "use a method reference");
      }
      checkCallees(owner, method);
      return new Kernel(name, null, false, context && waits(owner, method, new HashSet<>()));
    } catch (ParallelLoops.Refusal e) {
      throw new TornadoRuntimeException(
          "task " + task + ": " + name + " cannot run in parallel: " + e.getMessage());
    } catch (ReflectiveOperationException e) {
      throw new TornadoRuntimeException(e);
    }
  }

  /**
   * Parallel loops count only in the method that the task names; elsewhere they would be serial.
   */
  private static void checkCallees(Class<?> owner, MethodModel method)
      throws ParallelLoops.Refusal {
    for (CodeElement element : method.findAttribute(Attributes.code()).orElseThrow()) {
      if (element instanceof InvokeInstruction call) {
        Optional<Callee> callee = callee(owner, call);
        if (callee.isPresent() && ParallelLoops.present(callee.get().method())) {
          throw new ParallelLoops.Refusal(
              "it calls "
                  + call.name().stringValue()
                  + ", whose @Parallel loop would run on one thread");
        }
      }
    }
  }

  /** Whether a method or a method that it hands its context to has a barrier. */
  private static boolean waits(Class<?> owner, MethodModel method, Set<String> seen) {
    String key = owner.getName() + method.methodName() + method.methodType();
    if (!seen.add(key)) {
      return false;
    }
    for (CodeElement element : method.findAttribute(Attributes.code()).orElseThrow()) {
      if (element instanceof InvokeInstruction call) {
        if (call.owner().asSymbol().equals(CONTEXT)) {
          if (call.name().equalsString("localBarrier")
              || call.name().equalsString("globalBarrier")) {
            return true;
          }
        } else if (call.typeSymbol().parameterList().contains(CONTEXT)) {
          Optional<Callee> callee = callee(owner, call);
          if (callee.isPresent() && waits(callee.get().owner(), callee.get().method(), seen)) {
            return true;
          }
        }
      }
    }
    return false;
  }

  private record Callee(Class<?> owner, MethodModel method) {}

  /** A called method with code outside of the JDK and of the runtime's API. */
  private static Optional<Callee> callee(Class<?> caller, InvokeInstruction call) {
    ClassDesc type = call.owner().asSymbol();
    if (!type.isClassOrInterface()
        || type.packageName().startsWith("java.")
        || type.packageName().startsWith("jdk.")
        || type.packageName().startsWith("uk.ac.manchester.tornado.api")) {
      return Optional.empty();
    }
    String name = call.owner().asInternalName().replace('/', '.');
    Class<?> owner;
    try {
      owner = Class.forName(name, false, caller.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new TornadoRuntimeException(e);
    }
    return model(owner)
        .flatMap(m -> find(m, call.name().stringValue(), call.type().stringValue()))
        .filter(m -> m.findAttribute(Attributes.code()).isPresent())
        .map(m -> new Callee(owner, m));
  }

  private static Optional<ClassModel> model(Class<?> type) {
    return MODELS.get(type);
  }

  private static Optional<MethodModel> find(ClassModel model, String name, String type) {
    return model.methods().stream()
        .filter(m -> m.methodName().equalsString(name) && m.methodType().equalsString(type))
        .findFirst();
  }

  private static Optional<ClassModel> read(Class<?> type) {
    String file = type.getName().replace('.', '/') + ".class";
    ClassLoader loader = type.getClassLoader();
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(file)
            : loader.getResourceAsStream(file)) {
      return in == null ? Optional.empty() : Optional.of(ClassFile.of().parse(in.readAllBytes()));
    } catch (IOException e) {
      throw new TornadoRuntimeException(e);
    }
  }
}
