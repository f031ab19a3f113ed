"""Tests of the ASGI and Litestar middlewares, over HTTP and WebSocket: only admitted requests reach the
application.
"""

# Without postponed annotations, because Litestar could not resolve the names that are local to a function.
import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import PASSWORD, Clock
from fastapi import FastAPI
from litestar import Litestar, Request, WebSocket, asgi, get, post
from litestar import websocket as litestar_websocket
from litestar.enums import ScopeType
from litestar.middleware import DefineMiddleware
from pydantic import ValidationError
from serving import serving
from starlette.applications import Starlette
from starlette.authentication import requires
from starlette.requests import Request as StarletteRequest
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

import doorward.litestar as bodies
from doorward import AuthError, Config, Engine
from doorward.asgi import AuthenticationMiddleware, Rules, authenticate
from doorward.exceptions import InvalidRequest, NotAuthenticated
from doorward.litestar import AuthenticationMiddleware as ForLitestar

EXCLUDE: Any = ["/public", {"prefix": "/assets"}, "/caf\u00e9"]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "doorward.db"


@pytest.fixture
def engine(config: Config, clock: Clock, store: Path) -> Iterator[Engine]:
    config["store"] = f"sqlite:{store}"
    config["requests"] = {"exclude": EXCLUDE, "cookie": "token", "header": "X-Token"}
    config["backends"] = {"other": {}}
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


@pytest.fixture
def token(engine: Engine) -> str:
    return engine.login(username="ada", password=PASSWORD).access_token


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """An application that returns the user and the path that it sees."""
    seen = {
        "user": scope["user"] and scope["user"].username,
        "sub": scope["auth"] and scope["auth"]["sub"],
        "path": scope["path"],
    }
    body = json.dumps(seen).encode()
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": body.decode()})
        await send({"type": "websocket.close"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})


def test_an_api_key_has_its_scopes(engine: Engine) -> None:
    @requires(["authenticated", "read"])
    def page(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse(f"{request.user.username} {request.auth.api_key.name}")

    @requires(["write"])
    def other(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse("")

    service = engine.create_service_account(name="nightly", roles=[]).user
    made = engine.create_api_key(service_account_id=service.id, name="report", scopes=["read"])
    routes = [Route("/", page, methods=["POST"]), Route("/write", other)]
    app = AuthenticationMiddleware(Starlette(routes=routes), engine)
    with serving(app) as client:
        answer = client.post("/", headers={"x-api-key": made.key, "origin": "https://evil.example"})
        assert (answer.status_code, answer.text) == (200, "nightly report")
        assert client.get("/write", headers={"x-api-key": made.key}).status_code == 403
        assert client.get("/write", headers={"x-api-key": made.key[:-1]}).status_code == 401


def litestar(engine: Engine) -> Litestar:
    return with_litestar(repo=engine)


def with_litestar(**arguments: Any) -> Litestar:
    def seen(connection: Any) -> dict[str, Any]:
        user, auth = connection.user, connection.auth
        return {
            "user": user and user.username,
            "sub": auth and auth["sub"],
            "path": connection.scope["path"],
        }

    @get(["/", "/public", "/assets/a.css", "/caf\u00e9", "/deep/{rest:path}"])
    async def anything(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return seen(request)

    @post("/public")
    async def change(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return seen(request)

    @get("/open", exclude_from_auth=True)
    async def opened(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return seen(request)

    @get("/truthy", exclude_from_auth="yes")
    async def truthy(request: Request[Any, Any, Any]) -> dict[str, Any]:
        return seen(request)

    @litestar_websocket("/")
    async def socket(socket: WebSocket[Any, Any, Any]) -> None:
        await socket.accept()
        await socket.send_json(seen(socket))
        await socket.close()

    middleware = DefineMiddleware(ForLitestar, **arguments)
    return Litestar([anything, change, opened, truthy, socket], middleware=[middleware])


def with_asgi(**arguments: Any) -> Any:
    return AuthenticationMiddleware(echo, **arguments)


def plain(engine: Engine) -> Any:
    return AuthenticationMiddleware(echo, engine)


def of_plain(response: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = response.json()["error"]
    return error


def of_litestar(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert body["detail"] == body["extra"]["message"]
    assert body["status_code"] == response.status_code
    error: dict[str, Any] = body["extra"]
    return error


Kind = tuple[Callable[[Engine], Any], Callable[[httpx.Response], dict[str, Any]]]


@pytest.fixture(params=[(plain, of_plain), (litestar, of_litestar)], ids=["asgi", "litestar"])
def kind(request: pytest.FixtureRequest) -> Kind:
    kind: Kind = request.param
    return kind


@pytest.fixture
def client(kind: Kind, engine: Engine) -> Iterator[httpx.Client]:
    with serving(kind[0](engine)) as client:
        yield client


def test_who_is_there(client: httpx.Client, kind: Kind, engine: Engine, token: str) -> None:
    def refused(code: str, **arguments: Any) -> None:
        response = client.get("/", **arguments)
        error = kind[1](response)
        assert (response.status_code, error["code"]) == (401, code)
        assert set(error) == {"code", "message", "http_status"}
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert response.headers["cache-control"] == "no-store"

    user = engine.get_user(username="ada").user
    header, cookie = {"x-token": f"Bearer {token}"}, {"cookie": f"a=b; token={token}; c"}
    for headers in (header, cookie):
        assert client.get("/", headers=headers).json() == {"user": "ada", "sub": user.id, "path": "/"}
    refused("not_authenticated")
    refused("not_authenticated", headers={"authorization": f"Bearer {token}"})
    refused("not_authenticated", headers={"cookie": f"x-token={token}"})
    refused("invalid_authorization_header", headers={"x-token": token})
    refused("invalid_authorization_header", headers=[("x-token", f"Bearer {token}")] * 2)
    refused("invalid_token", headers={"x-token": "Bearer x", **cookie})
    other = engine.login(username="ada", password=PASSWORD, backend="other").access_token
    refused("invalid_token", headers={"x-token": f"Bearer {other}"})

    engine.logout(token=token)
    refused("invalid_token", headers=header)


def test_what_needs_nobody(client: httpx.Client, token: str) -> None:
    for path in ("/public", "/public?x=/..", "/assets/a.css", "/caf%C3%A9"):
        response = client.get(path)
        assert (response.status_code, response.json()["user"]) == (200, None)
    # Where no authentication is needed, none is requested.
    assert client.get("/public", headers={"x-token": f"Bearer {token}"}).json()["user"] is None
    assert client.post("/public").json()["user"] is None


@pytest.mark.parametrize(
    "path",
    ["/PUBLIC", "/public2", "/x/public", "/public%2F..%2Fdeep", "/public%3Fx", "/public%23", "/assets/..%2f"],
)
def test_what_only_looks_like_it(engine: Engine, token: str, path: str) -> None:
    with serving(plain(engine)) as client:
        assert client.get(path).status_code == 401
        assert client.get(path, headers={"x-token": f"Bearer {token}"}).json()["user"] == "ada"


def test_methods_without_authentication(engine: Engine) -> None:
    with serving(plain(engine)) as client:
        statuses = {method: client.request(method, "/").status_code for method in ("OPTIONS", "HEAD", "GET")}
        assert statuses == {"OPTIONS": 200, "HEAD": 401, "GET": 401}


def test_a_route_opts_out_by_true_alone(engine: Engine) -> None:
    with serving(litestar(engine)) as client:
        assert client.get("/open").json()["user"] is None
        assert client.get("/truthy").status_code == 401


def test_web_sockets(client: httpx.Client, token: str) -> None:
    url = str(client.base_url).replace("http", "ws")
    with connect(url, additional_headers={"x-token": f"Bearer {token}"}, proxy=None) as socket:
        assert json.loads(socket.recv())["user"] == "ada"
    with pytest.raises(InvalidStatus) as caught, connect(url, proxy=None):
        pass
    assert caught.value.response.status_code in (401, 403)


def test_a_cookie_counts_only_from_pages_that_may_send_it(
    protected: Callable[..., Any], engine: Engine, token: str
) -> None:
    def statuses(client: httpx.Client, origins: list[str], **headers: str) -> list[int]:
        url = str(client.base_url).replace("http", "ws")
        found: list[int] = []
        for origin in origins:
            found.append(client.get("/", headers={**headers, "origin": origin}).status_code)
            with (
                suppress(InvalidStatus),
                connect(url, additional_headers={**headers, "origin": origin}, proxy=None) as socket,
            ):
                found.append(200 if json.loads(socket.recv())["user"] == "ada" else 0)
                continue
            found.append(403)
        return found

    cookie, foreign = {"cookie": f"token={token}"}, ["https://evil.example", "null"]
    with serving(protected(repo=engine)) as client:
        own = str(client.base_url).rstrip("/")
        assert statuses(client, [own], **cookie) == [200, 200]
        assert statuses(client, foreign, **cookie) == [403] * 4
        assert statuses(client, foreign, **{"x-token": f"Bearer {token}"}) == [200] * 4
    with serving(protected(repo=engine, origins=["https://app.example"])) as client:
        own = str(client.base_url).rstrip("/")
        assert statuses(client, ["https://app.example"], **cookie) == [200, 200]
        assert statuses(client, [own, *foreign], **cookie) == [403] * 6
    with pytest.raises(InvalidRequest) as caught:
        protected(repo=engine, origins="*")
    assert caught.value.field == "/rules/origins/0"


@pytest.mark.parametrize("framework", ["starlette", "litestar"])
def test_an_open_socket_asks_again(engine: Engine, token: str, framework: str) -> None:
    rules = Rules(engine)

    async def served(socket: Any) -> None:
        await socket.accept()
        with suppress(AuthError):
            while True:
                message = await socket.receive_text()
                await authenticate(socket.scope, rules)
                await (socket.send_text if framework == "starlette" else socket.send_data)(message)
        await socket.close(1008)

    @litestar_websocket("/")
    async def handler(socket: WebSocket[Any, Any, Any]) -> None:
        await served(socket)

    app: Any = (
        AuthenticationMiddleware(Starlette(routes=[WebSocketRoute("/", served)]), engine)
        if framework == "starlette"
        else Litestar([handler], middleware=[DefineMiddleware(ForLitestar, repo=engine)])
    )
    with serving(app) as client:
        url = str(client.base_url).replace("http", "ws")
        with connect(url, additional_headers={"x-token": f"Bearer {token}"}, proxy=None) as socket:
            socket.send("still here")
            assert socket.recv() == "still here"
            engine.logout(token=token)
            socket.send("still here?")
            with pytest.raises(ConnectionClosed) as caught:
                socket.recv()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1008


def test_what_starlette_requires(engine: Engine, token: str) -> None:
    @requires("authenticated")
    async def page(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse(request.auth["sub"])

    @requires(["authenticated", "orders:read"])
    async def orders(request: StarletteRequest) -> PlainTextResponse:
        return PlainTextResponse("orders")

    app = Starlette(routes=[Route("/public", page), Route("/page", page), Route("/orders", orders)])
    app.add_middleware(AuthenticationMiddleware, repo=engine)
    login = engine.login(username="ada", password=PASSWORD, scope="orders:read orders:write")
    plain, scoped = [{"x-token": f"Bearer {each}"} for each in (token, login.access_token)]
    with serving(app) as client:
        answer = client.get("/page", headers=plain)
        assert (answer.status_code, answer.text) == (200, login.user.id)
        assert client.get("/orders", headers=plain).status_code == 403
        assert client.get("/orders", headers=scoped).status_code == 200
        # The rules admit the request without a user; `requires` refuses it.
        assert client.get("/public", headers=scoped).status_code == 403
        assert client.get("/page").status_code == 401


def test_connections_of_another_kind_are_refused(
    config: Config, clock: Clock, engine: Engine, token: str
) -> None:
    config["requests"] = {"connections": ["http"]}
    with Engine(config, now_ms=clock) as http_only:
        with serving(plain(http_only)) as client:
            headers = {"authorization": f"Bearer {token}"}
            assert client.get("/", headers=headers).json()["user"] == "ada"
            url = str(client.base_url).replace("http", "ws")
            with pytest.raises(InvalidStatus), connect(url, additional_headers=headers, proxy=None):
                pass
        scope: dict[str, Any] = {"type": "carrier-pigeon", "path": "/public", "headers": []}
        with pytest.raises(NotAuthenticated):
            asyncio.run(plain(http_only)(scope, None, None))


def test_no_answer_is_no_verdict(client: httpx.Client, kind: Kind, store: Path, token: str) -> None:
    store.write_bytes(b"no database" * 1000)
    Path(f"{store}-wal").write_bytes(b"")
    response = client.get("/", headers={"x-token": f"Bearer {token}"})
    assert (response.status_code, kind[1](response)["code"]) == (503, "store_unavailable")


@pytest.fixture(params=[with_asgi, with_litestar], ids=["asgi", "litestar"])
def protected(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """An application behind a middleware with its own rules."""
    protected: Callable[..., Any] = request.param
    return protected


def test_a_middleware_has_rules_of_its_own(protected: Callable[..., Any], engine: Engine, token: str) -> None:
    exclude: Any = ["/", {"prefix": "/deep"}, {"glob": "/assets/*.css"}]
    with serving(protected(repo=engine, exclude=exclude)) as client:
        for path in ("/", "/deep/a", "/assets/a.css"):
            assert client.get(path).json()["user"] is None
        # The configuration's exclusions are replaced; its other rules stay.
        assert client.get("/public").status_code == 401
        assert client.get("/public", headers={"x-token": f"Bearer {token}"}).json()["user"] == "ada"
        assert client.get("/public", headers={"cookie": f"token={token}"}).json()["user"] == "ada"
    with serving(protected(repo=engine, exclude="/public")) as client:
        assert client.get("/public").json()["user"] is None
        assert client.get("/assets/a.css").status_code == 401


def test_methods_of_a_middleware(protected: Callable[..., Any], engine: Engine) -> None:
    def statuses(**rules: Any) -> list[int]:
        with serving(protected(repo=engine, **rules)) as client:
            return [client.request(method, "/public").status_code for method in ("OPTIONS", "POST", "GET")]

    others: dict[str, Any] = {"exclude": []}
    assert [status == 401 for status in statuses(**others)] == [False, True, True]
    assert statuses(exclude_http_methods=[], **others) == [401, 401, 401]
    assert [status == 401 for status in statuses(exclude_http_methods=("post",), **others)] == [
        True,
        False,
        True,
    ]
    # A single value is allowed, as with paths.
    assert statuses(exclude_http_methods="POST", **others)[1] != 401
    # None means the configuration's rule, also for paths.
    assert 401 not in statuses(exclude_http_methods=None)


def test_a_kind_of_connection_that_is_not_listed_is_denied(
    protected: Callable[..., Any], engine: Engine, token: str
) -> None:
    headers = {"x-token": f"Bearer {token}"}
    for scopes, passes in (
        (["http"], (True, False)),
        ([ScopeType.WEBSOCKET], (False, True)),
        ([], (False,) * 2),
    ):
        with serving(protected(repo=engine, exclude="/", scopes=scopes)) as client:
            assert (client.get("/").status_code == 200) == passes[0]
            assert (client.get("/public", headers=headers).status_code == 200) == passes[0]
            url = str(client.base_url).replace("http", "ws")
            if passes[1]:
                with connect(url, proxy=None) as socket:
                    assert json.loads(socket.recv())["user"] is None
                continue
            with pytest.raises(InvalidStatus), connect(url, additional_headers=headers, proxy=None):
                pass


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"exclude": "/**"}, "/rules/exclude/0"),
        ({"exclude": ["/a", {"prefix": "/"}]}, "/rules/exclude/1"),
        ({"exclude": [{"regex": ".*"}]}, "/rules/exclude/0"),
        ({"exclude": {"regex": "("}}, "/rules/exclude/0"),
        ({"exclude": "public"}, "/rules/exclude/0"),
        ({"exclude": "/a/../b"}, "/rules/exclude/0"),
        ({"exclude": [1]}, "/rules/exclude/0"),
        ({"exclude_http_methods": ["A B"]}, "/rules/exclude_http_methods/0"),
        ({"scopes": [""]}, "/rules/connections/0"),
        ({"backend": "unknown"}, "/backend"),
    ],
)
def test_wrong_rules_fail_at_the_start(
    protected: Callable[..., Any], engine: Engine, rules: Any, field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        protected(repo=engine, **rules)
    assert caught.value.field == field


def test_what_a_router_leaves_of_a_path_excludes_nothing(engine: Engine, token: str) -> None:
    """Litestar passes the rest of the path to a mounted application, which is not the requested path."""
    headers = {"x-token": f"Bearer {token}"}
    exclude: Any = ["/", "/public", {"prefix": "/public"}, {"prefix": "/mount/free"}]

    @asgi("/mount", is_mount=True, copy_scope=True)
    async def mounted(scope: Any, receive: Any, send: Any) -> None:
        await echo(scope, receive, send)

    @get(["/", "/public"])
    async def page() -> str:
        return "page"

    def application() -> Litestar:
        return Litestar(
            [mounted, page], middleware=[DefineMiddleware(ForLitestar, exclude=exclude, repo=engine)]
        )

    def statuses(client: httpx.Client, *paths: str) -> set[int]:
        return {status_of(client, path) for path in paths}

    closed = "/mount", "/mount/", "/mount/public", "/mount//public", "/mount/public/x", "/mount/free/../x"
    escaped = "/mount/free%2f..%2fx", "/mount/free%3Fx", "/%6dount/free/.."
    with serving(application()) as client:
        assert statuses(client, "/", "/public", "/mount/free", "/mount/free/x?y") == {200}
        assert statuses(client, *closed, *escaped) == {401}
        seen = client.get("/mount/public", headers=headers).json()
        assert (seen["user"], seen["path"]) == ("ada", "/public/")
    with serving(application(), root_path="/api") as client:
        assert statuses(client, "/", "/public", "/mount/free") == {200}
        assert statuses(client, *closed) == {401}

    # A server that does not report the whole path.
    async def without_raw_path(scope: Any, receive: Any, send: Any) -> None:
        scope["raw_path"] = None
        await application()(scope, receive, send)

    with serving(without_raw_path) as client:
        assert statuses(client, "/", "/public") == {200}
        assert statuses(client, "/mount/free", *closed) == {401}


def status_of(client: httpx.Client, path: str) -> int:
    """Request exactly this path; httpx would resolve dot segments."""
    connection = HTTPConnection(client.base_url.host, client.base_url.port)
    with closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


def test_mounts_of_starlette(engine: Engine) -> None:
    inner = AuthenticationMiddleware(echo, engine, exclude=["/public", "/mount/free"])
    with serving(Starlette(routes=[Mount("/mount", inner)])) as client:
        statuses = [status_of(client, f"/mount{path}") for path in ("/public", "/free", "/x/../free")]
        assert statuses == [401, 200, 401]


def test_a_middleware_of_fastapi(engine: Engine) -> None:
    app = FastAPI()
    app.add_middleware(AuthenticationMiddleware, repo=engine, exclude="/health", exclude_http_methods=[])

    app.add_api_route("/{path:path}", lambda: "page")
    with serving(app) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/public").status_code == 401
        assert client.options("/public").status_code == 401


def test_the_rules_are_readable(engine: Engine, config: Config) -> None:
    middleware = ForLitestar(echo, exclude_from_auth_key="public_route", repo=engine)
    assert middleware.app is echo
    assert middleware.exclude == EXCLUDE
    assert middleware.exclude_http_methods == ["OPTIONS"]
    assert middleware.exclude_opt_key == "public_route"
    assert middleware.scopes == {"http", "websocket"}
    # In the order of Litestar's own middlewares.
    own = ForLitestar(echo, "/a", "key", ["GET"], {ScopeType.HTTP}, repo=engine)
    assert (own.exclude, own.exclude_opt_key, own.exclude_http_methods) == (["/a"], "key", ["GET"])
    assert own.scopes == {"http"}
    plain = AuthenticationMiddleware(echo, engine, exclude=["/a"], scopes=["http"])
    assert plain.rules.effective == {**engine.requests, "exclude": ["/a"], "connections": ["http"]}
    config["requests"] = {"exclude_http_methods": []}
    with Engine(json.dumps(config)) as other:
        assert ForLitestar(echo, repo=other).exclude_http_methods == []
        assert other.requests == {
            **engine.requests,
            **{
                "exclude": [],
                "exclude_http_methods": [],
                "cookie": None,
                "header": "authorization",
            },
        }


@pytest.mark.parametrize(
    ("body", "values"),
    [
        (bodies.LoginRequest, {"name": "ada", "password": PASSWORD}),
        (bodies.TotpCodeRequest, {"code": "123456"}),
        (bodies.ChangePasswordRequest, {"old_password": PASSWORD, "new_password": PASSWORD}),
        (bodies.ResetPasswordRequest, {"new_password": PASSWORD}),
    ],
)
def test_nothing_of_a_body_is_dropped_in_silence(body: Any, values: dict[str, str]) -> None:
    assert body.model_validate(values)
    with pytest.raises(ValidationError, match="forbidden"):
        body.model_validate({**values, "recovery_code": "x"})


def test_what_starts_and_stops_the_application_passes(engine: Engine) -> None:
    seen: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope["type"])

    nothing: Any = None
    asyncio.run(AuthenticationMiddleware(app, engine)({"type": "lifespan"}, nothing, nothing))
    assert seen == ["lifespan"]
