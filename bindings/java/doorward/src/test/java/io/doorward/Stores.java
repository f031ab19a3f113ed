package io.doorward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/** The databases on the PostgreSQL server of the tests: each is for one scenario at a time. */
final class Stores implements AutoCloseable {
  private final String server;
  private final List<String> names = new ArrayList<>();
  private final BlockingQueue<String> free = new ArrayBlockingQueue<>(4);

  Stores(String server) {
    this.server = server;
    while (free.remainingCapacity() > 0) {
      String name = "doorward_java_" + ProcessHandle.current().pid() + "_" + names.size();
      psql(server, "CREATE DATABASE " + name + " TEMPLATE template0");
      names.add(name);
      free.add(server.substring(0, server.lastIndexOf('/') + 1) + name);
    }
  }

  /** Returns an empty database. The tables stay: that is much faster than making them. */
  String take() throws InterruptedException {
    String url = free.take();
    psql(
        url,
        "SET synchronous_commit = off; DO $$ DECLARE name text; BEGIN FOR name IN SELECT tablename"
            + " FROM pg_tables WHERE schemaname = 'public' LOOP CONTINUE WHEN name ="
            + " 'doorward_schema'; EXECUTE 'DELETE FROM ' || name; END LOOP; END $$");
    return url;
  }

  void giveBack(String url) {
    free.add(url);
  }

  @Override
  public void close() {
    names.forEach(name -> psql(server, "DROP DATABASE " + name + " WITH (FORCE)"));
  }

  private static void psql(String url, String sql) {
    List<String> command =
        List.of(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--dbname",
            url,
            "--command",
            sql);
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put("PGOPTIONS", "--client-min-messages=warning");
    try {
      assertEquals(0, builder.start().waitFor(), sql);
    } catch (IOException | InterruptedException failure) {
      throw new IllegalStateException(failure);
    }
  }

  /** Returns a file of the repository. */
  static Path ofRepository(String path) {
    return Path.of(System.getProperty("doorward.repository"), path);
  }

  /** Says that something is not tested here, which in continuous integration is a failure. */
  static void notRun(String why) {
    assertNull(System.getenv("CI"), why);
    System.err.println("not run: " + why);
  }
}
