/**
 * Experiments: grids of models, learning rates and seeds, trained and compared (docs/tasks.md
 * section 4).
 */
package io.github.tornadosse.experiment;
