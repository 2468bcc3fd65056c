/** What a model's states look like after a text: {@code sse inspect} (docs/tasks.md section 5). */
package io.github.tornadosse.eval.inspect;
