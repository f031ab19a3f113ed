package io.doorward.testing;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicReference;

/** A clock that stands until a test moves it. It begins at the present, in whole seconds. */
public final class TestClock implements InstantSource {
  private final AtomicReference<Instant> now =
      new AtomicReference<>(Instant.now().truncatedTo(ChronoUnit.SECONDS));

  /** Makes a clock that shows the present. */
  public TestClock() {}

  @Override
  public Instant instant() {
    return now.get();
  }

  /** Moves the clock. Tokens are accepted {@code leeway_seconds} (30) longer than they say. */
  public void advance(Duration duration) {
    now.updateAndGet(before -> before.plus(duration));
  }

  /** Sets the clock. */
  public void set(Instant instant) {
    now.set(instant);
  }
}
