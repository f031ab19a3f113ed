import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import io.doorward.Doorward;
import io.doorward.IssueTokenRequest;
import io.doorward.Json;
import io.doorward.VerifyRequest;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Compares `verify` through JNI with the same call through JNA, both with bytes of UTF-8: the
 * decision for JNI.
 *
 * <pre>
 * make tested java-classes
 * mvn -q dependency:copy -Dartifact=net.java.dev.jna:jna:5.18.1 -DoutputDirectory=target/java
 * java -cp 'target/java/doorward/classes:target/java/*' benches/java/Verify.java target/dist/libdoorward.so
 * </pre>
 */
public class Verify {
  public interface Doors extends Library {
    int doorward_open(
        byte[] config, Pointer hooks, PointerByReference engine, PointerByReference response);

    int doorward_call(
        Pointer engine, byte[] operation, byte[] request, PointerByReference response);

    void doorward_free(Pointer response);
  }

  public static void main(String[] arguments) {
    String config =
        "{\"store\": \"sqlite::memory:\", \"secret_key\": \"a secret key that both engines"
            + " share\"}";
    Doors doors = Native.load(arguments[0], Doors.class);
    PointerByReference engine = new PointerByReference();
    PointerByReference response = new PointerByReference();
    doors.doorward_open(bytes(config), null, engine, response);
    doors.doorward_free(response.getValue());
    byte[] operation = bytes("verify");
    try (Doorward auth = Doorward.openJson(config, io.doorward.Options.of())) {
      String token =
          auth.issueToken(IssueTokenRequest.of(Map.of("sub", "ada")).withLifetimeSeconds(3600))
              .token();
      String theirs =
          Json.object(
                  call(
                      doors,
                      engine.getValue(),
                      bytes("issue_token"),
                      "{\"claims\": {\"sub\": \"ada\"}}"))
              .get("token")
              .toString();
      String request = Json.write(Map.of("token", token));
      String theirRequest = Json.write(Map.of("token", theirs));
      for (int round = 0; round < 5; round++) {
        measure("JNI, JSON", () -> auth.call("verify", request));
        measure("JNA, JSON", () -> call(doors, engine.getValue(), operation, theirRequest));
        measure("JNI, typed claims", () -> auth.verify(VerifyRequest.of(token)));
      }
    }
  }

  private static String call(Doors doors, Pointer engine, byte[] operation, String request) {
    PointerByReference response = new PointerByReference();
    int status = doors.doorward_call(engine, operation, bytes(request), response);
    String body = response.getValue().getString(0, "UTF-8");
    doors.doorward_free(response.getValue());
    if (status != 0) {
      throw new IllegalStateException(body);
    }
    return body;
  }

  private static byte[] bytes(String text) {
    return (text + '\0').getBytes(StandardCharsets.UTF_8);
  }

  private static void measure(String name, Supplier<Object> call) {
    int calls = 2_000;
    long best = Long.MAX_VALUE;
    for (int round = 0; round < 50; round++) {
      long begin = System.nanoTime();
      for (int index = 0; index < calls; index++) {
        if (call.get() == null) {
          throw new IllegalStateException(name);
        }
      }
      best = Math.min(best, System.nanoTime() - begin);
    }
    System.out.printf("%-18s %.2f µs%n", name, best / 1000.0 / calls);
  }
}
