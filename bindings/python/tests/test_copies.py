"""Tests with Python's own copy of SQLite on the store's file, and with forked children that outlive their
parent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from doorward import AuthError, Config, Engine

PASSWORD = "eight wise words"

# A process that reads the store by Python's sqlite3, holds its lock, and is killed.
BESIDE = """
import json, sqlite3, sys
from doorward import AuthError, Engine

engine = Engine(json.loads(sys.argv[1]))
engine.register(username="ada", email="ada@example.com", password=sys.argv[2])
token = engine.login(username="ada", password=sys.argv[2]).access_token
file = json.loads(sys.argv[1])["store"].removeprefix("sqlite:")
for _ in range(3):
    with sqlite3.connect(file) as other:
        assert other.execute("SELECT count(*) FROM users").fetchone() == (1,)
    other.close()
    assert engine.authenticate(token=token).user.username == "ada"
other = sqlite3.connect(file, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
try:
    engine.register(username="joan", email="joan@example.com", password=sys.argv[2])
except AuthError as error:
    assert error.code == "store_unavailable"
    other.execute("ROLLBACK")
    other.close()
    print(token, flush=True)
input()
engine.register(username="joan", email="joan@example.com", password=sys.argv[2])
engine.logout(token=token)
print("done", flush=True)
input()
"""


@pytest.fixture
def on_disk(config: Config, tmp_path: Path) -> Config:
    config["store"] = f"sqlite:{tmp_path / 'store.db'}"
    config["limits"] = {"store_timeout_ms": 500}
    return config


@contextmanager
def running(program: str, config: Config) -> Generator[tuple[subprocess.Popen[str], IO[str], IO[str]]]:
    arguments = [sys.executable, "-c", program, json.dumps(config), PASSWORD]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdin is not None and process.stdout is not None
            yield process, process.stdin, process.stdout
        finally:
            process.kill()


def test_nothing_acknowledged_is_lost_beside_another_copy_of_sqlite(on_disk: Config) -> None:
    with running(BESIDE, on_disk) as (process, stdin, stdout):
        token = stdout.readline().strip()
        assert token
        # The last connection that closes deletes the log. This is not the last.
        with Engine(on_disk) as engine:
            engine.register(username="grace", email="grace@example.com", password=PASSWORD)
        stdin.write("go on\n")
        stdin.flush()
        assert stdout.readline() == "done\n"
        process.kill()
        process.wait()
    with Engine(on_disk) as engine:
        assert {user.username for user in engine.list_users().users} == {"ada", "grace", "joan"}
        with pytest.raises(AuthError):
            engine.authenticate(token=token)


# A process that leaves a forked child behind and is killed.
FORKING = """
import json, os, sys
from doorward import Engine

engine = Engine(json.loads(sys.argv[1]))
engine.register(username="ada", email="ada@example.com", password=sys.argv[2])
if os.fork() == 0:
    os.close(1)
    os.read(0, 1)
    os._exit(0)
print("forked", flush=True)
os.read(0, 1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_the_locks_of_a_process_end_with_it_though_its_child_stays(on_disk: Config, tmp_path: Path) -> None:
    with running(FORKING, on_disk) as (process, _, stdout):
        assert stdout.readline() == "forked\n"
        process.kill()
        process.wait()
        with Engine(on_disk) as engine:
            engine.register(username="grace", email="grace@example.com", password=PASSWORD)
            assert (tmp_path / "store.db-wal").exists()
        # The last engine that closes has the file to itself.
        assert not (tmp_path / "store.db-wal").exists()
