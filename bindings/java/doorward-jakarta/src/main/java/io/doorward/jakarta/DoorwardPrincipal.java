package io.doorward.jakarta;

import io.doorward.Claims;
import io.doorward.User;
import java.security.Principal;

/**
 * The user of a request.
 *
 * @param user the account as it is now
 * @param claims the claims of the token; null for an API key, whose scopes {@code authorize} checks
 */
public record DoorwardPrincipal(User user, Claims claims) implements Principal {
  /** The username. */
  @Override
  public String getName() {
    return user.username();
  }
}
