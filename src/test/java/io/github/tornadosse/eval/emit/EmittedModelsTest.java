package io.github.tornadosse.eval.emit;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.tornadosse.graph.GpuOperations;
import io.github.tornadosse.graph.GpuSettings;
import io.github.tornadosse.graph.KernelTask;
import io.github.tornadosse.graph.Operations;
import io.github.tornadosse.graph.PortableOperations;
import io.github.tornadosse.nn.ModelConfig;
import io.github.tornadosse.train.Recipe;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EmittedModelsTest {
  private static final String KERNELS = "io.github.tornadosse.kernels.portable";

  private static List<ModelConfig> variants() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("tornado-config/variants"))) {
      return files.sorted().map(f -> Recipe.load(f, List.of()).modelConfig(512)).toList();
    }
  }

  private static Set<String> kernels(Operations tier) throws IOException {
    return EmittedModels.tasks(variants(), tier).stream()
        .map(KernelTask::kernel)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** Public methods of the portable kernels that give nothing back: helpers give something. */
  private static Set<String> written() throws IOException, ClassNotFoundException {
    Set<String> all = new TreeSet<>();
    Path sources = Path.of("src/main/java", KERNELS.replace('.', '/'));
    try (Stream<Path> files = Files.list(sources)) {
      for (Path f : files.toList()) {
        String name = f.getFileName().toString().replace(".java", "");
        if (!name.equals("package-info")) {
          Arrays.stream(Class.forName(KERNELS + "." + name).getMethods())
              .filter(m -> Modifier.isStatic(m.getModifiers()))
              .filter(m -> m.getReturnType() == void.class)
              .map(Method::getName)
              .forEach(m -> all.add(name + "." + m));
        }
      }
    }
    return all;
  }

  @Test
  void variantsUseEveryPortableKernel() throws Exception {
    assertThat(kernels(new PortableOperations())).containsAll(written());
  }

  @Test
  void theGpuTierHasItsOwnKernels() throws IOException {
    Set<String> kernels = kernels(new GpuOperations(GpuSettings.SMALLEST));
    assertThat(kernels).contains("Norms.rmsNorm", "TouchKernels.floats");
    assertThat(kernels).isNotEqualTo(kernels(new PortableOperations()));
  }

  @Test
  void constantsAreThoseOfTheWiderModels() throws IOException {
    ModelConfig model = EmittedModels.wider(variants().getFirst(), 128);
    assertThat(model.mixer().headDim()).isEqualTo(128);
    KernelTask norm =
        EmittedModels.tasks(List.of(model), new PortableOperations()).stream()
            .filter(t -> t.kernel().equals("Norms.rmsNorm"))
            .findFirst()
            .orElseThrow();
    assertThat(norm.constants()).contains(model.hiddenSize());
  }

  @Test
  void aTaskComesOnce() throws IOException {
    ModelConfig model = variants().getFirst();
    assertThat(EmittedModels.tasks(List.of(model, model), new PortableOperations()))
        .hasSameSizeAs(EmittedModels.tasks(List.of(model), new PortableOperations()));
  }
}
