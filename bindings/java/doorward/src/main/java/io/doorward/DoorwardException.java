package io.doorward;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The failure of an operation. There is a class for each {@link Status}. The text contains no
 * secret and no {@link #detail}.
 */
public class DoorwardException extends RuntimeException {
  private final Status status;
  private final transient Map<String, Object> body;

  DoorwardException(Status status, Map<String, Object> body) {
    super(messageOf(body));
    this.status = status;
    this.body = body;
  }

  private static String messageOf(Map<String, Object> body) {
    Map<String, Object> error = Read.object(body.get("error"));
    String text = error.get("code") + ": " + error.get("message");
    Object field = error.get("field");
    return field == null || field.equals("") ? text : text + " (" + field + ")";
  }

  /** The class of the failure. */
  public Status status() {
    return status;
  }

  /**
   * Why, exactly enough for a program; {@link Code#UNKNOWN} if this package does not know the code.
   */
  public Code code() {
    return Code.of(codeName());
  }

  /** The code as a text, also if this package does not know it. */
  public String codeName() {
    return (String) error().get("code");
  }

  /** What the end user may be told. It reveals no more than the code. */
  public String userMessage() {
    return (String) error().get("message");
  }

  /** The status that a web host answers with. */
  public int httpStatus() {
    return status.http();
  }

  /**
   * A JSON pointer to the part of the request or the configuration that is at fault; the empty one
   * is the whole.
   */
  public Optional<String> field() {
    return Optional.ofNullable((String) error().get("field"));
  }

  /** Why a password is too weak, if it is. The reasons may be shown. */
  public List<PasswordWeakness> reasons() {
    return Read.orEmpty(Read.optional(error(), "reasons", Read.list(PasswordWeakness::read)));
  }

  /** How long to wait before the next try, if the failure says so. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable((Long) error().get("retry_after_seconds")).map(Duration::ofSeconds);
  }

  /** Why exactly, for the host's logs alone. It contains no secret. */
  public Optional<String> detail() {
    return Optional.ofNullable((String) error().get("detail"));
  }

  /** Returns the body for a client, without the detail: {@code {"error": {…}}}. */
  public String toJson() {
    return Json.write(told());
  }

  /** Returns the body without the detail. */
  Map<String, Object> told() {
    Map<String, Object> told = new LinkedHashMap<>(body());
    Map<String, Object> error = new LinkedHashMap<>(error());
    error.remove("detail");
    told.put("error", error);
    return told;
  }

  private Map<String, Object> error() {
    return Read.object(body().get("error"));
  }

  /** The whole body. Serialization leaves it out, because it may have a challenge. */
  Map<String, Object> body() {
    return body != null ? body : bodyOf(Code.INTERNAL, null);
  }

  /**
   * Makes the failure with this code, as the engine words it: for an adapter that refuses something
   * itself.
   */
  public static DoorwardException of(Code code) {
    return of(code, null);
  }

  static DoorwardException of(Code code, String detail) {
    return code.status().exception(bodyOf(code, detail));
  }

  /** Makes the exception of a failure of the engine. */
  static DoorwardException of(int status, String body) {
    try {
      return Status.of(status).exception(Json.object(body));
    } catch (ClassCastException | NullPointerException | DoorwardException other) {
      return unreadable(other);
    }
  }

  static DoorwardException unreadable(RuntimeException cause) {
    return of(Code.INTERNAL, "an answer cannot be read: " + cause.getClass().getName());
  }

  private static Map<String, Object> bodyOf(Code code, String detail) {
    Map<String, Object> error = new LinkedHashMap<>();
    error.put("code", code.toString());
    error.put("message", code.message());
    error.put("http_status", (long) code.status().http());
    Read.put(error, "detail", detail);
    return new LinkedHashMap<>(Map.of("error", error));
  }
}
