"""Tests of the cookie that recognizes a browser: guesses of strangers do not lock its owner out."""

# Without postponed annotations, because FastAPI could not resolve the names that are local to a function.
import asyncio
import importlib
import warnings
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from conftest import PASSWORD, Clock
from fastapi import FastAPI
from litestar import Litestar, Request, Response, post
from serving import serving

from doorward import AuthError, Config, Engine, to_thread
from doorward.asgi import DeviceCookie
from doorward.authservice import AuthService
from doorward.exceptions import TooManyAttempts
from doorward.fastapi import Authentication, Bearer, Cookie, failure_response

DEVICE = "__Host-doorward-device"
ADA = {"username": "ada", "password": PASSWORD}
WRONG = {**ADA, "password": "wrong"}


@pytest.fixture
def engine(config: Config, clock: Clock) -> Iterator[Engine]:
    config["throttle"] = {"account_failures": 3}
    config["backends"] = {"browser": {}}
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


def fastapi(engine: Engine) -> Any:
    app = FastAPI()
    app.include_router(Authentication(engine, {"default": Bearer(), "browser": Cookie()}).router())
    app.add_exception_handler(AuthError, failure_response)
    return app


def litestar(engine: Engine) -> Any:
    """A host's own route, which gives the client and keeps the device."""
    device = DeviceCookie()

    @post("/login/default", status_code=200)
    async def login(request: Request[Any, Any, Any]) -> Response[Any]:
        client = device.client(request.scope)
        try:
            session = await to_thread(engine.login, **await request.json(), client=client)
        except AuthError as error:
            return Response(error.http_body, status_code=error.http_status, headers=error.http_headers)
        return Response({"id": session.user.id}, headers={"set-cookie": device.header(client)})

    return Litestar([login])


def device_of(response: httpx.Response) -> Any:
    cookies = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        cookies.load(header)
    return cookies.get(DEVICE)


@pytest.mark.parametrize("application", [fastapi, litestar])
def test_strangers_do_not_lock_the_owner_out(
    application: Callable[[Engine], Any], engine: Engine, clock: Clock
) -> None:
    with serving(application(engine)) as client:

        def login(body: dict[str, str], cookie: str = "") -> httpx.Response:
            return client.post("/login/default", json=body, headers={"cookie": cookie} if cookie else {})

        first = login(ADA)
        device = device_of(first)
        assert {name: value for name, value in device.items() if value} == {
            "max-age": "31536000",
            "path": "/",
            "secure": True,
            "httponly": True,
            "samesite": "lax",
        }
        assert len(device.value) == 22
        assert device.value not in first.text
        known = f"{DEVICE}={device.value}"
        # The id stays the same, and the cookie lives on.
        assert device_of(login(ADA, f"a=b; {known}")).value == device.value
        (session, _) = engine.list_sessions(user_id=engine.get_user(username="ada").user.id).sessions
        assert session.device_id == device.value

        assert [login(WRONG).status_code for _ in range(4)] == [401, 401, 401, 429]
        assert login(ADA).status_code == 429
        assert login(ADA, f"{DEVICE}=another-device-of-a-stranger").status_code == 429
        assert login(ADA, known).status_code == 200
        # A malformed id is replaced. A wrong password makes the device known for no user.
        for odd in ("short", "x" * 129, "22-characters-and-a-;x"):
            clock.seconds += 4000
            assert device_of(login(ADA, f"{DEVICE}={odd}")).value not in ("", odd)
        assert device_of(login(WRONG)) is None


def test_every_route_that_takes_a_password_knows_the_device(engine: Engine) -> None:
    def guess(client: httpx.Client) -> None:
        statuses = [client.post("/login/default", json=WRONG).status_code for _ in range(4)]
        assert statuses == [401, 401, 401, 429]

    with serving(fastapi(engine)) as client:
        login = client.post("/login/default", json=ADA)
        known = {
            "cookie": f"{DEVICE}={device_of(login).value}",
            "authorization": f"Bearer {login.json()['access_token']}",
        }
        guess(client)
        bearer = {"authorization": known["authorization"]}
        proof = {"password": PASSWORD}
        assert client.post("/reauthenticate", json=proof, headers=bearer).status_code == 429
        assert client.post("/reauthenticate", json=proof, headers=known).status_code == 200


def test_a_login_in_two_steps_keeps_the_device(engine: Engine) -> None:
    user = engine.get_user(username="ada").user
    engine.set_password(user_id=user.id, new_password="a temporary password")
    with serving(fastapi(engine)) as client:
        step = client.post("/login/browser", json={**ADA, "password": "a temporary password"})
        device = device_of(step)
        body = {"challenge": step.json()["challenge"], "new_password": "nine other wise words"}
        done = client.post("/complete-login", json=body, headers={"cookie": f"{DEVICE}={device.value}"})
        assert (done.status_code, device_of(done).value) == (200, device.value)
    (session,) = engine.list_sessions(user_id=user.id).sessions
    assert session.device_id == device.value


def test_auth_service_takes_the_client(engine: Engine) -> None:
    scope = {"client": ("192.0.2.1", 1), "headers": [(b"user-agent", b"Browser 1.0")]}
    device, service = DeviceCookie(), AuthService(engine)
    client = device.client(scope)
    assert (client.ip, client.user_agent) == ("192.0.2.1", "Browser 1.0")
    asyncio.run(service.generate_token("ada", PASSWORD, client=client))
    for _ in range(3):
        with pytest.raises(AuthError):
            asyncio.run(service.generate_token("ada", "wrong"))
    with pytest.raises(TooManyAttempts):
        asyncio.run(service.generate_token("ada", PASSWORD))
    header = device.header(client).partition(";")[0].encode()
    again = device.client({**scope, "headers": [(b"cookie", header)]})
    assert again.device_id == client.device_id
    assert asyncio.run(service.generate_token("ada", PASSWORD, client=again)).user.username == "ada"


@pytest.mark.parametrize(
    ("peer", "ip"),
    [
        (None, None),
        (("testclient", 50000), None),
        (("fe80::1%eth0", 1), "fe80::1"),
        (("", 0), None),
    ],
)
def test_a_peer_without_an_address(peer: Any, ip: str | None) -> None:
    client = DeviceCookie().client({"client": peer, "headers": []})
    assert (client.ip, client.user_agent) == (ip, None)


def test_without_tls(engine: Engine) -> None:
    """Tests and development use Starlette's TestClient and `http://localhost`."""
    auth = Authentication(engine, {"browser": Cookie(secure=False)})
    app = FastAPI()
    app.include_router(auth.router())
    app.add_exception_handler(AuthError, failure_response)
    with warnings.catch_warnings():
        # Starlette prefers a successor of httpx.
        warnings.simplefilter("ignore")
        client: Any = importlib.import_module("starlette.testclient").TestClient(app)
    assert client.post("/login/browser", json=ADA).status_code == 200
    assert set(client.cookies) == {"doorward", "doorward-refresh", "doorward-device"}
    assert client.get("/list-sessions").json()["sessions"][0].get("ip") is None
    assert client.post("/refresh").status_code == 200
    assert client.post("/logout").status_code == 200
    assert set(client.cookies) == {"doorward-device"}
    assert client.get("/list-sessions").status_code == 401


def test_names_of_cookies() -> None:
    assert [Cookie().name, Cookie("a").name, Cookie(secure=False).name] == [
        "__Host-doorward",
        "a",
        "doorward",
    ]
    for make in (Cookie, DeviceCookie):
        for name in ("__Host-a", "__Secure-a", "__hOST-a"):
            assert make(name).name == name
            with pytest.raises(ValueError, match="has to be secure"):
                make(name, secure=False)
    assert Authentication(None, {"a": Cookie(secure=False)}).device.name == "doorward-device"
    assert Authentication(None, {"a": Cookie()}).device.name == DEVICE
    assert Authentication(None, device=DeviceCookie("d", secure=False)).device.name == "d"
