package io.doorward;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Runs operations for a test of several languages on one store. The argument is the configuration.
 * Each line of the input is {@code {"operation": …, "request": {…}}}, and the answer is one line:
 * {@code {"status": …, "response": {…}}}. {@code make java-classes} compiles it, and
 *
 * <pre>
 * java -cp target/java/doorward/classes:target/java/doorward/test-classes io.doorward.Lines '{"store": …}'
 * </pre>
 *
 * <p>starts it.
 */
final class Lines {
  private Lines() {}

  public static void main(String[] arguments) throws IOException {
    PrintStream output = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try (Doorward engine = Doorward.openJson(arguments[0], Options.of().withLogger(Quiet.LOGGER))) {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        Map<String, Object> call = Json.object(line);
        output.println(
            Json.write(answer(engine, (String) call.get("operation"), call.get("request"))));
      }
    }
  }

  private static Map<String, Object> answer(Doorward engine, String operation, Object request) {
    try {
      String text =
          request instanceof String given
              ? given
              : Json.write(request == null ? Map.of() : request);
      return Map.of("status", 0, "response", Json.parse(engine.call(operation, text)));
    } catch (DoorwardException failure) {
      return Map.of("status", failure.status().value(), "response", failure.body());
    }
  }
}
