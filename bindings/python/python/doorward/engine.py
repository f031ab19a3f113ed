"""The engine, and the process's default one."""

from __future__ import annotations

import json
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


class Engine(Operations):
    """An open engine: share it between threads; open one per process.

    The store is opened at once. `log` receives what the host should know, `now_ms` replaces the clock;
    neither may call the engine.
    """

    def __new__(
        cls, config: Config | str | None = None, log: Log | None = None, now_ms: Clock | None = None
    ) -> Self:
        """Open an engine; a configuration that is a text is JSON."""
        text = config if isinstance(config, str) else json.dumps(config or {})
        engine = super().__new__(cls, text, log, now_ms)
        engine._requests = cast("Config", json.loads(text or "{}")).get("requests") or {}
        return engine

    _requests: RequestsConfig

    @property
    def requests(self) -> RequestsConfig:
        """The rules of `authenticate_request` as they are, defaults included."""
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
    rules = describe()["configuration"]["properties"]["requests"]["properties"]
    return {name: schema.get("default") for name, schema in rules.items()}


_lock = Lock()
_default: Engine | None = None


def _after_fork() -> None:
    """Forget the default engine in a forked child: it is the parent's."""
    global _lock, _default
    _lock, _default = Lock(), None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def configure(*, log: Log | None = None, now_ms: Clock | None = None, **config: Unpack[Config]) -> Engine:
    """Open the default engine, that of calls without `repo`; the one before is left to its other users."""
    global _default
    engine = Engine(config, log, now_ms)
    with _lock:
        _default = engine
    return engine


def default_engine() -> Engine:
    """Return the default engine; without `configure` it is opened on first use: `sqlite:doorward.db`."""
    global _default
    with _lock:
        if _default is None:
            _default = Engine()
        return _default
