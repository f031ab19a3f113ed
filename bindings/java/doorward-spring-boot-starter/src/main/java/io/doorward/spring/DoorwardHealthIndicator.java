package io.doorward.spring;

import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.ListUsersRequest;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthIndicator;

/** Says whether the engine can read its store. */
public final class DoorwardHealthIndicator implements HealthIndicator {
  private final Doorward engine;

  /** Makes an indicator. */
  public DoorwardHealthIndicator(Doorward engine) {
    this.engine = engine;
  }

  @Override
  public Health health() {
    try {
      engine.listUsers(ListUsersRequest.of().withLimit(1));
      return Health.up().build();
    } catch (DoorwardException failure) {
      return Health.down().withDetail("code", failure.codeName()).build();
    }
  }
}
