package io.doorward;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * JSON (RFC 8259), for what browsers and passkeys exchange. Objects are {@code Map<String,
 * Object>}, lists {@code List<Object>}; numbers are {@code Long}, {@code BigInteger} or {@code
 * Double}.
 */
public final class Json {
  static final int MAX_DEPTH = 64;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private Json() {}

  /**
   * Reads a value. Duplicate names, unpaired surrogates, numbers that are too large for a {@code
   * double} and nesting deeper than 64 are refused.
   *
   * @throws InvalidRequestException {@code invalid_json}
   */
  public static Object parse(String text) {
    try {
      return parse(utf8(text), 0);
    } catch (MisuseException unpaired) {
      throw invalid("an unpaired surrogate");
    }
  }

  /** Reads a value in UTF-8, which begins at an index. */
  static Object parse(byte[] text, int begin) {
    JsonReader reader = new JsonReader(text, begin);
    Object value = reader.value();
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
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    int marks = 0;
    for (byte letter : bytes) {
      marks += letter == '?' ? 1 : 0;
    }
    // A question mark of the platform stands for half a surrogate pair.
    if (marks > 0 && marks != text.chars().filter(letter -> letter == '?').count()) {
      Arrays.fill(bytes, (byte) 0);
      throw DoorwardException.of(Code.INVALID_UTF8);
    }
    return bytes;
  }

  static DoorwardException invalid(String detail) {
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
      byte[] bytes = utf8(value);
      for (byte letter : bytes) {
        if (letter == '"' || letter == '\\') {
          append('\\');
          append((char) letter);
        } else if (letter >= 0 && letter < ' ') {
          ascii("\\u00");
          append((char) HEX[letter >> 4]);
          append((char) HEX[letter & 15]);
        } else {
          append((char) letter);
        }
      }
      Arrays.fill(bytes, (byte) 0);
      append('"');
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
}
