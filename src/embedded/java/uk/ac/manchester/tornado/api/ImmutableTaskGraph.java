package uk.ac.manchester.tornado.api;

import io.github.tornadosse.embedded.GraphDefinition;

/** A task graph that no longer changes, as a {@link TornadoExecutionPlan} takes it. */
public class ImmutableTaskGraph {
  private final GraphDefinition definition;

  ImmutableTaskGraph(GraphDefinition definition) {
    this.definition = definition;
  }

  GraphDefinition definition() {
    return definition;
  }
}
