package io.doorward;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads JSON in UTF-8. */
final class JsonReader {
  /** Names that were read lately, by their hashes: most answers have the same names. */
  private static final String[] NAMES = new String[256];

  private static final int MAX_NAME = 32;
  private static final boolean[] IS_PLAIN = plain();

  /** Eight bytes as one number, the first as the lowest. */
  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

  private static final long ONES = 0x0101010101010101L;
  private static final long TOPS = 0x8080808080808080L;

  private final byte[] text;
  private int at;
  private int depth;
  private String name;

  JsonReader(byte[] text, int begin) {
    this.text = text;
    at = begin;
  }

  /** Begins an object, and goes to its first member; false if it has none. */
  boolean first() {
    skipSpace();
    expect('{');
    enter();
    skipSpace();
    if (take('}')) {
      depth--;
      return false;
    }
    member();
    return true;
  }

  /** Goes to the next member, after the value of the one before; false at the end of the object. */
  boolean next() {
    skipSpace();
    if (take(',')) {
      skipSpace();
      member();
      return true;
    }
    expect('}');
    depth--;
    return false;
  }

  /** Returns the name of the member. */
  String name() {
    return name;
  }

  /** Reads a value of any kind. */
  Object value() {
    skipSpace();
    return switch (peek()) {
      case '{' -> object();
      case '[' -> list();
      case '"' -> string();
      case 't' -> word("true", Boolean.TRUE);
      case 'f' -> word("false", Boolean.FALSE);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  void end() {
    skipSpace();
    if (at < text.length) {
      throw wrong("something after the value");
    }
  }

  private Map<String, Object> object() {
    Map<String, Object> members = new LinkedHashMap<>();
    for (boolean more = first(); more; more = next()) {
      String own = name;
      if (members.containsKey(own)) {
        throw wrong("a duplicate name");
      }
      members.put(own, value());
    }
    return members;
  }

  private List<Object> list() {
    List<Object> items = new ArrayList<>(4);
    expect('[');
    enter();
    skipSpace();
    boolean isEmpty = take(']');
    while (!isEmpty) {
      items.add(value());
      skipSpace();
      if (!take(',')) {
        expect(']');
        break;
      }
    }
    depth--;
    return items;
  }

  private void enter() {
    if (++depth > Json.MAX_DEPTH) {
      throw wrong("nested too deeply");
    }
  }

  private void member() {
    name = shared();
    skipSpace();
    expect(':');
  }

  /**
   * Reads a name, and returns the text that the last reader made of the same bytes, if they are
   * ASCII.
   */
  private String shared() {
    int begin = at;
    expect('"');
    int hash = 0;
    int end = endOfPlain(at);
    for (int index = at; index < end; index++) {
      hash = 31 * hash + text[index];
    }
    at = end;
    int length = at - begin - 1;
    String known = NAMES[hash & 255];
    if (peek() == '"' && known != null && known.length() == length && isAt(begin + 1, known)) {
      at++;
      return known;
    }
    at = begin;
    String read = string();
    if (read.length() <= MAX_NAME) {
      NAMES[hash & 255] = read;
    }
    return read;
  }

  private boolean isAt(int begin, String ascii) {
    for (int index = 0; index < ascii.length(); index++) {
      if (text[begin + index] != ascii.charAt(index)) {
        return false;
      }
    }
    return true;
  }

  private String string() {
    expect('"');
    String read = plainPart();
    if (take('"')) {
      return read;
    }
    StringBuilder built = new StringBuilder(read);
    while (!take('"')) {
      if (take('\\')) {
        escape(built);
      } else {
        built.append(plainPart());
      }
    }
    return built.toString();
  }

  /** Reads the part of a text before its end or the next escape. */
  private String plainPart() {
    int begin = at;
    at = endOfPlain(begin);
    if (peek() != '"' && peek() != '\\') {
      throw wrong("a text that is not valid");
    }
    return new String(text, begin, at - begin, StandardCharsets.UTF_8);
  }

  /**
   * Returns the first place from here whose byte does not stand for itself in a text; a negative
   * one is a part of a character.
   */
  private int endOfPlain(int from) {
    byte[] own = text;
    int index = from;
    while (index <= own.length - Long.BYTES) {
      long special = special((long) EIGHT.get(own, index));
      if (special != 0) {
        return index + Long.numberOfTrailingZeros(special) / Byte.SIZE;
      }
      index += Long.BYTES;
    }
    while (index < own.length && IS_PLAIN[own[index] & 0xff]) {
      index++;
    }
    return index;
  }

  /** Returns the top bits of bytes that do not stand for themselves; the lowest one is right. */
  private static long special(long bytes) {
    long quote = bytes ^ '"' * ONES;
    long escape = bytes ^ '\\' * ONES;
    // A byte is 0, or less than a space, if subtracting makes its top bit, which it has not.
    return (quote - ONES & ~quote | escape - ONES & ~escape | bytes - ' ' * ONES & ~bytes) & TOPS;
  }

  private static boolean[] plain() {
    boolean[] plain = new boolean[256];
    Arrays.fill(plain, ' ', plain.length, true);
    plain['"'] = false;
    plain['\\'] = false;
    return plain;
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
    if (point >= 0xd800 && point <= 0xdfff) {
      throw wrong("an unpaired surrogate");
    }
    built.appendCodePoint(point);
  }

  /** Reads the rest of an escape of four digits. */
  private char unit() {
    expect('u');
    int value = 0;
    for (int digit = 0; digit < 4; digit++) {
      int one = Character.digit(peek(), 16);
      if (one < 0) {
        throw wrong("an escape that is not valid");
      }
      value = value << 4 | one;
      at++;
    }
    return (char) value;
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
    if (isWhole && at - begin <= 18) {
      return whole(begin);
    }
    String digits = new String(text, begin, at - begin, StandardCharsets.US_ASCII);
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

  /** Returns the number whose few digits, and a sign, stand before the place. */
  private Long whole(int begin) {
    boolean isNegative = text[begin] == '-';
    long value = 0;
    for (int index = isNegative ? begin + 1 : begin; index < at; index++) {
      value = 10 * value + text[index] - '0';
    }
    return isNegative ? -value : value;
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
    if (text.length - at < word.length() || !isAt(at, word)) {
      throw wrong("not a value");
    }
    at += word.length();
    return value;
  }

  private void skipSpace() {
    for (byte next = peek(); next <= ' '; next = peek()) {
      if (next != ' ' && next != '\n' && next != '\r' && next != '\t') {
        return;
      }
      at++;
    }
  }

  /** Returns the next byte; 0, which no value begins with, at the end. */
  private byte peek() {
    return at < text.length ? text[at] : 0;
  }

  private boolean take(char letter) {
    boolean isThere = peek() == letter && at < text.length;
    at += isThere ? 1 : 0;
    return isThere;
  }

  private void expect(char letter) {
    if (!take(letter)) {
      throw wrong("no " + letter);
    }
  }

  private DoorwardException wrong(String what) {
    return Json.invalid(what + " at " + at);
  }
}
