"""Tests of FastAPI's WebSockets: their users, their pages, and their lifetimes."""

# Without postponed annotations, because FastAPI could not resolve the names that are local to a function.
import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, Any

import httpx
import pytest
from conftest import PASSWORD, Clock
from fastapi import Depends, FastAPI, WebSocket
from fastapi.concurrency import run_in_threadpool
from serving import serving
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from doorward import AuthError, Config, Engine, PublicUser
from doorward.asgi import VerificationCookie, cookies_of
from doorward.fastapi import AuthenticateResponse, Authentication, Bearer, Cookie, failure_response

COOKIE = "__Host-doorward"


def application(engine: Engine, **arguments: Any) -> FastAPI:
    auth = Authentication(engine, {"default": Bearer(), "browser": Cookie()}, **arguments)
    app = FastAPI()
    app.include_router(auth.router(), prefix="/auth")
    app.add_exception_handler(AuthError, failure_response)

    @app.websocket("/who")
    async def who(socket: WebSocket, user: Annotated[PublicUser, Depends(auth.current_user())]) -> None:
        await socket.accept()
        await socket.send_json({"user": user.username})
        await socket.close()

    @app.websocket("/editors")
    async def editors(
        socket: WebSocket, found: Annotated[AuthenticateResponse, Depends(auth.current(roles={"editor"}))]
    ) -> None:
        await socket.accept()
        assert found.claims is not None
        await socket.send_json({"sub": found.claims.get("sub"), "session": found.session_id})
        await socket.close()

    @app.websocket("/maybe")
    async def maybe(
        socket: WebSocket, user: Annotated[PublicUser | None, Depends(auth.current_user(optional=True))]
    ) -> None:
        await socket.accept()
        await socket.send_json({"user": user and user.username})
        await socket.close()

    @app.websocket("/live")
    async def live(socket: WebSocket, _: Annotated[PublicUser, Depends(auth.current_user())]) -> None:
        await socket.accept()
        async for message in socket.iter_text():
            # After the logout no message is accepted. The failure closes the socket.
            await run_in_threadpool(auth.authenticate, socket)
            await socket.send_text(message)

    @app.websocket("/silent")
    async def silent(socket: WebSocket, _: Annotated[PublicUser, Depends(auth.current_user())]) -> None:
        await socket.accept()
        watch = asyncio.create_task(until_logged_out(auth, socket, 0))
        try:
            async for message in socket.iter_text():
                await socket.send_text(message)
        finally:
            watch.cancel()

    assert [who, editors, maybe, live, silent]
    return app


async def until_logged_out(auth: Authentication, socket: WebSocket, every_seconds: float) -> None:
    with suppress(AuthError):
        while True:
            await asyncio.sleep(every_seconds)
            await run_in_threadpool(auth.authenticate, socket)
    await socket.close(1008)


@pytest.fixture
def engine(config: Config, clock: Clock) -> Iterator[Engine]:
    config["backends"] = {"browser": {}}
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with serving(application(engine)) as client:
        yield client


def opened(client: httpx.Client, path: str, origin: str | None = None, **headers: str) -> Any:
    url = str(client.base_url).replace("http", "ws")
    return connect(f"{url}{path}", additional_headers=headers, origin=origin, proxy=None)  # type: ignore[arg-type]


def said(client: httpx.Client, path: str, origin: str | None = None, **headers: str) -> Any:
    with opened(client, path, origin, **headers) as socket:
        return json.loads(socket.recv())


def refused(client: httpx.Client, path: str, origin: str | None = None, **headers: str) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as caught, opened(client, path, origin, **headers):
        pass
    response = caught.value.response
    return response.status_code, json.loads(response.body or b"{}")["error"]["code"]


def test_who_opens_a_socket(client: httpx.Client, engine: Engine) -> None:
    login = engine.login(username="ada", password=PASSWORD)
    bearer = {"authorization": f"Bearer {login.access_token}"}
    assert said(client, "/who", **bearer) == {"user": "ada"}
    assert said(client, "/maybe") == {"user": None}
    assert refused(client, "/who") == (401, "not_authenticated")
    assert refused(client, "/who", authorization="Bearer x") == (401, "invalid_token")
    assert refused(client, "/editors", **bearer) == (403, "permission_denied")
    engine.update_user(id=login.user.id, roles=["editor"])
    assert said(client, "/editors", **bearer) == {"sub": login.user.id, "session": login.session_id}


def test_a_server_that_can_only_close(engine: Engine) -> None:
    app = application(engine)

    async def without_denials(scope: Any, receive: Any, send: Any) -> None:
        scope.get("extensions", {}).pop("websocket.http.response", None)
        await app(scope, receive, send)

    with serving(without_denials) as client:
        with pytest.raises(InvalidStatus) as caught, opened(client, "/who"):
            pass
        assert caught.value.response.status_code == 403
        assert said(client, "/maybe") == {"user": None}


def test_a_cookie_counts_only_from_the_own_pages(client: httpx.Client, engine: Engine) -> None:
    token = engine.login(username="ada", password=PASSWORD, backend="browser").access_token
    cookie, own = {"cookie": f"{COOKIE}={token}"}, str(client.base_url).rstrip("/")
    for origin in (None, own):
        assert said(client, "/who", origin, **cookie) == {"user": "ada"}
    for origin in ("https://evil.example", "null", own.replace("127.0.0.1", "localhost")):
        assert refused(client, "/who", origin, **cookie) == (403, "permission_denied")
        assert said(client, "/maybe", origin, **cookie) == {"user": None}
        response = client.get("/auth/list-sessions", headers={**cookie, "origin": origin})
        assert response.status_code == 403
    # No browser sends these without a script, so the cookie does not count.
    bearer = {"authorization": f"Bearer {engine.login(username='ada', password=PASSWORD).access_token}"}
    assert said(client, "/who", "https://evil.example", **cookie, **bearer) == {"user": "ada"}
    with serving(application(engine, origins=["https://app.example"])) as other:
        assert said(other, "/who", "https://app.example", **cookie) == {"user": "ada"}
        own = str(other.base_url).rstrip("/")
        assert refused(other, "/who", own, **cookie) == (403, "permission_denied")


def test_a_page_of_another_site_ends_and_renews_no_session(client: httpx.Client, engine: Engine) -> None:
    login = engine.login(username="ada", password=PASSWORD, backend="browser")
    cookies = f"{COOKIE}={login.access_token}; {COOKIE}-refresh={login.refresh_token}"
    foreign = {"cookie": cookies, "origin": "https://evil.example"}
    for path in ("refresh", "logout"):
        response = client.post(f"/auth/{path}", headers=foreign)
        assert (response.status_code, response.json()["error"]["code"]) == (403, "permission_denied")
        assert "set-cookie" not in response.headers
    own = {"cookie": cookies, "origin": str(client.base_url).rstrip("/")}
    assert client.post("/auth/refresh", headers=own).status_code == 200
    assert client.post("/auth/logout", headers=own).status_code == 200
    # In a body it is not a cookie.
    login = engine.login(username="ada", password=PASSWORD)
    body = {"refresh_token": login.refresh_token}
    response = client.post("/auth/refresh", json=body, headers={"origin": "https://evil.example"})
    assert response.status_code == 200


def test_a_page_of_another_site_hands_a_browser_no_account(client: httpx.Client, engine: Engine) -> None:
    """Otherwise a victim, unknowingly logged in as another user, would verify an address for that user."""
    foreign = {"origin": "https://evil.example"}
    own = {"origin": str(client.base_url).rstrip("/")}
    mallory = {"username": "mallory", "email": "victim@example.com", "password": PASSWORD}
    response = client.post("/auth/register", json=mallory, headers=foreign)
    assert response.status_code == 201
    assert "set-cookie" not in response.headers
    user = response.json()["id"]
    credentials = {"username": "mallory", "password": PASSWORD}
    response = client.post("/auth/login/browser", json=credentials, headers=foreign)
    assert (response.status_code, response.json()["error"]["code"]) == (403, "permission_denied")
    assert "set-cookie" not in response.headers
    engine.set_password(user_id=user, new_password="a temporary password")
    temporary = {"username": "mallory", "password": "a temporary password"}
    challenge = client.post("/auth/login/browser", json=temporary, headers=own).json()["challenge"]
    step = {"challenge": challenge, "new_password": "nine other wise words"}
    assert client.post("/auth/complete-login", json=step, headers=foreign).status_code == 403
    assert engine.list_sessions(user_id=user).sessions == []
    # Pages of the own origin may send cookies, and every page may send tokens that no browser keeps.
    credentials["password"] = "nine other wise words"
    assert client.post("/auth/login/browser", json=credentials, headers=own).status_code == 200
    assert client.post("/auth/login/default", json=credentials, headers=foreign).status_code == 200


@pytest.mark.parametrize("space", ["\xa0", "\x85", "\x1f", "\x0c"])
def test_a_name_that_only_looks_like_the_cookies(space: str) -> None:
    """Browsers see no prefix in this name, so another host may have set the cookie."""
    names = [COOKIE, f"{COOKIE}-refresh", f"{COOKIE}-verification"]
    planted = ";".join(f" {space}{name}=planted" for name in names)
    headers = [(b"cookie", planted.encode("latin-1"))]
    connection = HTTPConnection({"type": "http", "headers": headers})
    assert Cookie().access_token(connection) == {}
    assert Cookie().refresh_token(connection, None) is None
    assert VerificationCookie().read(connection.scope) is None
    assert cookies_of({"headers": [(b"cookie", b"a=1;b=2; c=3\t;d")]}) == {
        "a": "1",
        "b": "2",
        "c": "3",
        "d": "",
    }


@pytest.mark.parametrize("path", ["/live", "/silent"])
def test_an_open_socket_does_not_outlive_the_session(client: httpx.Client, engine: Engine, path: str) -> None:
    login = engine.login(username="ada", password=PASSWORD)
    with opened(client, path, authorization=f"Bearer {login.access_token}") as socket:
        socket.send("still here")
        assert socket.recv() == "still here"
        engine.logout(token=login.access_token)
        with pytest.raises(ConnectionClosed) as caught:
            if path == "/live":
                socket.send("still here?")
            socket.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008
