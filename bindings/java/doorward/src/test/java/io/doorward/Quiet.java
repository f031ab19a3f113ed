package io.doorward;

import java.lang.System.Logger;
import java.util.ResourceBundle;

/** A logger that drops everything. */
final class Quiet implements Logger {
  static final Logger LOGGER = new Quiet();

  @Override
  public String getName() {
    return "quiet";
  }

  @Override
  public boolean isLoggable(Level level) {
    return false;
  }

  @Override
  public void log(Level level, ResourceBundle bundle, String text, Throwable thrown) {}

  @Override
  public void log(Level level, ResourceBundle bundle, String format, Object... parameters) {}
}
