package io.doorward;

import java.lang.System.Logger;
import java.time.InstantSource;
import java.util.Objects;

/**
 * What an engine gets from the program beside its configuration. Neither the logger nor the clock
 * may call the engine.
 *
 * @param logger gets one record in JSON for each failed call: refusals as {@code INFO}, what an
 *     operator should act on as {@code WARNING}, contained bugs as {@code ERROR}. They contain no
 *     secrets. Default: the logger {@code io.doorward}
 * @param clock another clock, for tests that move time; null: the machine's
 */
public record Options(Logger logger, InstantSource clock) {
  /** Refuses a missing logger. */
  public Options {
    Objects.requireNonNull(logger);
  }

  /** Returns the defaults. */
  public static Options of() {
    return new Options(System.getLogger("io.doorward"), null);
  }

  /** Returns options with this logger. */
  public Options withLogger(Logger logger) {
    return new Options(logger, clock);
  }

  /** Returns options with this clock. */
  public Options withClock(InstantSource clock) {
    return new Options(logger, clock);
  }
}
