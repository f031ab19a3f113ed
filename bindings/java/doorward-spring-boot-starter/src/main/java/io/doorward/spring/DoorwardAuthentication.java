package io.doorward.spring;

import io.doorward.AuthenticateRequestResponse;
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
 * ROLE_} and each role of the account, and {@code SCOPE_} and each scope of the token or API key.
 */
public final class DoorwardAuthentication extends AbstractAuthenticationToken {
  private final transient User user;
  private final transient Claims claims;
  private final transient LoginResponse session;

  /** The user of a request. */
  DoorwardAuthentication(AuthenticateRequestResponse request) {
    this(request.user(), request.claims(), null, scopes(request));
  }

  /** The user of a login. */
  DoorwardAuthentication(User user, LoginResponse session) {
    this(user, null, session, List.of());
  }

  DoorwardAuthentication(User user, Claims claims, LoginResponse session, List<String> scopes) {
    super(authorities(user, scopes));
    this.user = user;
    this.claims = claims;
    this.session = session;
    setAuthenticated(true);
  }

  private static List<String> scopes(AuthenticateRequestResponse request) {
    if (request.apiKey() != null) {
      return request.apiKey().scopes();
    }
    String scope = request.claims() == null ? null : request.claims().scope();
    return scope == null ? List.of() : List.of(scope.split(" "));
  }

  private static List<GrantedAuthority> authorities(User user, List<String> scopes) {
    List<GrantedAuthority> authorities = new ArrayList<>();
    user.roles().forEach(role -> authorities.add(new SimpleGrantedAuthority("ROLE_" + role)));
    scopes.forEach(scope -> authorities.add(new SimpleGrantedAuthority("SCOPE_" + scope)));
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

  /** The claims of the request's token; null for an API key and after a login. */
  public Claims claims() {
    return claims;
  }

  /** The session that the login opened; null for a request with a token. */
  public LoginResponse session() {
    return session;
  }
}
