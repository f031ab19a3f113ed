"""Calls that wait, off the event loop: each on a thread of the right kind.

A call that hashes a password waits for one of few places. Such calls have threads of their own, some for each
place: however many of them wait, no other call waits with them.
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

from doorward.engine import MAX_QUEUED, Engine
from doorward.exceptions import AuthServiceUnavailable

__all__ = ["to_thread"]

P = ParamSpec("P")
T = TypeVar("T")

HASHING = frozenset(
    {
        "change_password",
        "check_password",
        "complete_login",
        "hash_password",
        "login",
        "reauthenticate",
        "register",
        "request_email_verification",
        "reset_password",
        "set_password",
        "verify_email",
        "verify_password",
    }
)
"""The operations that hash a password."""


async def to_thread(call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a method of an engine on a thread, as `asyncio.to_thread` does.

    What hashes a password, by its name, runs on threads of its own. Where more of it waits than the engine's
    `password.max_queued`, it fails like the engine: as AuthServiceUnavailable, `hash_queue_full`.
    """
    name = getattr(call, "__name__", "")
    operation = args[0] if name == "call" and args else name
    if operation not in HASHING:
        return await asyncio.to_thread(call, *args, **kwargs)
    engine = getattr(call, "__self__", None)
    limit = engine.max_queued if isinstance(engine, Engine) else MAX_QUEUED
    return await _hashing.run(partial(call, *args, **kwargs), limit)


class _Hashing:
    """The threads of calls that hash: more than there are places, so that none is idle while others write."""

    PER_PLACE = 4

    def __init__(self) -> None:
        self._threads = self.PER_PLACE * _cores()
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="doorward-hash")
        self._lock = Lock()
        self._calls = 0

    async def run(self, call: Callable[[], T], limit: int) -> T:
        with self._lock:
            if self._calls >= self._threads + limit:
                raise _queue_full()
            self._calls += 1
        try:
            future = self._pool.submit(copy_context().run, call)
            future.add_done_callback(self._ended)
        except BaseException:
            self._ended()
            raise
        # Who is cancelled while the call still waits takes it back.
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


_hashing = _Hashing()


def _after_fork() -> None:
    """Take threads of its own in a forked child: the parent's are not there."""
    global _hashing
    _hashing = _Hashing()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
