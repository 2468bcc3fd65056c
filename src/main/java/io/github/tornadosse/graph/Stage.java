package io.github.tornadosse.graph;

import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * A task graph under construction with what all its tasks share.
 *
 * @param graph tasks are appended here
 * @param control see {@code kernels.Control}
 * @param tokens the capacity: largest number of tokens L of one execution; also the stride of
 *     head-major arrays {@code [H, tokens, K]}
 * @param sequences largest number of packed sequences S of one execution
 * @param buffers where operations get their scratch arrays
 */
public record Stage(
    TaskGraph graph, IntArray control, int tokens, int sequences, Buffers buffers) {}
