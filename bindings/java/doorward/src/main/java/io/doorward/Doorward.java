package io.doorward;

import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Function;

/**
 * An open engine. Any number of threads may use it at once.
 *
 * <p>A call runs on the thread that makes it, and most calls wait for the store or for a password
 * hash; {@link #async} runs them on threads of its own.
 */
public final class Doorward extends Operations implements AutoCloseable {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long handle;
  private final Lanes lanes;
  private final RequestsConfig requests;

  private Doorward(long handle, Config config) {
    this.handle = handle;
    PasswordConfig password = config.password();
    lanes =
        password == null
            ? new Lanes(null, null)
            : new Lanes(password.maxConcurrent(), password.maxQueued());
    requests = config.requests() == null ? RequestsConfig.of() : config.requests();
    CLEANER.register(this, () -> Native.release(handle));
  }

  /**
   * Opens an engine with the default options.
   *
   * @throws ConfigException {@code invalid_config}, {@code wrong_secret_key}, {@code
   *     schema_too_new}, {@code feature_not_built}
   * @throws UnavailableException {@code store_unavailable}
   */
  public static Doorward open(Config config) {
    return open(config, Options.of());
  }

  /**
   * Opens an engine.
   *
   * @throws DoorwardException as {@link #open(Config)}
   */
  public static Doorward open(Config config, Options options) {
    return open(Json.bytes(config), options);
  }

  /**
   * Opens an engine with a configuration in JSON, as a file has it.
   *
   * @throws DoorwardException as {@link #open(Config)}, and {@code invalid_json}
   */
  public static Doorward openJson(String config, Options options) {
    return open(Json.utf8(config), options);
  }

  private static Doorward open(byte[] config, Options options) {
    if (options == null) {
      throw DoorwardException.of(Code.NULL_ARGUMENT);
    }
    long[] handle = new long[1];
    String text = new String(config, StandardCharsets.UTF_8);
    try {
      body(Native.open(config, new Hooks(options), handle));
    } finally {
      Arrays.fill(config, (byte) 0);
    }
    try {
      return new Doorward(handle[0], text.isEmpty() ? Config.of() : Config.read(Json.parse(text)));
    } catch (ClassCastException | DoorwardException other) {
      Native.release(handle[0]);
      throw DoorwardException.unreadable(other);
    }
  }

  /**
   * Closes the engine: waits for calls in progress and closes the store. Later calls fail as {@link
   * Code#ENGINE_CLOSED}. It may be called at any time and more than once.
   */
  @Override
  public void close() {
    try {
      Native.close(handle);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** Returns the asynchronous form of the operations. */
  public AsyncDoorward async() {
    return new AsyncDoorward(this, lanes);
  }

  /**
   * Returns the rules for requests as the configuration has them, for adapters: they say which
   * header and which cookie has the token. What the configuration leaves out is null, and its
   * default applies.
   */
  public RequestsConfig requests() {
    return requests;
  }

  @Override
  public Claims verify(VerifyRequest request) {
    if (request == null || request.token() == null || request.backend() != null) {
      return super.verify(request);
    }
    byte[] token = request.token().getBytes(StandardCharsets.UTF_8);
    byte[] answer;
    try {
      answer = Native.verify(handle, token);
    } catch (RuntimeException | Error thrown) {
      Arrays.fill(token, (byte) 0);
      throw thrown;
    } finally {
      Reference.reachabilityFence(this);
    }
    if (answer != null) {
      Arrays.fill(token, (byte) 0);
      if (answer[0] != 0) {
        // The platform writes half a surrogate pair as "?", which stands in no token.
        Arrays.fill(Json.utf8(request.token()), (byte) 0);
      }
      succeeded(answer);
    }
    try {
      return Claims.readFrom(answer == null ? new JsonReader(token, 0) : new JsonReader(answer, 1));
    } catch (ClassCastException | NullPointerException | DoorwardException other) {
      throw DoorwardException.unreadable(other);
    }
  }

  /**
   * Runs the operation of this name with a request in JSON, and returns the response as JSON. The
   * methods are more convenient; this is for operations of a library that is newer than the
   * package.
   *
   * @throws DoorwardException the operation's failures; {@link StepUpException} for the next step
   *     of a login
   */
  public String call(String operation, String request) {
    Operation row = Operation.of(operation);
    byte[] name = Json.utf8(operation);
    byte[] text = Json.utf8(request);
    return lanes.run(row == null ? Lanes.Cost.LONG : row.cost, () -> body(answer(name, text)));
  }

  /**
   * Describes the library in JSON: operations with the schemas of requests and responses, statuses,
   * codes.
   */
  public static String describe() {
    return body(Native.describe());
  }

  @Override
  <T> T run(Operation operation, Shape request, Function<Object, T> read) {
    byte[] text = Json.bytes(request);
    byte[] answer = lanes.run(operation.cost, () -> succeeded(answer(operation.name, text)));
    try {
      return read.apply(Json.parse(answer, 1));
    } catch (ClassCastException | NullPointerException | DoorwardException other) {
      throw DoorwardException.unreadable(other);
    } finally {
      Arrays.fill(answer, (byte) 0);
    }
  }

  private byte[] answer(byte[] operation, byte[] request) {
    try {
      return Native.call(handle, operation, request);
    } finally {
      Arrays.fill(request, (byte) 0);
      Reference.reachabilityFence(this);
    }
  }

  /** Returns the body of an answer; a failure is thrown. */
  private static String body(byte[] answer) {
    String body = new String(answer, 1, answer.length - 1, StandardCharsets.UTF_8);
    Arrays.fill(answer, 1, answer.length, (byte) 0);
    if (answer[0] == 0) {
      return body;
    }
    throw DoorwardException.of(answer[0], body);
  }

  /** Returns the answer, whose body begins at 1; a failure is thrown. */
  private static byte[] succeeded(byte[] answer) {
    if (answer[0] != 0) {
      body(answer);
    }
    return answer;
  }
}
