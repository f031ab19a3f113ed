package io.doorward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.doorward.testing.TestClock;
import io.doorward.testing.TestDoorward;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectOutputStream;
import java.lang.ref.Cleaner;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class DoorwardTest {
  private static final String PASSWORD = "eight wise words";

  private final TestClock clock = new TestClock();

  private static Doorward registered(Doorward auth) {
    auth.register(RegisterRequest.of("ada", PASSWORD).withEmail("ada@example.com"));
    return auth;
  }

  private static LoginResponse login(Doorward auth) {
    return assertInstanceOf(LoginResponse.class, auth.login(LoginRequest.of("ada", PASSWORD)));
  }

  /**
   * The machine's charset is US-ASCII in these tests, which would make one question mark of each
   * letter.
   */
  @Test
  void textsPassWhateverTheCharsetOfThePlatform() {
    assertEquals(StandardCharsets.US_ASCII, java.nio.charset.Charset.defaultCharset());
    try (Doorward auth = TestDoorward.open(clock)) {
      auth.register(RegisterRequest.of("ада", "восемь мудрых слов").withEmail("ada@example.com"));
      assertThrows(DeniedException.class, () -> auth.login(LoginRequest.of("ада", "??????")));
      assertThrows(
          DeniedException.class, () -> auth.login(LoginRequest.of("ада", "восемь глупых слов")));
      LoginResponse session =
          (LoginResponse) auth.login(LoginRequest.of("ада", "восемь мудрых слов"));
      assertEquals("ада", session.user().username());
    }
  }

  @Test
  void aKeyWithAllRolesOfItsAccountIsToldFromOneWithNone() {
    try (Doorward auth = registered(TestDoorward.open(clock))) {
      CreateApiKeyRequest asked =
          CreateApiKeyRequest.of("a program").withUserId(login(auth).user().id());
      assertNull(auth.createApiKey(asked).apiKey().roles());
      ApiKey none = auth.createApiKey(asked.withRoles(List.of())).apiKey();
      assertEquals(List.of(), none.roles());
      assertTrue(none.toJson().contains("\"roles\":[]"), none.toJson());
    }
  }

  @Test
  void aMissingArgumentIsRefusedByAFailure() throws Exception {
    try (Doorward auth = TestDoorward.open(clock)) {
      int calls = 0;
      for (Object target : List.of(auth, auth.async())) {
        for (Method method : target.getClass().getMethods()) {
          Class<?>[] types = method.getParameterTypes();
          if (types.length == 1 && Shape.class.isAssignableFrom(types[0])) {
            Throwable thrown =
                assertThrows(InvocationTargetException.class, () -> join(method, target));
            assertInstanceOf(DoorwardException.class, thrown.getCause(), method.toString());
            calls++;
          }
        }
      }
      assertTrue(calls > 100, calls + " calls");
      for (Executable missing :
          List.<Executable>of(
              () -> auth.call(null, "{}"),
              () -> auth.call("stats", null),
              () -> Doorward.open((Config) null),
              () -> Doorward.open(Config.of(), null),
              () -> Doorward.openJson(null, Options.of()))) {
        assertThrows(DoorwardException.class, missing);
      }
    }
  }

  /** Calls a method with null; what a future fails with is thrown. */
  private static void join(Method method, Object target) throws Exception {
    if (method.invoke(target, (Object) null) instanceof CompletableFuture<?> future) {
      try {
        future.join();
      } catch (CompletionException failure) {
        throw new InvocationTargetException(failure.getCause());
      }
    }
  }

  /**
   * The metadata of GraalVM has only members of its schema (version 1.2.0), and names what exists
   * and all that the native half calls.
   */
  @Test
  void theMetadataOfGraalVmNamesWhatExists() throws Exception {
    String file = "META-INF/native-image/io.doorward/doorward/reachability-metadata.json";
    String text;
    try (InputStream resource = Doorward.class.getClassLoader().getResourceAsStream(file)) {
      text = new String(resource.readAllBytes(), StandardCharsets.UTF_8);
    }
    Map<String, Object> metadata = Json.object(text);
    assertEquals(Set.of("reflection", "resources"), metadata.keySet());
    assertEquals(List.of(Map.of("glob", "META-INF/native/**")), metadata.get("resources"));
    List<String> methods = new ArrayList<>();
    for (Map<String, Object> entry : Read.list(Read::object).apply(metadata.get("reflection"))) {
      Set<String> known = Set.of("type", "jniAccessible", "methods", "allDeclaredMethods");
      assertTrue(known.containsAll(entry.keySet()), entry.toString());
      Class<?> type = Class.forName((String) entry.get("type"));
      for (Map<String, Object> method :
          Read.list(Read::object).apply(entry.getOrDefault("methods", List.of()))) {
        assertEquals(Set.of("name", "parameterTypes"), method.keySet());
        String signature =
            method.get("name")
                + Read.list(Read::text).apply(method.get("parameterTypes")).toString();
        boolean isNewer = signature.equals("isVirtual[]") && Runtime.version().feature() < 21;
        assertTrue(isNewer || signatures(type).contains(signature), type + " " + signature);
        methods.add((String) method.get("name"));
      }
    }
    Path hooks = Repository.file("bindings/java/native/src/hooks.rs");
    Matcher called = Pattern.compile("jni_str!\\(\"(.*?)\"\\)").matcher(Files.readString(hooks));
    List<String> names = called.results().map(found -> found.group(1)).toList();
    assertEquals(3, names.size());
    assertTrue(methods.containsAll(names), methods.toString());
  }

  private static List<String> signatures(Class<?> type) {
    List<java.lang.reflect.Executable> all = new ArrayList<>(List.of(type.getDeclaredMethods()));
    all.addAll(List.of(type.getDeclaredConstructors()));
    return all.stream()
        .map(
            one ->
                (one instanceof Method ? one.getName() : "<init>")
                    + Stream.of(one.getParameterTypes()).map(Class::getTypeName).toList())
        .toList();
  }

  @Test
  void theNextStepOfALoginIsAValue() {
    try (Doorward auth = registered(TestDoorward.open(clock))) {
      String id = login(auth).user().id();
      auth.setPassword(SetPasswordRequest.of(id, "another wise word").withTemporary(true));
      LoginRequest request = LoginRequest.of("ada", "another wise word");
      StepUp step = assertInstanceOf(StepUp.class, auth.login(request));
      assertEquals(NextStep.PASSWORD_CHANGE_REQUIRED, step.status());
      // A client gets what every language answers with, without the detail.
      Map<String, Object> told = Json.object(step.toJson());
      assertEquals(
          Map.of(
              "code",
              step.status().toString(),
              "message",
              "The password must be changed.",
              "http_status",
              401L),
          told.get("error"));
      assertEquals(step.challenge(), told.get("challenge"));
      assertFalse(step.toString().contains(step.challenge()));
      StepUpException raised =
          assertThrows(StepUpException.class, () -> auth.call("login", request.toJson()));
      assertEquals(Code.PASSWORD_CHANGE_REQUIRED, raised.code());
      assertTrue(raised.toJson().contains(raised.step().challenge()));
      assertFalse(raised.toString().contains(raised.step().challenge()));
      CompleteLoginRequest last =
          CompleteLoginRequest.of(step.challenge()).withNewPassword("the last of wise words");
      assertInstanceOf(LoginResponse.class, auth.completeLogin(last));
    }
  }

  @Test
  void aFailureSaysWhatAProgramNeeds() throws IOException {
    try (Doorward auth = registered(TestDoorward.open(clock))) {
      DoorwardException taken = assertThrows(ConflictException.class, () -> registered(auth));
      assertEquals(Code.USERNAME_TAKEN, taken.code());
      assertEquals(Status.CONFLICT, taken.status());
      assertEquals(409, taken.httpStatus());
      RegisterRequest weak = RegisterRequest.of("eve", "password").withEmail("eve@example.com");
      DoorwardException refused =
          assertThrows(InvalidRequestException.class, () -> auth.register(weak));
      assertTrue(refused.reasons().contains(PasswordWeakness.COMMON), refused.reasons().toString());
      assertEquals(Optional.of("/password"), refused.field());
      assertTrue(refused.getMessage().contains("/password"), refused.getMessage());
      DoorwardException wrong =
          assertThrows(
              DeniedException.class, () -> auth.login(LoginRequest.of("ada", "a wrong password")));
      assertEquals(Optional.of("wrong_password"), wrong.detail());
      ByteArrayOutputStream written = new ByteArrayOutputStream();
      new ObjectOutputStream(written).writeObject(wrong);
      for (String shown :
          List.of(
              wrong.getMessage(),
              wrong.toString(),
              wrong.toJson(),
              written.toString(StandardCharsets.ISO_8859_1))) {
        assertFalse(shown.contains("wrong_password"), shown);
        assertTrue(shown.contains("invalid_credentials"), shown);
      }
      assertEquals(Optional.empty(), wrong.retryAfter());
      DoorwardException unknown =
          assertThrows(ConfigException.class, () -> auth.call("no such", "{}"));
      assertEquals(Code.UNKNOWN_OPERATION, unknown.code());
    }
    assertThrows(ConfigException.class, () -> Doorward.open(Config.of().withStore("nothing:")));
    assertThrows(InvalidRequestException.class, () -> Doorward.openJson("{", Options.of()));
    DoorwardException whole =
        assertThrows(ConfigException.class, () -> Doorward.openJson("[1]", Options.of()));
    assertEquals(Optional.of(""), whole.field());
    assertFalse(whole.getMessage().contains("()"), whole.getMessage());
    assertEquals(Code.UNKNOWN, Code.of("a code of tomorrow"));
    assertEquals(Status.INTERNAL, Status.of(99));
    Map<String, Object> tomorrow =
        Map.of("code", "a_code_of_tomorrow", "message", "m", "http_status", 418L);
    DoorwardException newer = DoorwardException.of(99, Json.write(Map.of("error", tomorrow)));
    assertInstanceOf(InternalException.class, newer);
    assertEquals("a_code_of_tomorrow", newer.codeName());
    assertInstanceOf(InternalException.class, DoorwardException.of(1, "not JSON"));
    assertInstanceOf(InternalException.class, DoorwardException.of(1, "{\"error\": 1}"));
  }

  @Test
  void secretsAreNotShown() {
    String secret = "do not show this";
    Map<String, Object> response = Map.of("id", secret);
    List<Object> values =
        List.of(
            LoginRequest.of("ada", secret)
                .withTwoFaCode(secret)
                .withWebauthnResponse(response)
                .withClient(Client.of().withDeviceId(secret)),
            AuthenticateRequestRequest.of("GET", "/").withCookies(Map.of("token", secret)),
            Config.of()
                .withStore("postgres://u:" + secret + "@h/d")
                .withSecretKeys(List.of(secret))
                .withBackends(Map.of("b", BackendConfig.of().withSecret(secret))),
            Optional.of(List.of(VerifyRequest.of(secret))));
    for (Object value : values) {
      assertFalse(value.toString().contains(secret), value.toString());
      assertTrue(value.toString().contains("[hidden]"), value.toString());
    }
    assertTrue(values.get(0).toString().contains("ada"));
  }

  @Test
  void whatIsForTheHostIsNotInJson() {
    try (Doorward auth = TestDoorward.open(clock)) {
      IntrospectResponse answer = auth.introspect(IntrospectRequest.of("not a token"));
      assertFalse(answer.reason().isEmpty());
      assertEquals("{\"active\":false}", answer.toJson());
      assertEquals("{\"a\":[{\"active\":false}]}", Json.write(Map.of("a", List.of(answer))));
    }
  }

  @Test
  void aMemberOfATokenInAnotherFormIsAmongTheOthers() {
    String text =
        "{\"aud\":\"x\",\"exp\":1,\"sub\":\"ada\",\"roles\":\"admin\",\"provider\":\"of\",\"amr\":[\"pwd\",7]}";
    byte[] bytes = Json.utf8(text);
    for (Claims claims :
        List.of(Claims.read(Json.parse(text)), Claims.readFrom(new JsonReader(bytes, 0)))) {
      assertEquals("ada", claims.sub());
      assertEquals(List.of(), claims.roles());
      assertEquals(List.of(), claims.amr());
      assertEquals(Json.parse(text), Json.parse(claims.toJson()));
    }
  }

  @Test
  void openObjectsKeepOtherMembers() {
    String text =
        "{\"iss\":\"a\",\"sub\":\"ada\",\"aud\":[\"x\",\"y\"],\"exp\":1767225600.5,\"SUB\":\"eve\",\"n\":9007199254740993}";
    Claims claims = Claims.read(Json.parse(text));
    assertEquals("ada", claims.sub());
    assertEquals(Map.of("SUB", "eve", "n", 9007199254740993L), claims.extra());
    assertEquals(Json.parse(text), Json.parse(claims.toJson()));
  }

  @Test
  void timeIsThatOfTheClock() {
    try (Doorward auth = TestDoorward.open(clock)) {
      String token = auth.issueToken(IssueTokenRequest.of(Map.of("sub", "x"))).token();
      assertEquals("x", auth.verify(VerifyRequest.of(token)).sub());
      clock.advance(Duration.ofSeconds(900 + 31));
      assertThrows(DeniedException.class, () -> auth.verify(VerifyRequest.of(token)));
    }
  }

  /** A logger that does something with each record. */
  private record Listener(Consumer<String> listen) implements System.Logger {
    @Override
    public String getName() {
      return "listener";
    }

    @Override
    public boolean isLoggable(Level level) {
      return true;
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {
      listen.accept(level + " " + text);
    }

    @Override
    public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {
      listen.accept(level + " " + format);
    }
  }

  private static Doorward logging(Consumer<String> listen) {
    Config config =
        Config.of()
            .withStore("sqlite::memory:")
            .withPassword(PasswordConfig.of().withMemoryKib(8).withIterations(1));
    return registered(Doorward.open(config, Options.of().withLogger(new Listener(listen))));
  }

  @Test
  void theLoggerGetsRefusals() {
    List<String> records = new ArrayList<>();
    try (Doorward auth = logging(records::add)) {
      assertThrows(
          DeniedException.class, () -> auth.login(LoginRequest.of("ada", "a wrong password")));
    }
    assertEquals(1, records.size(), records.toString());
    Map<String, Object> record = Json.object(records.get(0).substring("INFO ".length()));
    assertEquals("login", record.get("operation"));
    assertEquals("wrong_password", record.get("detail"));
  }

  @Test
  void aHookThatFailsOrCallsTheEngineChangesNoVerdict() {
    AtomicReference<Doorward> engine = new AtomicReference<>();
    List<DoorwardException> inside = new ArrayList<>();
    try (Doorward auth =
        logging(
            record -> {
              inside.add(assertThrows(DoorwardException.class, () -> engine.get().stats()));
              throw new IllegalStateException("a fault of the host");
            })) {
      engine.set(auth);
      assertThrows(
          DeniedException.class, () -> auth.login(LoginRequest.of("ada", "a wrong password")));
      assertEquals(Code.REENTERED, inside.get(0).code());
      login(auth);
    }
    // Closing inside a hook waits for nothing.
    Doorward auth = logging(record -> engine.get().close());
    engine.set(auth);
    assertThrows(
        DeniedException.class, () -> auth.login(LoginRequest.of("ada", "a wrong password")));
    assertEquals(Code.ENGINE_CLOSED, assertThrows(MisuseException.class, auth::stats).code());
  }

  @Test
  void withoutTheTimeNothingIsDecided() {
    InstantSource broken =
        () -> {
          throw new IllegalStateException("no time");
        };
    Config config = Config.of().withStore("sqlite::memory:");
    Options options = Options.of().withClock(broken).withLogger(Quiet.LOGGER);
    assertThrows(InternalException.class, () -> Doorward.open(config, options));
  }

  @Test
  void closingDuringCallsIsSafe() throws InterruptedException {
    for (int round = 0; round < 10; round++) {
      Doorward auth = registered(TestDoorward.open(clock));
      AuthenticateRequest request = AuthenticateRequest.of().withToken(login(auth).accessToken());
      CountDownLatch begun = new CountDownLatch(4);
      List<DoorwardException> ends = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      for (int number = 0; number < 4; number++) {
        Thread thread =
            new Thread(
                () -> {
                  for (boolean isFirst = true; ; isFirst = false) {
                    try {
                      auth.authenticate(request);
                    } catch (DoorwardException end) {
                      synchronized (ends) {
                        ends.add(end);
                      }
                      return;
                    } finally {
                      if (isFirst) {
                        begun.countDown();
                      }
                    }
                  }
                });
        thread.start();
        threads.add(thread);
      }
      begun.await();
      auth.close();
      auth.close();
      for (Thread thread : threads) {
        thread.join();
      }
      assertTrue(ends.stream().allMatch(end -> end.code() == Code.ENGINE_CLOSED), ends.toString());
      assertEquals(4, ends.size());
    }
  }

  @Test
  void anEngineThatIsForgottenIsClosed() throws InterruptedException {
    CountDownLatch gone = new CountDownLatch(1);
    forget(gone);
    while (gone.getCount() > 0) {
      System.gc();
      Thread.onSpinWait();
    }
  }

  /** Opens an engine with a clock that tells when nothing holds it any more, and forgets both. */
  private static void forget(CountDownLatch gone) {
    InstantSource clock = new TestClock();
    Cleaner.create().register(clock, gone::countDown);
    Doorward.open(Config.of().withStore("sqlite::memory:"), Options.of().withClock(clock::instant))
        .stats();
  }

  @Test
  void callsRunOnThreadsOfTheEngine() throws Exception {
    try (Doorward auth = registered(TestDoorward.open(clock))) {
      AsyncDoorward async = auth.async();
      CompletableFuture<LoginResult> login = async.login(LoginRequest.of("ada", PASSWORD));
      assertInstanceOf(LoginResponse.class, login.get());
      ExecutionException failure =
          assertThrows(
              ExecutionException.class,
              () -> async.login(LoginRequest.of("ada", "a wrong password")).get());
      assertInstanceOf(DeniedException.class, failure.getCause());
    }
  }
}
