"""Waiting calls, off the event loop: each on a thread of the right kind.

A call that hashes a password waits for one of a few places, and a call to another service waits for that
service. Each kind of call has threads of its own, so that no number of them delays calls of another kind, or
what the application runs in the executor of its event loop.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
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


def _operations_of(*costs: str) -> frozenset[str]:
    return frozenset(row["name"] for row in describe()["operations"] if row["cost"] in costs)


HASHING = _operations_of("hash")
"""The operations that hash a password, or check one for as long as a hash takes."""

SHORT = _operations_of("instant", "store")
"""The operations that wait for the store only, for a short time."""


async def to_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a method of an engine on a thread, as `asyncio.to_thread` does.

    Methods are recognized by their names. Those that hash a password have their own threads, and so do those
    that wait only for the store. All other calls, such as those that ask another service, and functions of
    the host, share a third kind. If more hashes wait than the engine's `password.max_queued`, a call fails as
    in the engine: with AuthServiceUnavailable, `hash_queue_full`. A call that is cancelled before it begins
    is dropped; a call that has begun ends on its thread.
    """
    name = getattr(call, "__name__", "")
    operation = args[0] if name == "call" and args else name
    # A call that also asks another service waits longer for that service.
    if operation not in HASHING:
        threads = _short if operation in SHORT else _long
        return await waited(threads.submit(partial(call, *args, **kwargs)))
    engine = getattr(call, "__self__", None)
    max_queued = engine.max_queued if isinstance(engine, Engine) else MAX_QUEUED
    return await waited(_hashing.submit(partial(call, *args, **kwargs), max_queued))


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

    def submit(self, call: Callable[[], T], max_queued: int | None = None) -> Future[T]:
        """Let a thread run the call, unless too many calls wait already."""
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
        return future

    def _ended(self, *_: Any) -> None:
        with self._lock:
            self._calls -= 1


async def waited(future: Future[T]) -> T:
    """Return the result of a call, in asyncio and trio. A cancelled call leaves the queue, if it is there."""
    trio = sys.modules.get("trio")
    if trio is None or not trio.lowlevel.in_trio_task():
        return await asyncio.wrap_future(future)
    ended, token = trio.Event(), trio.lowlevel.current_trio_token()

    def tell(_: Future[T]) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(ended.set)

    future.add_done_callback(tell)
    try:
        await ended.wait()
    except BaseException:
        future.cancel()
        raise
    return future.result()


async def to_the_end(call: Callable[[], T]) -> T:
    """Run a call on a thread, even if the task is cancelled before the call begins."""
    future = _long.submit(call)
    ended: Future[None] = Future()

    def tell(_: Future[T]) -> None:
        if ended.set_running_or_notify_cancel():
            ended.set_result(None)

    future.add_done_callback(tell)
    await waited(ended)
    return future.result()


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
_short = _Threads("doorward-store", 32)
_long = _Threads("doorward-long", 32)


def _after_fork() -> None:
    for threads in (_hashing, _short, _long):
        threads.start()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
