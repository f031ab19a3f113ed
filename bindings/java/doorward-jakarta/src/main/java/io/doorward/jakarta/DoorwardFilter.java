package io.doorward.jakarta;

import io.doorward.AuthenticateRequestRequest;
import io.doorward.AuthenticateRequestResponse;
import io.doorward.DeniedException;
import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.RequestsConfig;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.security.Principal;

/**
 * Lets a request pass if the engine does: because the rules skip it, or because its token
 * identifies a live user, who is then the request's user principal, a {@link DoorwardPrincipal},
 * with the account's roles. Otherwise it answers with the failure.
 */
public final class DoorwardFilter extends HttpFilter {
  private final transient Doorward engine;
  private final transient RequestsConfig rules;
  private final transient String backend;

  /** Makes a filter with the rules of the configuration. */
  public DoorwardFilter(Doorward engine) {
    this(engine, null, null);
  }

  /**
   * Makes a filter.
   *
   * @param rules rules that replace those of the configuration completely, or null
   * @param backend the backend that must have issued the token, or null
   * @throws io.doorward.InvalidRequestException if the engine refuses the rules
   */
  public DoorwardFilter(Doorward engine, RequestsConfig rules, String backend) {
    this.engine = engine;
    this.rules = rules;
    this.backend = backend;
    if (rules != null) {
      check(engine, rules);
    }
  }

  /** The engine reads the rules, by a request that passes anyway. */
  private static void check(Doorward engine, RequestsConfig rules) {
    try {
      engine.authenticateRequest(
          AuthenticateRequestRequest.of("GET", "/").withExcluded(true).withRules(rules));
    } catch (DeniedException noConnection) {
      // Rules may admit other kinds of connections only.
    }
  }

  @Override
  protected void doFilter(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    AuthenticateRequestResponse answer;
    try {
      answer =
          engine.authenticateRequest(
              Servlets.request(request, rules == null ? engine.requests() : rules)
                  .withRules(rules)
                  .withBackend(backend));
    } catch (DoorwardException failure) {
      Servlets.write(response, failure);
      return;
    }
    chain.doFilter(answer.user() == null ? request : new Authenticated(request, answer), response);
  }

  /** A request with a user. */
  private static final class Authenticated extends HttpServletRequestWrapper {
    private final DoorwardPrincipal principal;

    Authenticated(HttpServletRequest request, AuthenticateRequestResponse answer) {
      super(request);
      principal = new DoorwardPrincipal(answer.user(), answer.claims());
    }

    @Override
    public Principal getUserPrincipal() {
      return principal;
    }

    @Override
    public String getRemoteUser() {
      return principal.getName();
    }

    @Override
    public boolean isUserInRole(String role) {
      return principal.user().roles().contains(role);
    }

    @Override
    public String getAuthType() {
      return "Bearer";
    }
  }
}
