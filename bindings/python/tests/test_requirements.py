"""Tests of the promises of four other systems, each under its name there."""

# Without postponed annotations, because FastAPI could not resolve the names that are local to a function.
import asyncio
import inspect
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import pytest
from conftest import PASSWORD, Clock
from fastapi import Depends, FastAPI
from litestar import Litestar, Request, get
from litestar.middleware import DefineMiddleware
from pydantic import BaseModel, ValidationError
from serving import serving
from test_introspection import Service

import doorward
from doorward import app as application_logic
from doorward import exceptions, introspection, litestar, models, repository, security, utils
from doorward.authservice import AuthDTO, AuthService, Token
from doorward.fastapi import Authentication, JWTAuthentication, failure_response
from doorward.models import common
from doorward.models.security import TokenPayload
from doorward.testing import totp_code

NOW = 1_767_225_600
NEXT = "nine wiser words yet"
SECRET = "a secret of fastapi-users, long enough"


class World:
    """An engine with three accounts, which is also the default engine."""

    def __init__(self, engine: doorward.Engine, clock: Clock, other: Service) -> None:
        self.engine, self.clock, self.other = engine, clock, other
        hashed = security.hash_password(PASSWORD)
        engine.import_users(
            users=[
                {"username": name, "email": f"{name}@example.com", "email_verified": True, "roles": roles}
                | {"password_hash": hashed}
                for name, roles in (("ada", ["admin"]), ("grace", ["editor"]))
            ]
        )
        self.ada, self.grace = (engine.get_user(username=name).user for name in ("ada", "grace"))
        self.eve = engine.register(username="eve", email="eve@example.com", password=PASSWORD).user
        self.service = AuthService()

    def other_answers(self, answer: dict[str, Any]) -> None:
        """Let the other service answer like this from now on."""
        self.other.answer = (200, json.dumps(answer).encode())

    async def log_in(self, name: str = "ada") -> doorward.LoginResponse:
        return await doorward.login_user(doorward.LoginRequest(username=name, password=PASSWORD))


@pytest.fixture
def world(engine: doorward.Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr("doorward.engine._default", None)
    jwt = JWTAuthentication(secret=SECRET, lifetime_seconds=3600)
    with Service(engine) as other:
        thread = threading.Thread(target=other.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with doorward.configure(
            now_ms=clock,
            store="sqlite::memory:",
            password={"memory_kib": 8, "iterations": 1},
            backends={jwt.name: jwt.backend},
            introspection_service={"url": f"http://127.0.0.1:{other.server_port}/"},
        ) as opened:
            yield World(opened, clock, other)
        other.shutdown()
        thread.join()


Check = Callable[[World], Any]
ROWS: dict[str, tuple[str, Check]] = {}


def row(number: str, name: str) -> Callable[[Check], Check]:
    def add(check: Check) -> Check:
        assert number not in ROWS
        ROWS[number] = (name, check)
        return check

    return add


def raises(error: type[BaseException], code: str | None = None) -> Any:
    return pytest.raises(error, check=lambda raised: code in (None, getattr(raised, "code", None)))


# A. Product shape.


@row("A1", "one name for package and module")
def a1(world: World) -> None:
    assert doorward.__name__ == doorward.describe()["name"] == "doorward"


@row("A2", "async-first, fully typed")
def a2(world: World) -> None:
    assert (Path(str(doorward.__file__)).parent / "py.typed").exists()
    for handler in ("register_user", "login_user", "logout_user", "get_logged_in_user", "introspect_token"):
        assert inspect.iscoroutinefunction(getattr(doorward, handler))


@row("A3", "await login_user(LoginRequest(username=…, password=…))")
async def a3(world: World) -> None:
    response = await doorward.login_user(doorward.LoginRequest(username="ada", password=PASSWORD))
    assert response.access_token.count(".") == 2


@row("A4", "decoupled from any web framework")
def a4(world: World) -> None:
    for module in (application_logic, introspection, security, utils, repository):
        source = inspect.getsource(module)
        assert not any(name in source for name in ("import fastapi", "import litestar", "import starlette"))


@row("A5", "app defines no routes and parses no headers")
async def a5(world: World) -> None:
    token = (await world.log_in()).access_token
    with raises(exceptions.InvalidToken):
        await doorward.get_logged_in_user(f"Bearer {token}")


@row("A6", "introspection asks another service, and verifies nothing itself")
async def a6(world: World) -> None:
    token = (await world.log_in()).access_token
    world.other.answer = (500, b"")
    with raises(exceptions.AuthServiceUnavailable):
        await introspection.introspect_token(token)


@row(
    "A7", "modules app, introspection, models.{app,security,common}, repository, security, utils, exceptions"
)
def a7(world: World) -> None:
    for module in (application_logic, introspection, common, repository, security, utils, exceptions):
        assert module.__doc__


@row("A8", "18 exports")
def a8(world: World) -> None:
    exports = [
        "AuthError",
        "IntrospectRequest",
        "IntrospectResponse",
        "InvalidToken",
        "LoginRequest",
        "LoginResponse",
        "LogoutResponse",
        "PublicUser",
        "RegisterRequest",
        "TokenPayload",
        "User",
        "UserNotFound",
        "authenticate_request",
        "get_logged_in_user",
        "introspect_token",
        "login_user",
        "logout_user",
        "register_user",
    ]
    assert len(exports) == 18 and set(exports) <= set(doorward.__all__)
    assert {"NotAuthenticated", "InvalidAuthorizationHeader", "AuthServiceUnavailable"} <= {
        *exceptions.__all__
    }


@row("A9", "repo=None on every function")
def a9(world: World) -> None:
    for handler in (
        doorward.register_user,
        doorward.login_user,
        doorward.logout_user,
        doorward.get_logged_in_user,
        doorward.introspect_token,
        doorward.authenticate_request,
    ):
        assert inspect.signature(handler).parameters["repo"].default is None


@row("A10", "models: Pydantic, safe to serialize, User among them")
def a10(world: World) -> None:
    assert all(issubclass(getattr(models, name), BaseModel) for name in models.__all__)
    assert models.User is doorward.User is repository.User
    assert not any("hash" in name or "password" in name for name in models.User.model_fields)


@row("A11", "ValidationError with e.json()")
def a11(world: World) -> None:
    with raises(ValidationError) as caught:
        doorward.RegisterRequest.model_validate({"email": "ada@example.com", "password": PASSWORD})
    assert json.loads(caught.value.json())[0]["loc"] == ["username"]
    assert PASSWORD not in caught.value.json()


@row("A12", "utils for dependency injection")
def a12(world: World) -> None:
    assert set(utils.__all__) == {"get_current_user", "get_validated_token_payload"}


# B. Registration and user models.


@row("B1", "register_user(RegisterRequest) -> PublicUser")
async def b1(world: World) -> None:
    request = doorward.RegisterRequest(username="bob", email="bob@example.com", password=PASSWORD)
    user = await doorward.register_user(request)
    assert type(user) is doorward.PublicUser
    with raises(exceptions.Conflict, "username_taken"):
        await doorward.register_user(request)


@row("B2", "RegisterRequest{username, email, password}, and no wider")
def b2(world: World) -> None:
    body = {"username": "bob", "email": "bob@example.com", "password": PASSWORD}
    assert list(doorward.RegisterRequest.model_fields) and set(doorward.RegisterRequest.model_fields) == set(
        body
    )
    for more in ({"roles": ["admin"]}, {"attributes": {"admin": True}}, {"client": {"ip": "192.0.2.1"}}):
        with raises(ValidationError):
            doorward.RegisterRequest.model_validate(body | more)
    assert models.CreateUser.model_validate(body | {"roles": ["admin"]}).roles == ["admin"]


@row("B3", "UserRepository()")
async def b3(world: World) -> None:
    assert repository.UserRepository().engine is world.engine


@row("B4", "UserRepository.create(RegisterRequest) -> PublicUser")
async def b4(world: World) -> None:
    request = doorward.RegisterRequest(username="bob", email="bob@example.com", password=PASSWORD)
    assert (await repository.UserRepository().create(request)).roles == []
    mine = models.CreateUser(username="rob", email="rob@example.com", password=PASSWORD, roles=["editor"])
    assert (await repository.UserRepository().create(mine)).roles == ["editor"]


@row("B5", "User is never more than what may be shown")
async def b5(world: World) -> None:
    assert "$argon2" not in world.ada.model_dump_json() and isinstance(world.ada, doorward.User)


@row("B6", "PublicUser{username, email, is_active} from attributes")
def b6(world: World) -> None:
    @dataclass
    class DbUser:
        username: str = "ada"
        email: str = "ada@example.com"
        is_active: bool = True
        hashed_password: str = "$argon2id$"

    user = doorward.PublicUser.model_validate(DbUser(), from_attributes=True)
    assert (user.username, user.email, user.is_active) == ("ada", "ada@example.com", True)
    assert "$argon2" not in user.model_dump_json()


@row("B7", "IdentityMixin, PasswordMixin, ActiveStateMixin")
def b7(world: World) -> None:
    assert issubclass(doorward.RegisterRequest, (common.IdentityMixin, common.PasswordMixin))
    assert issubclass(doorward.PublicUser, common.ActiveStateMixin)


@row("B8", "JwtUser{id, name, email}")
def b8(world: World) -> None:
    assert litestar.JwtUser("1", "ada", "ada@example.com") == litestar.JwtUser(
        id="1", name="ada", email="ada@example.com"
    )


@row("B9", "AuthDTO: access token, refresh token, user")
async def b9(world: World) -> None:
    dto = await world.service.generate_token("ada@example.com", PASSWORD)
    assert isinstance(dto, AuthDTO) and dto.access_token and dto.refresh_token and dto.user == world.ada


@row("B10", "an administrator creates accounts whose password must be changed")
async def b10(world: World) -> None:
    user = world.engine.register(username="bob", email="bob@example.com", password=PASSWORD).user
    world.engine.set_password(user_id=user.id, new_password=NEXT)
    with raises(exceptions.StepUpRequired, "password_change_required"):
        world.engine.login(username="bob", password=NEXT)
    with raises(exceptions.InvalidRequest):  # A name cannot be an address.
        world.engine.register(username="bob@example.com", email="b@example.com", password=PASSWORD)


# C. Login.


@row("C1", "login_user(LoginRequest) -> LoginResponse")
async def c1(world: World) -> None:
    assert isinstance(await world.log_in(), doorward.LoginResponse)
    with raises(doorward.AuthError, "invalid_credentials"):
        await doorward.login_user(doorward.LoginRequest(username="ada", password=NEXT))


@row("C2", "LoginRequest{username, password}, and no wider")
def c2(world: World) -> None:
    assert set(doorward.LoginRequest.model_fields) == {"username", "password"}
    for more in ({"scope": "admin"}, {"backend": "jwt"}, {"client": {"device_id": "x"}}):
        with raises(ValidationError):
            doorward.LoginRequest.model_validate({"username": "ada", "password": PASSWORD, **more})


@row("C3", "LoginResponse{access_token, user}")
async def c3(world: World) -> None:
    response = await world.log_in()
    assert response.user == world.ada
    assert (response.token_type, response.expires_in) == ("Bearer", 900)


@row("C4", "UserRepository.authenticate_user(user_auth) -> dict or None")
async def c4(world: World) -> None:
    repo = repository.UserRepository()
    found = await repo.authenticate_user(doorward.LoginRequest(username="ada", password=PASSWORD))
    assert found is not None and found["user"] == world.ada and found["access_token"]
    assert await repo.authenticate_user(doorward.LoginRequest(username="ada", password=NEXT)) is None


@row("C5", "LoginRequest{name, password, two_fa_code=None, webauthn_response=None}")
def c5(world: World) -> None:
    body = litestar.LoginRequest("ada", PASSWORD, "123456", {"id": "x"})
    assert (body.name, body.two_fa_code, body.webauthn_response) == ("ada", "123456", {"id": "x"})
    assert litestar.LoginRequest("ada", PASSWORD).two_fa_code is None
    request: Any = litestar.LoginRequest
    with raises(TypeError):
        request("ada", PASSWORD, name="eve")
    with raises(TypeError):
        request(*"abcde")


@row("C6", "TwoFaRequiredResponse{user_id, totp_supported, webauthn_supported}")
async def c6(world: World) -> None:
    assert litestar.TwoFaRequiredResponse("1", True, False).totp_supported
    setup = world.engine.setup_totp(user_id=world.ada.id)
    world.engine.confirm_totp(user_id=world.ada.id, code=totp_code(setup.secret, NOW))
    with raises(exceptions.StepUpRequired) as caught:
        await world.log_in()
    answer = litestar.TwoFaRequiredResponse.model_validate(caught.value)
    assert (answer.user_id, answer.totp_supported, answer.webauthn_supported) == (world.ada.id, True, False)
    assert answer.challenge and answer.challenge not in repr(answer)


@row("C7", "await get_user_by_name_or_mail(db_session, query) -> User or None")
async def c7(world: World) -> None:
    for query in ("ADA", "Ada@Example.com"):
        assert await litestar.get_user_by_name_or_mail(world.engine, query) == world.ada
    assert await litestar.get_user_by_name_or_mail(world.engine, "nobody") is None


def application(world: World) -> FastAPI:
    """FastAPI with the backend of fastapi-users and a backend of cookies."""
    jwt = JWTAuthentication(SECRET, 3600, "jwt")
    auth = Authentication(world.engine, {"jwt": jwt})
    app = FastAPI()
    app.include_router(auth.router())
    app.add_exception_handler(doorward.AuthError, failure_response)

    @app.get("/me")
    def me(user: Annotated[doorward.PublicUser, Depends(auth.current_user(verified=True))]) -> str:
        return user.username

    @app.get("/admin")
    def admin(user: Annotated[doorward.PublicUser, Depends(auth.current_user(roles={"admin"}))]) -> str:
        return user.username

    @app.get("/anybody")
    def anybody(
        user: Annotated[doorward.PublicUser | None, Depends(auth.current_user(optional=True))],
    ) -> str | None:
        return None if user is None else user.username

    return app


def bearer(client: httpx.Client, name: str = "ada") -> dict[str, str]:
    answer = client.post("/login/jwt", json={"username": name, "password": PASSWORD})
    assert answer.status_code == 200 and set(answer.json()) == {"token"}
    return {"authorization": f"Bearer {answer.json()['token']}"}


@row("C8", 'POST /login/{name} -> {"token": …}')
def c8(world: World) -> None:
    with serving(application(world)) as client:
        assert client.get("/me", headers=bearer(client)).json() == "ada"
        refused = client.post("/login/jwt", json={"username": "ada", "password": NEXT})
        assert refused.json()["error"]["code"] == "invalid_credentials"


@row("C9", "generate_token(email, password) -> AuthDTO")
async def c9(world: World) -> None:
    assert (await world.service.generate_token("ada@example.com", PASSWORD)).user == world.ada
    with raises(doorward.AuthError):
        await world.service.generate_token("ada@example.com", NEXT)


@row("C10", "generate_token_for_oauth(id_token) -> AuthDTO")
async def c10(world: World) -> None:
    with raises(doorward.AuthError):  # tests/test_id_tokens.py has a provider.
        await world.service.generate_token_for_oauth("a.b.c")


# D. Identifying the user.


@row("D1", "get_logged_in_user(token) -> PublicUser")
async def d1(world: World) -> None:
    assert await doorward.get_logged_in_user((await world.log_in()).access_token) == world.ada
    with raises(doorward.InvalidToken):
        await doorward.get_logged_in_user("x")


@row("D2", "utils.get_current_user(token) -> PublicUser")
async def d2(world: World) -> None:
    with raises(doorward.UserNotFound):
        await utils.get_current_user(security.create_access_token({"sub": "nobody"}))


@row("D3", "utils.get_validated_token_payload(token) -> TokenPayload")
async def d3(world: World) -> None:
    assert utils.get_validated_token_payload((await world.log_in()).access_token).sub == world.ada.id
    with raises(exceptions.JWTError):
        utils.get_validated_token_payload("x")


@row("D4", "introspect_token(token) never raises for a token")
async def d4(world: World) -> None:
    good, nobodys = (await world.log_in()).access_token, security.create_access_token({"sub": "nobody"})
    answers = [await doorward.introspect_token(token) for token in (good, "x", nobodys)]
    assert [answer.active for answer in answers] == [True, False, False]
    assert answers[2].reason == "unknown_user"


@row("D5", "IntrospectRequest{token}, IntrospectResponse{active, user}")
async def d5(world: World) -> None:
    request = doorward.IntrospectRequest(token=(await world.log_in()).access_token)
    assert set(doorward.IntrospectRequest.model_fields) == {"token"}
    assert (await doorward.introspect_token(request.token)).user == world.ada
    assert (await doorward.introspect_token("x")).model_dump(exclude_none=True) == {"active": False}


@row("D6", "introspection.introspect_token(token) -> dict raises")
async def d6(world: World) -> None:
    world.other_answers({"active": False})
    with raises(exceptions.InvalidToken):
        await introspection.introspect_token("x")
    world.other_answers({"active": True, "sub": "1"})
    assert (await introspection.introspect_token("x"))["sub"] == "1"


@row("D7", "the service is configured")
async def d7(world: World) -> None:
    assert "introspection_service" in doorward.describe()["$defs"]["Config"]["properties"]


@row("D8", "authenticate_request(should_skip_authentication, *, method, path, authorization_token)")
async def d8(world: World) -> None:
    async def ask(module: Any, path: str, token: str | None) -> doorward.PublicUser | None:
        def policy(method: str, path: str) -> bool:
            return path.startswith("/public/")

        found: doorward.PublicUser | None = await module.authenticate_request(
            policy,
            method="GET",
            path=path,
            authorization_token=token,
        )
        return found

    token = (await world.log_in()).access_token
    assert await ask(doorward, "/private", token) == world.ada
    for module in (doorward, introspection):
        assert await ask(module, "/public/page", None) is None
    with raises(doorward.InvalidToken):
        await ask(doorward, "/private", None)
    # The answer of another service, in its own form and in RFC 7662's.
    user = {"username": "ada", "email": "ada@example.com", "is_active": True}
    for answer in ({"user": user}, {"sub": "1", "username": "ada", "email": "ada@example.com"}):
        world.other_answers({"active": True, **answer})
        found = await ask(introspection, "/private", "x")
        assert found is not None and found.username == "ada" and found.email == "ada@example.com"
        assert await ask(introspection, "/public/page", None) is None
    world.other_answers({"active": True})
    with raises(exceptions.AuthServiceUnavailable):
        await ask(introspection, "/private", "x")
    world.other_answers({"active": False})
    with raises(exceptions.InvalidToken):
        await ask(introspection, "/private", "x")


@row("D9", "should_skip_authentication(method, path) -> bool; what fails does not skip")
async def d9(world: World) -> None:
    def fails(method: str, path: str) -> bool:
        raise ValueError(method, path)

    with raises(doorward.InvalidToken):
        await doorward.authenticate_request(fails, method="GET", path="/", authorization_token=None)


def middleware(world: World, **options: Any) -> Litestar:
    @get("/me")
    async def me(request: Request[Any, Any, Any]) -> str:
        return str(request.user.username if request.user else None)

    @get("/open", exclude_from_auth=True)
    async def open_to_all(request: Request[Any, Any, Any]) -> str:
        return "open"

    own = DefineMiddleware(litestar.AuthenticationMiddleware, repo=world.engine, **options)
    return Litestar([me, open_to_all], middleware=[own])


@row("D10", "authenticate_request(connection) -> AuthenticationResult{user, auth}")
async def d10(world: World) -> None:
    headers = {"authorization": f"Bearer {(await world.log_in()).access_token}"}
    with serving(middleware(world)) as client:
        assert client.get("/me", headers=headers).text == "ada"
        assert client.get("/me").status_code == 401
    assert inspect.iscoroutinefunction(litestar.AuthenticationMiddleware.authenticate_request)


@row("D11", "Authorization: Bearer")
def d11(world: World) -> None:
    with serving(application(world)) as client:
        header = bearer(client)["authorization"].replace("Bearer", "bearer")
        assert client.get("/me", headers={"authorization": header}).status_code == 200
        assert (
            client.get("/me", headers={"authorization": header.replace("bearer", "Basic")}).status_code == 401
        )


# E. Middleware.


@row("E1", "AuthenticationMiddleware(app, exclude, exclude_from_auth_key, exclude_http_methods, scopes)")
def e1(world: World) -> None:
    names = list(inspect.signature(litestar.AuthenticationMiddleware).parameters)
    assert names[:5] == ["app", "exclude", "exclude_from_auth_key", "exclude_http_methods", "scopes"]


@row("E2", "exclude: whole paths, and never every path")
def e2(world: World) -> None:
    with serving(middleware(world, exclude=["/me"])) as client:
        assert client.get("/me").status_code == 200
    with serving(middleware(world, exclude="/m")) as client:
        assert client.get("/me").status_code == 401
    with raises(exceptions.InvalidRequest):
        middleware(world, exclude=["/**"])


@row("E3", "exclude_from_auth_key")
def e3(world: World) -> None:
    with serving(middleware(world)) as client:
        assert client.get("/open").text == "open"
    with serving(middleware(world, exclude_from_auth_key="another")) as client:
        assert client.get("/open").status_code == 401


@row("E4", "exclude_http_methods: None means OPTIONS, an empty list none")
def e4(world: World) -> None:
    with serving(middleware(world, exclude_http_methods=["get"])) as client:
        assert client.get("/me").text == "None"
    built = litestar.AuthenticationMiddleware(lambda *_: None, repo=world.engine)  # type: ignore[arg-type]
    assert built.exclude_http_methods == ["OPTIONS"]


@row("E5", "scopes: kinds of connections; another is refused")
def e5(world: World) -> None:
    with serving(middleware(world, scopes=["websocket"], exclude=["/me"])) as client:
        assert client.get("/me").status_code == 401


@row("E6", "attributes exclude, exclude_http_methods, exclude_opt_key, scopes")
def e6(world: World) -> None:
    built = litestar.AuthenticationMiddleware(
        lambda *_: None,  # type: ignore[arg-type]
        ["/health"],
        "opt",
        ["GET"],
        ["http"],
        repo=world.engine,
    )
    assert (built.exclude, built.exclude_opt_key) == (["/health"], "opt")
    assert (built.exclude_http_methods, built.scopes) == (["GET"], {"http"})


# F. Tokens.


@row("F1", "create_access_token(data, expires_delta=None) -> str")
def f1(world: World) -> None:
    token = security.create_access_token({"sub": "service"}, timedelta(minutes=5))
    assert world.engine.verify(token)["exp"] == NOW + 300
    for data, delta in (({"sub": "x", "exp": 1}, None), ({"sub": "x"}, timedelta(0))):
        with raises(exceptions.InvalidRequest):
            security.create_access_token(data, delta)


@row("F2", "get_jwt_payload(token) -> TokenPayload")
def f2(world: World) -> None:
    token = security.create_access_token({"sub": "service"})
    assert security.get_jwt_payload(token).sub == "service"
    world.clock.seconds += 1000
    with raises(exceptions.JWTError):
        security.get_jwt_payload(token)


@row("F3", "TokenPayload{sub, exp}")
def f3(world: World) -> None:
    assert TokenPayload.model_validate({"sub": "x", "exp": 1, "more": 2}) == TokenPayload(sub="x", exp=1)
    with raises(ValidationError):
        TokenPayload.model_validate({"sub": "x"})


@row("F4", "create_jwt(user, validity_hours) -> str")
def f4(world: World) -> None:
    token = litestar.create_jwt(litestar.JwtUser(world.ada.id, "ada", "ada@example.com"), 2)
    assert world.engine.verify(token)["exp"] == NOW + 7200
    assert not {"name", "email"} & world.engine.verify(token).keys()


@row("F5", "verify_jwt(jwt_token) -> JwtUser or None")
def f5(world: World) -> None:
    ada = litestar.JwtUser(world.ada.id, "ada", "ada@example.com")
    assert litestar.verify_jwt(litestar.create_jwt(ada, 1)) == ada
    assert [litestar.verify_jwt(token) for token in ("", "x", "\ud800")] == [None] * 3


@row("F6", "JWTAuthentication(secret, lifetime_seconds, name)")
def f6(world: World) -> None:
    jwt = JWTAuthentication(SECRET, 3600, "another")
    assert (jwt.name, JWTAuthentication(secret=SECRET, lifetime_seconds=60).name) == ("another", "jwt")
    assert SECRET not in repr(jwt)
    short = JWTAuthentication(secret="SECRET", lifetime_seconds=3600)
    with raises(exceptions.ConfigError):
        doorward.Engine({"store": "sqlite::memory:", "backends": {short.name: short.backend}})


@row("F7", "several backends, whose tokens pass nowhere else")
async def f7(world: World) -> None:
    token = (await world.log_in()).access_token
    with raises(exceptions.InvalidToken):
        world.engine.verify(token, backend="jwt")


@row("F8", "a cookie backend")
def f8(world: World) -> None:
    from doorward.fastapi import Cookie

    auth = Authentication(world.engine, {"default": Cookie()})
    app = FastAPI()
    app.include_router(auth.router())
    with serving(app) as client:
        answer = client.post("/login/default", json={"username": "ada", "password": PASSWORD})
        assert "access_token" not in answer.json()
        cookie = answer.headers.get_list("set-cookie")[0]
        assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax"))


@row("F9", "a token of fastapi-users")
def f9(world: World) -> None:
    sample = (
        "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.eyJ1c2VyX2lkIjoiOTIyMWZmYzktNjQwZi00MzcyLTg2ZDMtY2U2NDJjYmE1NjAzIiw"
        "iYXVkIjoiZmFzdGFwaS11c2VyczphdXRoIiwiZXhwIjoxNTcxNTA0MTkzfQ.M10bjOe45I5Ncu_uXvOmVV8QxnL-nZfcH96U90JaocI"
    )
    old = JWTAuthentication("SECRET", 3600, allow_weak_secret=True)
    config: doorward.Config = {"store": "sqlite::memory:", "backends": {"jwt": old.backend}}
    with doorward.Engine(config, now_ms=lambda: 1_571_504_000_000) as engine:
        assert engine.verify(sample, backend="jwt").get("user_id") == "9221ffc9-640f-4372-86d3-ce642cba5603"
    with doorward.Engine(config, now_ms=world.clock) as engine, raises(exceptions.InvalidToken) as caught:
        engine.verify(sample, backend="jwt")
    assert caught.value.detail == "expired"


@row("F10", "renew_token(refresh_token) -> Token")
async def f10(world: World) -> None:
    dto = await world.service.generate_token("ada", PASSWORD)
    token = await world.service.renew_token(dto.refresh_token or "")
    assert token.access_token != dto.access_token and token.refresh_token != dto.refresh_token
    with raises(exceptions.InvalidToken):
        await world.service.renew_token("x")


@row("F11", "Token{access_token, refresh_token}")
def f11(world: World) -> None:
    assert {"access_token", "refresh_token"} <= set(Token.model_fields)


@row("F12", "a short-lived access token, a long-lived refresh token")
async def f12(world: World) -> None:
    dto = await world.service.generate_token("ada", PASSWORD)
    assert dto.expires_in < (dto.refresh_expires_in or 0)


# G. Logout and revocation.


@row("G1", "logout_user() -> LogoutResponse")
async def g1(world: World) -> None:
    token = (await world.log_in()).access_token
    await doorward.logout_user()
    assert (await doorward.introspect_token(token)).active
    await doorward.logout_user(token)
    assert not (await doorward.introspect_token(token)).active


@row("G2", "LogoutResponse{message}")
async def g2(world: World) -> None:
    assert isinstance(await doorward.logout_user(), doorward.LogoutResponse)
    assert (await doorward.logout_user()).message


@row("G3", "revoked is a reason of its own")
async def g3(world: World) -> None:
    token = (await world.log_in()).access_token
    await doorward.logout_user(token)
    assert (await doorward.introspect_token(token)).reason == "revoked"


@row("G4", "revoke_tokens(user_id)")
async def g4(world: World) -> None:
    dto = await world.service.generate_token("ada", PASSWORD)
    for _ in range(2):
        await world.service.revoke_tokens(world.ada.id)
    with raises(exceptions.InvalidToken):
        await world.service.renew_token(dto.refresh_token or "")


# H. Passwords.


@row("H1", "hash_password(password) -> str")
def h1(world: World) -> None:
    assert security.hash_password(PASSWORD) != security.hash_password(PASSWORD)


@row("H2", "verify_password(plain_password, hashed_password) -> bool")
def h2(world: World) -> None:
    hashed = security.hash_password(PASSWORD)
    assert security.verify_password(PASSWORD, hashed)
    assert security.verify_password(plain_password=PASSWORD, hashed_password=hashed)
    assert security.verify_password(password=PASSWORD, hashed_password=hashed)
    assert not security.verify_password(plain_password=PASSWORD, hashed_password="no hash")
    for wrong in (
        (),
        (PASSWORD,),
        (None, hashed),
    ):
        with raises(TypeError):
            security.verify_password(*wrong)
    with raises(TypeError):
        security.verify_password(PASSWORD, hashed, password=PASSWORD)


@row("H3", "hash_password(password) -> str, Argon2")
def h3(world: World) -> None:
    assert litestar.hash_password(PASSWORD).startswith("$argon2id$")


@row("H4", "verify_password(password_hash, password) -> bool")
def h4(world: World) -> None:
    assert litestar.verify_password(security.hash_password(PASSWORD), PASSWORD)
    assert not litestar.verify_password("no hash", PASSWORD)


@row("H5", "ChangePasswordRequest{old_password, new_password}")
async def h5(world: World) -> None:
    change = litestar.ChangePasswordRequest(PASSWORD, NEXT)
    assert set(type(change).model_fields) == {"old_password", "new_password"}
    assert PASSWORD not in repr(change) and NEXT not in str(change)
    token = (await world.log_in()).access_token
    world.engine.change_password(
        token=token, old_password=change.old_password, new_password=change.new_password
    )
    assert world.engine.login(username="ada", password=NEXT).user == world.ada


@row("H6", "ResetPasswordRequest{new_password}")
def h6(world: World) -> None:
    reset = litestar.ResetPasswordRequest(NEXT)
    world.engine.set_password(user_id=world.ada.id, new_password=reset.new_password)
    with raises(exceptions.StepUpRequired):
        world.engine.login(username="ada", password=NEXT)


@row("H7", "reset_password(email)")
async def h7(world: World) -> None:
    await world.service.reset_password("ada@example.com")
    await world.service.reset_password("nobody@example.com")
    (mail,) = world.engine.take_mail().mails
    assert mail.token and mail.token not in repr(mail) and mail.token not in str(mail)
    world.engine.reset_password(token=mail.token, new_password=NEXT)
    assert world.engine.login(username="ada", password=NEXT).user == world.ada


# I. E-mail verification.


@row("I1", "send_email_verification_link(email)")
async def i1(world: World) -> None:
    parameters = inspect.signature(world.service.send_email_verification_link).parameters
    await world.service.send_email_verification_link(
        *["eve@example.com" for name in parameters if name == "email"]
    )


# J. TOTP.


@row("J1", "generate_totp_secret() -> str")
def j1(world: World) -> None:
    assert len(litestar.generate_totp_secret()) == 32


@row("J2", "totp_provisioning_uri(secret, user_email) -> str")
def j2(world: World) -> None:
    uri = litestar.totp_provisioning_uri(litestar.generate_totp_secret(), "ada@example.com")
    assert uri.startswith("otpauth://totp/doorward:ada%40example.com?")


@row("J3", "verify_totp(secret, code) -> bool")
def j3(world: World) -> None:
    secret = litestar.generate_totp_secret()
    assert litestar.verify_totp(secret, totp_code(secret, NOW))
    assert not litestar.verify_totp(secret, "12345")


@row("J4", "TotpSetupResponse{secret, otpauth_uri}")
def j4(world: World) -> None:
    setup = litestar.TotpSetupResponse.model_validate(world.engine.setup_totp(user_id=world.ada.id))
    assert setup.secret not in repr(setup)
    assert litestar.TotpSetupResponse("secret", "uri").otpauth_uri == "uri"


@row("J5", "TotpCodeRequest{code}")
def j5(world: World) -> None:
    secret = world.engine.setup_totp(user_id=world.ada.id).secret
    body = litestar.TotpCodeRequest(totp_code(secret, NOW))
    assert world.engine.confirm_totp(user_id=world.ada.id, code=body.code).is_configured


@row("J6", "TotpConfiguredResponse{is_configured}")
def j6(world: World) -> None:
    world.engine.setup_totp(user_id=world.ada.id)
    status = world.engine.totp_status(user_id=world.ada.id)
    assert litestar.TotpConfiguredResponse.model_validate(status) == litestar.TotpConfiguredResponse(False)


# K. WebAuthn: whole ceremonies are in tests/test_passkeys.py.


@row("K1", "LoginRequest.webauthn_response: dict or None")
def k1(world: World) -> None:
    body = litestar.LoginRequest.model_validate(
        {"name": "ada", "password": PASSWORD, "webauthn_response": {"id": "x"}}
    )
    assert body.webauthn_response == {"id": "x"}


@row("K2", "TwoFaRequiredResponse.webauthn_supported")
def k2(world: World) -> None:
    assert litestar.TwoFaRequiredResponse("1", False, True).webauthn_supported


@row("K3", "registration, authentication, removal, is_configured")
def k3(world: World) -> None:
    assert world.engine.list_passkeys(user_id=world.ada.id).passkeys == []
    with raises(exceptions.ConfigError):
        world.engine.begin_passkey_registration(user_id=world.ada.id)


# L. Authorization.


@row("L1", "is_authorized_by_role(access_token, roles) -> bool")
async def l1(world: World) -> None:
    token = (await world.log_in()).access_token
    asked = [
        await world.service.is_authorized_by_role(token, roles)
        for roles in ({"admin", "x"}, {"x"}, set[str]())
    ]
    assert asked == [True, False, False]
    assert not await world.service.is_authorized_by_role("x", {"admin"})


@row("L2", "is_authorized_by_user_id(access_token, requested_user_id) -> bool")
async def l2(world: World) -> None:
    token = (await world.log_in()).access_token
    assert await world.service.is_authorized_by_user_id(token, world.ada.id)
    assert not await world.service.is_authorized_by_user_id(token, world.grace.id)


@row("L3", "is_authorized_by_email(access_token, requested_email) -> bool")
async def l3(world: World) -> None:
    token = (await world.log_in()).access_token
    assert await world.service.is_authorized_by_email(token, "ADA@example.com")
    eves = (await world.log_in("eve")).access_token  # Her address is not verified.
    assert not await world.service.is_authorized_by_email(eves, "eve@example.com")


@row("L4", "the last administrator stays")
def l4(world: World) -> None:
    with raises(exceptions.PermissionDenied):
        world.engine.delete_user(id=world.ada.id)


@row("L5", "scope")
async def l5(world: World) -> None:
    token = world.engine.login(username="ada", password=PASSWORD, scope="read write").access_token
    assert world.engine.verify(token).get("scope") == "read write"
    assert world.engine.authorize(token=token, scopes=["read"]).authorized


@row("L6", "active, verified, superuser; optional")
def l6(world: World) -> None:
    with serving(application(world)) as client:
        eve = bearer(client, "eve")
        assert client.get("/anybody").json() is None
        assert client.get("/me", headers=eve).status_code == 403
        assert client.get("/admin", headers=eve).status_code == 403
        assert client.get("/admin", headers=bearer(client)).json() == "ada"
        world.engine.update_user(id=world.eve.id, is_active=False)
        assert client.get("/anybody", headers=eve).json() is None
        assert client.get("/me", headers=eve).status_code == 401


# M. Users.


@row("M1", "get_active_users(skip=0, limit=100) -> list[User]")
async def m1(world: World) -> None:
    world.engine.update_user(id=world.eve.id, is_active=False)
    repo = repository.UserRepository()
    active = await repo.get_active_users()
    assert active == sorted([world.ada, world.grace], key=lambda user: user.id)
    assert await repo.get_active_users(skip=1, limit=1) == active[1:]
    with raises(exceptions.InvalidRequest):
        await repo.get_active_users(-1)


@row("M2", "get_by_email(email) -> User or None")
async def m2(world: World) -> None:
    repo = repository.UserRepository()
    assert await repo.get_by_email("ADA@example.com") == world.ada
    assert await repo.get_by_email("nobody@example.com") is None


@row("M3", "get_by_username(username) -> User or None")
async def m3(world: World) -> None:
    repo = repository.UserRepository()
    assert await repo.get_by_username("ADA") == world.ada
    assert await repo.get_by_username("nobody") is None


# N. Errors.


@row("N1", "AuthError(Exception)")
def n1(world: World) -> None:
    every = [getattr(exceptions, name) for name in exceptions.__all__ if name != "Status"]
    assert all(issubclass(each, exceptions.AuthError) for each in every)


@row("N2", "InvalidToken(AuthError)")
async def n2(world: World) -> None:
    with raises(exceptions.InvalidToken) as caught:
        await doorward.get_logged_in_user("x")
    assert caught.value.detail == "malformed" and "malformed" not in str(caught.value)


@row("N3", "UserNotFound(AuthError)")
async def n3(world: World) -> None:
    token = (await world.log_in("eve")).access_token
    world.engine.delete_user(id=world.eve.id)
    with raises((exceptions.UserNotFound, exceptions.InvalidToken)):  # type: ignore[arg-type]
        await doorward.get_logged_in_user(token)


@row("N4", "NotAuthenticated(AuthError)")
def n4(world: World) -> None:
    with raises(exceptions.NotAuthenticated):
        world.engine.authenticate_request(method="GET", path="/")


@row("N5", "InvalidAuthorizationHeader(AuthError)")
def n5(world: World) -> None:
    with raises(exceptions.InvalidAuthorizationHeader):
        world.engine.authenticate(authorization="Basic x")


@row("N6", "AuthServiceUnavailable(AuthError) is no verdict")
def n6(world: World) -> None:
    assert exceptions.AuthServiceUnavailable("").retryable and not exceptions.InvalidToken("").retryable


@row("N7", "JWTError")
def n7(world: World) -> None:
    assert exceptions.JWTError is exceptions.InvalidToken


@row("N8", "401 and 403, with codes")
def n8(world: World) -> None:
    assert (exceptions.NotAuthenticated("").http_status, exceptions.PermissionDenied("").http_status) == (
        401,
        403,
    )


@row("N9", "typed errors, and no address in any of them")
async def n9(world: World) -> None:
    with raises(doorward.AuthError) as caught:
        await world.service.generate_token("ada@example.com", NEXT)
    assert "ada" not in f"{caught.value} {caught.value!r} {caught.value.detail}"


@pytest.mark.parametrize("number", ROWS, ids=[f"{number}: {name}" for number, (name, _) in ROWS.items()])
def test_requirement(world: World, number: str) -> None:
    _, check = ROWS[number]
    outcome = check(world)
    if inspect.isawaitable(outcome):
        asyncio.run(_awaited(outcome))


async def _awaited(outcome: Any) -> None:
    await outcome
