package io.doorward;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON (RFC 8259), for what browsers and passkeys exchange. Objects are {@code Map<String,
 * Object>}, lists {@code List<Object>}; numbers are {@code Long}, {@code BigInteger} or {@code
 * Double}.
 */
public final class Json {
  private static final int MAX_DEPTH = 64;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private Json() {}

  /**
   * Reads a value. Duplicate names, unpaired surrogates, numbers that are too large for a {@code
   * double} and nesting deeper than 64 are refused.
   *
   * @throws InvalidRequestException {@code invalid_json}
   */
  public static Object parse(String text) {
    Reader reader = new Reader(text);
    Object value = reader.value(0);
    reader.end();
    return value;
  }

  /**
   * Reads an object.
   *
   * @throws InvalidRequestException {@code invalid_json}, also for another value
   */
  public static Map<String, Object> object(String text) {
    Object value = parse(text);
    if (!(value instanceof Map)) {
      throw invalid("not an object");
    }
    return Read.object(value);
  }

  /**
   * Writes a value: null, a text, a number, a boolean, a map, an iterable or a {@link Shape}.
   *
   * @throws InvalidRequestException {@code invalid_json} for any other value, a number that is not
   *     finite, or nesting deeper than 64
   * @throws MisuseException {@code invalid_utf8} for a text with unpaired surrogates
   */
  public static String write(Object value) {
    byte[] text = bytes(value);
    try {
      return new String(text, StandardCharsets.UTF_8);
    } finally {
      Arrays.fill(text, (byte) 0);
    }
  }

  /** Writes a value in UTF-8. No other copy of it is left in memory. */
  static byte[] bytes(Object value) {
    Writer writer = new Writer();
    try {
      writer.value(value, 0);
      return Arrays.copyOf(writer.text, writer.length);
    } finally {
      Arrays.fill(writer.text, (byte) 0);
    }
  }

  /**
   * Writes a text in UTF-8. The platform would replace what is not Unicode, and make one password
   * of two.
   */
  static byte[] utf8(String text) {
    if (text == null) {
      throw DoorwardException.of(Code.NULL_ARGUMENT);
    }
    Writer writer = new Writer();
    try {
      for (int index = 0; index < text.length(); index++) {
        index = writer.codePoint(text, index);
      }
      return Arrays.copyOf(writer.text, writer.length);
    } finally {
      Arrays.fill(writer.text, (byte) 0);
    }
  }

  private static DoorwardException invalid(String detail) {
    return DoorwardException.of(Code.INVALID_JSON, detail);
  }

  private static final class Writer {
    private byte[] text = new byte[256];
    private int length;

    void value(Object value, int depth) {
      if (depth > MAX_DEPTH) {
        throw invalid("nested too deeply");
      }
      if (value instanceof String string) {
        string(string);
      } else if (value instanceof Shape shape) {
        map(shape.toMap(), depth);
      } else if (value instanceof Map<?, ?> map) {
        map(map, depth);
      } else if (value instanceof Iterable<?> items) {
        list(items, depth);
      } else if (value instanceof Number number) {
        ascii(digits(number));
      } else if (value == null || value instanceof Boolean) {
        ascii(String.valueOf(value));
      } else if (value instanceof Enum) {
        string(value.toString());
      } else {
        throw invalid("a value of " + value.getClass().getName());
      }
    }

    private void map(Map<?, ?> map, int depth) {
      char before = '{';
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        append(before);
        string(String.valueOf(entry.getKey()));
        append(':');
        value(entry.getValue(), depth + 1);
        before = ',';
      }
      ascii(before == '{' ? "{}" : "}");
    }

    private void list(Iterable<?> items, int depth) {
      char before = '[';
      for (Object item : items) {
        append(before);
        value(item, depth + 1);
        before = ',';
      }
      ascii(before == '[' ? "[]" : "]");
    }

    private static String digits(Number number) {
      if (number instanceof Double || number instanceof Float) {
        double value = number.doubleValue();
        if (!Double.isFinite(value)) {
          throw invalid("a number that is not finite");
        }
        boolean isWhole = value == Math.rint(value) && Math.abs(value) < 1L << 53;
        return isWhole ? Long.toString((long) value) : number.toString();
      }
      boolean isWhole =
          number instanceof Long
              || number instanceof Integer
              || number instanceof Short
              || number instanceof Byte;
      if (isWhole
          || number.getClass() == BigInteger.class
          || number.getClass() == BigDecimal.class) {
        return number.toString();
      }
      return digits(number.doubleValue());
    }

    private void string(String value) {
      append('"');
      for (int index = 0; index < value.length(); index++) {
        char letter = value.charAt(index);
        if (letter == '"' || letter == '\\') {
          append('\\');
          append(letter);
        } else if (letter < ' ') {
          ascii("\\u00");
          append((char) HEX[letter >> 4]);
          append((char) HEX[letter & 15]);
        } else {
          index = codePoint(value, index);
        }
      }
      append('"');
    }

    /** Writes the code point at an index, and returns the index of its last half. */
    int codePoint(String value, int index) {
      int point = value.codePointAt(index);
      if (point >= 0xd800 && point <= 0xdfff) {
        throw DoorwardException.of(Code.INVALID_UTF8);
      }
      if (point < 0x80) {
        append((char) point);
        return index;
      }
      if (point < 0x800) {
        append((char) (0xc0 | point >> 6));
      } else {
        if (point < 0x10000) {
          append((char) (0xe0 | point >> 12));
        } else {
          append((char) (0xf0 | point >> 18));
          append((char) (0x80 | point >> 12 & 0x3f));
        }
        append((char) (0x80 | point >> 6 & 0x3f));
      }
      append((char) (0x80 | point & 0x3f));
      return index + Character.charCount(point) - 1;
    }

    private void ascii(String value) {
      for (int index = 0; index < value.length(); index++) {
        append(value.charAt(index));
      }
    }

    private void append(char letter) {
      if (length == text.length) {
        byte[] longer = Arrays.copyOf(text, 2 * length);
        Arrays.fill(text, (byte) 0);
        text = longer;
      }
      text[length++] = (byte) letter;
    }
  }

  private static final class Reader {
    private final String text;
    private int at;

    Reader(String text) {
      this.text = text;
    }

    Object value(int depth) {
      if (depth > MAX_DEPTH) {
        throw wrong("nested too deeply");
      }
      skipSpace();
      switch (peek()) {
        case '{':
          return object(depth);
        case '[':
          return list(depth);
        case '"':
          return string();
        case 't':
          return word("true", Boolean.TRUE);
        case 'f':
          return word("false", Boolean.FALSE);
        case 'n':
          return word("null", null);
        default:
          return number();
      }
    }

    void end() {
      skipSpace();
      if (at < text.length()) {
        throw wrong("something after the value");
      }
    }

    private Map<String, Object> object(int depth) {
      Map<String, Object> members = new LinkedHashMap<>();
      at++;
      skipSpace();
      if (take('}')) {
        return members;
      }
      do {
        skipSpace();
        String name = string();
        skipSpace();
        expect(':');
        if (members.containsKey(name)) {
          throw wrong("a duplicate name");
        }
        members.put(name, value(depth + 1));
        skipSpace();
      } while (take(','));
      expect('}');
      return members;
    }

    private List<Object> list(int depth) {
      List<Object> items = new ArrayList<>();
      at++;
      skipSpace();
      if (take(']')) {
        return items;
      }
      do {
        items.add(value(depth + 1));
        skipSpace();
      } while (take(','));
      expect(']');
      return items;
    }

    private String string() {
      expect('"');
      int begin = at;
      while (at < text.length() && text.charAt(at) != '"' && text.charAt(at) != '\\') {
        character();
      }
      if (take('"')) {
        return text.substring(begin, at - 1);
      }
      StringBuilder built = new StringBuilder(text.substring(begin, at));
      while (!take('"')) {
        if (take('\\')) {
          escape(built);
        } else {
          int from = at;
          character();
          built.append(text, from, at);
        }
      }
      return built.toString();
    }

    /** Passes one character of a text. */
    private void character() {
      int point = at < text.length() ? text.codePointAt(at) : 0;
      if (point < ' ' || isSurrogate(point)) {
        throw wrong("a text that is not valid");
      }
      at += Character.charCount(point);
    }

    private void escape(StringBuilder built) {
      int escaped = "\"\\/bfnrt".indexOf(peek());
      if (escaped >= 0) {
        at++;
        built.append("\"\\/\b\f\n\r\t".charAt(escaped));
        return;
      }
      int point = unit();
      if (Character.isHighSurrogate((char) point) && take('\\')) {
        char low = unit();
        point =
            Character.isLowSurrogate(low) ? Character.toCodePoint((char) point, low) : low | 0xd800;
      }
      if (isSurrogate(point)) {
        throw wrong("an unpaired surrogate");
      }
      built.appendCodePoint(point);
    }

    /** Reads the rest of an escape of four digits. */
    private char unit() {
      expect('u');
      int value = 0;
      for (int digit = 0; digit < 4; digit++) {
        int one = peek() < 0x80 ? Character.digit(peek(), 16) : -1;
        if (one < 0) {
          throw wrong("an escape that is not valid");
        }
        value = value << 4 | one;
        at++;
      }
      return (char) value;
    }

    private static boolean isSurrogate(int point) {
      return point >= 0xd800 && point <= 0xdfff;
    }

    private Number number() {
      int begin = at;
      take('-');
      if (!take('0')) {
        digits();
      }
      boolean isWhole = true;
      if (take('.')) {
        digits();
        isWhole = false;
      }
      if (take('e') || take('E')) {
        if (!take('+')) {
          take('-');
        }
        digits();
        isWhole = false;
      }
      String digits = text.substring(begin, at);
      if (isWhole && digits.length() <= 18) {
        return Long.valueOf(digits);
      }
      if (isWhole && digits.length() <= 40) {
        BigInteger number = new BigInteger(digits);
        return number.bitLength() < 64 ? (Number) number.longValue() : number;
      }
      double number = Double.parseDouble(digits);
      if (!Double.isFinite(number)) {
        throw wrong("a number that is too large");
      }
      return number;
    }

    private void digits() {
      int begin = at;
      while (peek() >= '0' && peek() <= '9') {
        at++;
      }
      if (at == begin) {
        throw wrong("not a value");
      }
    }

    private Object word(String word, Object value) {
      if (!text.startsWith(word, at)) {
        throw wrong("not a value");
      }
      at += word.length();
      return value;
    }

    private void skipSpace() {
      while (peek() == ' ' || peek() == '\n' || peek() == '\r' || peek() == '\t') {
        at++;
      }
    }

    private char peek() {
      return at < text.length() ? text.charAt(at) : 0;
    }

    private boolean take(char letter) {
      boolean isThere = at < text.length() && text.charAt(at) == letter;
      at += isThere ? 1 : 0;
      return isThere;
    }

    private void expect(char letter) {
      if (!take(letter)) {
        throw wrong("no " + letter);
      }
    }

    private DoorwardException wrong(String what) {
      return invalid(what + " at " + at);
    }
  }
}
