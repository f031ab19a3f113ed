package io.doorward.spring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.doorward.Code;
import io.doorward.DeniedException;
import io.doorward.Doorward;
import io.doorward.IntrospectRequest;
import io.doorward.IntrospectResponse;
import io.doorward.IssueTokenRequest;
import io.doorward.LoginRequest;
import io.doorward.LoginResponse;
import io.doorward.LoginResult;
import io.doorward.MisuseException;
import io.doorward.NextStep;
import io.doorward.RegisterRequest;
import io.doorward.SetPasswordRequest;
import io.doorward.User;
import io.doorward.VerifyRequest;
import io.doorward.testing.TestClock;
import io.doorward.testing.TestDoorward;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.health.contributor.Status;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.security.access.prepost.PreAuthorize;
import org.springframework.security.authentication.AuthenticationServiceException;
import org.springframework.security.authentication.BadCredentialsException;
import org.springframework.security.authentication.LockedException;
import org.springframework.security.authentication.UsernamePasswordAuthenticationToken;
import org.springframework.security.config.annotation.method.configuration.EnableMethodSecurity;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/** The starter in an application of Spring Boot, over HTTP. */
class StarterTest {
  private static final String PASSWORD = "eight wise words";
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static ConfigurableApplicationContext context;
  private static Doorward engine;

  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @EnableMethodSecurity
  @Import(Pages.class)
  static class Application {
    @Bean
    TestClock clock() {
      return new TestClock();
    }
  }

  /** A page's data. */
  record Page(User user, IntrospectResponse nested, List<String> authorities) {}

  @RestController
  static class Pages {
    @GetMapping("/me")
    Page me(@AuthenticationPrincipal User user, Authentication authentication) {
      IntrospectResponse nested = engine.introspect(IntrospectRequest.of("not a token"));
      return new Page(
          user, nested, authentication.getAuthorities().stream().map(Object::toString).toList());
    }

    @GetMapping("/later")
    Callable<String> later(Authentication authentication) {
      return authentication::getName;
    }

    @GetMapping("/editors")
    @PreAuthorize("hasRole('editor')")
    String editors() {
      return "for editors";
    }

    @GetMapping("/admins")
    @PreAuthorize("hasRole('admin')")
    String admins() {
      return "for admins";
    }

    @GetMapping("/logout")
    String logout() {
      return "of the application";
    }

    @GetMapping("/failing")
    LoginResult failing() {
      return engine.login(LoginRequest.of("ada", "a wrong password"));
    }
  }

  private static ConfigurableApplicationContext run(String... properties) {
    SpringApplication application = new SpringApplication(Application.class);
    application.setDefaultProperties(
        Map.of(
            "server.port", "0",
            "spring.main.banner-mode", "off",
            "logging.level.root", "off",
            "doorward.store", "sqlite::memory:",
            "doorward.password.memory-kib", "8",
            "doorward.password.iterations", "1",
            "doorward.throttle.account-failures", "5",
            "doorward.audience[0]", "one",
            "doorward.backends.short.access-token-seconds", "60"));
    return application.run(properties);
  }

  @BeforeAll
  static void start() {
    context = run();
    engine = context.getBean(Doorward.class);
    for (String name : List.of("ada", "eve", "bob")) {
      engine.register(
          RegisterRequest.of(name, PASSWORD)
              .withEmail(name + "@example.com")
              .withRoles(List.of("editor")));
    }
  }

  @AfterAll
  static void stop() {
    context.close();
    assertEquals(Code.ENGINE_CLOSED, assertThrows(MisuseException.class, engine::stats).code());
  }

  private static LoginResponse login(String name) {
    return (LoginResponse) engine.login(LoginRequest.of(name, PASSWORD).withScope("read write"));
  }

  private static HttpResponse<String> get(String path, String token) throws Exception {
    URI address =
        URI.create(
            "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port") + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(address);
    HttpRequest sent =
        (token == null ? request : request.header("Authorization", "Bearer " + token)).build();
    return CLIENT.send(sent, HttpResponse.BodyHandlers.ofString());
  }

  private static void refused(HttpResponse<String> answer, int status, String code) {
    assertEquals(status, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("\"code\":\"" + code + "\""), answer.body());
    assertFalse(answer.body().contains("detail"), answer.body());
  }

  @Test
  void aTokenMakesTheUser() throws Exception {
    String token = login("ada").accessToken();
    String body = get("/me", token).body();
    assertTrue(body.contains("\"email_verified\":false"), body);
    assertTrue(body.contains("\"nested\":{\"active\":false}"), body);
    assertTrue(body.contains("[\"ROLE_editor\",\"SCOPE_read\",\"SCOPE_write\"]"), body);
    assertEquals("ada", get("/later", token).body());
    assertEquals("for editors", get("/editors", token).body());
    refused(get("/admins", token), 403, "permission_denied");
    refused(get("/me", "x"), 401, "invalid_token");
    HttpResponse<String> none = get("/me", null);
    refused(none, 401, "not_authenticated");
    assertEquals("Bearer", none.headers().firstValue("WWW-Authenticate").orElseThrow());
    assertTrue(none.headers().firstValue("Set-Cookie").isEmpty());
  }

  @Test
  void springKeepsNoSessionAndEndsNone() throws Exception {
    String token = login("ada").accessToken();
    for (String path : List.of("/me", "/later", "/admins", "/failing")) {
      List<String> cookies = get(path, token).headers().allValues("Set-Cookie");
      assertTrue(cookies.isEmpty(), path + cookies);
    }
    assertEquals("of the application", get("/logout", token).body());
  }

  @Test
  void aFailureOfAControllerIsAnswered() throws Exception {
    refused(get("/failing", login("ada").accessToken()), 401, "invalid_credentials");
  }

  private static Authentication byPassword(String name, String password) {
    Authentication given = UsernamePasswordAuthenticationToken.unauthenticated(name, password);
    return context.getBean(DoorwardAuthenticationProvider.class).authenticate(given);
  }

  @Test
  void springSecurityLogsIn() {
    DoorwardAuthentication eve = (DoorwardAuthentication) byPassword("eve", PASSWORD);
    assertEquals("eve", eve.getName());
    assertTrue(eve.isAuthenticated());
    assertFalse(eve.toString().contains(eve.session().accessToken()), eve.toString());
    assertThrows(BadCredentialsException.class, () -> byPassword("unknown", PASSWORD));
    assertThrows(BadCredentialsException.class, () -> byPassword("eve", null));
    for (int tries = 0; tries < 5; tries++) {
      assertThrows(BadCredentialsException.class, () -> byPassword("eve", "a wrong password"));
    }
    assertThrows(LockedException.class, () -> byPassword("eve", PASSWORD));
  }

  @Test
  void theNextStepOfALoginIsAnException() {
    String id = login("bob").user().id();
    engine.setPassword(SetPasswordRequest.of(id, "another wise word"));
    StepUpRequiredException next =
        assertThrows(StepUpRequiredException.class, () -> byPassword("bob", "another wise word"));
    assertEquals(NextStep.PASSWORD_CHANGE_REQUIRED, next.step().status());
  }

  @Test
  void propertiesConfigureTheEngine() {
    String token = login("ada").accessToken();
    assertEquals(List.of("one"), engine.verify(VerifyRequest.of(token)).aud());
    String own =
        engine.issueToken(IssueTokenRequest.of(Map.of("sub", "x")).withBackend("short")).token();
    context.getBean(TestClock.class).advance(Duration.ofSeconds(91));
    assertThrows(
        DeniedException.class, () -> engine.verify(VerifyRequest.of(own).withBackend("short")));
    Exception refused =
        assertThrows(Exception.class, () -> run("--doorward.acess-token-seconds=60").close());
    assertTrue(causes(refused).contains("acess-token-seconds"), causes(refused));
  }

  private static String causes(Throwable failure) {
    return failure == null ? "" : failure.getMessage() + "\n" + causes(failure.getCause());
  }

  @Test
  void healthAndMetricsFollowTheEngine() {
    login("ada");
    MeterRegistry registry = context.getBean(MeterRegistry.class);
    assertTrue(registry.get("doorward.calls").tag("status", "OK").functionCounter().count() > 0);
    assertTrue(registry.get("doorward.hashes.slots").gauge().value() > 0);
    DoorwardHealthIndicator health = context.getBean(DoorwardHealthIndicator.class);
    assertEquals(Status.UP, health.health().getStatus());
    Doorward closed = TestDoorward.open(new TestClock());
    closed.close();
    assertEquals(Status.DOWN, new DoorwardHealthIndicator(closed).health().getStatus());
    assertTrue(new DoorwardHealthIndicator(closed).health().toString().contains("engine_closed"));
    DoorwardAuthenticationProvider provider = new DoorwardAuthenticationProvider(closed);
    Authentication given = UsernamePasswordAuthenticationToken.unauthenticated("ada", PASSWORD);
    assertThrows(AuthenticationServiceException.class, () -> provider.authenticate(given));
  }
}
