"""What the tests share: an engine in memory with a cheap hash and a clock of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doorward import Config, Engine

PASSWORD = "eight wise words"


class Clock:
    """A clock that stands where a test puts it."""

    def __init__(self, seconds: int = 1_767_225_600) -> None:
        self.seconds = seconds

    def __call__(self) -> int:
        return self.seconds * 1000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def config() -> Config:
    return {"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}


@pytest.fixture
def engine(config: Config, clock: Clock) -> Iterator[Engine]:
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine
