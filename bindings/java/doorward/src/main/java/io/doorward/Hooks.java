package io.doorward;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;

/** What the engine calls. The native library finds the methods by their names. */
final class Hooks {
  private final Logger logger;
  private final InstantSource clock;

  Hooks(Options options) {
    logger = options.logger();
    clock = options.clock();
  }

  boolean hasClock() {
    return clock != null;
  }

  long nowMs() {
    return clock.millis();
  }

  void log(int level, byte[] record) {
    logger.log(
        level == 1 ? Level.ERROR : level == 2 ? Level.WARNING : Level.INFO,
        () -> new String(record, StandardCharsets.UTF_8));
  }
}
