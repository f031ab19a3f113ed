package io.doorward.spring;

import io.doorward.StepUp;
import org.springframework.security.core.AuthenticationException;

/** A login needs another step. */
public final class StepUpRequiredException extends AuthenticationException {
  private final transient StepUp step;

  StepUpRequiredException(StepUp step) {
    super(step.status().toString());
    this.step = step;
  }

  /** Returns the next step, with its challenge. */
  public StepUp step() {
    return step;
  }
}
