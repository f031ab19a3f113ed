package io.doorward.spring;

import io.doorward.Doorward;
import io.doorward.DoorwardException;
import io.doorward.HashQueueStats;
import io.doorward.OperationOutcome;
import io.doorward.OperationStats;
import io.doorward.StatsResponse;
import io.doorward.Status;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.function.ToDoubleFunction;

/**
 * The figures of {@code stats} as meters: {@code doorward.calls} by status, {@code doorward.hashes}
 * that run, {@code doorward.hashes.waiting} and {@code doorward.hashes.slots}. The member {@code
 * prometheus} of {@code stats} has more.
 */
public final class DoorwardMetrics implements MeterBinder {
  private final Doorward engine;

  /** Makes a binder. */
  public DoorwardMetrics(Doorward engine) {
    this.engine = engine;
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    for (Status status : Status.values()) {
      FunctionCounter.builder("doorward.calls", engine, auth -> calls(auth, status))
          .tag("status", status.name())
          .register(registry);
    }
    gauge(registry, "doorward.hashes", HashQueueStats::busy);
    gauge(registry, "doorward.hashes.waiting", HashQueueStats::waiting);
    gauge(registry, "doorward.hashes.slots", HashQueueStats::slots);
  }

  private void gauge(MeterRegistry registry, String name, ToDoubleFunction<HashQueueStats> figure) {
    Gauge.builder(
            name, engine, auth -> figure(auth, stats -> figure.applyAsDouble(stats.hashQueue())))
        .register(registry);
  }

  private static double calls(Doorward engine, Status status) {
    return figure(
        engine,
        stats ->
            stats.operations().stream()
                .map(OperationStats::outcomes)
                .flatMap(outcomes -> outcomes.stream())
                .filter(outcome -> outcome.status().equals(status.name()))
                .mapToDouble(OperationOutcome::count)
                .sum());
  }

  private static double figure(Doorward engine, ToDoubleFunction<StatsResponse> figure) {
    try {
      return figure.applyAsDouble(engine.stats());
    } catch (DoorwardException closed) {
      return Double.NaN;
    }
  }
}
