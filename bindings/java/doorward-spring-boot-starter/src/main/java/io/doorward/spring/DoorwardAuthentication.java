package io.doorward.spring;

import io.doorward.Claims;
import io.doorward.LoginResponse;
import io.doorward.User;
import java.util.ArrayList;
import java.util.List;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.GrantedAuthority;
import org.springframework.security.core.authority.SimpleGrantedAuthority;

/**
 * The user of a token or of a login. The principal is the {@link User}. The authorities are {@code
 * ROLE_} and each role of the account, and {@code SCOPE_} and each scope of the token.
 */
public final class DoorwardAuthentication extends AbstractAuthenticationToken {
  private final transient User user;
  private final transient Claims claims;
  private final transient LoginResponse session;

  DoorwardAuthentication(User user, Claims claims, LoginResponse session) {
    super(authorities(user, claims));
    this.user = user;
    this.claims = claims;
    this.session = session;
    setAuthenticated(true);
  }

  private static List<GrantedAuthority> authorities(User user, Claims claims) {
    List<GrantedAuthority> authorities = new ArrayList<>();
    user.roles().forEach(role -> authorities.add(new SimpleGrantedAuthority("ROLE_" + role)));
    if (claims != null && claims.scope() != null) {
      for (String scope : claims.scope().split(" ")) {
        authorities.add(new SimpleGrantedAuthority("SCOPE_" + scope));
      }
    }
    return authorities;
  }

  @Override
  public User getPrincipal() {
    return user;
  }

  /** The username. */
  @Override
  public String getName() {
    return user.username();
  }

  /** There are none: tokens are not kept here. */
  @Override
  public Object getCredentials() {
    return null;
  }

  /** The claims of the request's token; null after a login by the authentication manager. */
  public Claims claims() {
    return claims;
  }

  /** The session that the login opened; null for a request with a token. */
  public LoginResponse session() {
    return session;
  }
}
