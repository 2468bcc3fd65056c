/** Holds every tier to the golden cases: {@code sse verify} and the tests. */
package io.github.tornadosse.eval.verify;
