"""Shared parts of the tests: an engine in memory with a cheap hash and its own clock; stores."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from openid import Provider

from doorward import Config, Engine, testing
from doorward.exceptions import AuthServiceUnavailable

PASSWORD = "eight wise words"

# The URL of a PostgreSQL server, which tests/postgres starts.
SERVER = os.environ.get("DOORWARD_TEST_POSTGRES", "")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skipped test into a failure in continuous integration, where every test can run."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} is not run: {report.longrepr}"
    return report


def unavailable(*_: object, **__: object) -> NoReturn:
    """Stand in for an operation while a service does not answer."""
    raise AuthServiceUnavailable("The service is not available right now.")


class Clock(testing.Clock):
    """A clock that begins at the same time in each run."""

    def __init__(self, seconds: int = 1_767_225_600) -> None:
        super().__init__(seconds)


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


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An independent provider, panva's oidc-provider, on loopback."""
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def database() -> str:
    """Make a database on the server."""
    name = f"doorward_python_{os.getpid()}"
    psql(SERVER, f"CREATE DATABASE {name} TEMPLATE template0")
    return f"{SERVER.rpartition('/')[0]}/{name}"


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=pytest.mark.skipif(not SERVER, reason="no PostgreSQL"))]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Run the test on each store. Return the URL of an empty one."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'store.db'}"
    url: str = request.getfixturevalue("database")
    # The tables stay, because creating them takes much longer.
    psql(
        url,
        """DO $$ DECLARE name text; BEGIN
          FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
            CONTINUE WHEN name = 'doorward_schema';
            EXECUTE 'DELETE FROM ' || name;
          END LOOP;
        END $$""",
    )
    return url


@pytest.fixture
def new_store(store: str) -> str:
    """Drop the tables, too."""
    if not store.startswith("sqlite:"):
        psql(store, "BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public; COMMIT")
    return store


def psql(url: str, sql: str) -> None:
    command = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url, "--command", sql]
    quiet = {**os.environ, "PGOPTIONS": "--client-min-messages=warning"}
    subprocess.run(command, check=True, env=quiet, stdout=subprocess.DEVNULL)


def mark_verified(store: Path, username: str) -> None:
    """Mark an address as verified.

    It uses its own process: a second SQLite in one process would break the locks of the first.
    """
    program = """
import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as store:
    change = "UPDATE users SET email_verified = 1 WHERE username_key = ?"
    assert store.execute(change, sys.argv[2:]).rowcount == 1
"""
    subprocess.run([sys.executable, "-c", program, str(store), username], check=True)
