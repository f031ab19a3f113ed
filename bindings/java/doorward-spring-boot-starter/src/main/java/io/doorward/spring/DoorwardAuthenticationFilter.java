package io.doorward.spring;

import io.doorward.AuthenticateRequestResponse;
import io.doorward.Code;
import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.jakarta.Servlets;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.security.core.context.SecurityContext;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.security.web.context.RequestAttributeSecurityContextRepository;
import org.springframework.security.web.context.SecurityContextRepository;
import org.springframework.web.filter.OncePerRequestFilter;

/**
 * Authenticates requests by the engine. A request with a token that the engine refuses is answered
 * at once; about one without a token Spring Security's rules decide.
 */
public final class DoorwardAuthenticationFilter extends OncePerRequestFilter {
  private final Doorward engine;
  // Keeps the user for asynchronous answers of the same request.
  private final SecurityContextRepository contexts =
      new RequestAttributeSecurityContextRepository();

  /** Makes a filter with the rules of the engine's configuration. */
  public DoorwardAuthenticationFilter(Doorward engine) {
    this.engine = engine;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws IOException, ServletException {
    try {
      AuthenticateRequestResponse answer =
          engine.authenticateRequest(Servlets.request(request, engine.requests()));
      if (answer.user() != null) {
        SecurityContext context = SecurityContextHolder.createEmptyContext();
        context.setAuthentication(new DoorwardAuthentication(answer));
        SecurityContextHolder.setContext(context);
        contexts.saveContext(context, request, response);
      }
    } catch (DoorwardException failure) {
      // With a detail the kind of the connection was refused, and not the lack of a token.
      if (failure.code() != Code.NOT_AUTHENTICATED || failure.detail().isPresent()) {
        Servlets.write(response, failure);
        return;
      }
    }
    chain.doFilter(request, response);
  }
}
