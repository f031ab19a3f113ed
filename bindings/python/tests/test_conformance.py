"""Runs the scenarios of tests/conformance in the repository; tests/languages/scenarios.py is the runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import scenarios
from conftest import Clock
from scenarios import Answer, as_text

from doorward import AuthError, Engine

SCENARIOS = scenarios.scenarios()


class InProcess:
    """The engine of this process."""

    has_one_empty = False

    def open(self, config: str, now: int) -> Answer:
        self.clock = Clock(now)
        try:
            self.engine = Engine(config, now_ms=self.clock)
        except AuthError as error:
            return failure(error)
        return 0, {}

    def call(self, operation: str, request: Any, now: int) -> Answer:
        self.clock.seconds = now
        try:
            return 0, self.engine.call(operation, as_text(request))
        except AuthError as error:
            return failure(error)

    def close(self) -> None:
        self.engine.close()


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, tmp_path: Path) -> None:
    difference = scenarios.run(SCENARIOS[name], InProcess(), f"sqlite:{tmp_path}/store.db", str(tmp_path))
    assert difference is None, difference


def failure(error: AuthError) -> Answer:
    body = error.http_body
    if error.detail is not None:
        body["error"]["detail"] = error.detail
    return error.status.value, body
