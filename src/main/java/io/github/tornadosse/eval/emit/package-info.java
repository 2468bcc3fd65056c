/** The code that TornadoVM emits for kernels, and what device compilers say of it. */
package io.github.tornadosse.eval.emit;
