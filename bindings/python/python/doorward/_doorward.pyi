from collections.abc import Callable
from typing import Any

from typing_extensions import Self, disjoint_base

from doorward.types import Claims

__all__ = ["VERSION", "Engine", "describe"]

VERSION: str

def describe() -> dict[str, Any]: ...

@disjoint_base
class Engine:
    def __new__(
        cls,
        config: str | None = None,
        log: Callable[[int, dict[str, Any]], object] | None = None,
        now_ms: Callable[[], int] | None = None,
    ) -> Self: ...
    def verify(self, token: str, *, backend: str | None = None) -> Claims: ...
    def call(self, operation: str, request: str | None = None) -> Any: ...
    def close(self) -> None: ...
