package io.doorward;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\" 1}",
        "}",
        "]",
        "1 2",
        "{}{}",
        "01",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "1e+",
        "-01",
        "0x1",
        "NaN",
        "Infinity",
        "1e999",
        "-1e999",
        "tru",
        "True",
        "nul",
        "'a'",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u\uff11\uff11\uff11\uff11\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\ud800\"",
        "\"\udc00x\"",
        "\"\n\"",
        "\"\u0000\"",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":2}",
        "\ufeff{}",
        "[1]//",
        "/**/1",
        "\u00a01",
        "{\"\\ud800\":1}"
      })
  void hostileTextsAreRefused(String text) {
    DoorwardException refused = assertThrows(InvalidRequestException.class, () -> Json.parse(text));
    assertEquals(Code.INVALID_JSON, refused.code());
  }

  /** Texts are read eight bytes at once. */
  @Test
  void eachCharacterIsReadAtEachPlace() {
    for (int place = 0; place < 17; place++) {
      String before = "a".repeat(place);
      String after = "\u007f".repeat(16 - place);
      for (char letter : " !\"#[\\]\u0000\u001f\u007f\u0080\u00e9\uffff".toCharArray()) {
        String text = before + letter + after;
        assertEquals(text, Json.parse(Json.write(text)));
      }
      for (char control = 0; control < ' '; control++) {
        String text = '"' + before + control + after + '"';
        assertThrows(InvalidRequestException.class, () -> Json.parse(text));
      }
    }
  }

  @Test
  void nestingIsLimited() {
    for (String[] ends : new String[][] {{"[", "]"}, {"{\"a\":", "}"}}) {
      String deep = ends[0].repeat(64) + "1" + ends[1].repeat(64);
      assertEquals(deep, Json.write(Json.parse(deep)));
      assertThrows(InvalidRequestException.class, () -> Json.parse(ends[0] + deep + ends[1]));
      assertThrows(InvalidRequestException.class, () -> Json.parse(ends[0].repeat(1_000_000)));
    }
    List<Object> circle = new ArrayList<>();
    circle.add(circle);
    assertThrows(InvalidRequestException.class, () -> Json.write(circle));
    Map<String, Object> ring = new LinkedHashMap<>();
    ring.put("a", ring);
    assertThrows(InvalidRequestException.class, () -> Json.write(ring));
  }

  /** Only short names are kept for later texts, also where an escape makes a name longer. */
  @Test
  void longNamesAreNotKept() throws ReflectiveOperationException {
    for (String name : List.of("a", "a\\u0062", "\\n", "\u00e9", "\u00e9\\t")) {
      Json.parse("{\"" + name + "c".repeat(1_000) + "\":1}");
    }
    Field names = JsonReader.class.getDeclaredField("NAMES");
    names.setAccessible(true);
    for (String name : (String[]) names.get(null)) {
      assertTrue(name == null || name.length() <= 32);
    }
  }

  /** The table of the platform has no limit, and strangers choose some names. */
  @Test
  void namesAreNotKeptForThePlatform() {
    String name = "zq" + Long.toString(System.nanoTime(), 36);
    Map<?, ?> members = (Map<?, ?>) Json.parse("{\"" + name + "\":1}");
    Object read = members.keySet().iterator().next();
    assertEquals(name, read);
    assertNotSame(read, new String(name.toCharArray()).intern());
  }

  @Test
  void textsKeepEveryCharacter() {
    StringBuilder all = new StringBuilder();
    for (int point = 0; point <= Character.MAX_CODE_POINT; point += point < 0x3000 ? 1 : 0x101) {
      if (point < 0xd800 || point > 0xdfff) {
        all.appendCodePoint(point);
      }
    }
    String text = all.toString();
    assertEquals(text, Json.parse(Json.write(text)));
    assertArrayEquals(text.getBytes(StandardCharsets.UTF_8), Json.utf8(text));
    assertEquals(
        "\"/\b\f\n\r\t\\\ud83d\ude00", Json.parse("\"\\\"\\/\\b\\f\\n\\r\\t\\\\\\uD83D\\ude00\""));
  }

  /** The platform would write a question mark for each, and so make one password of two. */
  @Test
  void unpairedSurrogatesAreNotReplaced() {
    for (String text : List.of("\ud800", "\udc00", "a\ud800b", "\udc00\ud800")) {
      for (Object value : List.of(text, Map.of(text, 1), LoginRequest.of("ada", text))) {
        assertEquals(
            Code.INVALID_UTF8, assertThrows(MisuseException.class, () -> Json.write(value)).code());
      }
      assertThrows(MisuseException.class, () -> Json.utf8(text));
    }
  }

  @Test
  void numbersKeepTheirDigits() {
    for (String digits :
        List.of(
            "0",
            "-1",
            "9007199254740993",
            "9223372036854775807",
            "-9223372036854775808",
            "18446744073709551615",
            "1.5")) {
      assertEquals(digits, Json.write(Json.parse(digits)));
    }
    assertEquals(9223372036854775807L, Json.parse("9223372036854775807"));
    assertEquals(new BigInteger("9223372036854775808"), Json.parse("9223372036854775808"));
    assertEquals(1e60, Json.parse("1" + "0".repeat(60)));
    assertEquals(
        "[1,2,1.25,3]", Json.write(Arrays.asList((short) 1, 2.0, new BigDecimal("1.25"), 3f)));
    for (Object value : List.of(Double.NaN, Float.POSITIVE_INFINITY, new Object(), new int[0])) {
      assertThrows(InvalidRequestException.class, () -> Json.write(value));
    }
  }
}
