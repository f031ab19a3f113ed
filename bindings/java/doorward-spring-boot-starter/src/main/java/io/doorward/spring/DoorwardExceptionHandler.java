package io.doorward.spring;

import io.doorward.DoorwardException;
import io.doorward.jakarta.Servlets;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.RestControllerAdvice;

/** Answers with the failures of the engine that controllers let through. */
@RestControllerAdvice
public class DoorwardExceptionHandler {
  /** Makes a handler. */
  public DoorwardExceptionHandler() {}

  /** Writes the body, the status and the headers of a failure. */
  @ExceptionHandler
  public void answer(DoorwardException failure, HttpServletResponse response) throws IOException {
    Servlets.write(response, failure);
  }
}
