/**
 * Generated tasks of recall, copying and state tracking: examples with exactly one right answer,
 * for training and for measuring (docs/tasks.md).
 */
package io.github.tornadosse.data.tasks;
