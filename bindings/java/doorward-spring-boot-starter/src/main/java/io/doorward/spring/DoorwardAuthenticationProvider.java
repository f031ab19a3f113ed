package io.doorward.spring;

import io.doorward.Client;
import io.doorward.DeniedException;
import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.InvalidRequestException;
import io.doorward.LoginRequest;
import io.doorward.LoginResponse;
import io.doorward.LoginResult;
import io.doorward.StepUp;
import io.doorward.ThrottledException;
import org.springframework.security.authentication.AuthenticationProvider;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.LockedException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.web.authentication.WebAuthenticationDetails;

/**
 * Logs users in by name and password, such as for a form of Spring Security. Each login opens a
 * session of the engine, which {@link DoorwardAuthentication#session} returns.
 */
public final class DoorwardAuthenticationProvider implements AuthenticationProvider {
  private final Doorward engine;

  /** Makes a provider. */
  public DoorwardAuthenticationProvider(Doorward engine) {
    this.engine = engine;
  }

  @Override
  public boolean supports(Class<?> authentication) {
    return UsernamePasswordAuthenticationToken.class.isAssignableFrom(authentication);
  }

  /**
   * @throws StepUpRequiredException if the login needs another step
   * @throws BadCredentialsException if the engine denies the login
   * @throws LockedException after too many attempts
   * @throws AuthenticationServiceException if the engine cannot answer: that is no verdict
   */
  @Override
  public Authentication authenticate(Authentication given) throws AuthenticationException {
    if (given.getPrincipal() == null || given.getCredentials() == null) {
      throw new BadCredentialsException("no name or no password");
    }
    LoginRequest request = LoginRequest.of(given.getName(), given.getCredentials().toString());
    if (given.getDetails() instanceof WebAuthenticationDetails details
        && details.getRemoteAddress() != null) {
      request =
          request.withClient(
              Client.of().withIp(details.getRemoteAddress().replaceFirst("%.*", "")));
    }
    LoginResult result = login(request);
    if (result instanceof StepUp step) {
      throw new StepUpRequiredException(step);
    }
    LoginResponse session = (LoginResponse) result;
    DoorwardAuthentication authentication = new DoorwardAuthentication(session.user(), session);
    authentication.setDetails(given.getDetails());
    return authentication;
  }

  private LoginResult login(LoginRequest request) {
    try {
      return engine.login(request);
    } catch (DeniedException | InvalidRequestException denied) {
      throw new BadCredentialsException(denied.getMessage(), denied);
    } catch (ThrottledException throttled) {
      throw new LockedException(throttled.getMessage(), throttled);
    } catch (DoorwardException other) {
      throw new AuthenticationServiceException(other.getMessage(), other);
    }
  }
}
