package io.doorward;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.File;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Runs the scenarios of tests/conformance at the root of the repository; README.md there is the
 * format. They run through the methods, and again by name.
 */
class ConformanceTest {
  /** How many requests and configurations went through their types. */
  private static final AtomicInteger THROUGH_TYPES = new AtomicInteger();

  private static final Map<String, Object> DESCRIPTION = Json.object(Doorward.describe());

  @AfterAll
  static void close() {
    assertTrue(
        THROUGH_TYPES.get() > 2000, () -> "only " + THROUGH_TYPES + " went through their types");
  }

  @TestFactory
  Stream<DynamicTest> methods() throws IOException {
    return scenarios(true);
  }

  @TestFactory
  Stream<DynamicTest> byName() throws IOException {
    return scenarios(false);
  }

  private static Stream<DynamicTest> scenarios(boolean byMethod) throws IOException {
    File[] files =
        Repository.file("tests/conformance")
            .toFile()
            .listFiles((folder, name) -> name.endsWith(".json"));
    Arrays.sort(files);
    List<DynamicTest> tests = new ArrayList<>();
    for (File file : files) {
      for (Object one : list(Json.parse(Files.readString(file.toPath())))) {
        Map<String, Object> scenario = Read.object(one);
        String name = file.getName().replace(".json", ": ") + scenario.get("name");
        tests.add(DynamicTest.dynamicTest(name, () -> new Run(scenario, byMethod).all()));
      }
    }
    assertTrue(tests.size() > 300, "only " + tests.size() + " scenarios");
    return tests.stream();
  }

  /** A status and a body. */
  private record Answer(String status, Object body) {}

  /** One scenario. */
  private static final class Run {
    private final Map<String, Object> scenario;
    private final boolean byMethod;
    private final Map<String, Object> variables = new TreeMap<>();
    private long now;
    private Doorward engine;

    Run(Map<String, Object> scenario, boolean byMethod) {
      this.scenario = scenario;
      this.byMethod = byMethod;
    }

    void all() throws Exception {
      Path temporary = Path.of(System.getenv().getOrDefault("TMPDIR", "/tmp"));
      Path folder = Files.createTempDirectory(temporary, "doorward");
      variables.put("folder", folder.toString());
      variables.put("store", "sqlite:" + folder.resolve("store.db"));
      variables.putAll(object(scenario.get("variables")));
      now = (Long) scenario.getOrDefault("now", 1_767_225_600L);
      try {
        int index = 0;
        for (Object step : list(scenario.get("steps"))) {
          index++;
          repeat(index, object(step));
        }
      } finally {
        close();
        try (Stream<Path> files = Files.walk(folder)) {
          files
              .map(Path::toFile)
              .sorted((one, other) -> other.compareTo(one))
              .forEach(File::delete);
        }
      }
    }

    private void repeat(int index, Map<String, Object> step) throws Exception {
      for (long time = 0; time < (Long) step.getOrDefault("times", 1L); time++) {
        now += (Long) step.getOrDefault("advance", 0L);
        for (Map.Entry<String, Object> code : object(step.get("totp")).entrySet()) {
          variables.put(code.getKey(), totp((String) filled(code.getValue()), now));
        }
        Answer answer = answer(step);
        String difference = check(step, answer);
        if (difference != null) {
          fail(
              "step "
                  + index
                  + ": "
                  + text(step)
                  + "\nanswered "
                  + answer.status
                  + " "
                  + text(answer.body)
                  + "\n"
                  + difference);
        }
        object(step.get("capture"))
            .forEach((name, pointer) -> variables.put(name, at(answer.body, (String) pointer)));
      }
    }

    private Answer answer(Map<String, Object> step) throws ReflectiveOperationException {
      try {
        if (step.containsKey("open")) {
          close();
          open(step.get("open"));
          return new Answer("OK", Map.of());
        }
        if (engine == null) {
          open(Map.of());
        }
        String name = (String) step.get("call");
        Object request = filled(step.getOrDefault("request", Map.of()));
        Method method = methodOf(name);
        Shape typed =
            request instanceof String || method == null
                ? null
                : typed(method.getParameterTypes()[0], request);
        if (byMethod && typed != null && !name.matches("introspect|authorize")) {
          return called(method, typed);
        }
        String response = engine.call(name, typed == null ? text(request) : typed.toJson());
        keepsAll(method, response);
        return new Answer("OK", Json.parse(response));
      } catch (DoorwardException failure) {
        return new Answer(failure.status().toString(), failure.body());
      }
    }

    private Answer called(Method method, Shape request) throws ReflectiveOperationException {
      try {
        Shape response = (Shape) method.invoke(engine, request);
        assertTrue(method.getReturnType().isInstance(response));
        if (response instanceof StepUp step) {
          return new Answer("STEP_UP", stepBody(step));
        }
        return new Answer("OK", Json.parse(response.toJson()));
      } catch (InvocationTargetException failure) {
        throw (RuntimeException) failure.getCause();
      }
    }

    /** Returns the body of a step up, as the exception has it. */
    private static Map<String, Object> stepBody(StepUp step) {
      Map<String, Object> body = new LinkedHashMap<>(Json.object(step.toJson()));
      body.put("error", failure(step.status().toString(), "STEP_UP"));
      return body;
    }

    /**
     * The type of a response reads all that the engine writes, and writes it again, but for what is
     * for the host.
     */
    private static void keepsAll(Method method, String response)
        throws ReflectiveOperationException {
      Class<?> type = method.getReturnType();
      if (type.isSealed()) {
        type = Class.forName("io.doorward." + type.getSimpleName().replace("Result", "Response"));
      }
      Method read = type.getDeclaredMethod("read", Object.class);
      Shape shape = (Shape) read.invoke(null, Json.parse(response));
      Map<String, Object> expected = Json.object(response);
      expected.remove("reason");
      assertNull(
          difference(withoutEmpty(expected), withoutEmpty(Json.parse(shape.toJson())), true));
    }

    private void open(Object patch) throws ReflectiveOperationException {
      Map<String, Object> usual = new LinkedHashMap<>();
      usual.put("store", "sqlite::memory:");
      usual.put("password", Map.of("memory_kib", 8L, "iterations", 1L));
      Object config =
          filled(
              patch instanceof String
                  ? patch
                  : merged(merged(usual, scenario.get("config")), patch));
      Shape typed = null;
      if (config instanceof Map) {
        typed = typed(Config.class, config);
      }
      Options options =
          Options.of().withClock(() -> Instant.ofEpochSecond(now)).withLogger(Quiet.LOGGER);
      engine =
          typed == null
              ? Doorward.openJson(text(config), options)
              : Doorward.open((Config) typed, options);
    }

    private void close() {
      if (engine != null) {
        engine.close();
      }
      engine = null;
    }

    /** Returns a request or a configuration in its type, if the type can hold it. */
    private static Shape typed(Class<?> type, Object given) throws ReflectiveOperationException {
      try {
        Method read = type.getDeclaredMethod("read", Object.class);
        Shape shape = (Shape) read.invoke(null, given);
        boolean isSame = withoutNulls(given).equals(Json.parse(shape.toJson()));
        THROUGH_TYPES.addAndGet(isSame ? 1 : 0);
        return isSame ? shape : null;
      } catch (InvocationTargetException | DoorwardException other) {
        return null;
      }
    }

    private static Method methodOf(String operation) {
      for (Method method : Operations.class.getDeclaredMethods()) {
        if (method.getName().equalsIgnoreCase(operation.replace("_", ""))
            && method.getParameterCount() == 1) {
          return method;
        }
      }
      return null;
    }

    private String check(Map<String, Object> step, Answer answer) {
      String expected = (String) step.getOrDefault("status", "OK");
      if (!expected.equals(answer.status)) {
        return "expected status " + expected;
      }
      Object error =
          expected.equals("OK") ? Map.of("$absent", true) : failure(step.get("code"), expected);
      String difference = difference(Map.of("error", error), answer.body, true);
      return difference != null
          ? difference
          : difference(filled(step.getOrDefault("body", Map.of())), answer.body, true);
    }

    private static Map<String, Object> failure(Object code, String status) {
      Map<String, Object> row = row("codes", Map.of("code", code, "status", status));
      Object http = row("statuses", Map.of("name", status)).get("http_status");
      return Map.of("code", code, "message", row.get("message"), "http_status", http);
    }

    private static Map<String, Object> row(String table, Map<String, Object> key) {
      return list(DESCRIPTION.get(table)).stream()
          .map(Read::object)
          .filter(row -> row.entrySet().containsAll(key.entrySet()))
          .findFirst()
          .orElseThrow(() -> new AssertionError(key + " is not in " + table));
    }

    /** Replaces variables. */
    private Object filled(Object value) {
      if (value instanceof String string) {
        for (Map.Entry<String, Object> variable : variables.entrySet()) {
          String mark = "${" + variable.getKey() + "}";
          if (string.equals(mark)) {
            return variable.getValue();
          }
          string = string.replace(mark, text(variable.getValue()));
        }
        return string;
      }
      if (value instanceof List) {
        List<Object> filled = new ArrayList<>();
        list(value).forEach(item -> filled.add(filled(item)));
        return filled;
      }
      if (value instanceof Map) {
        Map<String, Object> filled = new LinkedHashMap<>();
        object(value).forEach((name, member) -> filled.put(name, filled(member)));
        return filled;
      }
      return value;
    }
  }

  /** Returns what keeps a value from matching a pattern, or null. */
  private static String difference(Object pattern, Object value, boolean isPresent) {
    String expected =
        "expected " + text(pattern) + ", got " + (isPresent ? text(value) : "nothing");
    if (pattern instanceof Map) {
      Map<String, Object> members = object(pattern);
      String only = members.size() == 1 ? members.keySet().iterator().next() : "";
      Object inner = members.get(only);
      switch (only) {
        case "$absent":
          return isPresent ? expected : null;
        case "$not":
          return isPresent && difference(inner, value, true) != null ? null : expected;
        case "$type":
          return isPresent && kind(value).equals(inner) ? null : expected;
        case "$regex":
          return value instanceof String found
                  && Pattern.compile((String) inner).matcher(found).find()
              ? null
              : expected;
        case "$only":
          boolean hasOthers = !object(inner).keySet().containsAll(object(value).keySet());
          return hasOthers ? expected : difference(inner, value, isPresent);
        default:
          break;
      }
      if (!(value instanceof Map)) {
        return expected;
      }
      Map<String, Object> found = object(value);
      for (Map.Entry<String, Object> member : members.entrySet()) {
        String name = member.getKey();
        String why = difference(member.getValue(), found.get(name), found.containsKey(name));
        if (why != null) {
          return name + ": " + why;
        }
      }
      return null;
    }
    if (pattern instanceof List) {
      List<Object> items = list(pattern);
      if (!(value instanceof List) || list(value).size() != items.size()) {
        return expected;
      }
      for (int index = 0; index < items.size(); index++) {
        String why = difference(items.get(index), list(value).get(index), true);
        if (why != null) {
          return why;
        }
      }
      return null;
    }
    boolean isSame =
        pattern instanceof Number number && value instanceof Number found
            ? number.doubleValue() == found.doubleValue()
            : Objects.equals(pattern, value);
    return isPresent && isSame ? null : expected;
  }

  private static String kind(Object value) {
    return value == null
        ? "null"
        : value instanceof Boolean
            ? "boolean"
            : value instanceof Number
                ? "number"
                : value instanceof String ? "string" : value instanceof List ? "array" : "object";
  }

  /** Applies a JSON Merge Patch (RFC 7396). */
  private static Object merged(Object target, Object patch) {
    if (!(patch instanceof Map)) {
      return patch == null ? target : patch;
    }
    Map<String, Object> members =
        new LinkedHashMap<>(target instanceof Map ? object(target) : Map.of());
    object(patch)
        .forEach(
            (name, change) -> {
              Object before = members.remove(name);
              if (change != null) {
                members.put(name, merged(before, change));
              }
            });
    return members;
  }

  /** Returns what an authenticator app shows (RFC 6238). */
  private static String totp(String secret, long now) throws GeneralSecurityException {
    StringBuilder bits = new StringBuilder();
    for (char letter : secret.replace("=", "").toCharArray()) {
      int value = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter);
      bits.append(Integer.toBinaryString(32 + value).substring(1));
    }
    byte[] key = new byte[bits.length() / 8];
    for (int index = 0; index < key.length; index++) {
      key[index] = (byte) Integer.parseInt(bits.substring(8 * index, 8 * index + 8), 2);
    }
    Mac mac = Mac.getInstance("HmacSHA1");
    mac.init(new SecretKeySpec(key, "HmacSHA1"));
    byte[] tag = mac.doFinal(ByteBuffer.allocate(8).putLong(now / 30).array());
    int number = ByteBuffer.wrap(tag).getInt(tag[tag.length - 1] & 15) & 0x7fff_ffff;
    return String.format("%06d", number % 1_000_000);
  }

  /** Follows a JSON pointer (RFC 6901). */
  private static Object at(Object value, String pointer) {
    for (String part : pointer.substring(Math.min(1, pointer.length())).split("/")) {
      String name = part.replace("~1", "/").replace("~0", "~");
      if (!name.isEmpty()) {
        value =
            value instanceof List
                ? list(value).get(Integer.parseInt(name))
                : object(value).get(name);
      }
    }
    return value;
  }

  private static String text(Object value) {
    return value instanceof String text ? text : Json.write(value);
  }

  private static Map<String, Object> object(Object value) {
    return value instanceof Map ? Read.object(value) : Map.of();
  }

  @SuppressWarnings("unchecked")
  private static List<Object> list(Object value) {
    return (List<Object>) value;
  }

  private static Object withoutNulls(Object value) {
    if (!(value instanceof Map)) {
      return value;
    }
    Map<String, Object> kept = new LinkedHashMap<>();
    object(value)
        .forEach(
            (name, member) -> {
              if (member != null) {
                kept.put(name, withoutNulls(member));
              }
            });
    return kept;
  }

  /** Leaves out empty lists and objects, which in a response are as if they were absent. */
  private static Object withoutEmpty(Object value) {
    if (value instanceof List) {
      return list(value).stream().map(ConformanceTest::withoutEmpty).toList();
    }
    if (!(value instanceof Map)) {
      return value;
    }
    Map<String, Object> kept = new LinkedHashMap<>();
    object(value)
        .forEach(
            (name, member) -> {
              boolean isEmpty = List.of().equals(member) || Map.of().equals(member);
              if (!isEmpty) {
                kept.put(name, withoutEmpty(member));
              }
            });
    return kept;
  }
}
