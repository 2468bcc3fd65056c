package io.github.tornadosse.embedded;

import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeAnnotation;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import uk.ac.manchester.tornado.api.annotations.Parallel;

/**
 * The {@code @Parallel} loops of a method, found in its byte code in the shape that javac gives
 * {@code for (@Parallel int i = first; i < bound; i += step)}, with {@code <=} for {@code <} too.
 */
final class ParallelLoops {
  /** A part of the method's code and the offset of its first byte. */
  record Element(CodeElement element, int offset) {}

  /**
   * One loop; numbers are indices of {@link #elements}.
   *
   * @param slot the variable's slot
   * @param initStore where the variable gets its first value
   * @param condition the branch that leaves the loop
   * @param increment the first instruction of the step
   * @param end after the branch back
   * @param bound computes what the variable is compared with
   * @param step computes what is added to it
   * @param inclusive whether the variable may be equal to the bound
   */
  record Loop(
      int slot,
      int initStore,
      int condition,
      int increment,
      int end,
      List<Instruction> bound,
      Instruction step,
      boolean inclusive) {
    boolean contains(int index) {
      return initStore < index && index < end;
    }
  }

  /** Why a method's loops cannot be shared out. */
  static final class Refusal extends Exception {
    private static final long serialVersionUID = 1L;

    Refusal(String reason) {
      super(reason, null, false, false);
    }
  }

  private static final ClassDesc PARALLEL = ClassDesc.of(Parallel.class.getName());

  private final MethodModel method;
  private final CodeAttribute code;
  private final List<Element> elements = new ArrayList<>();
  private final List<Loop> loops = new ArrayList<>();
  private Loop splitInner;

  private ParallelLoops(MethodModel method, CodeAttribute code) throws Refusal {
    this.method = method;
    this.code = code;
    int offset = 0;
    for (CodeElement element : code) {
      elements.add(new Element(element, offset));
      if (element instanceof Instruction instruction) {
        offset += instruction.sizeInBytes();
      }
    }
    for (TypeAnnotation annotation : annotations(code)) {
      loops.add(find((TypeAnnotation.LocalVarTarget) annotation.targetInfo()));
    }
    loops.sort(Comparator.comparingInt(Loop::initStore));
    check();
  }

  /**
   * The loops of a method.
   *
   * @param method the method
   * @return its loops, or null if it has none
   * @throws Refusal if they cannot be shared out
   */
  static ParallelLoops of(MethodModel method) throws Refusal {
    CodeAttribute code = method.findAttribute(Attributes.code()).orElse(null);
    return code == null || annotations(code).isEmpty() ? null : new ParallelLoops(method, code);
  }

  /** Whether a method has {@code @Parallel} loops, whatever their shape. */
  static boolean present(MethodModel method) {
    CodeAttribute code = method.findAttribute(Attributes.code()).orElse(null);
    return code != null && !annotations(code).isEmpty();
  }

  private static List<TypeAnnotation> annotations(CodeAttribute code) {
    List<TypeAnnotation> found = new ArrayList<>();
    code.findAttribute(Attributes.runtimeVisibleTypeAnnotations())
        .ifPresent(
            attribute -> {
              for (TypeAnnotation annotation : attribute.annotations()) {
                if (annotation.annotation().classSymbol().equals(PARALLEL)
                    && annotation.targetInfo() instanceof TypeAnnotation.LocalVarTarget) {
                  found.add(annotation);
                }
              }
            });
    return found;
  }

  MethodModel method() {
    return method;
  }

  int maxLocals() {
    return code.maxLocals();
  }

  List<Element> elements() {
    return elements;
  }

  /** All loops, outer ones before those within them. */
  List<Loop> all() {
    return loops;
  }

  Loop outer() {
    return loops.get(0);
  }

  /** The loop in the outer one that can be shared out as well, or null. */
  Loop splitInner() {
    return splitInner;
  }

  /** The innermost parallel loop around an element, or null. */
  Loop innermostAround(int index) {
    Loop around = null;
    for (Loop loop : loops) {
      if (loop.contains(index)) {
        around = loop;
      }
    }
    return around;
  }

  private Loop find(TypeAnnotation.LocalVarTarget target) throws Refusal {
    if (target.table().size() != 1) {
      throw new Refusal("a @Parallel variable lives in several places");
    }
    TypeAnnotation.LocalVarTargetInfo range = target.table().get(0);
    int slot = range.index();
    int start = code.labelToBci(range.startLabel());
    int endOffset = code.labelToBci(range.endLabel());
    int initStore = instructionBefore(start);
    if (initStore < 0
        || !(elements.get(initStore).element() instanceof StoreInstruction store)
        || store.slot() != slot
        || store.typeKind() != TypeKind.INT) {
      throw new Refusal("a @Parallel variable is not the int variable of a for loop");
    }
    int last = instructionBefore(endOffset);
    if (!(elements.get(last).element() instanceof BranchInstruction back)
        || back.opcode() != Opcode.GOTO
        || code.labelToBci(back.target()) != start) {
      throw new Refusal("a @Parallel variable is not that of a for loop which runs more than once");
    }
    int condition = condition(initStore, endOffset);
    List<Instruction> head = instructions(initStore + 1, condition);
    if (head.isEmpty() || !loads(head.get(0), slot)) {
      throw new Refusal("the condition of a @Parallel loop does not begin with its variable");
    }
    Opcode compare = ((BranchInstruction) elements.get(condition).element()).opcode();
    boolean withZero = compare == Opcode.IFGE || compare == Opcode.IFGT;
    boolean inclusive = compare == Opcode.IF_ICMPGT || compare == Opcode.IFGT;
    if (!withZero && !inclusive && compare != Opcode.IF_ICMPGE) {
      throw new Refusal("the condition of a @Parallel loop is neither i < bound nor i <= bound");
    }
    List<Instruction> bound =
        withZero ? List.of(ConstantInstruction.ofIntrinsic(Opcode.ICONST_0)) : tail(head);
    int[] increment = new int[1];
    Instruction step = step(slot, initStore, last, increment);
    Loop loop =
        new Loop(slot, initStore, condition, increment[0], last + 1, bound, step, inclusive);
    checkBound(loop);
    checkBody(loop, endOffset);
    return loop;
  }

  private static List<Instruction> tail(List<Instruction> head) {
    return List.copyOf(head.subList(1, head.size()));
  }

  private int condition(int initStore, int endOffset) throws Refusal {
    for (int i = initStore + 1; i < elements.size(); i++) {
      if (elements.get(i).element() instanceof BranchInstruction branch) {
        // At the end of a block javac merges the way out with the jump that follows the loop.
        if (code.labelToBci(branch.target()) >= endOffset && branch.opcode() != Opcode.GOTO) {
          return i;
        }
        break;
      }
    }
    throw new Refusal("the condition of a @Parallel loop is not a single comparison");
  }

  private Instruction step(int slot, int initStore, int last, int[] increment) throws Refusal {
    int i = instructionBefore(elements.get(last).offset());
    CodeElement element = elements.get(i).element();
    if (element instanceof IncrementInstruction inc && inc.slot() == slot) {
      if (inc.constant() <= 0) {
        throw new Refusal("a @Parallel loop does not ascend");
      }
      increment[0] = i;
      return ConstantInstruction.ofArgument(Opcode.SIPUSH, inc.constant());
    }
    int add = instructionBefore(elements.get(i).offset());
    int amount = instructionBefore(elements.get(add).offset());
    int load = instructionBefore(elements.get(amount).offset());
    boolean matches =
        load > initStore
            && element instanceof StoreInstruction store
            && store.slot() == slot
            && elements.get(add).element() instanceof OperatorInstruction plus
            && plus.opcode() == Opcode.IADD
            && loads((Instruction) elements.get(load).element(), slot);
    Instruction step = matches ? (Instruction) elements.get(amount).element() : null;
    if (step instanceof ConstantInstruction
        || step instanceof LoadInstruction variable && variable.slot() != slot) {
      increment[0] = load;
      return step;
    }
    throw new Refusal("the step of a @Parallel loop is not i++ or i += a constant or a variable");
  }

  private void checkBound(Loop loop) throws Refusal {
    for (Instruction instruction : loop.bound()) {
      if (loads(instruction, loop.slot())) {
        throw new Refusal("the bound of a @Parallel loop depends on its variable");
      }
      boolean pure =
          instruction instanceof LoadInstruction
              || instruction instanceof ConstantInstruction
              || instruction instanceof OperatorInstruction
              || instruction instanceof ConvertInstruction
              || instruction instanceof FieldInstruction field
                  && field.opcode() != Opcode.PUTFIELD
                  && field.opcode() != Opcode.PUTSTATIC
              || instruction instanceof InvokeInstruction;
      if (!pure) {
        throw new Refusal("the bound of a @Parallel loop is more than an expression");
      }
    }
  }

  private void checkBody(Loop loop, int endOffset) throws Refusal {
    int start = elements.get(loop.initStore()).offset();
    for (int i = loop.condition() + 1; i < loop.end(); i++) {
      CodeElement element = elements.get(i).element();
      if (i < loop.increment()) {
        int written = writtenSlot(element);
        if (written == loop.slot()) {
          throw new Refusal("the body of a @Parallel loop changes its variable");
        }
        if (written >= 0 && written < loop.slot()) {
          throw new Refusal(
              "the body of a @Parallel loop changes a variable declared outside of it"
                  + line(i)
                  + ": its iterations are not independent");
        }
      }
      for (Label target : targets(element)) {
        int to = code.labelToBci(target);
        if (to <= start || to >= endOffset) {
          throw new Refusal("a break leaves a @Parallel loop" + line(i));
        }
      }
    }
  }

  /** Checks of all loops together; finds the inner loop that can be shared out too. */
  private void check() throws Refusal {
    Loop outer = outer();
    List<Loop> inner = new ArrayList<>();
    for (Loop loop : loops.subList(1, loops.size())) {
      if (!outer.contains(loop.initStore())) {
        throw new Refusal(
            "it has several @Parallel loops one after the other: make each a task of its own");
      }
      if (inner.isEmpty() || !inner.get(inner.size() - 1).contains(loop.initStore())) {
        inner.add(loop);
      }
    }
    for (int i = 0; i < elements.size(); i++) {
      CodeElement element = elements.get(i).element();
      if (element instanceof ExceptionCatch) {
        throw new Refusal("it has a try statement");
      }
      if (i < outer.initStore() && writesMemory(element)) {
        throw new Refusal(
            "it writes something before its @Parallel loop" + line(i) + ": make that a task");
      }
      if (i >= outer.end()
          && element instanceof Instruction
          && !(element instanceof ReturnInstruction)) {
        throw new Refusal("code follows its @Parallel loop, or the loop is in another" + line(i));
      }
    }
    if (inner.size() == 1 && splits(outer, inner.get(0))) {
      splitInner = inner.get(0);
    }
  }

  /**
   * Whether parts of the inner loop can run side by side, each with its own run of the code around.
   */
  private boolean splits(Loop outer, Loop inner) {
    for (int i = outer.condition() + 1; i < outer.increment(); i++) {
      CodeElement element = elements.get(i).element();
      if (i < inner.initStore()) {
        if (writesMemory(element) || element instanceof ArrayStoreInstruction) {
          return false;
        }
      } else if (i >= inner.end() && element instanceof Instruction) {
        return false;
      }
    }
    return true;
  }

  private static boolean writesMemory(CodeElement element) {
    if (element instanceof InvokeInstruction call) {
      return call.typeSymbol().returnType().equals(ConstantDescs.CD_void)
          && !call.name().equalsString(ConstantDescs.INIT_NAME);
    }
    return element instanceof FieldInstruction field
        && (field.opcode() == Opcode.PUTFIELD || field.opcode() == Opcode.PUTSTATIC);
  }

  private static int writtenSlot(CodeElement element) {
    if (element instanceof StoreInstruction store) {
      return store.slot();
    }
    return element instanceof IncrementInstruction increment ? increment.slot() : -1;
  }

  private static List<Label> targets(CodeElement element) {
    if (element instanceof BranchInstruction branch) {
      return List.of(branch.target());
    }
    if (element instanceof TableSwitchInstruction table) {
      return targets(table.defaultTarget(), table.cases());
    }
    if (element instanceof LookupSwitchInstruction lookup) {
      return targets(lookup.defaultTarget(), lookup.cases());
    }
    return List.of();
  }

  private static List<Label> targets(Label defaultTarget, List<SwitchCase> cases) {
    List<Label> targets = new ArrayList<>();
    targets.add(defaultTarget);
    cases.forEach(c -> targets.add(c.target()));
    return targets;
  }

  private static boolean loads(Instruction instruction, int slot) {
    return instruction instanceof LoadInstruction load && load.slot() == slot;
  }

  private List<Instruction> instructions(int from, int to) {
    List<Instruction> found = new ArrayList<>();
    for (int i = from; i < to; i++) {
      if (elements.get(i).element() instanceof Instruction instruction) {
        found.add(instruction);
      }
    }
    return found;
  }

  /** Index of the instruction that ends at that offset, or −1. */
  private int instructionBefore(int offset) {
    int found = -1;
    for (int i = 0; i < elements.size() && elements.get(i).offset() < offset; i++) {
      if (elements.get(i).element() instanceof Instruction) {
        found = i;
      }
    }
    return found;
  }

  private String line(int index) {
    for (int i = index; i >= 0; i--) {
      if (elements.get(i).element() instanceof LineNumber number) {
        return " (line " + number.line() + ")";
      }
    }
    return "";
  }
}
