"""An engine whose logins wait, for tests of what runs beside them."""

from __future__ import annotations

import os
import threading
from typing import Any

from doorward import Engine


class Gate(Engine):
    """An engine in which all places to hash are taken until the gate opens."""

    def call(self, operation: str, request: str | None = None) -> Any:
        if operation == "login" and hasattr(self, "entered"):
            self.entered.release()
            assert self.opened.wait(60)
        return super().call(operation, request)

    def close_gate(self) -> None:
        self.entered, self.opened = threading.Semaphore(0), threading.Event()

    def is_full(self) -> bool:
        """Wait until logins occupy all their threads."""
        return all(self.entered.acquire(timeout=30) for _ in range(threads()))


def threads() -> int:
    """Return the number of threads for calls that hash."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return 4 * cores
