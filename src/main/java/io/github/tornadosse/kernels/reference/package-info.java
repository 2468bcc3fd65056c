/**
 * The plain formulas in double precision, token by token, forward and backward: what every other
 * tier is held to. Clear above all; speed is secondary.
 */
package io.github.tornadosse.kernels.reference;
