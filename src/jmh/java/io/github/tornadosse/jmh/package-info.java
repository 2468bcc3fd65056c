/**
 * Benchmarks of single operations with JMH, each through a task graph on the embedded runtime. That
 * the operations are right is what the tests' contracts are for; {@code sse bench suite} times
 * whole mixers and models.
 */
package io.github.tornadosse.jmh;
