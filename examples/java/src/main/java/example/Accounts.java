package example;

import io.doorward.CompleteLoginRequest;
import io.doorward.Doorward;
import io.doorward.ListSessionsRequest;
import io.doorward.ListSessionsResponse;
import io.doorward.ListUsersRequest;
import io.doorward.ListUsersResponse;
import io.doorward.LoginRequest;
import io.doorward.LoginResult;
import io.doorward.RefreshRequest;
import io.doorward.RefreshResponse;
import io.doorward.RegisterRequest;
import io.doorward.RevokeUserSessionsRequest;
import io.doorward.RevokedResponse;
import io.doorward.StepUp;
import io.doorward.User;
import io.doorward.jakarta.Servlets;
import io.doorward.spring.DoorwardAuthentication;
import io.doorward.spring.DoorwardSecurity;
import jakarta.servlet.DispatcherType;
import jakarta.servlet.http.HttpServletRequest;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.http.CacheControl;
import org.springframework.http.ResponseEntity;
import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/**
 * A service with accounts, logins and roles. The starter opens the engine by the properties {@code
 * doorward.*}.
 */
@SpringBootApplication
@RestController
public class Accounts {
  private final Doorward auth;

  Accounts(Doorward auth) {
    this.auth = auth;
  }

  public static void main(String[] arguments) {
    SpringApplication.run(Accounts.class, arguments);
  }

  @Bean
  static SecurityFilterChain security(HttpSecurity http, Doorward auth) {
    return http.with(new DoorwardSecurity(auth), Customizer.withDefaults())
        .authorizeHttpRequests(
            requests ->
                requests
                    .dispatcherTypeMatchers(DispatcherType.ERROR)
                    .permitAll()
                    .requestMatchers("/register", "/login", "/login/code", "/refresh")
                    .permitAll()
                    .requestMatchers("/users")
                    .hasRole("admin")
                    .anyRequest()
                    .authenticated())
        .build();
  }

  // What clients may send. The engine's own requests have members that are for the service alone,
  // such as roles.

  record Registration(String username, String email, String password) {}

  record Credentials(String username, String password) {}

  record Code(String challenge, String code) {}

  record Refreshing(String refreshToken) {}

  @PostMapping("/register")
  ResponseEntity<User> register(@RequestBody Registration given, HttpServletRequest connection) {
    RegisterRequest request =
        RegisterRequest.of(given.username(), given.password())
            .withEmail(given.email())
            .withClient(Servlets.client(connection));
    return ResponseEntity.status(201).body(auth.register(request).user());
  }

  /** The next step of a login is an answer, too, with status 401. */
  @PostMapping("/login")
  ResponseEntity<LoginResult> login(@RequestBody Credentials given, HttpServletRequest connection) {
    LoginRequest request = LoginRequest.of(given.username(), given.password());
    return answer(auth.login(request.withClient(Servlets.client(connection))));
  }

  @PostMapping("/login/code")
  ResponseEntity<LoginResult> complete(@RequestBody Code given) {
    return answer(
        auth.completeLogin(CompleteLoginRequest.of(given.challenge()).withTwoFaCode(given.code())));
  }

  private static ResponseEntity<LoginResult> answer(LoginResult result) {
    return ResponseEntity.status(result instanceof StepUp ? 401 : 200)
        .cacheControl(CacheControl.noStore())
        .body(result);
  }

  @PostMapping("/refresh")
  RefreshResponse refresh(@RequestBody Refreshing given) {
    return auth.refresh(RefreshRequest.of(given.refreshToken()));
  }

  /** Ends the sessions of people. A program with an API key has none. */
  @PostMapping("/logout-everywhere")
  RevokedResponse logout(DoorwardAuthentication authentication) {
    if (authentication.claims() == null) {
      throw new AccessDeniedException("an API key has no session");
    }
    return auth.revokeUserSessions(
        RevokeUserSessionsRequest.of(authentication.getPrincipal().id()));
  }

  @GetMapping("/me")
  User me(@AuthenticationPrincipal User user) {
    return user;
  }

  @GetMapping("/sessions")
  ListSessionsResponse sessions(@AuthenticationPrincipal User user) {
    return auth.listSessions(ListSessionsRequest.of(user.id()));
  }

  @GetMapping("/users")
  ListUsersResponse users(@RequestParam(defaultValue = "20") long limit) {
    return auth.listUsers(ListUsersRequest.of().withLimit(limit));
  }
}
