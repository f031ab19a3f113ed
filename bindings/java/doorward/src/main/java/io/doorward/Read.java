package io.doorward;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * Takes members out of JSON. What has another type than it should is a {@code ClassCastException}.
 */
final class Read {
  private Read() {}

  static <T> T required(Map<String, Object> json, String name, Function<Object, T> read) {
    return Objects.requireNonNull(read.apply(Objects.requireNonNull(json.get(name), name)), name);
  }

  /** Returns null for a member that is absent or null. */
  static <T> T optional(Map<String, Object> json, String name, Function<Object, T> read) {
    return orNull(json.get(name), read);
  }

  /**
   * Returns null also for a member of another form, and adds it to the others: other libraries put
   * what they like into their tokens.
   */
  static <T> T fitting(
      Map<String, Object> json, Map<String, Object> others, String name, Function<Object, T> read) {
    try {
      return optional(json, name, read);
    } catch (ClassCastException | NullPointerException odd) {
      others.put(name, json.get(name));
      return null;
    }
  }

  static <T> T orNull(Object value, Function<Object, T> read) {
    return value == null ? null : read.apply(value);
  }

  static <T> List<T> orEmpty(List<T> list) {
    return list == null ? List.of() : list;
  }

  static <K, T> Map<K, T> orEmpty(Map<K, T> map) {
    return map == null ? Map.of() : map;
  }

  static Object any(Object value) {
    return value;
  }

  static String text(Object value) {
    return (String) value;
  }

  static Long integer(Object value) {
    return (Long) value;
  }

  static Double number(Object value) {
    return ((Number) value).doubleValue();
  }

  /** Reads a time in Unix seconds, which may have a fraction (RFC 7519, section 2). */
  static Instant instant(Object value) {
    if (value instanceof Long seconds) {
      long inRange = Math.max(seconds, Instant.MIN.getEpochSecond());
      return Instant.ofEpochSecond(Math.min(inRange, Instant.MAX.getEpochSecond()));
    }
    double seconds = (Double) value;
    double whole = Math.floor(seconds);
    return Instant.ofEpochSecond((long) whole, Math.round((seconds - whole) * 1e9));
  }

  static Boolean bool(Object value) {
    return (Boolean) value;
  }

  /**
   * Reads an object. Some languages have one empty container, so the engine takes an empty list for
   * one, too.
   */
  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) {
    return List.of().equals(value) ? new LinkedHashMap<>() : (Map<String, Object>) value;
  }

  static <T> Function<Object, List<T>> list(Function<Object, T> read) {
    return value -> {
      List<T> items = new ArrayList<>();
      (Map.of().equals(value) ? List.of() : (List<?>) value)
          .forEach(item -> items.add(read.apply(item)));
      return items;
    };
  }

  static <T> Function<Object, Map<String, T>> map(Function<Object, T> read) {
    return value -> {
      Map<String, T> members = new LinkedHashMap<>();
      object(value).forEach((name, member) -> members.put(name, read.apply(member)));
      return members;
    };
  }

  /** Reads a text or a list of texts. */
  static List<String> oneOrMore(Object value) {
    return value instanceof String text ? List.of(text) : list(Read::text).apply(value);
  }

  /** Writes one text as a text. */
  static Object compact(List<String> texts) {
    return texts != null && texts.size() == 1 ? texts.get(0) : texts;
  }

  /** Writes a time in Unix seconds. */
  static Number seconds(Instant time) {
    if (time == null || time.getNano() == 0) {
      return time == null ? null : (Number) time.getEpochSecond();
    }
    return time.getEpochSecond() + time.getNano() / 1e9;
  }

  static void put(Map<String, Object> json, String name, Object value) {
    if (value != null) {
      json.put(name, value);
    }
  }

  /** Adds a list or a map of a response unless it is empty, which is the same as absent. */
  static void putUnlessEmpty(Map<String, Object> json, String name, Object value) {
    boolean isEmpty =
        value instanceof List<?> list && list.isEmpty()
            || value instanceof Map<?, ?> map && map.isEmpty();
    put(json, name, isEmpty ? null : value);
  }

  /** Returns the members that have no place of their own. */
  static Map<String, Object> others(Map<String, Object> json, Set<String> known) {
    Map<String, Object> others = new LinkedHashMap<>();
    json.forEach(
        (name, value) -> {
          if (!known.contains(name)) {
            others.put(name, value);
          }
        });
    return others;
  }

  /** Returns what {@code toString} may show of a secret. */
  static String hidden(Object secret) {
    return secret == null ? "null" : "[hidden]";
  }
}
