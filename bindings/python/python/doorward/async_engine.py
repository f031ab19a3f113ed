"""The engine for coroutines: each operation that may wait is awaited, and runs off the event loop."""

from __future__ import annotations

from types import TracebackType
from typing import Any

from typing_extensions import Self

from doorward.async_operations import AsyncOperations
from doorward.engine import Clock, Engine, Log
from doorward.threads import to_the_end, to_thread
from doorward.types import Claims, Config

__all__ = ["AsyncEngine"]


class AsyncEngine(AsyncOperations):
    """An open engine, whose operations are awaited. It works in asyncio and trio, and so in anyio.

    Many logins at once delay neither the event loop, nor its executor, nor other operations: `to_thread`
    tells how. Methods that wait for nothing are not awaited: `verify`, and those of TOTP without an account.
    The attribute `engine` is the same engine for code that is not async.
    """

    def __init__(self, engine: Engine) -> None:
        """Take an open engine. In a coroutine, use `open`."""
        self.engine = engine

    @classmethod
    async def open(
        cls, config: Config | str | None = None, log: Log | None = None, now_ms: Clock | None = None
    ) -> Self:
        """Open an engine, as `Engine` does, but off the event loop."""
        return cls(await to_thread(Engine, config, log, now_ms))

    def verify(self, token: str, *, backend: str | None = None) -> Claims:
        """Verify an access token by signature and claims alone, without the store: see `Engine.verify`."""
        return self.engine.verify(token, backend=backend)

    async def call(self, operation: str, request: str | None = None) -> Any:
        """Run the operation with this name: JSON text in, Python objects out."""
        return await to_thread(self.engine.call, operation, request)

    async def close(self) -> None:
        """Close the engine. Calls in progress finish; calls that have not begun fail with `engine_closed`."""
        await to_the_end(self.engine.close)

    async def __aenter__(self) -> Self:
        """Close the engine at the end of the block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the engine, also if the task is cancelled."""
        await self.close()
