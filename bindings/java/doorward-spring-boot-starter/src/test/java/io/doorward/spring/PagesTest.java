package io.doorward.spring;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiles the pieces of Java on the pages, each in a method of its own. */
class PagesTest {
  private static final String IMPORTS =
      """
      import io.doorward.*;
      import io.doorward.jakarta.*;
      import io.doorward.spring.*;
      import io.doorward.testing.*;
      import jakarta.servlet.DispatcherType;
      import jakarta.servlet.ServletContext;
      import java.time.Duration;
      import java.util.*;
      import java.util.concurrent.*;
      import org.springframework.security.config.Customizer;
      import org.springframework.security.config.annotation.web.builders.HttpSecurity;
      import org.springframework.security.web.SecurityFilterChain;
      import static org.junit.jupiter.api.Assertions.assertThrows;
      """;

  /** What the pieces use. */
  private static final String FIELDS =
      """
      abstract class Pages {
        Doorward auth;
        String name;
        String password;
        String code;
        ServletContext servletContext;
        HttpSecurity http;
      """;

  @Test
  void thePagesCompile(@TempDir Path classes) throws Exception {
    StringBuilder source = new StringBuilder(IMPORTS + FIELDS);
    int pieces = 0;
    for (String page : List.of("docs/java.md", "docs/second-factors.md", "README.md")) {
      String text = Files.readString(Path.of(System.getProperty("doorward.repository"), page));
      List<MatchResult> found =
          Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(text).results().toList();
      assertFalse(found.isEmpty(), page);
      for (MatchResult piece : found) {
        source.append(
            "void piece%d() throws Exception {%n%s}%n".formatted(pieces++, piece.group(1)));
      }
    }
    compile(source.append("}\n").toString(), classes);
  }

  private static void compile(String source, Path classes) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    JavaFileObject file =
        new SimpleJavaFileObject(URI.create("string:///Pages.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return source;
          }
        };
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> options =
        List.of("-classpath", path, "-d", classes.toString(), "-Xlint:all,-serial", "-Werror");
    StringWriter said = new StringWriter();
    boolean isCompiled = compiler.getTask(said, null, null, options, null, List.of(file)).call();
    assertTrue(isCompiled, said::toString);
  }
}
