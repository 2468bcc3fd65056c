package io.github.tornadosse.embedded;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Turns a kernel with {@code @Parallel} loops into a {@link ParallelKernel}: a hidden class beside
 * the kernel's own, with two copies of the kernel's method. One stops where the outermost parallel
 * loop begins and returns its number of iterations; the other takes a range of them, and the part
 * of the inner loop to run if that can be shared out.
 */
final class ParallelRewriter {
  private static final ClassDesc KERNEL = ClassDesc.of(ParallelKernel.class.getName());
  private static final MethodTypeDesc COUNT =
      MethodTypeDesc.of(
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ConstantDescs.CD_int,
          ConstantDescs.CD_boolean);
  private static final MethodTypeDesc THREE_INTS =
      MethodTypeDesc.of(
          ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int, ConstantDescs.CD_int);

  /** The parameters that the range's copy has in addition: from, to, part, parts. */
  private static final int EXTRA = 4;

  private final ParallelLoops loops;
  private final MethodTypeDesc kernelType;
  private final int parameterSlots;

  private final boolean strict;

  private ParallelRewriter(ParallelLoops loops, boolean strict) {
    this.loops = loops;
    this.strict = strict;
    kernelType = loops.method().methodTypeSymbol();
    int slots = 0;
    for (ClassDesc type : kernelType.parameterList()) {
      slots += TypeKind.from(type).slotSize();
    }
    parameterSlots = slots;
  }

  /**
   * Generates the class.
   *
   * @param loops the kernel's parallel loops
   * @param kernel the kernel's class
   * @param strict whether new arrays of numbers are to hold garbage
   * @return the constructor, (Object[]) to ParallelKernel, of the method's arguments
   */
  static MethodHandle constructor(ParallelLoops loops, Class<?> kernel, boolean strict)
      throws IllegalAccessException, NoSuchMethodException {
    MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(kernel, MethodHandles.lookup());
    byte[] bytes = new ParallelRewriter(loops, strict).generate(kernel);
    MethodHandles.Lookup hidden =
        lookup.defineHiddenClass(bytes, true, MethodHandles.Lookup.ClassOption.NESTMATE);
    MethodType type =
        MethodType.fromMethodDescriptorString(
            loops.method().methodTypeSymbol().descriptorString(), kernel.getClassLoader());
    MethodHandle constructor =
        hidden.findConstructor(hidden.lookupClass(), type.changeReturnType(void.class));
    return constructor
        .asType(type.generic().changeReturnType(ParallelKernel.class))
        .asSpreader(Object[].class, type.parameterCount());
  }

  private byte[] generate(Class<?> kernel) {
    ClassModel original = loops.method().parent().orElseThrow();
    String name =
        kernel.getPackageName().isEmpty()
            ? "Parallel"
            : kernel.getPackageName() + "." + kernel.getSimpleName() + "$Parallel";
    ClassDesc self = ClassDesc.of(name);
    List<ClassDesc> arguments = kernelType.parameterList();
    ClassFile context =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.defaultResolver()
                    .orElse(ClassHierarchyResolver.ofClassLoading(loader(kernel)))));
    MethodTypeDesc constructorType = kernelType.changeReturnType(ConstantDescs.CD_void);
    MethodTypeDesc countType = kernelType.changeReturnType(ConstantDescs.CD_int);
    List<ClassDesc> withRange = new ArrayList<>(arguments);
    for (int i = 0; i < EXTRA; i++) {
      withRange.add(ConstantDescs.CD_int);
    }
    MethodTypeDesc rangeType = MethodTypeDesc.of(ConstantDescs.CD_void, withRange);
    return context.build(
        self,
        builder -> {
          builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SUPER);
          builder.withSuperclass(KERNEL);
          original
              .findAttribute(java.lang.classfile.Attributes.sourceFile())
              .ifPresent(a -> builder.with(SourceFileAttribute.of(a.sourceFile().stringValue())));
          for (int i = 0; i < arguments.size(); i++) {
            builder.withField(
                "a" + i, arguments.get(i), ClassFile.ACC_PRIVATE | ClassFile.ACC_FINAL);
          }
          builder.withMethodBody(
              ConstantDescs.INIT_NAME, constructorType, 0, code -> constructor(code, self));
          builder.withMethodBody(
              "count",
              MethodTypeDesc.of(ConstantDescs.CD_int),
              ClassFile.ACC_PUBLIC,
              code -> {
                loadFields(code, self);
                code.invokestatic(self, "count", countType);
                code.ireturn();
              });
          builder.withMethodBody(
              "run",
              MethodTypeDesc.of(
                  ConstantDescs.CD_void, withRange.subList(arguments.size(), withRange.size())),
              ClassFile.ACC_PUBLIC,
              code -> {
                loadFields(code, self);
                for (int i = 1; i <= EXTRA; i++) {
                  code.iload(i);
                }
                code.invokestatic(self, "range", rangeType);
                code.return_();
              });
          builder.withMethodBody("count", countType, ClassFile.ACC_STATIC, this::emitCount);
          builder.withMethodBody("range", rangeType, ClassFile.ACC_STATIC, this::emitRange);
        });
  }

  private static ClassLoader loader(Class<?> kernel) {
    ClassLoader loader = kernel.getClassLoader();
    return loader == null ? ClassLoader.getSystemClassLoader() : loader;
  }

  private void constructor(CodeBuilder code, ClassDesc self) {
    code.aload(0);
    code.invokespecial(KERNEL, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void);
    int slot = 1;
    for (int i = 0; i < kernelType.parameterCount(); i++) {
      TypeKind kind = TypeKind.from(kernelType.parameterType(i));
      code.aload(0);
      code.loadLocal(kind, slot);
      code.putfield(self, "a" + i, kernelType.parameterType(i));
      slot += kind.slotSize();
    }
    code.return_();
  }

  private void loadFields(CodeBuilder code, ClassDesc self) {
    for (int i = 0; i < kernelType.parameterCount(); i++) {
      code.aload(0);
      code.getfield(self, "a" + i, kernelType.parameterType(i));
    }
  }

  private void emitCount(CodeBuilder code) {
    ParallelLoops.Loop outer = loops.outer();
    Labels labels = new Labels(code);
    List<ParallelLoops.Element> elements = loops.elements();
    for (int i = 0; i <= outer.initStore(); i++) {
      CodeElement element = elements.get(i).element();
      if (element instanceof ReturnInstruction) {
        code.iconst_0();
        code.ireturn();
      } else {
        emit(code, element, labels, 0);
      }
    }
    code.iload(outer.slot());
    emitAll(code, outer.bound(), labels, 0);
    emit(code, outer.step(), 0);
    code.loadConstant(outer.inclusive() ? 1 : 0);
    code.invokestatic(KERNEL, "count", COUNT);
    code.ireturn();
    // Branches from before the loop past it: the loop does not run.
    boolean any = false;
    for (int i = outer.initStore() + 1; i < elements.size(); i++) {
      if (elements.get(i).element() instanceof LabelTarget target && labels.used(target.label())) {
        code.labelBinding(labels.of(target.label()));
        any = true;
      }
    }
    if (any) {
      code.iconst_0();
      code.ireturn();
    }
  }

  private void emitRange(CodeBuilder code) {
    Labels labels = new Labels(code);
    List<ParallelLoops.Element> elements = loops.elements();
    int locals = loops.maxLocals() + EXTRA;
    int from = parameterSlots;
    int part = parameterSlots + 2;
    ParallelLoops.Loop outer = loops.outer();
    ParallelLoops.Loop inner = loops.splitInner();
    Map<ParallelLoops.Loop, Label> increments = new HashMap<>();
    for (ParallelLoops.Loop loop : loops.all()) {
      increments.put(loop, code.newLabel());
    }
    for (int i = 0; i < elements.size(); i++) {
      CodeElement element = elements.get(i).element();
      for (ParallelLoops.Loop loop : loops.all()) {
        if (i == loop.increment()) {
          code.labelBinding(increments.get(loop));
        }
      }
      ParallelLoops.Loop around = loops.innermostAround(i);
      if (element instanceof ReturnInstruction && around != null) {
        code.goto_(increments.get(around));
        continue;
      }
      emit(code, element, labels, EXTRA);
      if (i == outer.initStore()) {
        // Both read the first value, so the limit comes first.
        emitAt(code, outer, from + 1, locals);
        emitAt(code, outer, from, outer.slot() + EXTRA);
        i = skipToCondition(code, outer, labels, locals);
      } else if (inner != null && i == inner.initStore()) {
        emitPart(code, inner, labels, part, locals + 1);
        i = skipToCondition(code, inner, labels, locals + 1);
      }
    }
  }

  /** slot := first + step · iteration, where the iteration is in a local. */
  private void emitAt(CodeBuilder code, ParallelLoops.Loop loop, int iteration, int slot) {
    code.iload(loop.slot() + EXTRA);
    emit(code, loop.step(), EXTRA);
    code.iload(iteration);
    code.invokestatic(KERNEL, "at", THREE_INTS);
    code.istore(slot);
  }

  /** Limits a loop to one part of its iterations; the count goes through the limit's local. */
  private void emitPart(
      CodeBuilder code, ParallelLoops.Loop loop, Labels labels, int part, int limit) {
    code.iload(loop.slot() + EXTRA);
    emitAll(code, loop.bound(), labels, EXTRA);
    emit(code, loop.step(), EXTRA);
    code.loadConstant(loop.inclusive() ? 1 : 0);
    code.invokestatic(KERNEL, "count", COUNT);
    code.istore(limit);
    int first = limit + 1;
    code.iload(limit);
    code.iload(part);
    code.iload(part + 1);
    code.invokestatic(KERNEL, "start", THREE_INTS);
    code.istore(first);
    code.iload(limit);
    code.iload(part);
    code.iconst_1();
    code.iadd();
    code.iload(part + 1);
    code.invokestatic(KERNEL, "start", THREE_INTS);
    code.istore(limit);
    emitAt(code, loop, limit, limit);
    emitAt(code, loop, first, loop.slot() + EXTRA);
  }

  /** Emits a loop's head with the limit for its bound; returns the index of the condition. */
  private int skipToCondition(CodeBuilder code, ParallelLoops.Loop loop, Labels labels, int limit) {
    List<ParallelLoops.Element> elements = loops.elements();
    for (int i = loop.initStore() + 1; i < loop.condition(); i++) {
      if (elements.get(i).element() instanceof LabelTarget target) {
        code.labelBinding(labels.of(target.label()));
      }
    }
    code.iload(loop.slot() + EXTRA);
    code.iload(limit);
    BranchInstruction condition = (BranchInstruction) elements.get(loop.condition()).element();
    code.if_icmpge(labels.of(condition.target()));
    return loop.condition();
  }

  private void emitAll(CodeBuilder code, List<Instruction> run, Labels labels, int shift) {
    for (Instruction instruction : run) {
      emit(code, instruction, labels, shift);
    }
  }

  private void emit(CodeBuilder code, Instruction step, int shift) {
    emit(code, step, null, shift);
  }

  private void emit(CodeBuilder code, CodeElement element, Labels labels, int shift) {
    if (element instanceof LoadInstruction load) {
      code.loadLocal(load.typeKind(), shifted(load.slot(), shift));
    } else if (element instanceof StoreInstruction store) {
      code.storeLocal(store.typeKind(), shifted(store.slot(), shift));
    } else if (element instanceof IncrementInstruction increment) {
      code.iinc(shifted(increment.slot(), shift), increment.constant());
    } else if (element instanceof BranchInstruction branch) {
      code.branch(branch.opcode(), labels.of(branch.target()));
    } else if (element instanceof TableSwitchInstruction table) {
      code.tableswitch(
          table.lowValue(),
          table.highValue(),
          labels.of(table.defaultTarget()),
          labels.of(table.cases()));
    } else if (element instanceof LookupSwitchInstruction lookup) {
      code.lookupswitch(labels.of(lookup.defaultTarget()), labels.of(lookup.cases()));
    } else if (element instanceof LabelTarget target) {
      code.labelBinding(labels.of(target.label()));
    } else if (element instanceof LineNumber line) {
      code.lineNumber(line.line());
    } else if (element instanceof Instruction) {
      code.with(element);
      if (strict && element instanceof NewPrimitiveArrayInstruction array) {
        fillWithGarbage(code, array.typeKind());
      }
    }
  }

  private static void fillWithGarbage(CodeBuilder code, TypeKind kind) {
    if (kind == TypeKind.FLOAT || kind == TypeKind.INT) {
      ClassDesc type = kind.upperBound().arrayType();
      code.invokestatic(KERNEL, "garbage", MethodTypeDesc.of(type, type));
    }
  }

  private int shifted(int slot, int shift) {
    return slot < parameterSlots ? slot : slot + shift;
  }

  /** The new method's labels for those of the original one. */
  private static final class Labels {
    private final CodeBuilder code;
    private final Map<Label, Label> labels = new HashMap<>();

    Labels(CodeBuilder code) {
      this.code = code;
    }

    Label of(Label original) {
      return labels.computeIfAbsent(original, l -> code.newLabel());
    }

    boolean used(Label original) {
      return labels.containsKey(original);
    }

    List<SwitchCase> of(List<SwitchCase> cases) {
      return cases.stream().map(c -> SwitchCase.of(c.caseValue(), of(c.target()))).toList();
    }
  }
}
