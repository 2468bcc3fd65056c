package io.github.tornadosse.arch;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;

/** The arrows between packages, and who may use what. */
@AnalyzeClasses(
    packages = "io.github.tornadosse",
    importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ROOT = "io.github.tornadosse.";
  private static final String TORNADO = "uk.ac.manchester.tornado.api";

  @ArchTest static final ArchRule TENSOR_STANDS_ALONE = onlyOn("tensor");

  @ArchTest static final ArchRule CHECKPOINT_USES_TENSOR = onlyOn("checkpoint", "tensor");

  @ArchTest static final ArchRule DATA_USES_TENSOR = onlyOn("data", "tensor");

  @ArchTest static final ArchRule KERNELS_USE_TENSOR = onlyOn("kernels", "tensor", "embedded");

  @ArchTest
  static final ArchRule GRAPH_USES_KERNELS = onlyOn("graph", "kernels", "tensor", "embedded");

  @ArchTest
  static final ArchRule RUNTIME_USES_GRAPH =
      onlyOn("runtime", "graph", "kernels", "tensor", "embedded");

  @ArchTest
  static final ArchRule NN_USES_RUNTIME =
      onlyOn("nn", "runtime", "graph", "kernels", "checkpoint", "data", "tensor");

  @ArchTest
  static final ArchRule CONVERT_USES_NN = onlyOn("convert", "nn", "checkpoint", "data", "tensor");

  @ArchTest
  static final ArchRule TRAIN_USES_NN =
      onlyOn("train", "nn", "runtime", "graph", "checkpoint", "data", "tensor");

  @ArchTest
  static final ArchRule INFER_USES_NN =
      onlyOn("infer", "nn", "runtime", "graph", "checkpoint", "data", "tensor");

  @ArchTest
  static final ArchRule EVAL_USES_NN =
      onlyOn("eval", "nn", "runtime", "graph", "kernels", "infer", "checkpoint", "data", "tensor");

  @ArchTest
  static final ArchRule EXPERIMENT_USES_TRAIN_AND_EVAL =
      onlyOn("experiment", "train", "eval", "infer", "nn", "graph", "checkpoint", "data", "tensor");

  @ArchTest
  static final ArchRule NOBODY_USES_THE_COMMAND =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "cli..")
          .should()
          .dependOnClassesThat(resideInAPackage(ROOT + "cli.."));

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching(ROOT + "(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule PLANS_ONLY_IN_GRAPH_AND_RUNTIME =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT + "graph..", ROOT + "runtime..", ROOT + "embedded..")
          .should()
          .dependOnClassesThat(
              named(
                  TORNADO + ".TaskGraph",
                  TORNADO + ".ImmutableTaskGraph",
                  TORNADO + ".TornadoExecutionPlan",
                  TORNADO + ".GridScheduler",
                  TORNADO + ".WorkerGrid"))
          .because("task graphs and plans are built in graph and run in runtime");

  @ArchTest
  static final ArchRule PORTABLE_KERNELS_ARE_TORNADOVM_CODE =
      noClasses()
          .that()
          .resideInAPackage(ROOT + "kernels.portable..")
          .should()
          .dependOnClassesThat(
              resideInAnyPackage("jdk.incubator.vector..", ROOT + "embedded..", "java.util.."))
          .because("TornadoVM compiles them")
          .allowEmptyShould(true);

  @ArchTest
  static final ArchRule EMBEDDED_RUNTIME_IS_NOT_SEEN_FROM_THE_MAIN_JAR =
      noClasses()
          .that()
          .resideOutsideOfPackages(ROOT + "embedded..", ROOT + "kernels.vector..")
          .and()
          .haveSimpleNameNotStartingWith("VectorOperations")
          .should()
          .dependOnClassesThat(resideInAnyPackage(ROOT + "embedded..", ROOT + "kernels.vector.."))
          .because("it is a jar of its own, and TornadoVM can stand in its place");

  @ArchTest
  static final ArchRule CONSOLE_ONLY_IN_THE_COMMAND =
      noClasses()
          .that()
          .resideOutsideOfPackage(ROOT + "cli..")
          .should()
          .accessField(System.class, "out")
          .orShould()
          .accessField(System.class, "err")
          .orShould()
          .callMethod(Throwable.class, "printStackTrace")
          .orShould()
          .callMethod(System.class, "exit", int.class);

  /** The package depends on itself, the named packages and libraries, nothing else of ours. */
  private static ArchRule onlyOn(String name, String... others) {
    DescribedPredicate<JavaClass> allowed = resideInAPackage(ROOT + name + "..");
    for (String other : others) {
      allowed = allowed.or(resideInAPackage(ROOT + other + ".."));
    }
    return noClasses()
        .that()
        .resideInAPackage(ROOT + name + "..")
        .should()
        .dependOnClassesThat(
            resideInAPackage("io.github.tornadosse..").and(DescribedPredicate.not(allowed)))
        .as(name + " depends on no package of ours but itself and " + String.join(", ", others))
        .allowEmptyShould(true);
  }

  private static DescribedPredicate<JavaClass> named(String... names) {
    Set<String> set = Set.of(names);
    return DescribedPredicate.describe(
        "named " + String.join(", ", names), c -> set.contains(c.getName()));
  }
}
