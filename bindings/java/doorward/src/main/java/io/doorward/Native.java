package io.doorward;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/** The native library. An answer is the status in one byte, followed by JSON in UTF-8. */
final class Native {
  /** The version of the ABI that this package is written for. */
  private static final int ABI = 1;

  static {
    load();
    if (abi() != ABI) {
      throw new UnsatisfiedLinkError(
          "doorward: the library has ABI " + abi() + ", and ABI " + ABI + " is needed");
    }
  }

  private Native() {}

  static native int abi();

  static native byte[] describe();

  static native byte[] open(byte[] config, Hooks hooks, long[] handle);

  static native byte[] call(long handle, byte[] operation, byte[] request);

  /**
   * Verifies a token in UTF-8. Writes the claims over it, with spaces behind them, and returns
   * null; or returns an answer.
   */
  static native byte[] verify(long handle, byte[] token);

  static native void close(long handle);

  static native void release(long handle);

  /** Loads the file that the property names, else the library in the jar, else the system's. */
  private static void load() {
    String path = System.getProperty("io.doorward.library");
    if (path != null) {
      System.load(Path.of(path).toAbsolutePath().toString());
      return;
    }
    String file = System.mapLibraryName("doorward_java");
    String resource = "/META-INF/native/" + platform() + "/" + file;
    try (InputStream library = Native.class.getResourceAsStream(resource)) {
      if (library == null) {
        System.loadLibrary("doorward_java");
      } else {
        loadCopy(library, file);
      }
    } catch (IOException error) {
      throw new UnsatisfiedLinkError("doorward: " + resource + " cannot be unpacked: " + error);
    }
  }

  private static void loadCopy(InputStream library, String file) throws IOException {
    Path copy = Files.createTempFile("doorward", file);
    try {
      Files.copy(library, copy, StandardCopyOption.REPLACE_EXISTING);
      System.load(copy.toString());
    } finally {
      // The library stays loaded. Where a loaded file cannot be deleted, that happens at the end.
      if (!copy.toFile().delete()) {
        copy.toFile().deleteOnExit();
      }
    }
  }

  private static String platform() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String os =
        system.startsWith("mac") ? "macos" : system.startsWith("windows") ? "windows" : system;
    return os
        + "-"
        + (machine.equals("amd64") ? "x86_64" : machine.equals("arm64") ? "aarch64" : machine);
  }
}
