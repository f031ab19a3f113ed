"""The engine, and the default engine of the process."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from functools import cache
from threading import Lock
from types import TracebackType
from typing import Any, cast

from typing_extensions import Self, Unpack

from doorward._doorward import describe
from doorward.operations import Operations
from doorward.types import Config, RequestsConfig

Log = Callable[[int, dict[str, Any]], object]
"""Receives a level (1 error, 2 warning, 3 information) and a record."""

Clock = Callable[[], int]
"""Returns Unix time in milliseconds."""

MAX_QUEUED: int = describe()["$defs"]["PasswordConfig"]["properties"]["max_queued"]["default"]
"""The default of `password.max_queued`."""

_logger = logging.getLogger("doorward")


def _to_logging(level: int, record: dict[str, Any]) -> None:
    """Pass a record to `logging`: its text, and the whole as the attribute `doorward` of the LogRecord."""
    severity = {1: logging.ERROR, 2: logging.WARNING}.get(level, logging.INFO)
    if _logger.isEnabledFor(severity):
        text = " ".join(f"{name}={value}" for name, value in record.items())
        _logger.log(severity, "%s", text, extra={"doorward": record})


class Engine(Operations):
    """An open engine. Share it between threads; open one per process.

    The store is opened at once. `log` receives the records for the host, by default in the logger `doorward`
    of Python's `logging`. `now_ms` replaces the clock. Neither may call the engine.
    """

    def __new__(
        cls, config: Config | str | None = None, log: Log | None = None, now_ms: Clock | None = None
    ) -> Self:
        """Open an engine. A text is a configuration in JSON."""
        text = config if isinstance(config, str) else json.dumps(config or {})
        engine = super().__new__(cls, text, log or _to_logging, now_ms)
        parsed = cast("Config", json.loads(text or "{}"))
        engine._requests = parsed.get("requests") or {}
        max_queued = (parsed.get("password") or {}).get("max_queued")
        engine.max_queued = MAX_QUEUED if max_queued is None else max_queued
        engine.configured = frozenset(key for key, value in parsed.items() if value is not None)
        return engine

    _requests: RequestsConfig

    max_queued: int
    """The number of calls that may wait for a place to hash."""

    configured: frozenset[str]
    """The keys of the configuration."""

    @property
    def requests(self) -> RequestsConfig:
        """The rules of `authenticate_request` in force, including defaults."""
        given = {key: value for key, value in self._requests.items() if value is not None}
        return cast("RequestsConfig", {**_default_requests(), **given})

    def __enter__(self) -> Self:
        """Close the engine at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.close()


@cache
def _default_requests() -> dict[str, Any]:
    rules = describe()["$defs"]["RequestsConfig"]["properties"]
    return {name: schema.get("default") for name, schema in rules.items()}


_lock = Lock()
_default: Engine | None = None


def _after_fork() -> None:
    """Keep the default engine in a forked child: it is the parent's, so calls fail with code `forked`.

    Opening another engine automatically would be worse: without the configuration it would have another
    store; with it, a store in memory would be empty, and a log hook might hold a lock of the parent.
    """
    global _lock
    _lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def configure(*, log: Log | None = None, now_ms: Clock | None = None, **config: Unpack[Config]) -> Engine:
    """Open the default engine, which calls without `repo` use. Other users of the previous one keep it.

    A forked child must configure its own: calls on its parent's engine fail with code `forked`.
    """
    global _default
    engine = Engine(config, log, now_ms)
    with _lock:
        _default = engine
    return engine


def default_engine() -> Engine:
    """Return the default engine. Without `configure` its first use opens `sqlite:doorward.db`."""
    global _default
    with _lock:
        if _default is None:
            _default = Engine()
        return _default
