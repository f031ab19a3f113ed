package io.doorward;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * The threads of asynchronous calls: some for each kind of call, so that a crowd of logins holds up
 * nothing else.
 */
final class Lanes {
  /** What a call may wait for. */
  enum Cost {
    INSTANT,
    STORE,
    HASH,
    NETWORK,
    LONG
  }

  private static final int DEFAULT_MAX_QUEUED = 256;
  private static final MethodHandle IS_VIRTUAL = isVirtual();

  private final ThreadPoolExecutor store = pool("store", 64, Integer.MAX_VALUE);
  private final ThreadPoolExecutor network = pool("network", 32, Integer.MAX_VALUE);
  private final ThreadPoolExecutor slow = pool("long", 8, Integer.MAX_VALUE);
  private final ThreadPoolExecutor hash;

  /** Makes lanes for an engine with so many places to hash; null is the engine's default. */
  Lanes(Long maxConcurrent, Long maxQueued) {
    int places =
        maxConcurrent == null
            ? Runtime.getRuntime().availableProcessors()
            : maxConcurrent.intValue();
    int queued = maxQueued == null ? DEFAULT_MAX_QUEUED : maxQueued.intValue();
    // More than places, so that none is idle while another call writes.
    hash = pool("hash", 4 * places, queued);
  }

  /**
   * Runs a call on a thread of its kind. A future that is cancelled before the call begins takes
   * the call away.
   */
  <T> CompletableFuture<T> submit(Cost cost, Supplier<T> call) {
    CompletableFuture<T> future = new CompletableFuture<>();
    Runnable task =
        () -> {
          if (future.isDone()) {
            return;
          }
          try {
            future.complete(call.get());
          } catch (Throwable failure) {
            future.completeExceptionally(failure);
          }
        };
    ThreadPoolExecutor lane = lane(cost);
    try {
      lane.execute(task);
    } catch (RejectedExecutionException full) {
      future.completeExceptionally(DoorwardException.of(Code.HASH_QUEUE_FULL));
      return future;
    }
    future.whenComplete(
        (value, failure) -> {
          if (future.isCancelled()) {
            lane.remove(task);
          }
        });
    return future;
  }

  /**
   * Runs a call and waits for it. A virtual thread would keep its carrier while it is in native
   * code, so its call runs on a thread of the lanes.
   */
  <T> T run(Cost cost, Supplier<T> call) {
    if (cost == Cost.INSTANT || !isOnVirtualThread()) {
      return call.get();
    }
    try {
      return submit(cost, call).join();
    } catch (CompletionException failure) {
      throw failure.getCause() instanceof DoorwardException own ? own : failure;
    }
  }

  private ThreadPoolExecutor lane(Cost cost) {
    return switch (cost) {
      case HASH -> hash;
      case NETWORK -> network;
      case LONG -> slow;
      case STORE, INSTANT -> store;
    };
  }

  private static ThreadPoolExecutor pool(String name, int threads, int maxQueued) {
    AtomicInteger last = new AtomicInteger();
    ThreadFactory factory =
        task -> {
          Thread thread = new Thread(task, "doorward-" + name + "-" + last.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        };
    BlockingQueue<Runnable> queue =
        maxQueued == 0 ? new SynchronousQueue<>() : new LinkedBlockingQueue<>(maxQueued);
    ThreadPoolExecutor pool =
        new ThreadPoolExecutor(threads, threads, 10, TimeUnit.SECONDS, queue, factory);
    pool.allowCoreThreadTimeOut(true);
    return pool;
  }

  private static boolean isOnVirtualThread() {
    try {
      return IS_VIRTUAL != null && (boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
    } catch (Throwable never) {
      return false;
    }
  }

  /** Returns {@code Thread.isVirtual}, which Java has from version 21. */
  private static MethodHandle isVirtual() {
    try {
      MethodType type = MethodType.methodType(boolean.class);
      return MethodHandles.publicLookup().findVirtual(Thread.class, "isVirtual", type);
    } catch (ReflectiveOperationException older) {
      return null;
    }
  }
}
