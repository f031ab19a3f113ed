"""For tests of programs that embed doorward: the real engine, in memory, with time that the test moves."""

from __future__ import annotations

import base64
import hmac
import time
from datetime import timedelta

from typing_extensions import Unpack

from doorward.engine import Engine, Log
from doorward.types import Config

__all__ = ["Clock", "open_engine", "totp_code"]


class Clock:
    """A clock that stands until the test moves it."""

    def __init__(self, seconds: int | None = None) -> None:
        """Set the clock to this Unix time; default: the present."""
        self.seconds: int = int(time.time()) if seconds is None else seconds

    def advance(self, duration: int | timedelta) -> None:
        """Move the clock, by seconds or a timedelta. Tokens are accepted `leeway_seconds` (30) longer."""
        by = duration // timedelta(seconds=1) if isinstance(duration, timedelta) else duration
        self.seconds += by

    def __call__(self) -> int:
        """Return the time, as the engine asks for it: in milliseconds."""
        return self.seconds * 1000


def open_engine(clock: Clock | None = None, *, log: Log | None = None, **config: Unpack[Config]) -> Engine:
    """Open an engine with this configuration, in memory unless it names a store.

    A hash costs as little as possible unless the configuration says otherwise. That is for tests only.
    """
    config.setdefault("store", "sqlite::memory:")
    config["password"] = {"memory_kib": 8, "iterations": 1, **(config.get("password") or {})}
    return Engine(config, log, clock)


def totp_code(secret: str, seconds: float) -> str:
    """Return the code that an authenticator app shows at this time (RFC 6238).

    secret: That of `setup_totp`.
    seconds: The Unix time, such as `clock.seconds`. A code is accepted once: go on by 30 for the next.
    """
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    tag = hmac.digest(key, int(seconds // 30).to_bytes(8, "big"), "sha1")
    offset = tag[-1] & 15
    return f"{(int.from_bytes(tag[offset : offset + 4], 'big') & 0x7FFF_FFFF) % 1_000_000:06}"
