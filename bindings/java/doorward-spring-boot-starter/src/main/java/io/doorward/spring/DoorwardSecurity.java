package io.doorward.spring;

import io.doorward.Code;
import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.jakarta.Servlets;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.config.annotation.web.configurers.AbstractHttpConfigurer;
import org.springframework.security.config.http.SessionCreationPolicy;
import org.springframework.security.web.authentication.AnonymousAuthenticationFilter;
import org.springframework.security.web.savedrequest.NullRequestCache;

/**
 * Sets up Spring Security for requests with tokens of the engine: {@code http.with(new
 * DoorwardSecurity(engine), Customizer.withDefaults())}. It adds the filter, answers in the
 * engine's words, and keeps no sessions of its own. It turns off Spring's tokens against forged
 * requests: a bearer token is sent by no browser without being asked, and the engine checks the
 * origin of cookies. It turns off Spring's page {@code /logout}, too, which would end no session of
 * the engine.
 */
public final class DoorwardSecurity extends AbstractHttpConfigurer<DoorwardSecurity, HttpSecurity> {
  private final Doorward engine;

  /** Makes a configurer. */
  public DoorwardSecurity(Doorward engine) {
    this.engine = engine;
  }

  // Not in init: Spring's own configurers run first, and have chosen by then to keep a session.
  @Override
  public void setBuilder(HttpSecurity http) {
    super.setBuilder(http);
    http.csrf(AbstractHttpConfigurer::disable)
        .logout(AbstractHttpConfigurer::disable)
        .sessionManagement(
            sessions -> sessions.sessionCreationPolicy(SessionCreationPolicy.STATELESS))
        .requestCache(cache -> cache.requestCache(new NullRequestCache()))
        .exceptionHandling(
            handling ->
                handling
                    .authenticationEntryPoint(
                        (request, response, refused) ->
                            Servlets.write(response, DoorwardException.of(Code.NOT_AUTHENTICATED)))
                    .accessDeniedHandler(
                        (request, response, refused) ->
                            Servlets.write(
                                response, DoorwardException.of(Code.PERMISSION_DENIED))));
  }

  @Override
  public void configure(HttpSecurity http) {
    http.addFilterBefore(
        new DoorwardAuthenticationFilter(engine), AnonymousAuthenticationFilter.class);
  }
}
