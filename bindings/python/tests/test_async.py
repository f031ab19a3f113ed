"""The engine for coroutines, in asyncio and trio: what it has, what it holds up, and how its calls end."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import anyio
import anyio.to_thread
import pytest
from conftest import PASSWORD, Clock
from gate import Gate, threads

from doorward import AsyncEngine, AuthError, Config, Engine, PublicUser, describe
from doorward.exceptions import MisuseError, UserNotFound

LOGINS = 200
ADA: dict[str, Any] = {"username": "ada", "password": PASSWORD}

Run = Callable[[Callable[[], Awaitable[None]]], None]


@pytest.fixture(params=["asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine in each library; whatever waits for long fails."""

    def run_it(main: Callable[[], Awaitable[None]]) -> None:
        async def limited() -> None:
            with anyio.fail_after(60):
                await main()

        anyio.run(limited, backend=request.param)

    return run_it


@pytest.fixture
def gate(config: Config, clock: Clock) -> Iterator[Gate]:
    with Gate(config, now_ms=clock) as engine:
        engine.register(email="ada@example.com", **ADA)
        engine.close_gate()
        yield engine
        engine.opened.set()


@pytest.mark.parametrize("operation", describe()["operations"], ids=lambda row: row["name"])
def test_each_operation_is_awaited_if_it_may_wait(operation: dict[str, Any]) -> None:
    method, same = (getattr(each, operation["name"]) for each in (AsyncEngine, Engine))
    assert inspect.iscoroutinefunction(method) == (operation["cost"] != "instant")
    if operation["name"] == "verify":
        # Written by hand.
        assert list(inspect.signature(method).parameters) == ["self", "token", "backend"]
        return
    assert inspect.signature(method) == inspect.signature(same)
    assert method.__doc__ == same.__doc__


def test_a_login(run: Run, config: Config, clock: Clock) -> None:
    async def main() -> None:
        async with await AsyncEngine.open(config, now_ms=clock) as engine:
            user = (await engine.register(email="ada@example.com", **ADA)).user
            assert isinstance(user, PublicUser)
            session = await engine.login(**ADA)
            assert engine.verify(session.access_token).get("sub") == user.id
            assert (await engine.call("get_user", '{"username": "ada"}'))["user"]["id"] == user.id
            secret = engine.generate_totp_secret().secret
            assert not engine.verify_totp(secret=secret, code="x").valid
            with pytest.raises(AuthError):
                await engine.login(username="ada", password="another password")
        assert engine.engine.configured == {"store", "password"}
        with pytest.raises(MisuseError) as caught:
            await engine.login(**ADA)
        assert caught.value.code == "engine_closed"

    run(main)


def test_a_wrong_configuration_is_refused(run: Run) -> None:
    async def main() -> None:
        with pytest.raises(AuthError) as caught:
            await AsyncEngine.open('{"acess_token_seconds": 900}')
        assert (
            str(caught.value) == "unknown field: /acess_token_seconds; did you mean `access_token_seconds`?"
        )

    run(main)


def test_a_crowd_of_logins_holds_up_nothing_else(run: Run, gate: Gate) -> None:
    engine = AsyncEngine(gate)
    ended: list[str] = []

    async def login() -> None:
        ended.append((await engine.login(**ADA)).user.username)

    async def main() -> None:
        async with anyio.create_task_group() as crowd:
            for _ in range(LOGINS):
                crowd.start_soon(login)
            # The executor of the event loop works, and so does the loop itself.
            assert await anyio.to_thread.run_sync(gate.is_full)
            # So do calls that wait for the store, or for another service, as many as there are logins.
            assert (await engine.get_user(username="ada")).user.username == "ada"
            async with anyio.create_task_group() as others:
                for _ in range(LOGINS):
                    others.start_soon(refused_remotely)
            assert ended == []
            gate.opened.set()
        assert ended == ["ada"] * LOGINS

    async def refused_remotely() -> None:
        with pytest.raises(AuthError):
            await engine.introspect_remote(token="x")

    run(main)


def test_a_call_that_is_cancelled_before_it_begins_leaves_no_trace(run: Run, gate: Gate) -> None:
    engine = AsyncEngine(gate)

    async def login() -> None:
        await engine.login(**ADA)

    async def main() -> None:
        async with anyio.create_task_group() as crowd:
            for _ in range(threads()):
                crowd.start_soon(login)
            assert await anyio.to_thread.run_sync(gate.is_full)
            async with anyio.create_task_group() as hurried:
                hurried.start_soon(register, engine)
                await anyio.wait_all_tasks_blocked()
                hurried.cancel_scope.cancel()
            gate.opened.set()
        # The logins that had begun ended; the registration had left the queue before.
        await engine.login(**ADA)
        with pytest.raises(UserNotFound):
            await engine.get_user(username="bob")

    run(main)


def test_a_call_that_has_begun_ends_though_it_is_cancelled(run: Run, config: Config) -> None:
    clock = Standing()

    async def main() -> None:
        async with await AsyncEngine.open(config, now_ms=clock) as engine:
            await engine.register(email="ada@example.com", **ADA)
            clock.stops.set()
            async with anyio.create_task_group() as hurried:
                hurried.start_soon(register, engine)
                assert await anyio.to_thread.run_sync(clock.asked.wait, 30)
                hurried.cancel_scope.cancel()
            clock.goes_on.set()
            while True:
                try:
                    assert (await engine.get_user(username="bob")).user.username == "bob"
                    return
                except UserNotFound:
                    await anyio.lowlevel.checkpoint()

    run(main)


def test_closing_during_calls(run: Run, config: Config) -> None:
    clock = Standing()
    outcomes: list[str] = []

    async def main() -> None:
        engine = await AsyncEngine.open(config, now_ms=clock)
        await engine.register(email="ada@example.com", **ADA)
        clock.stops.set()

        async def login() -> None:
            try:
                outcomes.append((await engine.login(**ADA)).user.username)
            except MisuseError as error:
                outcomes.append(error.code)

        async with anyio.create_task_group() as crowd:
            for _ in range(threads()):
                crowd.start_soon(login)
            # One call has begun; more wait.
            assert await anyio.to_thread.run_sync(clock.asked.wait, 30)
            for _ in range(LOGINS):
                crowd.start_soon(login)
            await anyio.wait_all_tasks_blocked()
            await engine.close()
            # Calls that had not begun may have been refused already.
            assert "ada" not in outcomes
            clock.goes_on.set()
        assert set(outcomes) == {"ada", "engine_closed"}
        assert len(outcomes) == threads() + LOGINS
        await engine.close()

    run(main)


def test_a_block_that_is_cancelled_closes_its_engine(run: Run, config: Config) -> None:
    closed = threading.Event()

    class Watched(Engine):
        def close(self) -> None:
            super().close()
            closed.set()

    async def main() -> None:
        with anyio.CancelScope() as scope:
            async with AsyncEngine(Watched(config)):
                scope.cancel()
                await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert await anyio.to_thread.run_sync(closed.wait, 30)

    run(main)


async def register(engine: AsyncEngine) -> None:
    await engine.register(username="bob", email="bob@example.com", password=PASSWORD)


class Standing(Clock):
    """A clock that, once stopped, holds up the calls that ask it."""

    def __init__(self) -> None:
        super().__init__()
        self.stops, self.asked, self.goes_on = threading.Event(), threading.Event(), threading.Event()

    def __call__(self) -> int:
        if self.stops.is_set():
            self.asked.set()
            assert self.goes_on.wait(60)
        return super().__call__()
