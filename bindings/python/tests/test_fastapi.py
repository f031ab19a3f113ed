"""doorward.fastapi in a FastAPI application, over HTTP."""

# Without postponed annotations, because FastAPI could not resolve the names that are local to a function.
import base64
import hmac
import subprocess
import sys
from collections.abc import Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Annotated, Any, cast

import httpx
import pytest
from conftest import PASSWORD, Clock, mark_verified
from fastapi import Depends, FastAPI
from serving import serving

from doorward import AuthError, Config, Engine, LoginResponse, PublicUser
from doorward.exceptions import StepUpRequired
from doorward.fastapi import Authentication, Bearer, Cookie, failure_response
from doorward.models import AuthenticateResponse

ADA = {"username": "ada", "password": PASSWORD}
COOKIES = "__Host-doorward", "__Host-doorward-refresh"
DEVICE = "__Host-doorward-device"


def application(engine: Engine) -> FastAPI:
    auth = Authentication(engine, {"default": Bearer(), "browser": Cookie(), "legacy": Bearer()})
    service = Depends(auth.current_user(roles={"service"}))
    app = FastAPI()
    app.include_router(auth.router(introspect=[service]), prefix="/auth")
    app.add_exception_handler(AuthError, failure_response)

    @app.get("/me")
    def me(user: Annotated[PublicUser, Depends(auth.current_user())]) -> PublicUser:
        return user

    @app.get("/maybe")
    async def maybe(
        user: Annotated[PublicUser | None, Depends(auth.current_user(optional=True))],
    ) -> PublicUser | None:
        return user

    @app.get("/verified")
    def verified(user: Annotated[PublicUser, Depends(auth.current_user(verified=True))]) -> str:
        return user.username

    @app.get("/editors")
    def editors(user: Annotated[PublicUser, Depends(auth.current_user(roles={"editor"}))]) -> str:
        return user.username

    @app.get("/publishers")
    def publishers(
        user: Annotated[PublicUser, Depends(auth.current_user(permissions={"read", "publish"}))],
    ) -> str:
        return user.username

    @app.get("/maybe-publishers")
    def maybe_publishers(
        found: Annotated[
            AuthenticateResponse | None, Depends(auth.current(optional=True, permissions={"publish"}))
        ],
    ) -> PublicUser | None:
        return None if found is None else found.user

    @app.get("/maybe-editors")
    def maybe_editors(
        user: Annotated[PublicUser | None, Depends(auth.current_user(optional=True, roles={"editor"}))],
    ) -> PublicUser | None:
        return user

    assert [me, maybe, verified, editors, publishers, maybe_publishers, maybe_editors]
    return app


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "doorward.db"


@pytest.fixture
def engine(config: Config, clock: Clock, store: Path) -> Iterator[Engine]:
    config["store"] = f"sqlite:{store}"
    config["throttle"] = {"account_failures": 3}
    config["mail"] = {"links": {"verify_email": "https://app.example/verify#{token}"}}
    config["mailed_login"] = {"create": True}
    config["roles"] = {"writer": ["read", "publish"], "reader": ["read"]}
    config["backends"] = {
        "browser": {"access_token_seconds": 300, "signing_algorithm": "ES256"},
        "legacy": {
            "secret": "a secret of at least thirty-two bytes",
            "audience": "fastapi-users:auth",
            "subject_claim": "user_id",
            "refresh": False,
        },
        "internal": {},
    }
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with serving(application(engine)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def logged_in(client: httpx.Client, backend: str = "default") -> dict[str, Any]:
    response = client.post(f"/auth/login/{backend}", json=ADA)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def shown(user: dict[str, Any]) -> dict[str, Any]:
    """Show a user as an application with pydantic does: absent members are null."""
    return {"external_id": None, "locale": None, "is_service_account": None, **user}


def cookies_of(response: httpx.Response) -> SimpleCookie:
    cookies = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        cookies.load(header)
    return cookies


def sent(**cookies: str) -> dict[str, str]:
    """A browser would send the cookies over TLS only; this client is told to send them."""
    names = {"access": COOKIES[0], "refresh": COOKIES[1]}
    return {"cookie": "; ".join(f"{names[name]}={value}" for name, value in cookies.items())}


def failure(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that the failure is the expected one and contains nothing for the host alone."""
    error: dict[str, Any] = response.json()["error"]
    assert (response.status_code, error["code"], error["http_status"]) == (status, code, status)
    assert set(response.json()) == {"error"}
    assert set(error) <= {"code", "message", "http_status", "field", "reasons", "retry_after_seconds"}
    assert response.headers["cache-control"] == "no-store"
    return error


def test_bearer(client: httpx.Client) -> None:
    eve = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    response = client.post("/auth/register", json=eve)
    assert (response.status_code, response.json()["username"]) == (201, "eve")
    assert PASSWORD not in response.text
    failure(client.post("/auth/register", json=eve), 409, "username_taken")

    response = client.post("/auth/login/default", json=ADA)
    assert response.headers["cache-control"] == "no-store"
    assert set(cookies_of(response)) == {DEVICE}
    login = response.json()
    assert (login["token_type"], login["expires_in"]) == ("Bearer", 900)
    assert client.get("/me", headers=bearer(login["access_token"])).json() == shown(login["user"])
    assert client.get("/me", headers={"authorization": f"bEARER  {login['access_token']}"}).status_code == 200

    response = client.post("/auth/refresh", json={"refresh_token": login["refresh_token"]})
    assert response.headers["cache-control"] == "no-store"
    renewed = response.json()
    assert renewed["access_token"] != login["access_token"]
    headers = bearer(renewed["access_token"])
    assert client.post("/auth/logout", headers=headers).json()["message"]
    challenge = client.get("/me", headers=headers)
    failure(challenge, 401, "invalid_token")
    assert challenge.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert client.post("/auth/logout", headers=headers).status_code == 200
    failure(client.post("/auth/logout", headers=bearer("x")), 401, "invalid_token")
    failure(client.post("/auth/logout"), 401, "not_authenticated")
    failure(client.post("/auth/refresh"), 401, "not_authenticated")
    failure(
        client.post("/auth/refresh", json={"refresh_token": renewed["refresh_token"]}), 401, "invalid_token"
    )


def test_an_api_key(client: httpx.Client, engine: Engine) -> None:
    service = engine.create_service_account(name="nightly", roles=["editor", "service"]).user
    made = engine.create_api_key(service_account_id=service.id, name="report", roles=["editor"])
    for headers in ({"x-api-key": made.key}, {"authorization": f"Bearer {made.key}"}):
        assert client.get("/me", headers=headers).json()["username"] == "nightly"
        assert client.get("/editors", headers=headers).status_code == 200
        # What changes an account is for people.
        for method, path in (
            ("GET", "list-sessions"),
            ("POST", "revoke-other-sessions"),
            ("POST", "setup-totp"),
            ("GET", "totp-status"),
        ):
            answer = client.request(method, f"/auth/{path}", headers=headers)
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "permission_denied"), path
        # The key does not have this role, although its account does.
        assert client.post("/auth/introspect", json={"token": "x"}, headers=headers).status_code == 403
    token = engine.login(username="ada", password=PASSWORD).access_token
    both = {"x-api-key": made.key, "authorization": f"Bearer {token}"}
    assert client.get("/me", headers=both).json()["username"] == "ada"
    gateway = {"x-api-key": "of a gateway", "authorization": f"Bearer {token}"}
    assert client.get("/me", headers=gateway).json()["username"] == "ada"
    assert client.get("/me", headers={"x-api-key": "of a gateway"}).status_code == 401
    # A key decides before a cookie, which browsers send by themselves.
    opened = cookies_of(client.post("/auth/login/browser", json=ADA))[COOKIES[0]].value
    for key, name in ((made.key, "nightly"), ("of a gateway", "ada")):
        assert client.get("/me", headers={**sent(access=opened), "x-api-key": key}).json()["username"] == name
    client.cookies.clear()
    cookie = {"cookie": f"{COOKIES[0]}={made.key}", "origin": str(client.base_url).rstrip("/")}
    assert client.get("/me", headers=cookie).status_code == 401
    engine.revoke_api_key(api_key_id=made.api_key.id)
    assert client.get("/me", headers={"x-api-key": made.key}).status_code == 401


def test_a_throttled_key_hides_no_other_credential(config: Config) -> None:
    config["throttle"] = {"source_failures": 2}
    config["backends"] = {"browser": {}, "legacy": {}}
    with Engine(config) as engine, serving(application(engine)) as client:
        user = engine.register(username="ada", email="ada@example.com", password=PASSWORD).user
        made = engine.create_api_key(user_id=user.id, name="report")
        engine.revoke_api_key(api_key_id=made.api_key.id)
        headers = bearer(made.key)
        while (answer := client.get("/me", headers=headers)).status_code == 401:
            pass
        failure(answer, 429, "too_many_attempts")
        failure(client.get("/maybe", headers=headers), 429, "too_many_attempts")
        opened = engine.login(username="ada", password=PASSWORD, backend="browser").access_token
        assert client.get("/me", headers={**sent(access=opened), **headers}).json()["username"] == "ada"


def test_log_out_everywhere_or_by_the_refresh_token(client: httpx.Client) -> None:
    first, second, third = [logged_in(client) for _ in range(3)]
    client.post("/auth/logout", json={"refresh_token": first["refresh_token"]})
    alive = [client.get("/me", headers=bearer(each["access_token"])).status_code for each in (first, second)]
    assert alive == [401, 200]
    client.post("/auth/logout", headers=bearer(second["access_token"]), json={"everywhere": True})
    failure(client.get("/me", headers=bearer(third["access_token"])), 401, "invalid_token")


def test_cookies(client: httpx.Client, clock: Clock) -> None:
    response = client.post("/auth/login/browser", json=ADA)
    body, cookies = response.json(), cookies_of(response)
    assert set(body) == {"backend", "expires_in", "refresh_expires_in", "session_id", "user"}
    lives = [300, 2_592_000]
    assert set(cookies) == {*COOKIES, DEVICE}
    for name, life in zip(COOKIES, lives, strict=True):
        assert {key: value for key, value in cookies[name].items() if value} == {
            "max-age": str(life),
            "path": "/",
            "secure": True,
            "httponly": True,
            "samesite": "lax",
        }
        assert cookies[name].value not in response.text
    access, refresh = [cookies[name].value for name in COOKIES]
    assert client.get("/me", headers=sent(access=access)).json() == shown(body["user"])

    clock.seconds += 400
    failure(client.get("/me", headers=sent(access=access)), 401, "invalid_token")
    response = client.post("/auth/refresh", headers=sent(refresh=refresh))
    assert set(response.json()) == {"expires_in", "refresh_expires_in"}
    access, refresh = [cookies_of(response)[name].value for name in COOKIES]
    assert client.get("/me", headers=sent(access=access)).json() == shown(body["user"])

    # The access token may have expired: the refresh token still ends the session.
    response = client.post("/auth/logout", headers=sent(refresh=refresh))
    assert response.status_code == 200
    again = client.post("/auth/refresh", headers=sent(refresh=refresh))
    failure(again, 401, "invalid_token")
    for ended in (response, again):
        gone = cookies_of(ended)
        assert [(gone[name].value, gone[name]["max-age"]) for name in COOKIES] == [("", "0")] * 2
    failure(client.get("/me", headers=sent(access=access)), 401, "invalid_token")


def test_a_token_passes_only_for_its_backend_and_by_its_transport(client: httpx.Client) -> None:
    legacy = logged_in(client, "legacy")
    assert "refresh_token" not in legacy
    assert client.get("/me", headers=bearer(legacy["access_token"])).json()["username"] == "ada"
    default = logged_in(client)["access_token"]
    cookie = cookies_of(client.post("/auth/login/browser", json=ADA))[COOKIES[0]].value
    failure(client.get("/me", headers=bearer(cookie)), 401, "invalid_token")
    failure(client.get("/me", headers=sent(access=default)), 401, "invalid_token")
    # The first valid token decides.
    for token, other in ((default, "x"), ("x", cookie)):
        headers = {**bearer(token), **sent(access=other)}
        assert client.get("/me", headers=headers).json()["username"] == "ada"
    # The engine has this backend, but the application does not offer it.
    assert client.post("/auth/login/internal", json=ADA).status_code == 404


def test_who_is_there(client: httpx.Client, engine: Engine, store: Path) -> None:
    engine.register(username="bob", email="bob@example.com", password=PASSWORD)
    paths = ["/me", "/verified", "/editors"]
    for path in paths:
        response = client.get(path)
        failure(response, 401, "not_authenticated")
        assert response.headers["www-authenticate"] == "Bearer"
    login = logged_in(client)
    headers = bearer(login["access_token"])
    assert [client.get(path, headers=headers).status_code for path in paths] == [200, 403, 403]
    failure(client.get("/verified", headers=headers), 403, "permission_denied")
    assert client.get("/maybe", headers=headers).json() == shown(login["user"])
    assert client.get("/maybe-editors", headers=headers).json() is None

    mark_verified(store, "ada")
    user = engine.update_user(id=login["user"]["id"], roles=["editor", "reader"]).user
    assert [client.get(path, headers=headers).status_code for path in paths] == [200, 200, 200]
    assert client.get("/maybe-editors", headers=headers).json()["roles"] == user.roles

    for optional in ({}, bearer("x"), {"authorization": "Basic eDp5"}, sent(access="x")):
        assert client.get("/maybe", headers=optional).json() is None
    failure(client.get("/me", headers={"authorization": "Basic eDp5"}), 401, "invalid_authorization_header")
    two = [("authorization", headers["authorization"])] * 2
    failure(client.get("/me", headers=two), 401, "invalid_authorization_header")

    engine.update_user(id=user.id, is_active=False)
    failure(client.get("/me", headers=headers), 401, "invalid_token")
    assert client.get("/maybe", headers=headers).json() is None


def test_the_permissions_of_a_route(client: httpx.Client, engine: Engine) -> None:
    paths = ("/publishers", "/maybe-publishers")
    failure(client.get("/publishers"), 401, "not_authenticated")
    login = logged_in(client)
    headers = bearer(login["access_token"])
    for roles, admitted in ((["reader"], False), (["reader", "writer"], True), (["reader"], False)):
        # The roles as they are now decide, not those of the token.
        engine.update_user(id=login["user"]["id"], roles=roles)
        answers = [client.get(path, headers=headers) for path in paths]
        assert [answer.status_code for answer in answers] == [200 if admitted else 403, 200]
        assert (answers[1].json() is not None) is admitted
        if not admitted:
            failure(answers[0], 403, "permission_denied")
    # A key has no more permissions than its roles give.
    engine.update_user(id=login["user"]["id"], roles=["reader", "writer"], email_verified=True)
    for roles, status in ((["reader"], 403), (["writer"], 200)):
        made = engine.create_api_key(user_id=login["user"]["id"], name="report", roles=roles)
        assert client.get("/publishers", headers=bearer(made.key)).status_code == status


def test_logging_out_ends_whatever_a_request_carries(client: httpx.Client, engine: Engine) -> None:
    def opened(backend: str) -> tuple[LoginResponse, dict[str, str]]:
        login = engine.login(username="ada", password=PASSWORD, backend=backend)
        return login, sent(access=login.access_token, refresh=login.refresh_token or "")

    def alive() -> set[str]:
        return {session.id for session in engine.list_sessions(user_id=first.user.id).sessions}

    first, _ = opened("default")
    second, _ = opened("default")
    third, cookies = opened("browser")
    kept, _ = opened("default")
    headers = {**bearer(first.access_token), **cookies}
    response = client.post("/auth/logout", headers=headers, json={"refresh_token": second.refresh_token})
    assert (response.status_code, list(response.json())) == (200, ["message"])
    assert {name: cookie["max-age"] for name, cookie in cookies_of(response).items()} == dict.fromkeys(
        COOKIES, "0"
    )
    assert alive() == {kept.session_id}
    assert third.session_id not in alive()

    # An invalid token does not keep the other's session from being ended.
    for carried in (bearer("x"), {"authorization": "Basic eDp5"}):
        _, cookies = opened("browser")
        response = client.post("/auth/logout", headers={**carried, **cookies})
        assert (response.status_code, set(cookies_of(response))) == (200, set(COOKIES))
        assert alive() == {kept.session_id}

    eve = engine.register(username="eve", email="eve@example.com", password=PASSWORD).user
    eves = [engine.login(username="eve", password=PASSWORD) for _ in range(2)]
    _, cookies = opened("browser")
    headers = {**bearer(eves[0].access_token), **cookies}
    assert client.post("/auth/logout", headers=headers, json={"everywhere": True}).status_code == 200
    assert (alive(), engine.list_sessions(user_id=eve.id).sessions) == (set(), [])

    response = client.post("/auth/logout", headers={**bearer("x"), **cookies, **sent(access="x")})
    failure(response, 401, "invalid_token")
    assert set(cookies_of(response)) == set(COOKIES)


def test_wrong_credentials_are_one_answer_until_the_door_is_locked(client: httpx.Client) -> None:
    answers = {
        client.post("/auth/login/default", json={"username": name, "password": "wrong"}).text
        for name in ("ada", "eve")
    }
    assert len(answers) == 1
    wrong = {**ADA, "password": "wrong"}
    response = [client.post("/auth/login/browser", json=wrong) for _ in range(3)][-1]
    error = failure(response, 429, "too_many_attempts")
    assert response.headers["retry-after"] == str(error["retry_after_seconds"])


def test_what_is_not_for_the_client_to_choose(client: httpx.Client, engine: Engine) -> None:
    eve = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
    extras: list[tuple[str, dict[str, Any]]] = [
        ("register", {**eve, "roles": ["admin"]}),
        ("register", {**eve, "attributes": {"admin": True}}),
        ("login/default", {**ADA, "scope": "admin"}),
        ("login/default", {**ADA, "client": {"ip": "192.0.2.1"}}),
        ("login/default", {**ADA, "backend": "internal"}),
    ]
    for path, body in extras:
        response = client.post(f"/auth/{path}", json=body)
        assert response.status_code == 422
        assert PASSWORD not in response.text
    assert [user.username for user in engine.list_users().users] == ["ada"]
    # A form of another site cannot send JSON.
    text = b'{"username": "ada", "password": "eight wise words"}'
    assert client.post("/auth/login/browser", content=text).status_code == 422
    failure(client.post("/auth/register", json={**eve, "password": "password"}), 400, "weak_password")


def test_sessions_know_the_client(client: httpx.Client, engine: Engine) -> None:
    response = client.post("/auth/login/default", json=ADA, headers={"user-agent": "Browser 1.0"})
    (session,) = engine.list_sessions(user_id=response.json()["user"]["id"]).sessions
    assert (session.ip, session.user_agent) == ("127.0.0.1", "Browser 1.0")


def mailed(engine: Engine, kind: str, to: str) -> str:
    """Take all mails, and return the token of the one of this kind to this address."""
    mails = engine.take_mail(limit=100, lease_seconds=3600).mails
    (token,) = [mail.token for mail in mails if (mail.kind, mail.to) == (kind, to)]
    assert token is not None
    return token


def test_an_address_is_verified(client: httpx.Client, engine: Engine, clock: Clock) -> None:
    eve = {"username": "eve", "email": "eve@example.com", "password": PASSWORD, "locale": "de"}
    registered = client.post("/auth/register", json=eve)
    assert registered.status_code == 201
    kept = cookies_of(registered)["__Host-doorward-verification"]
    assert kept.value == registered.json()["verification"]
    attributes = [kept[name] for name in ("secure", "httponly", "samesite", "path", "max-age")]
    assert attributes == [True, True, "lax", "/", "604800"]
    token = mailed(engine, "verify_email", "eve@example.com")
    looked = client.post("/auth/check-mail-token", json={"token": token})
    assert looked.json() == {"purpose": "verify_email", "expires_at": clock.seconds + 86_400}
    # The reader of the mail still has to prove the account.
    failure(client.post("/auth/verify-email", json={"token": token}), 401, "not_authenticated")
    ada = logged_in(client)
    others = client.post("/auth/verify-email", json={"token": token}, headers=bearer(ada["access_token"]))
    failure(others, 401, "not_authenticated")
    wrong = {"token": token, "username": "eve", "password": "wrong"}
    failure(client.post("/auth/verify-email", json=wrong), 401, "invalid_credentials")
    # A browser in which another user is logged in.
    headers = {"cookie": f"{kept.key}={kept.value}", **bearer(ada["access_token"])}
    response = client.post("/auth/verify-email", json={"token": token}, headers=headers)
    assert (response.status_code, response.content, response.headers["cache-control"]) == (
        204,
        b"",
        "no-store",
    )
    assert cookies_of(response)[kept.key]["max-age"] == "0"
    assert engine.get_user(username="eve").user.email_verified
    for route in ("check-mail-token", "verify-email"):
        spent = client.post(f"/auth/{route}", json={"token": token})
        failure(spent, 400, "invalid_token")
        assert "www-authenticate" not in spent.headers

    clock.seconds += 60
    answers = [
        client.post("/auth/request-email-verification", json={"email": email})
        for email in ("ada@example.com", "nobody@example.com")
    ]
    assert {(each.status_code, each.text) for each in answers} == {(200, '{"sent":true}')}
    failure(client.post("/auth/request-email-verification"), 401, "not_authenticated")
    asked = client.post("/auth/request-email-verification", headers=bearer(ada["access_token"]))
    assert (asked.status_code, asked.json()) == (200, {"sent": True})
    token = mailed(engine, "verify_email", "ada@example.com")
    body = {"token": token}
    verified = client.post("/auth/verify-email", json=body, headers=bearer(ada["access_token"]))
    assert verified.status_code == 204
    response = client.post("/auth/request-email-verification", json={"email": "no address"})
    failure(response, 400, "invalid_request")


def test_another_address_is_for_who_logged_in_just_now(
    client: httpx.Client, engine: Engine, clock: Clock
) -> None:
    change = {"new_email": "countess@example.com", "locale": "fr"}
    failure(client.post("/auth/request-email-change", json=change), 401, "not_authenticated")
    cookies = cookies_of(client.post("/auth/login/browser", json=ADA))
    access, refresh = [cookies[name].value for name in COOKIES]
    clock.seconds += 901
    response = client.post("/auth/refresh", headers=sent(refresh=refresh))
    access = cookies_of(response)[COOKIES[0]].value
    stale = client.post("/auth/request-email-change", json=change, headers=sent(access=access))
    failure(stale, 401, "reauthentication_required")
    assert stale.headers["www-authenticate"] == 'Bearer error="insufficient_user_authentication"'
    headers = bearer(logged_in(client)["access_token"])
    response = client.post("/auth/request-email-change", json=change, headers=headers)
    assert response.status_code == 200
    verification = response.json()["verification"]
    assert response.json() == {"sent": True, "verification": verification}
    assert cookies_of(response)["__Host-doorward-verification"].value == verification
    user_id = {**change, "user_id": "01a1"}
    assert client.post("/auth/request-email-change", json=user_id, headers=headers).status_code == 422
    token = mailed(engine, "change_email", "countess@example.com")
    failure(client.post("/auth/verify-email", json={"token": token}), 401, "not_authenticated")
    proven = {"token": token, "verification": verification}
    assert client.post("/auth/verify-email", json=proven).status_code == 204
    assert engine.get_user(username="ada").user.email == "countess@example.com"
    failure(client.get("/me", headers=headers), 401, "invalid_token")


def test_a_forgotten_password(client: httpx.Client, engine: Engine) -> None:
    headers = bearer(logged_in(client)["access_token"])
    answers = [
        client.post("/auth/request-password-reset", json={"email": email})
        for email in ("ada@example.com", "nobody@example.com")
    ]
    assert {(each.status_code, each.text) for each in answers} == {(200, '{"sent":true}')}
    token = mailed(engine, "reset_password", "ada@example.com")
    weak = {"token": token, "new_password": "password"}
    failure(client.post("/auth/reset-password", json=weak), 400, "weak_password")
    good = {"token": token, "new_password": "nine other wise words"}
    response = client.post("/auth/reset-password", json=good)
    assert (response.status_code, response.content) == (204, b"")
    assert "set-cookie" not in response.headers
    spent = client.post("/auth/reset-password", json=good)
    failure(spent, 400, "invalid_token")
    assert "www-authenticate" not in spent.headers
    failure(client.get("/me", headers=headers), 401, "invalid_token")
    ada = {**ADA, "password": "nine other wise words"}
    assert client.post("/auth/login/default", json=ada).status_code == 200


@pytest.mark.parametrize("backend", ["default", "browser", "legacy"])
def test_a_changed_password(client: httpx.Client, backend: str) -> None:
    change = {"old_password": PASSWORD, "new_password": "nine other wise words"}
    failure(client.post("/auth/change-password", json=change), 401, "not_authenticated")
    login = client.post(f"/auth/login/{backend}", json=ADA)
    headers = (
        sent(access=cookies_of(login)[COOKIES[0]].value)
        if backend == "browser"
        else bearer(login.json()["access_token"])
    )
    wrong = {**change, "old_password": "wrong"}
    failure(client.post("/auth/change-password", json=wrong, headers=headers), 401, "invalid_credentials")
    assert (
        client.post("/auth/change-password", json={**change, "user_id": "01a1"}, headers=headers).status_code
        == 422
    )
    response = client.post("/auth/change-password", json=change, headers=headers)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")
    assert set(response.json()) == {"revoked_sessions"}
    forgotten = {name: cookie["max-age"] for name, cookie in cookies_of(response).items()}
    assert forgotten == (dict.fromkeys(COOKIES, "0") if backend == "browser" else {})
    failure(client.get("/me", headers=headers), 401, "invalid_token")
    failure(client.post(f"/auth/login/{backend}", json=ADA), 401, "invalid_credentials")


@pytest.mark.parametrize("backend", ["default", "browser"])
def test_a_login_in_two_steps(client: httpx.Client, engine: Engine, backend: str) -> None:
    user = engine.get_user(username="ada").user
    engine.set_password(user_id=user.id, new_password="a temporary password")
    temporary = {**ADA, "password": "a temporary password"}
    response = client.post(f"/auth/login/{backend}", json=temporary)
    body = response.json()
    assert (response.status_code, body["status"]) == (401, "password_change_required")
    assert (body["error"]["code"], body["user_id"]) == ("password_change_required", user.id)
    assert response.headers["cache-control"] == "no-store"
    assert set(cookies_of(response)) == {DEVICE}
    step = {"challenge": body["challenge"]}
    failure(client.post("/auth/complete-login", json=step), 400, "invalid_request")
    weak = {**step, "new_password": "password"}
    failure(client.post("/auth/complete-login", json=weak), 400, "weak_password")
    good = {**step, "new_password": "nine other wise words"}
    assert client.post("/auth/complete-login", json={**good, "roles": ["admin"]}).status_code == 422
    response = client.post("/auth/complete-login", json=good)
    assert response.status_code == 200
    headers = (
        sent(access=cookies_of(response)[COOKIES[0]].value)
        if backend == "browser"
        else bearer(response.json()["access_token"])
    )
    assert client.get("/me", headers=headers).json()["id"] == user.id
    failure(client.post("/auth/complete-login", json=good), 401, "invalid_challenge")


def test_a_login_with_a_second_factor(
    client: httpx.Client, engine: Engine, clock: Clock, store: Path
) -> None:
    mark_verified(store, "ada")
    user = engine.get_user(username="ada").user
    secret = engine.setup_totp(user_id=user.id).secret

    def code() -> str:
        """Compute the code of the next 30 seconds (RFC 6238)."""
        clock.seconds += 30
        mac = hmac.digest(base64.b32decode(secret), (clock.seconds // 30).to_bytes(8, "big"), "sha1")
        number = int.from_bytes(mac[mac[-1] & 15 :][:4], "big") & 0x7FFFFFFF
        return f"{number % 1_000_000:06}"

    recovery_codes = engine.confirm_totp(user_id=user.id, code=code()).recovery_codes
    for proof in ({"two_fa_code": code()}, {"recovery_code": recovery_codes[0]}):
        step = client.post("/auth/login/default", json=ADA)
        body = step.json()
        assert (step.status_code, body["status"]) == (401, "second_factor_required")
        response = client.post("/auth/complete-login", json={"challenge": body["challenge"], **proof})
        assert client.get("/me", headers=bearer(response.json()["access_token"])).status_code == 200
    # Or in one call.
    for proof in ({"two_fa_code": code()}, {"recovery_code": recovery_codes[1]}):
        assert client.post("/auth/login/default", json={**ADA, **proof}).status_code == 200


def test_a_login_elsewhere_is_not_completed_here(client: httpx.Client, engine: Engine) -> None:
    user = engine.get_user(username="ada").user
    engine.set_password(user_id=user.id, new_password="a temporary password")
    with pytest.raises(StepUpRequired) as caught:
        engine.login(username="ada", password="a temporary password", backend="internal")
    good = {"challenge": caught.value.challenge, "new_password": "nine other wise words"}
    failure(client.post("/auth/complete-login", json=good), 401, "not_authenticated")
    assert engine.list_sessions(user_id=user.id).sessions == []


@pytest.mark.parametrize("backend", ["default", "browser"])
def test_a_mailed_login(client: httpx.Client, engine: Engine, store: Path, backend: str) -> None:
    mark_verified(store, "ada")

    def ask(email: str, **more: Any) -> str:
        answer = client.post(f"/auth/request-login-code/{backend}", json={"email": email, **more})
        assert (answer.status_code, set(answer.json())) == (200, {"challenge", "expires_in"})
        challenge: str = answer.json()["challenge"]
        return challenge

    def come_in(path: str, **fields: Any) -> httpx.Response:
        return client.post(f"/auth/{path}", json=fields)

    strangers, challenge = ask("nobody@example.com"), ask("ada@example.com", persistent=False)
    mails = engine.take_mail(limit=100, lease_seconds=3600).mails
    (mail,) = [mail for mail in mails if mail.kind == "login"]
    assert mail.code
    assert mail.token
    for other in (strangers, challenge):
        wrong = come_in("complete-login", challenge=other, mail_code="BBBB-BBBB")
        failure(wrong, 401, "invalid_code")
    response = come_in("complete-login", challenge=challenge, mail_code=mail.code.lower())
    assert response.status_code == 200, response.text
    assert response.json()["persistent"] is False
    assert (COOKIES[0] in cookies_of(response)) == (backend == "browser")
    failure(come_in("login-with-mail-token", token=mail.token), 400, "invalid_token")
    ask("eve@example.com", create=True)
    token = mailed(engine, "login", "eve@example.com")
    response = come_in("login-with-mail-token", token=token, persistent=True)
    assert response.status_code == 200, response.text
    assert response.json()["persistent"] is True
    assert (COOKIES[0] in cookies_of(response)) == (backend == "browser")
    assert engine.get_user(email="eve@example.com").user.email_verified


def test_an_invitation(client: httpx.Client, engine: Engine) -> None:
    engine.invite_user(email="grace@example.com", roles=["editor"])
    token = mailed(engine, "invitation", "grace@example.com")
    accept = {"token": token, "username": "grace", "password": PASSWORD}
    failure(client.post("/auth/accept-invitation", json={**accept, "username": "ada"}), 409, "username_taken")
    assert client.post("/auth/accept-invitation", json={**accept, "roles": ["admin"]}).status_code == 422
    response = client.post("/auth/accept-invitation", json=accept)
    user = response.json()["user"]
    assert (response.status_code, user["username"], user["roles"]) == (200, "grace", ["editor"])
    failure(client.post("/auth/accept-invitation", json=accept), 400, "invalid_token")
    credentials = {"username": "grace", "password": PASSWORD}
    assert client.post("/auth/login/default", json=credentials).status_code == 200


def test_introspection_is_for_those_who_may(client: httpx.Client, engine: Engine) -> None:
    login = logged_in(client)
    headers, form = bearer(login["access_token"]), {"token": login["refresh_token"]}
    failure(client.post("/auth/introspect", data=form), 401, "not_authenticated")
    failure(client.post("/auth/introspect", data=form, headers=headers), 403, "permission_denied")
    engine.update_user(id=login["user"]["id"], roles=["service"])
    answer = client.post("/auth/introspect", data=form, headers=headers).json()
    assert (answer["active"], answer["sub"], answer["token_type"]) == (
        True,
        login["user"]["id"],
        "refresh_token",
    )
    for token in ("x", ""):
        response = client.post("/auth/introspect", content=f"token={token}x", headers=headers)
        assert response.json() == {"active": False}
    failure(client.post("/auth/introspect", json=form, headers=headers), 400, "invalid_request")
    with serving(unguarded(engine)) as other:
        assert other.post("/introspect", data=form, headers=headers).status_code == 404


def unguarded(engine: Engine) -> FastAPI:
    app = FastAPI()
    app.include_router(Authentication(engine).router())
    return app


def test_public_keys(client: httpx.Client, engine: Engine) -> None:
    keys = client.get("/auth/jwks.json").json()["keys"]
    assert keys == engine.jwks().keys
    assert {key["alg"] for key in keys} == {"ES256"}
    assert not any("d" in key for key in keys)


def test_the_description_names_the_schemes(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["components"]["securitySchemes"] == {
        "default": {"type": "http", "scheme": "bearer"},
        "browser": {"type": "apiKey", "in": "cookie", "name": "__Host-doorward"},
        "legacy": {"type": "http", "scheme": "bearer"},
    }
    assert document["paths"]["/me"]["get"]["security"] == [{"default": []}, {"browser": []}, {"legacy": []}]
    assert "/auth/login/browser" in document["paths"]


def test_no_answer_is_no_verdict(client: httpx.Client, store: Path) -> None:
    headers = bearer(logged_in(client)["access_token"])
    store.write_bytes(b"no database" * 1000)
    Path(f"{store}-wal").write_bytes(b"")
    for path in ("/me", "/maybe", "/editors"):
        failure(client.get(path, headers=headers), 503, "store_unavailable")


def test_two_cookies_of_one_name() -> None:
    with pytest.raises(ValueError, match="one name"):
        Authentication(None, {"default": Cookie(), "browser": Cookie()})
    assert Authentication(None, {"default": Cookie(), "browser": Cookie("__Host-b")}).backends


def test_backends_that_are_none() -> None:
    with Engine({"store": "sqlite::memory:", "backends": {"browser": {}}}) as engine:
        assert Authentication(engine, {"default": Bearer(), "browser": Cookie()}).backends
        with pytest.raises(ValueError, match="no backend 'brwoser'"):
            Authentication(engine, {"default": Bearer(), "brwoser": Cookie()})
        with pytest.raises(TypeError, match=r"Bearer\(\)"):
            Authentication(engine, cast("Any", {"default": Bearer}))


def test_the_package_needs_no_framework() -> None:
    program = "import doorward, sys; assert not {'fastapi', 'starlette', 'litestar'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_registrations_are_counted_for_their_source(config: Config) -> None:
    config["throttle"] = {"source_failures": 2}
    config["backends"] = {"browser": {}, "legacy": {}}
    with Engine(config) as engine, serving(application(engine)) as client:
        for name in ("ada", "bob"):
            body = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
            assert client.post("/auth/register", json=body).status_code == 201
        body = {"username": "eve", "email": "eve@example.com", "password": PASSWORD}
        failure(client.post("/auth/register", json=body), 429, "too_many_attempts")
