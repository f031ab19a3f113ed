package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.doorward.ConfirmTotpRequest;
import io.doorward.CreateApiKeyRequest;
import io.doorward.Doorward;
import io.doorward.Json;
import io.doorward.SetupTotpRequest;
import io.doorward.UpdateUserRequest;
import io.doorward.testing.TestClock;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Drives the service over HTTP. */
class AccountsTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final TestClock clock = new TestClock();
  private String address;

  private record Answer(int status, Map<String, Object> body) {
    String text(String name) {
      return (String) body.get(name);
    }
  }

  private Answer send(String method, String path, String token, Map<String, Object> body)
      throws Exception {
    HttpRequest.BodyPublisher sent =
        body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofString(Json.write(body));
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(address + path))
            .method(method, sent)
            .header("Content-Type", "application/json");
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    HttpResponse<String> answer =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    return new Answer(answer.statusCode(), Json.object(answer.body()));
  }

  private Answer login(String password) throws Exception {
    return send("POST", "/login", null, Map.of("username", "ada", "password", password));
  }

  @Test
  void theWholeLifeOfAnAccount() throws Exception {
    SpringApplication application = new SpringApplication(Accounts.class);
    application.addInitializers(
        context -> context.getBeanFactory().registerSingleton("clock", clock));
    try (ConfigurableApplicationContext context =
        application.run(
            "--server.port=0",
            "--logging.level.root=off",
            "--doorward.store=sqlite::memory:",
            "--doorward.password.memory-kib=8")) {
      address = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
      drive(context.getBean(Doorward.class));
    }
  }

  private void drive(Doorward auth) throws Exception {
    String password = "eight wise words";
    Map<String, Object> ada =
        Map.of(
            "username",
            "ada",
            "email",
            "ada@example.com",
            "password",
            password,
            "roles",
            List.of("admin"));
    Answer registered = send("POST", "/register", null, ada);
    assertEquals(201, registered.status(), registered.toString());
    assertEquals(List.of("member"), registered.body().get("roles"));
    assertEquals(409, send("POST", "/register", null, ada).status());
    Answer weak =
        send(
            "POST",
            "/register",
            null,
            Map.of("username", "eve", "email", "e@example.com", "password", "password"));
    assertEquals(400, weak.status());
    assertFalse(weak.toString().contains("detail"), weak.toString());

    assertEquals(401, login("a wrong password").status());
    Answer session = login(password);
    assertEquals(200, session.status(), session.toString());
    String token = session.text("access_token");
    assertEquals("ada", send("GET", "/me", token, null).text("username"));
    assertEquals(401, send("GET", "/me", null, null).status());
    assertEquals(403, send("GET", "/users", token, null).status());
    String id = registered.text("id");
    auth.updateUser(UpdateUserRequest.of(id).withRoles(List.of("admin")));
    assertEquals(200, send("GET", "/users", login(password).text("access_token"), null).status());

    clock.advance(Duration.ofMinutes(16));
    session = login(password);
    Answer refreshed =
        send("POST", "/refresh", null, Map.of("refreshToken", session.text("refresh_token")));
    assertEquals(200, refreshed.status(), refreshed.toString());

    String secret = auth.setupTotp(SetupTotpRequest.of().withUserId(id)).secret();
    auth.confirmTotp(ConfirmTotpRequest.of(id, totp(secret)));
    clock.advance(Duration.ofSeconds(30));
    Answer step = login(password);
    assertEquals(401, step.status());
    assertEquals("second_factor_required", step.text("status"));
    Map<String, Object> code = Map.of("challenge", step.text("challenge"), "code", totp(secret));
    Answer completed = send("POST", "/login/code", null, code);
    assertEquals(200, completed.status(), completed.toString());
    String last = completed.text("access_token");
    CreateApiKeyRequest key = CreateApiKeyRequest.of("report").withUserId(id);
    assertEquals(
        403, send("POST", "/logout-everywhere", auth.createApiKey(key).key(), null).status());
    assertEquals(200, send("GET", "/sessions", last, null).status());
    assertEquals(200, send("POST", "/logout-everywhere", last, null).status());
    Answer ended = send("GET", "/me", last, null);
    assertEquals(401, ended.status());
    assertTrue(ended.toString().contains("invalid_token"), ended.toString());
  }

  /** Returns what an authenticator app shows (RFC 6238). */
  private String totp(String secret) throws Exception {
    StringBuilder bits = new StringBuilder();
    for (char letter : secret.toCharArray()) {
      bits.append(
          Integer.toBinaryString(32 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter))
              .substring(1));
    }
    ByteBuffer key = ByteBuffer.allocate(bits.length() / 8);
    while (key.hasRemaining()) {
      key.put(
          (byte) Integer.parseInt(bits.substring(8 * key.position(), 8 * key.position() + 8), 2));
    }
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(key.array(), "HmacSHA1"));
    byte[] tag =
        mac.doFinal(ByteBuffer.allocate(8).putLong(clock.instant().getEpochSecond() / 30).array());
    return String.format(
        "%06d", (ByteBuffer.wrap(tag).getInt(tag[tag.length - 1] & 15) & 0x7fff_ffff) % 1_000_000);
  }
}
