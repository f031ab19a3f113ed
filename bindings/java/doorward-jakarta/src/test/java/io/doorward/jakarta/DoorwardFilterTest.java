package io.doorward.jakarta;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.doorward.Config;
import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.InvalidRequestException;
import io.doorward.LoginRequest;
import io.doorward.LoginResponse;
import io.doorward.RegisterRequest;
import io.doorward.RequestsConfig;
import io.doorward.ThrottleConfig;
import io.doorward.testing.TestClock;
import io.doorward.testing.TestDoorward;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.util.descriptor.web.FilterDef;
import org.apache.tomcat.util.descriptor.web.FilterMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The filter in Tomcat, over HTTP. */
class DoorwardFilterTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static Doorward engine;
  private static Tomcat tomcat;
  private static LoginResponse session;

  @BeforeAll
  static void start(@TempDir Path folder) throws Exception {
    RequestsConfig rules =
        RequestsConfig.of().withExclude(List.of("/open", "/login")).withCookie("token");
    Config config =
        Config.of().withRequests(rules).withThrottle(ThrottleConfig.of().withAccountFailures(3));
    engine = TestDoorward.open(config, new TestClock());
    engine.register(
        RegisterRequest.of("ada", "eight wise words")
            .withEmail("ada@example.com")
            .withRoles(List.of("editor")));
    session = (LoginResponse) engine.login(LoginRequest.of("ada", "eight wise words"));
    tomcat = new Tomcat();
    tomcat.setBaseDir(folder.toString());
    tomcat.setPort(0);
    Context context = tomcat.addContext("", null);
    Tomcat.addServlet(context, "pages", new Pages());
    context.addServletMappingDecoded("/*", "pages");
    FilterDef filter = new FilterDef();
    filter.setFilterName("doorward");
    filter.setFilter(new DoorwardFilter(engine));
    context.addFilterDef(filter);
    FilterMap map = new FilterMap();
    map.setFilterName("doorward");
    map.addURLPattern("/*");
    context.addFilterMap(map);
    tomcat.getConnector();
    tomcat.start();
  }

  @AfterAll
  static void stop() throws Exception {
    tomcat.stop();
    tomcat.destroy();
    engine.close();
  }

  private static final class Pages extends HttpServlet {
    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
        throws IOException {
      if (request.getRequestURI().equals("/login")) {
        LoginRequest login =
            LoginRequest.of("ada", "a wrong password").withClient(Servlets.client(request));
        try {
          Servlets.write(response, engine.login(login));
        } catch (DoorwardException failure) {
          Servlets.write(response, failure);
        }
      } else if (request.getUserPrincipal() instanceof DoorwardPrincipal principal) {
        assertEquals(principal.user().id(), principal.claims().sub());
        assertEquals("ada", request.getRemoteUser());
        assertEquals("Bearer", request.getAuthType());
        assertTrue(request.isUserInRole("editor"));
        assertFalse(request.isUserInRole("admin"));
        Servlets.write(response, principal.user());
      } else {
        response.getWriter().print("nothing known");
      }
    }
  }

  private static HttpResponse<String> get(String path, String... headers) throws Exception {
    URI address = URI.create("http://127.0.0.1:" + tomcat.getConnector().getLocalPort() + path);
    HttpRequest.Builder request = HttpRequest.newBuilder(address);
    return CLIENT.send(
        (headers.length == 0 ? request : request.headers(headers)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static void refused(HttpResponse<String> answer, int status, String code) {
    assertEquals(status, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("\"code\":\"" + code + "\""), answer.body());
    assertFalse(answer.body().contains("detail"), answer.body());
    assertEquals("no-store", answer.headers().firstValue("Cache-Control").orElseThrow());
  }

  @Test
  void onlyALiveTokenPasses() throws Exception {
    String bearer = "Bearer " + session.accessToken();
    HttpResponse<String> answer = get("/me?x=1", "Authorization", bearer);
    assertEquals(200, answer.statusCode(), answer.body());
    assertTrue(answer.body().contains("\"username\":\"ada\""), answer.body());
    assertEquals("nothing known", get("/open").body());
    HttpResponse<String> none = get("/me");
    refused(none, 401, "not_authenticated");
    assertEquals("Bearer", none.headers().firstValue("WWW-Authenticate").orElseThrow());
    HttpResponse<String> wrong = get("/me", "Authorization", "Bearer x");
    refused(wrong, 401, "invalid_token");
    assertEquals(
        "Bearer error=\"invalid_token\"",
        wrong.headers().firstValue("WWW-Authenticate").orElseThrow());
    refused(
        get("/me", "Authorization", bearer, "Authorization", bearer),
        401,
        "invalid_authorization_header");
    refused(
        get("/me", "Authorization", "Basic " + session.accessToken()),
        401,
        "invalid_authorization_header");
  }

  @Test
  void aPathWithTwoReadingsIsNotSkipped() throws Exception {
    for (String path : List.of("/open/../me", "/%6fpen", "/open;x", "//open", "/OPEN")) {
      assertTrue(get(path).statusCode() >= 400, path);
    }
  }

  @Test
  void aCookieCountsFromItsOwnPagesOnly() throws Exception {
    String cookie = "other=1; token=" + session.accessToken();
    assertEquals(200, get("/me", "Cookie", cookie).statusCode());
    refused(
        get("/me", "Cookie", cookie, "Origin", "https://evil.example"), 403, "permission_denied");
    refused(get("/me", "Cookie", "token=x; token=" + session.accessToken()), 401, "invalid_token");
  }

  @Test
  void aThrottledLoginSaysHowLongToWait() throws Exception {
    HttpResponse<String> answer = get("/login");
    for (int tries = 0; answer.statusCode() == 401 && tries < 10; tries++) {
      answer = get("/login");
    }
    refused(answer, 429, "too_many_attempts");
    assertTrue(Integer.parseInt(answer.headers().firstValue("Retry-After").orElseThrow()) > 0);
  }

  @Test
  void rulesAreReadAtTheStart() {
    RequestsConfig everything = RequestsConfig.of().withExclude(List.of("/**"));
    assertThrows(InvalidRequestException.class, () -> new DoorwardFilter(engine, everything, null));
    new DoorwardFilter(
        engine, RequestsConfig.of().withConnections(List.of("websocket")), "default");
  }
}
