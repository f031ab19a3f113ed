// doorward beside java-jwt, jjwt, Nimbus, Spring Security and argon2-jvm, from Java. `run.py` starts it and says what it
// prints.

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;
import com.auth0.jwt.interfaces.DecodedJWT;
import com.auth0.jwt.interfaces.JWTVerifier;
import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.OctetSequenceKey;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import de.mkammerer.argon2.Argon2;
import de.mkammerer.argon2.Argon2Factory;
import io.doorward.Claims;
import io.doorward.Config;
import io.doorward.Doorward;
import io.doorward.HashPasswordRequest;
import io.doorward.LoginRequest;
import io.doorward.LoginResponse;
import io.doorward.RegisterRequest;
import io.doorward.VerifyRequest;
import io.jsonwebtoken.JwtParser;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.security.Keys;
import java.io.File;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;

final class Bench {
  private static final String PASSWORD = "eight wise words";
  private static final String ARGON2ID = "$argon2id$v=19$m=19456,t=2,p=1$";
  private static final String KEY_ID = "0123456789ab";
  private static final int WARM_UP_ROUNDS = 10;

  private static final Argon2PasswordEncoder SPRING = new Argon2PasswordEncoder(16, 32, 1, 19456, 2);
  private static final Argon2 ARGON2_JVM = Argon2Factory.create(Argon2Factory.Argon2Types.ARGON2id, 16, 32);

  /** The claims of a token of doorward, as a user of another library would write them. */
  private record Token(
      String iss,
      String sub,
      List<String> aud,
      Date exp,
      Date iat,
      String jti,
      String sid,
      String clientId,
      Date authTime,
      List<String> amr) {}

  private interface Verify {
    Object of(String token) throws Exception;
  }

  private record Contender(String who, String token, Verify verify) {}

  public static void main(String[] arguments) throws Exception {
    String folder = arguments[0];
    int rounds = Integer.parseInt(arguments[1]);
    int calls = Integer.parseInt(arguments[2]);
    int logins = Integer.parseInt(arguments[3]);
    int crowds = Integer.parseInt(arguments[4]);
    try (Doorward engine = Doorward.open(Config.of().withStore("sqlite:" + folder + "/app.db"))) {
      engine.register(RegisterRequest.of("ada", PASSWORD).withEmail("ada@example.com"));
      LoginResponse session = (LoginResponse) engine.login(LoginRequest.of("ada", PASSWORD));
      compareVerify(engine, session.accessToken(), rounds, calls);
      compareHashes(engine, rounds);
      for (int crowd = 0; crowd < crowds; crowd++) {
        compareStalls(engine, logins);
      }
    }
  }

  /** Verifies a token with the same claims by each contender. */
  private static void compareVerify(Doorward engine, String token, int rounds, int calls) throws Exception {
    byte[] secret = new byte[32];
    new SecureRandom().nextBytes(secret);
    Claims claims = engine.verify(VerifyRequest.of(token));
    Token read = read(claims);
    String theirs = sign(secret, claims, Map.of());
    List<String> hostile =
        List.of(
            sign(secret, claims, Map.of("exp", System.currentTimeMillis() / 1000 - 3600)),
            sign(secret, claims, Map.of("iss", "other")),
            sign(secret, claims, Map.of("aud", "other")),
            tampered(theirs));
    List<Contender> contenders =
        List.of(
            new Contender("doorward", token, text -> engine.verify(VerifyRequest.of(text))),
            new Contender(versioned("java-jwt"), theirs, auth0(secret)),
            new Contender(versioned("jjwt-impl"), theirs, jjwt(secret)),
            new Contender(versioned("nimbus-jose-jwt"), theirs, nimbus(secret)));
    for (Contender each : contenders) {
      boolean isOurs = each.verify.of(each.token) instanceof Claims;
      check(isOurs ? text -> read(engine.verify(VerifyRequest.of(text))) : each.verify, each.token, read);
      for (String other : isOurs ? List.of(tampered(token)) : hostile) {
        refuse(each.verify, other);
      }
    }
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (Contender each : contenders) {
        long begin = System.nanoTime();
        for (int call = 0; call < calls; call++) {
          each.verify.of(each.token);
        }
        report("verify", each.who, round, (System.nanoTime() - begin) / 1e3 / calls);
      }
    }
  }

  private static Verify auth0(byte[] secret) {
    JWTVerifier verifier =
        JWT.require(Algorithm.HMAC256(secret))
            .withIssuer("doorward")
            .withAudience("doorward")
            .withClaimPresence("sub")
            .withClaimPresence("exp")
            .build();
    return token -> {
      DecodedJWT jwt = verifier.verify(token);
      return new Token(
          jwt.getIssuer(),
          jwt.getSubject(),
          jwt.getAudience(),
          jwt.getExpiresAt(),
          jwt.getIssuedAt(),
          jwt.getId(),
          jwt.getClaim("sid").asString(),
          jwt.getClaim("client_id").asString(),
          jwt.getClaim("auth_time").asDate(),
          jwt.getClaim("amr").asList(String.class));
    };
  }

  private static Verify jjwt(byte[] secret) {
    JwtParser parser =
        Jwts.parser()
            .verifyWith(Keys.hmacShaKeyFor(secret))
            .requireIssuer("doorward")
            .requireAudience("doorward")
            .build();
    return token -> {
      io.jsonwebtoken.Claims jwt = parser.parseSignedClaims(token).getPayload();
      return new Token(
          jwt.getIssuer(),
          jwt.getSubject(),
          List.copyOf(jwt.getAudience()),
          jwt.getExpiration(),
          jwt.getIssuedAt(),
          jwt.getId(),
          jwt.get("sid", String.class),
          jwt.get("client_id", String.class),
          date(jwt.get("auth_time", Number.class)),
          texts(jwt.get("amr", List.class)));
    };
  }

  private static Verify nimbus(byte[] secret) {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType("at+jwt")));
    JWKSet keys = new JWKSet(new OctetSequenceKey.Builder(secret).keyID(KEY_ID).build());
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(JWSAlgorithm.HS256, new ImmutableJWKSet<>(keys)));
    JWTClaimsSet exact = new JWTClaimsSet.Builder().issuer("doorward").build();
    processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>("doorward", exact, Set.of("sub", "exp")));
    return token -> {
      JWTClaimsSet jwt = processor.process(token, null);
      return new Token(
          jwt.getIssuer(),
          jwt.getSubject(),
          jwt.getAudience(),
          jwt.getExpirationTime(),
          jwt.getIssueTime(),
          jwt.getJWTID(),
          jwt.getStringClaim("sid"),
          jwt.getStringClaim("client_id"),
          jwt.getDateClaim("auth_time"),
          jwt.getStringListClaim("amr"));
    };
  }

  private static Token read(Claims claims) {
    return new Token(
        claims.iss(),
        claims.sub(),
        claims.aud(),
        Date.from(claims.exp()),
        Date.from(claims.iat()),
        claims.jti(),
        claims.sid(),
        claims.clientId(),
        Date.from(claims.authTime()),
        claims.amr());
  }

  private static Date date(Number seconds) {
    return new Date((long) (seconds.doubleValue() * 1000));
  }

  private static List<String> texts(List<?> items) {
    List<String> texts = new ArrayList<>();
    items.forEach(item -> texts.add((String) item));
    return texts;
  }

  private static String sign(byte[] secret, Claims claims, Map<String, Object> changes) throws Exception {
    Map<String, Object> members = new LinkedHashMap<>(claims.toMap());
    members.putAll(changes);
    JWSHeader header =
        new JWSHeader.Builder(JWSAlgorithm.HS256).type(new JOSEObjectType("at+jwt")).keyID(KEY_ID).build();
    SignedJWT jwt = new SignedJWT(header, JWTClaimsSet.parse(members));
    jwt.sign(new MACSigner(secret));
    return jwt.serialize();
  }

  /** Returns the token with another signature. */
  private static String tampered(String token) {
    int at = token.lastIndexOf('.') + 1;
    return token.substring(0, at) + (token.charAt(at) == 'A' ? 'B' : 'A') + token.substring(at + 1);
  }

  private static void check(Verify verify, String token, Token expected) throws Exception {
    Object read = verify.of(token);
    if (!expected.equals(read)) {
      throw new IllegalStateException("a contender reads other claims: " + read + ", not " + expected);
    }
  }

  private static void refuse(Verify verify, String token) {
    try {
      verify.of(token);
    } catch (Exception refused) {
      return;
    }
    throw new IllegalStateException("a contender accepts a token that it must refuse");
  }

  /** Hashes a password by each contender. */
  private static void compareHashes(Doorward engine, int rounds) {
    Map<String, Supplier<String>> contenders = new LinkedHashMap<>();
    contenders.put("doorward", () -> engine.hashPassword(HashPasswordRequest.of(PASSWORD)).hash());
    contenders.put("Spring " + versioned("spring-security-crypto"), () -> SPRING.encode(PASSWORD));
    contenders.put(versioned("argon2-jvm"), () -> ARGON2_JVM.hash(2, 19456, 1, PASSWORD.toCharArray()));
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (Map.Entry<String, Supplier<String>> each : contenders.entrySet()) {
        long begin = System.nanoTime();
        String made = each.getValue().get();
        report("hash_password", each.getKey(), round, (System.nanoTime() - begin) / 1e6);
        if (!made.startsWith(ARGON2ID)) {
          throw new IllegalStateException("a contender hashes otherwise");
        }
      }
    }
  }

  /** Logs many users in at once by each contender, while a scheduled task and a task of the common pool tick. */
  private static void compareStalls(Doorward engine, int logins) throws Exception {
    String stored = SPRING.encode(PASSWORD);
    Map<String, Supplier<CompletableFuture<?>>> contenders = new LinkedHashMap<>();
    contenders.put("doorward", () -> engine.async().login(LoginRequest.of("ada", PASSWORD)));
    contenders.put(
        "Spring " + versioned("spring-security-crypto") + ", common pool",
        () -> CompletableFuture.supplyAsync(() -> SPRING.matches(PASSWORD, stored)));
    for (Map.Entry<String, Supplier<CompletableFuture<?>>> each : contenders.entrySet()) {
      ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
      Ticker ticker = new Ticker();
      scheduler.scheduleAtFixedRate(ticker, 0, 1, TimeUnit.MILLISECONDS);
      long begin = System.nanoTime();
      List<CompletableFuture<?>> crowd = new ArrayList<>();
      for (int login = 0; login < logins; login++) {
        crowd.add(each.getValue().get());
      }
      long queued = System.nanoTime();
      CompletableFuture<Long> other = CompletableFuture.supplyAsync(System::nanoTime);
      CompletableFuture.allOf(crowd.toArray(new CompletableFuture<?>[0])).join();
      report("logins", each.getKey(), 0, (System.nanoTime() - begin) / 1e6);
      scheduler.shutdown();
      scheduler.awaitTermination(1, TimeUnit.SECONDS);
      report("stall", each.getKey(), 0, ticker.longest / 1e6);
      report("common_pool", each.getKey(), 0, (other.join() - queued) / 1e6);
    }
  }

  /** Keeps the longest time between two of its runs, in nanoseconds. */
  private static final class Ticker implements Runnable {
    private long last = System.nanoTime();
    private volatile long longest;

    @Override
    public void run() {
      long now = System.nanoTime();
      longest = Math.max(longest, now - last);
      last = now;
    }
  }

  /** Returns the name of a library with the version that its file is named by. */
  private static String versioned(String library) {
    for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
      String file = new File(path).getName();
      if (file.matches(library + "-[0-9].*\\.jar")) {
        return library.replace("-impl", "") + " " + file.substring(library.length() + 1, file.length() - 4);
      }
    }
    return library;
  }

  /** Prints a measurement, unless the round was to warm up. */
  private static void report(String what, String who, int round, double value) {
    if (round >= 0) {
      System.out.printf("{\"what\": \"%s\", \"who\": \"%s\", \"round\": %d, \"value\": %s}%n", what, who, round, value);
    }
  }
}
