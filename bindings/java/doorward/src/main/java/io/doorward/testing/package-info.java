/**
 * For tests of programs that embed doorward: the real engine, in memory, and time that the test
 * moves.
 */
package io.doorward.testing;
