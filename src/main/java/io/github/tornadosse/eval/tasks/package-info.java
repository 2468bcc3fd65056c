/** How well models do tasks of recall, copying and state tracking (docs/tasks.md). */
package io.github.tornadosse.eval.tasks;
