package io.doorward;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LanesTest {
  private final CountDownLatch end = new CountDownLatch(1);

  private final Supplier<String> waiting =
      () -> {
        try {
          end.await();
        } catch (InterruptedException interrupted) {
          throw new IllegalStateException(interrupted);
        }
        return "done";
      };

  /** Fills the four places of a lane with one slot to hash, and the two places to wait. */
  private List<CompletableFuture<String>> full(Lanes lanes) {
    List<CompletableFuture<String>> calls = new ArrayList<>();
    for (int number = 0; number < 6; number++) {
      calls.add(lanes.submit(Lanes.Cost.HASH, waiting));
    }
    return calls;
  }

  @Test
  void aCrowdOfHashesHoldsUpNothingElse() {
    Lanes lanes = new Lanes(1L, 2L);
    List<CompletableFuture<String>> calls = full(lanes);
    CompletionException refused =
        assertThrows(
            CompletionException.class, () -> lanes.submit(Lanes.Cost.HASH, waiting).join());
    assertEquals(Code.HASH_QUEUE_FULL, ((UnavailableException) refused.getCause()).code());
    assertEquals("answer", lanes.submit(Lanes.Cost.STORE, () -> "answer").join());
    end.countDown();
    calls.forEach(call -> assertEquals("done", call.join()));
  }

  @Test
  void aCallThatIsCancelledDoesNotBeginAndMakesRoom() {
    Lanes lanes = new Lanes(1L, 2L);
    List<CompletableFuture<String>> calls = full(lanes);
    assertTrue(calls.get(5).cancel(true));
    AtomicBoolean hasBegun = new AtomicBoolean();
    CompletableFuture<String> next =
        lanes.submit(
            Lanes.Cost.HASH,
            () -> {
              hasBegun.set(true);
              return "next";
            });
    assertTrue(next.cancel(true));
    CompletableFuture<String> last = lanes.submit(Lanes.Cost.HASH, () -> "last");
    end.countDown();
    assertEquals("last", last.join());
    assertFalse(hasBegun.get());
  }

  @Test
  void aCallOfAPlatformThreadStaysOnIt() {
    Lanes lanes = new Lanes(null, null);
    assertSame(Thread.currentThread(), lanes.run(Lanes.Cost.HASH, Thread::currentThread));
  }

  /**
   * A virtual thread in native code would hold its carrier, and a few such calls would stop all
   * virtual threads.
   */
  @Test
  void aCallOfAVirtualThreadRunsOnAnother() throws Exception {
    Assumptions.assumeTrue(Runtime.version().feature() >= 21, "virtual threads are of Java 21");
    Lanes lanes = new Lanes(null, null);
    List<String> names = new ArrayList<>();
    Runnable calls =
        () -> {
          names.add(lanes.run(Lanes.Cost.HASH, () -> Thread.currentThread().getName()));
          names.add(lanes.run(Lanes.Cost.INSTANT, () -> Thread.currentThread().getName()));
          assertThrows(
              MisuseException.class,
              () ->
                  lanes.run(
                      Lanes.Cost.STORE,
                      () -> {
                        throw DoorwardException.of(Code.INVALID_UTF8);
                      }));
          names.add("end");
        };
    ((Thread) Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, calls))
        .join();
    assertEquals(List.of("doorward-hash-1", "", "end"), names);
  }
}
