/** Finds the settings of the GPU tier that are the fastest on a device. */
package io.github.tornadosse.eval.tune;
