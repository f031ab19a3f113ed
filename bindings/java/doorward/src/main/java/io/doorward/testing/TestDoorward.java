package io.doorward.testing;

import io.doorward.Config;
import io.doorward.Doorward;
import io.doorward.Options;
import io.doorward.PasswordConfig;

/** Opens engines for tests. */
public final class TestDoorward {
  private TestDoorward() {}

  /** Opens an engine in memory, with this clock. */
  public static Doorward open(TestClock clock) {
    return open(Config.of(), clock);
  }

  /**
   * Opens an engine with this clock. A configuration without a store keeps everything in memory;
   * one without a cost of hashes gets the least, which is for tests only.
   */
  public static Doorward open(Config config, TestClock clock) {
    PasswordConfig password = config.password() == null ? PasswordConfig.of() : config.password();
    if (password.memoryKib() == null && password.iterations() == null) {
      password = password.withMemoryKib(8L).withIterations(1L);
    }
    Config own = config.withPassword(password);
    own = own.store() == null ? own.withStore("sqlite::memory:") : own;
    return Doorward.open(own, Options.of().withClock(clock));
  }
}
