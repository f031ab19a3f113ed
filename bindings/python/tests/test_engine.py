"""The engine as a Python object: hooks, threads, forks, closing."""

from __future__ import annotations

import base64
import gc
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD, SERVER, Clock, psql
from pydantic import ValidationError

from doorward import AuthError, Config, Engine, InvalidToken, configure, default_engine, describe
from doorward.exceptions import ConfigError, InternalError, InvalidRequest, MisuseError, NotAuthenticated
from doorward.models import AuthenticateRequestRequest


def test_every_operation_has_a_method(engine: Engine) -> None:
    for operation in describe()["operations"]:
        assert callable(getattr(engine, operation["name"]))


def test_the_main_job(engine: Engine) -> None:
    login = engine.login(username="ada", password=PASSWORD, client={"ip": "192.0.2.1"})
    claims = engine.verify(login.access_token)
    assert claims.get("sub") == login.user.id
    assert claims["exp"] - claims.get("iat", 0) == login.expires_in == 900
    assert engine.authenticate(authorization=f"Bearer {login.access_token}").claims == claims
    assert login.refresh_token is not None
    assert engine.introspect(token=login.refresh_token).active
    assert engine.logout(token=login.access_token).message
    assert not engine.introspect(token=login.access_token).active
    with pytest.raises(InvalidToken):
        engine.authenticate(token=login.access_token)


def test_requests(config: Config) -> None:
    config["requests"] = {"exclude": ["/health", {"prefix": "/docs"}], "cookie": "token"}
    with Engine(config) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        token = engine.login(username="ada", password=PASSWORD).access_token
        skipped = engine.authenticate_request(method="GET", path="/docs/a")
        assert (skipped.skipped, skipped.user, skipped.claims) == (True, None, None)
        found = engine.authenticate_request(method="GET", path="/", cookies={"token": token})
        assert not found.skipped and found.user is not None and found.user.username == "ada"
        assert found.claims == engine.verify(token)
        with pytest.raises(NotAuthenticated):
            engine.authenticate_request(method="GET", path="/docs/../private")
        for truthy in (1, "yes", [True]):
            with pytest.raises(InvalidRequest):
                engine.authenticate_request(method="GET", path="/", excluded=truthy)  # type: ignore[arg-type]
            with pytest.raises(ValidationError):
                AuthenticateRequestRequest.model_validate({"method": "GET", "path": "/", "excluded": truthy})
    config["requests"] = {"exclude": ["/**"]}
    with pytest.raises(ConfigError) as caught:
        Engine(config)
    assert caught.value.field == "/requests/exclude/0"


def test_claims_are_python_objects(engine: Engine) -> None:
    own: dict[str, Any] = {
        "text": 'é"\\\n😀',
        "none": None,
        "true": True,
        "list": [1, -2, 2.5, [], {}],
        "big": 2**63,
        "deep": {"a": {"b": []}},
    }
    token = engine.issue_token(claims={"sub": "service", "scope": "read write", **own}).token
    claims: dict[str, Any] = {**engine.verify(token=token)}
    assert {name: claims[name] for name in own} == own
    assert type(claims["exp"]) is int
    assert claims == engine.call("verify", json.dumps({"token": token}))


def test_a_token_expires(engine: Engine, clock: Clock) -> None:
    issued = engine.issue_token(claims={"sub": "x"}, lifetime_seconds=60)
    clock.seconds = issued.expires_at + 29
    engine.verify(issued.token)
    clock.seconds += 1
    with pytest.raises(InvalidToken) as caught:
        engine.verify(issued.token)
    assert caught.value.detail == "expired"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\ud800", "." * 1_000_000, "\0"])
def test_what_is_no_token(engine: Engine, token: str) -> None:
    with pytest.raises(InvalidToken):
        engine.verify(token)


def test_texts_that_are_not_utf_8(engine: Engine) -> None:
    for operation, request in [("\ud800", "{}"), ("verify", "\ud800")]:
        with pytest.raises(MisuseError) as caught:
            engine.call(operation, request)
        assert caught.value.code == "invalid_utf8"
    with pytest.raises(InvalidRequest):
        engine.login(username="\ud800", password=PASSWORD)


def test_configurations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    configurations: list[Config | str | None] = [None, {}, "", "{}"]
    for config in configurations:
        Engine(config).close()
    assert Path("doorward.db.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(ConfigError) as caught:
        Engine('{"colour": "blue"}')
    assert (caught.value.code, caught.value.field) == ("invalid_config", "/colour")
    with pytest.raises(TypeError):
        Engine(log="no function")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_close(config: Config) -> None:
    engine = Engine(config)
    engine.close()
    engine.close()
    for call in (lambda: engine.verify("x"), engine.list_users, lambda: engine.call("list_users")):
        with pytest.raises(MisuseError) as caught:
            call()
        assert caught.value.code == "engine_closed"


def test_close_while_calls_are_in_flight(config: Config) -> None:
    for _ in range(20):
        engine = Engine(config)
        begun = threading.Barrier(5)

        def work(engine: Engine = engine, begun: threading.Barrier = begun) -> str:
            begun.wait()
            try:
                while True:
                    engine.hash_password(password=PASSWORD)
                    engine.list_users()
            except MisuseError as error:
                return error.code

        with ThreadPoolExecutor(4) as pool:
            ends = [pool.submit(work) for _ in range(4)]
            begun.wait()
            engine.close()
            assert {end.result() for end in ends} == {"engine_closed"}


def test_log(config: Config) -> None:
    records: list[tuple[int, dict[str, Any]]] = []
    with Engine(config, log=lambda level, record: records.append((level, record))) as engine:
        calls: list[Callable[[], object]] = [
            lambda: engine.verify("x"),
            lambda: engine.login(username="eve", password="secret one"),
        ]
        for call in calls:
            with pytest.raises(AuthError):
                call()
    assert [(level, record["operation"], record["code"]) for level, record in records] == [
        (3, "verify", "invalid_token"),
        (3, "login", "invalid_credentials"),
    ]
    assert "secret one" not in str(records)


def test_a_log_that_fails_changes_no_verdict(config: Config, capsys: pytest.CaptureFixture[str]) -> None:
    def log(level: int, record: dict[str, Any]) -> None:
        raise RuntimeError("no disk")

    reported: list[Any] = []
    sys.unraisablehook, before = reported.append, sys.unraisablehook
    try:
        with Engine(config, log=log) as engine, pytest.raises(InvalidToken):
            engine.verify("x")
    finally:
        sys.unraisablehook = before
    assert [str(each.exc_value) for each in reported] == ["no disk"]


def test_a_clock_that_fails_is_contained(config: Config, capfd: pytest.CaptureFixture[str]) -> None:
    broken = False

    def now_ms() -> int:
        if broken:
            raise RuntimeError("no time")
        return 1_767_225_600_000

    with Engine(config, now_ms=now_ms) as engine:
        token = engine.issue_token(claims={"sub": "x"}).token
        reported: list[Any] = []
        sys.unraisablehook, before = reported.append, sys.unraisablehook
        try:
            broken = True
            with pytest.raises(InternalError):
                engine.verify(token)
        finally:
            sys.unraisablehook = before
        assert [str(each.exc_value) for each in reported] == ["no time"]
        broken = False
        engine.verify(token)
    assert capfd.readouterr().err == ""


def test_a_hook_must_not_call_the_engine(config: Config) -> None:
    codes: list[str] = []

    def log(level: int, record: dict[str, Any]) -> None:
        calls: list[Callable[[], object]] = [
            lambda: engine.verify("x"),
            engine.list_users,
            lambda: Engine(config),
        ]
        for call in calls:
            try:
                call()
            except MisuseError as error:
                codes.append(error.code)
        engine.close()

    engine = Engine(config, log=log)
    for _ in range(2):
        with pytest.raises(AuthError):
            engine.verify("x")
    assert codes == ["reentered"] * 3


def test_an_engine_in_a_cycle_is_collected(config: Config) -> None:
    class Host:
        def __init__(self) -> None:
            self.engine = Engine(config, log=self.log)

        def log(self, level: int, record: dict[str, Any]) -> None: ...

    host = weakref.ref(Host())
    gc.collect()
    assert host() is None


def test_waiting_calls_release_the_interpreter(config: Config) -> None:
    """While one thread hashes, another runs. The switch interval alone would not allow that."""
    config["password"] = {"memory_kib": 8192, "iterations": 8}
    interval = sys.getswitchinterval()
    with Engine(config) as engine:
        try:
            sys.setswitchinterval(1000)
            # A busy machine may run the other thread late. Without a release it never runs in time.
            assert any(progress_during_a_hash(engine) for _ in range(20))
        finally:
            sys.setswitchinterval(interval)


def progress_during_a_hash(engine: Engine) -> bool:
    begun, done = threading.Event(), False

    def work() -> None:
        nonlocal done
        begun.set()
        engine.hash_password(password=PASSWORD)
        done = True

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    progress = not done
    thread.join()
    return progress


def test_threads_share_an_engine(engine: Engine) -> None:
    def login(_: int) -> str:
        return engine.login(username="ada", password=PASSWORD).session_id

    def register(_: int) -> str:
        try:
            return engine.register(username="bob", email="bob@example.com", password=PASSWORD).user.username
        except AuthError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(login, range(32)))) == 32
        assert sorted(pool.map(register, range(8))) == ["bob", *["username_taken"] * 7]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_has_no_default_engine_of_its_own_making(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("doorward.engine._default", None)
    monkeypatch.chdir(tmp_path)
    with configure(**config):
        ask, tell = os.pipe()
        child = os.fork()
        if child == 0:
            codes: list[str] = []
            try:
                try:
                    default_engine().list_users()
                except AuthError as error:
                    codes.append(error.code)
                with configure(**config) as own:
                    codes.append(str(default_engine() is own and own.list_users().users == []))
            finally:
                os.write(tell, json.dumps(codes).encode())
                os._exit(0)
        os.close(tell)
        os.waitpid(child, 0)
        with os.fdopen(ask) as pipe:
            assert json.load(pipe) == ["forked", "True"]
        assert default_engine().list_users().users == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
class TestFork:
    def test_the_engine_of_the_parent_refuses(self, config: Config, tmp_path: Path) -> None:
        config["store"] = f"sqlite:{tmp_path / 'doorward.db'}"
        engine = Engine(config)
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        token = engine.login(username="ada", password=PASSWORD).access_token
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            answers: list[str] = []
            try:
                for call in (lambda: engine.verify(token), lambda: engine.authenticate(token=token)):
                    try:
                        call()
                    except MisuseError as error:
                        answers.append(error.code)
                engine.close()
                del engine, call
                gc.collect()
                with Engine(config) as own:
                    answers.append(own.authenticate(token=token).user.username)
            finally:
                os.write(writer, json.dumps(answers).encode())
                os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            assert json.load(pipe) == ["forked", "forked", "ada"]
        assert os.waitpid(child, 0)[1] == 0
        assert engine.authenticate(token=token).user.username == "ada"
        engine.close()

    def test_multiprocessing(self, config: Config, tmp_path: Path) -> None:
        config["store"] = f"sqlite:{tmp_path / 'doorward.db'}"
        with Engine(config) as engine:
            engine.register(username="ada", email="ada@example.com", password=PASSWORD)
            global _engine, _config
            _engine, _config = engine, config
            with multiprocessing.get_context("fork").Pool(2) as pool:
                assert pool.map(in_child, range(4)) == [("forked", "ada")] * 4
            assert len(engine.list_users().users) == 1


_engine: Engine
_config: Config


def in_child(_: int) -> tuple[str, str]:
    try:
        _engine.list_users()
        code = ""
    except MisuseError as error:
        code = pickle.loads(pickle.dumps(error)).code
    with Engine(_config) as own:
        return code, own.login(username="ada", password=PASSWORD).user.username


SEARCHING = """
import base64, json, sys, threading, time
from doorward import Engine
from doorward.exceptions import InvalidToken

engine = Engine({"store": "sqlite::memory:"}, now_ms=lambda: time.time_ns() // 1_000_000)
_, *rest = engine.issue_token(claims={"sub": "x"}).token.split(".")

def made_up(number):
    header = json.dumps({"alg": "HS256", "kid": f"made-up-{number}", "typ": "at+jwt"}).encode()
    return ".".join([base64.urlsafe_b64encode(header).rstrip(b"=").decode(), *rest])

def publish():
    for _ in range(300):
        engine.jwks()

def verify():
    for number in range(300):
        try:
            engine.verify(made_up(number))
        except InvalidToken:
            continue
        raise AssertionError

sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=call) for call in (publish, verify) * 3]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("done")
"""


def test_what_waits_for_the_store_does_not_hold_the_interpreter() -> None:
    """The clock is in Python, so a search for an unknown key needs the interpreter to read it."""
    done = subprocess.run(
        [sys.executable, "-c", SEARCHING], capture_output=True, text=True, timeout=300, check=True
    )
    assert done.stdout == "done\n"


@pytest.mark.skipif(not SERVER, reason="no PostgreSQL")
@pytest.mark.parametrize("waits", ["verify", "list_users"])
def test_who_waits_for_the_store_lets_other_threads_run(database: str, waits: str) -> None:
    """One thread waits for a lock of the store, until another thread of this process ends it."""
    psql(database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    config: Config = {"store": database, "secret_key": "x" * 32, "limits": {"store_timeout_ms": 20_000}}
    with Engine(config) as engine:
        _, *rest = engine.issue_token(claims={"sub": "x"}).token.split(".")
        header = {"alg": "HS256", "kid": "made-up", "typ": "at+jwt"}
        text = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
        made_up = ".".join([text, *rest])

        def call() -> str:
            try:
                engine.verify(made_up) if waits == "verify" else engine.list_users()
            except AuthError as error:
                return error.code
            return "done"

        sql = "BEGIN; LOCK TABLE keys, users; SELECT pg_sleep(600)"
        command = ["psql", "--no-psqlrc", "--dbname", database, "--command"]
        ask = [*command[:-1], "--tuples-only", "--command"]

        def found(sql: str) -> str:
            return subprocess.run([*ask, sql], capture_output=True, text=True, check=True).stdout.strip()

        with subprocess.Popen([*command, sql], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
            keeper = "pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            while not found(f"SELECT 1 FROM {keeper}"):
                pass
            with ThreadPoolExecutor(1) as threads:
                answer = threads.submit(call)
                while not answer.done() and not found("SELECT 1 FROM pg_locks WHERE NOT granted"):
                    pass
                found(f"SELECT pg_terminate_backend(pid) FROM {keeper}")
                assert answer.result() == ("invalid_token" if waits == "verify" else "done")


def test_every_operation_says_what_it_waits_for() -> None:
    costs = {row["name"]: row["cost"] for row in describe()["operations"]}
    assert set(costs.values()) == {"instant", "store", "hash", "network", "long"}
    expected = {"verify": "instant", "authenticate": "store", "issue_token": "store", "login": "hash"}
    assert {name: costs[name] for name in expected} == expected
