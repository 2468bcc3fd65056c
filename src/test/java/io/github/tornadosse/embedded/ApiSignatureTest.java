package io.github.tornadosse.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.FieldModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.constantpool.ClassEntry;
import java.lang.constant.ConstantDesc;
import java.lang.reflect.AccessFlag;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarFile;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import uk.ac.manchester.tornado.api.TaskGraph;

/**
 * Compares the embedded runtime's part of the API with TornadoVM's own: what a program can call or
 * read here has to be there under the same name, with the same signature and flags.
 */
class ApiSignatureTest {
  private static final String JARS = "tornado.api.jars";

  /** Classes in the API's packages that only the embedded runtime has. */
  private static final Set<String> OUR_OWN =
      Set.of(
          "uk/ac/manchester/tornado/api/ExecutionProfile",
          "uk/ac/manchester/tornado/api/WorkItems",
          "uk/ac/manchester/tornado/api/types/arrays/HeapAccess");

  private final List<String> differences = new ArrayList<>();
  private final List<JarFile> jars = new ArrayList<>();

  @Test
  void signaturesAreTornadoVms() throws Exception {
    String paths = System.getProperty(JARS);
    assumeTrue(
        paths != null,
        "needs TornadoVM's tornado-api and tornado-runtime jars: give their paths with -D"
            + JARS
            + "=API"
            + File.pathSeparator
            + "RUNTIME");
    for (String path : paths.split(Pattern.quote(File.pathSeparator))) {
      jars.add(new JarFile(path));
    }
    int compared = 0;
    for (ClassModel ours : classes()) {
      String name = ours.thisClass().asInternalName();
      if (ours.flags().has(AccessFlag.PUBLIC) && !OUR_OWN.contains(name)) {
        compare(name, ours);
        compared++;
      }
    }
    assertThat(differences).as("of %d classes", compared).isEmpty();
    assertThat(compared).isGreaterThan(55);
  }

  @AfterEach
  void close() throws IOException {
    for (JarFile jar : jars) {
      jar.close();
    }
  }

  private static List<ClassModel> classes() throws IOException, URISyntaxException {
    Path root =
        Path.of(TaskGraph.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    try (Stream<Path> files = Files.walk(root.resolve("uk/ac/manchester/tornado"))) {
      List<ClassModel> models = new ArrayList<>();
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        models.add(ClassFile.of().parse(file));
      }
      return models;
    }
  }

  private Optional<ClassModel> theirs(String name) throws IOException {
    for (JarFile jar : jars) {
      ZipEntry entry = jar.getEntry(name + ".class");
      if (entry != null) {
        try (InputStream in = jar.getInputStream(entry)) {
          return Optional.of(ClassFile.of().parse(in.readAllBytes()));
        }
      }
    }
    return Optional.empty();
  }

  private void compare(String name, ClassModel ours) throws IOException {
    Optional<ClassModel> found = theirs(name);
    if (found.isEmpty()) {
      differences.add(name + " is not theirs");
      return;
    }
    ClassModel theirs = found.get();
    for (AccessFlag flag : List.of(AccessFlag.PUBLIC, AccessFlag.INTERFACE, AccessFlag.ENUM)) {
      same(name + " " + flag, ours.flags().has(flag), theirs.flags().has(flag));
    }
    same(
        name + " extends",
        ours.superclass().map(ClassEntry::asInternalName),
        theirs.superclass().map(ClassEntry::asInternalName));
    same(name + " type parameters", typeParameters(ours), typeParameters(theirs));
    for (FieldModel field : ours.fields()) {
      if (visible(field.flags().flags())) {
        compare(name, field, theirs);
      }
    }
    for (MethodModel method : ours.methods()) {
      if (visible(method.flags().flags()) && !overridesObject(method)) {
        compare(name, method, theirs);
      }
    }
  }

  private static boolean visible(Set<AccessFlag> flags) {
    return (flags.contains(AccessFlag.PUBLIC) || flags.contains(AccessFlag.PROTECTED))
        && !flags.contains(AccessFlag.SYNTHETIC);
  }

  private static boolean overridesObject(MethodModel method) {
    return Stream.of(Object.class.getMethods())
        .anyMatch(
            m ->
                method.methodName().equalsString(m.getName())
                    && method.methodTypeSymbol().parameterCount() == m.getParameterCount());
  }

  private static String typeParameters(ClassModel model) {
    return model
        .findAttribute(Attributes.signature())
        .map(a -> a.signature().stringValue())
        .filter(s -> s.startsWith("<"))
        .map(s -> s.substring(0, s.indexOf(">L") + 1))
        .orElse("");
  }

  private void compare(String name, FieldModel field, ClassModel theirs) {
    String what = name + "." + field.fieldName().stringValue();
    Optional<FieldModel> found =
        theirs.fields().stream()
            .filter(f -> f.fieldName().equalsString(field.fieldName().stringValue()))
            .findFirst();
    if (found.isEmpty()) {
      differences.add(what + " is not theirs");
      return;
    }
    FieldModel other = found.get();
    same(what, field.fieldType().stringValue(), other.fieldType().stringValue());
    same(what + " flags", field.flags().flags(), other.flags().flags());
    same(what + " value", constant(field), constant(other));
  }

  private static Optional<ConstantDesc> constant(FieldModel field) {
    return field.findAttribute(Attributes.constantValue()).map(a -> a.constant().constantValue());
  }

  private void compare(String name, MethodModel method, ClassModel theirs) throws IOException {
    String what =
        name + "." + method.methodName().stringValue() + method.methodType().stringValue();
    MethodModel other = find(method, theirs);
    if (other == null) {
      differences.add(what + " is not theirs");
      return;
    }
    for (AccessFlag flag :
        List.of(AccessFlag.PUBLIC, AccessFlag.PROTECTED, AccessFlag.STATIC, AccessFlag.VARARGS)) {
      same(what + " " + flag, method.flags().has(flag), other.flags().has(flag));
    }
    same(what + " throws", exceptions(method), exceptions(other));
    same(what + " generics", generics(method), generics(other));
  }

  /** The method in a class, or in what it extends or implements. */
  private MethodModel find(MethodModel method, ClassModel in) throws IOException {
    for (MethodModel candidate : in.methods()) {
      if (candidate.methodName().equalsString(method.methodName().stringValue())
          && candidate.methodType().equalsString(method.methodType().stringValue())) {
        return candidate;
      }
    }
    List<ClassEntry> above = new ArrayList<>(in.interfaces());
    in.superclass().ifPresent(above::add);
    for (ClassEntry entry : above) {
      Optional<ClassModel> model = theirs(entry.asInternalName());
      MethodModel found = model.isPresent() ? find(method, model.get()) : null;
      if (found != null) {
        return found;
      }
    }
    return null;
  }

  private static Set<String> exceptions(MethodModel method) {
    return method
        .findAttribute(Attributes.exceptions())
        .map(
            a ->
                a.exceptions().stream().map(ClassEntry::asInternalName).collect(Collectors.toSet()))
        .orElse(Set.of());
  }

  private static Optional<String> generics(MethodModel method) {
    return method.findAttribute(Attributes.signature()).map(a -> a.signature().stringValue());
  }

  private void same(String what, Object ours, Object theirs) {
    if (!ours.equals(theirs)) {
      differences.add(what + ": ours " + ours + ", theirs " + theirs);
    }
  }
}
