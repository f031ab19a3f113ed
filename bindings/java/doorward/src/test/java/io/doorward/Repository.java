package io.doorward;

import java.nio.file.Path;

/** The repository that the binding is tested in. */
final class Repository {
  private Repository() {}

  static Path file(String path) {
    return Path.of(System.getProperty("doorward.repository"), path);
  }
}
