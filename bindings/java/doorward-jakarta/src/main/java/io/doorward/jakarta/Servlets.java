package io.doorward.jakarta;

import io.doorward.AuthenticateRequestRequest;
import io.doorward.Client;
import io.doorward.Code;
import io.doorward.DoorwardException;
import io.doorward.RequestsConfig;
import io.doorward.Shape;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** Requests and answers of servlets in the engine's form. */
public final class Servlets {
  private Servlets() {}

  /**
   * Returns what the engine decides about a request by. The rules say which header and which cookie
   * has the token.
   */
  public static AuthenticateRequestRequest request(
      HttpServletRequest request, RequestsConfig rules) {
    String header = rules.header() == null ? "Authorization" : rules.header();
    return AuthenticateRequestRequest.of(request.getMethod(), request.getRequestURI())
        .withAuthorization(field(request, header))
        .withApiKey(field(request, "X-API-Key"))
        .withClient(client(request))
        .withConnection(isWebSocket(request) ? "websocket" : "http")
        .withCookies(cookie(request, rules.cookie()))
        .withHost(field(request, "Host"))
        .withOrigin(field(request, "Origin"));
  }

  /**
   * Returns what a login should know of the connection: the address of the peer and the {@code
   * User-Agent}. Behind a proxy, let the container read the address that the proxy tells.
   */
  public static Client client(HttpServletRequest request) {
    String ip = request.getRemoteAddr();
    return Client.of()
        .withIp(ip == null ? null : ip.replaceFirst("%.*", ""))
        .withUserAgent(field(request, "User-Agent"));
  }

  /**
   * Answers with a failure: the engine's body without its detail, its status, and the headers that
   * belong to it (RFC 6750, RFC 9110).
   */
  public static void write(HttpServletResponse response, DoorwardException failure)
      throws IOException {
    if (failure.httpStatus() == HttpServletResponse.SC_UNAUTHORIZED) {
      boolean hasToken = failure.code() == Code.INVALID_TOKEN;
      response.setHeader(
          "WWW-Authenticate", hasToken ? "Bearer error=\"invalid_token\"" : "Bearer");
    }
    failure
        .retryAfter()
        .ifPresent(wait -> response.setHeader("Retry-After", String.valueOf(wait.toSeconds())));
    write(response, failure.httpStatus(), failure.toJson());
  }

  /** Answers with a value. */
  public static void write(HttpServletResponse response, Shape value) throws IOException {
    write(response, HttpServletResponse.SC_OK, value.toJson());
  }

  /** No cache keeps the answer, because it may have tokens. */
  private static void write(HttpServletResponse response, int status, String json)
      throws IOException {
    byte[] body = json.getBytes(StandardCharsets.UTF_8);
    response.setStatus(status);
    response.setContentType("application/json");
    response.setHeader("Cache-Control", "no-store");
    response.setContentLength(body.length);
    response.getOutputStream().write(body);
  }

  /**
   * Returns the values of a header as one list (RFC 9110 section 5.3), which for a token is none.
   */
  private static String field(HttpServletRequest request, String name) {
    List<String> values = Collections.list(request.getHeaders(name));
    return values.isEmpty() ? null : String.join(", ", values);
  }

  private static Map<String, String> cookie(HttpServletRequest request, String name) {
    Cookie[] cookies = request.getCookies() == null ? new Cookie[0] : request.getCookies();
    return Arrays.stream(cookies)
        .filter(cookie -> cookie.getName().equals(name))
        .findFirst()
        .map(cookie -> Map.of(cookie.getName(), cookie.getValue()))
        .orElse(null);
  }

  private static boolean isWebSocket(HttpServletRequest request) {
    String upgrade = field(request, "Upgrade");
    return upgrade != null
        && Arrays.stream(upgrade.split(","))
            .anyMatch(protocol -> protocol.trim().equalsIgnoreCase("websocket"));
  }
}
