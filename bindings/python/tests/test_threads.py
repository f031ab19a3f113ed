"""Calls that hash have their own threads: even if many wait, the rest of the application answers."""

# Without postponed annotations, because FastAPI could not resolve the names that are local to a function.
import asyncio
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Annotated, Any

import httpx
import pytest
from conftest import PASSWORD, Clock
from fastapi import Depends, FastAPI
from gate import Gate, threads
from litestar import Litestar, Request, get, post
from litestar.middleware import DefineMiddleware
from serving import serving

from doorward import (
    AuthError,
    Config,
    Engine,
    PublicUser,
    RegisterRequest,
    describe,
    get_logged_in_user,
    login_user,
    register_user,
    to_thread,
)
from doorward.asgi import AuthenticationMiddleware
from doorward.authservice import AuthService
from doorward.exceptions import AuthServiceUnavailable
from doorward.fastapi import Authentication, failure_response
from doorward.fastapi.routes import OPERATIONS
from doorward.litestar import AuthenticationMiddleware as ForLitestar
from doorward.models import LoginRequest as Login
from doorward.security import hash_password
from doorward.threads import HASHING, SHORT

LOGINS = 64
"""More than the threads of any executor. For 200, see test_async.py."""


@pytest.fixture
def engine(config: Config, clock: Clock) -> Iterator[Gate]:
    with Gate(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


def fastapi(engine: Engine) -> Any:
    auth = Authentication(engine)
    app = FastAPI()
    app.include_router(auth.router())
    app.add_exception_handler(AuthError, failure_response)

    @app.get("/me")
    def me(user: Annotated[PublicUser, Depends(auth.current_user())]) -> str:
        return user.username

    assert [me]
    return app


def litestar(engine: Engine) -> Any:
    @post("/login/default", exclude_from_auth=True, status_code=200)
    async def login(request: Request[Any, Any, Any]) -> None:
        await to_thread(engine.login, **await request.json())

    @get("/me")
    async def me(request: Request[Any, Any, Any]) -> str:
        name: str = request.user.username
        return name

    return Litestar([login, me], middleware=[DefineMiddleware(ForLitestar, repo=engine)])


def asgi(engine: Engine) -> Any:
    app = FastAPI()

    @app.post("/login/default")
    async def login(body: Login) -> None:
        await login_user(body, engine)

    @app.get("/me")
    async def me() -> None:
        pass

    assert [login, me]
    app.add_exception_handler(AuthError, failure_response)
    return AuthenticationMiddleware(app, engine, exclude="/login/default")


@pytest.mark.parametrize("application", [fastapi, litestar, asgi])
def test_a_crowd_of_logins_holds_up_nothing_else(application: Callable[[Engine], Any], engine: Gate) -> None:
    token = engine.login(username="ada", password=PASSWORD).access_token
    engine.close_gate()
    ada = {"username": "ada", "password": PASSWORD}
    with serving(application(engine)) as client, ThreadPoolExecutor(LOGINS) as crowd:
        limits = httpx.Limits(max_connections=None)
        with httpx.Client(base_url=client.base_url, timeout=60, limits=limits) as many:
            logins = [crowd.submit(many.post, "/login/default", json=ada) for _ in range(LOGINS)]
            try:
                assert engine.is_full()
                answer = client.get("/me", headers={"authorization": f"Bearer {token}"}, timeout=30)
                assert (answer.status_code, engine.opened.is_set()) == (200, False)
            finally:
                engine.opened.set()
            assert {login.result().status_code for login in logins} == {200}


def test_async_functions(engine: Gate) -> None:
    token = engine.login(username="ada", password=PASSWORD).access_token
    engine.close_gate()
    service = AuthService(engine)

    async def main() -> None:
        logins = [
            asyncio.ensure_future(
                service.generate_token("ada", PASSWORD)
                if number % 2
                else login_user(Login(username="ada", password=PASSWORD), engine)
            )
            for number in range(LOGINS)
        ]
        await asyncio.wait_for(get_logged_in_user(token, engine), 30)
        assert not any(login.done() for login in logins)
        engine.opened.set()
        assert {response.user.username for response in await asyncio.gather(*logins)} == {"ada"}

    asyncio.run(main())


def test_too_many_that_wait_are_refused(config: Config, clock: Clock) -> None:
    config["password"] = {**config.get("password", {}), "max_queued": 3}
    with Gate(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        engine.close_gate()

        async def main() -> None:
            room = threads() + 3
            logins = [
                asyncio.ensure_future(to_thread(engine.login, username="ada", password=PASSWORD))
                for _ in range(room + 2)
            ]
            refused, _ = await asyncio.wait(logins, return_when=asyncio.FIRST_COMPLETED)
            errors = [login.exception() for login in refused]
            assert len(errors) == 2
            for error in errors:
                assert isinstance(error, AuthServiceUnavailable)
                assert (error.code, error.http_status) == ("hash_queue_full", 503)
            # A client that hangs up frees a place.
            waiting = [login for login in logins if not login.done()]
            waiting[-1].cancel()
            await asyncio.wait([waiting[-1]])
            again = asyncio.ensure_future(to_thread(engine.login, username="ada", password=PASSWORD))
            await asyncio.sleep(0)
            assert not again.done()
            engine.opened.set()
            assert len(await asyncio.gather(*waiting[:-1], again)) == room

        asyncio.run(main())


def test_which_thread_runs_what(engine: Engine) -> None:
    seen: dict[str, str] = {}

    class Watched(Engine):
        def call(self, operation: str, request: str | None = None) -> Any:
            seen[operation] = threading.current_thread().name
            return super().call(operation, request)

    async def main() -> None:
        with Watched({"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}) as watched:
            assert await to_thread(hash_password, PASSWORD, repo=watched)
            new = RegisterRequest(username="ada", email="ada@example.com", password=PASSWORD)
            await register_user(new, watched)
            for operation in ("login", "login_with_id_token", "introspect_remote", "authenticate"):
                with suppress(AuthError):
                    await to_thread(watched.call, operation, "{}")

    asyncio.run(main())
    kinds = {operation: name.rpartition("_")[0] for operation, name in seen.items()}
    assert kinds == {
        "authenticate": "doorward-store",
        "hash_password": "doorward-hash",
        "register": "doorward-hash",
        "login": "doorward-hash",
        "login_with_id_token": "doorward-long",
        "introspect_remote": "doorward-long",
    }
    assert {"register", "login", "complete_login", "change_password", "reset_password"} < HASHING
    long = {row["name"] for row in describe()["operations"]} - HASHING - SHORT
    assert {"login_with_id_token", "introspect_remote", "deliver_mail", "backup", "import_users"} < long


def test_every_route_that_waits_long_has_threads_of_its_own(config: Config, clock: Clock) -> None:
    names: dict[str, set[str]] = {}

    class Watched(Engine):
        def call(self, operation: str, request: str | None = None) -> Any:
            names.setdefault(operation, set()).add(threading.current_thread().name.rpartition("_")[0])
            return super().call(operation, request)

    with Watched(config, now_ms=clock) as engine, serving(fastapi(engine)) as client:
        ada = {"username": "ada", "password": PASSWORD}
        assert client.post("/register", json={**ada, "email": "ada@example.com"}).status_code == 201
        token = client.post("/login/default", json=ada).json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        new = "nine other wise words"
        for path, body in (
            ("reauthenticate", {"password": PASSWORD}),
            ("request-email-verification", ada),
            ("verify-email", {**ada, "token": "x"}),
            ("complete-login", {"challenge": "x", "new_password": new}),
            ("reset-password", {"token": "x", "new_password": new}),
            ("accept-invitation", {"token": "x", "username": "grace", "password": PASSWORD}),
            ("change-password", {"old_password": PASSWORD, "new_password": new}),
        ):
            assert client.post(f"/{path}", json=body, headers=headers).status_code != 422
    long = {name: found for name, found in names.items() if name not in SHORT}
    # No provider is configured.
    by_provider = {"login_with_id_token", "begin_provider_login", "finish_provider_login"}
    assert set(long) == OPERATIONS - SHORT - by_provider
    assert set().union(*long.values()) == {"doorward-hash", "doorward-long"}


@pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own() -> None:
    async def hashed() -> str:
        with Engine({"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}) as engine:
            return await to_thread(hash_password, PASSWORD, repo=engine)

    assert asyncio.run(hashed())
    child = os.fork()
    if child == 0:
        os._exit(0 if asyncio.run(asyncio.wait_for(hashed(), 30)) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
