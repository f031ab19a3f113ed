package io.doorward;

import java.util.Map;

/** A request, a response or a part of one. */
public interface Shape {
  /**
   * Returns the members by their names in JSON, without those that are absent, and without those
   * that are for the host alone. They contain secrets.
   */
  Map<String, Object> toMap();

  /** Returns the same as JSON, such as for a client. */
  default String toJson() {
    return Json.write(this);
  }
}
