"""Waiting calls, off the event loop: each on a thread of the right kind.

A call that hashes a password waits for one of a few places, and a call to another service waits for that
service. Such calls have their own threads, so that no number of them delays other calls.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from doorward._doorward import describe
from doorward.engine import MAX_QUEUED, Engine
from doorward.exceptions import AuthServiceUnavailable

__all__ = ["to_thread"]

P = ParamSpec("P")
T = TypeVar("T")


def _operations_of(cost: str) -> frozenset[str]:
    return frozenset(row["name"] for row in describe()["operations"] if row["cost"] == cost)


HASHING = _operations_of("hash")
"""The operations that hash a password, or check one for as long as a hash takes."""

REMOTE = _operations_of("network")
"""The operations that ask another service."""


async def to_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a method of an engine on a thread, as `asyncio.to_thread` does.

    Calls that hash a password or ask another service have their own threads; they are recognized by their
    names. If more hashes wait than the engine's `password.max_queued`, the call fails as in the engine: with
    AuthServiceUnavailable, `hash_queue_full`.
    """
    name = getattr(call, "__name__", "")
    operation = args[0] if name == "call" and args else name
    # A call that does both waits longer for the service.
    if operation in REMOTE:
        return await _remote.run(partial(call, *args, **kwargs))
    if operation not in HASHING:
        return await asyncio.to_thread(call, *args, **kwargs)
    engine = getattr(call, "__self__", None)
    max_queued = engine.max_queued if isinstance(engine, Engine) else MAX_QUEUED
    return await _hashing.run(partial(call, *args, **kwargs), max_queued)


class _Threads:
    """Threads for one kind of call."""

    def __init__(self, name: str, count: int) -> None:
        self._name = name
        self._count = count
        self.start()

    def start(self) -> None:
        """Start the threads; a forked child starts new ones, because it does not inherit its parent's."""
        self._pool = ThreadPoolExecutor(self._count, thread_name_prefix=self._name)
        self._lock = Lock()
        self._calls = 0

    async def run(self, call: Callable[[], T], max_queued: int | None = None) -> T:
        """Run a call, unless too many calls wait already."""
        with self._lock:
            if max_queued is not None and self._calls >= self._count + max_queued:
                raise _queue_full()
            self._calls += 1
        try:
            future = self._pool.submit(copy_context().run, call)
            future.add_done_callback(self._ended)
        except BaseException:
            self._ended()
            raise
        # A call that is cancelled before it starts leaves the queue.
        return await asyncio.wrap_future(future)

    def _ended(self, *_: Any) -> None:
        with self._lock:
            self._calls -= 1


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _queue_full() -> AuthServiceUnavailable:
    error = AuthServiceUnavailable("The service is not available right now.")
    error.code = "hash_queue_full"
    return error


# There are more threads than places to hash, one for each core, so that no place is idle while other calls
# write.
_hashing = _Threads("doorward-hash", 4 * _cores())
_remote = _Threads("doorward-remote", 32)


def _after_fork() -> None:
    for threads in (_hashing, _remote):
        threads.start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
