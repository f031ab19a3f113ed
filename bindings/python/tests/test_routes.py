"""Tests of the routes of doorward.fastapi beyond logging in, of their selection, and of OpenAPI."""

# Without postponed annotations, because FastAPI could not resolve the names that are local to a function.
import base64
import hmac
import json
import logging
from collections.abc import Iterator
from typing import Annotated, Any, cast

import httpx
import pytest
from conftest import PASSWORD, Clock, unavailable
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from fastapi import Depends, FastAPI
from serving import serving
from test_passkeys import ORIGIN, Device, encoded

from doorward import AuthError, Config, Engine, PublicUser
from doorward.fastapi import AuthenticateResponse, Authentication, Bearer, Cookie, failure_response
from doorward.models.app import FinishPasskeyRegistrationResponse

ADA = {"username": "ada", "password": PASSWORD}


def application(engine: Engine, **selected: Any) -> FastAPI:
    auth = Authentication(engine, {"default": Bearer(), "browser": Cookie()})
    app = FastAPI()
    app.include_router(auth.router(**selected))
    app.add_exception_handler(AuthError, failure_response)

    @app.get("/who")
    def who(found: Annotated[AuthenticateResponse, Depends(auth.current())]) -> dict[str, Any]:
        assert found.claims is not None
        return {
            "user": found.user.username,
            "session": found.session_id,
            "amr": found.claims.get("amr"),
            "sub": found.claims.get("sub"),
        }

    @app.get("/danger")
    def danger(found: Annotated[AuthenticateResponse, Depends(auth.current(max_age_seconds=60))]) -> str:
        return found.user.username

    @app.get("/maybe")
    def maybe(
        user: Annotated[PublicUser | None, Depends(auth.current_user(optional=True, max_age_seconds=60))],
    ) -> str | None:
        return None if user is None else user.username

    assert [who, danger, maybe]
    return app


class Provider:
    """Signs ID tokens with ES256."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())

    def config(self) -> dict[str, Any]:
        point = self.key.public_key().public_numbers()
        x, y = [encoded(number.to_bytes(32, "big")) for number in (point.x, point.y)]
        jwk = {"kty": "EC", "crv": "P-256", "kid": "k", "alg": "ES256", "x": x, "y": y}
        issuer = {"issuer": "https://accounts.example", "client_id": "app", "auto_register": True}
        return {**issuer, "jwks": {"keys": [jwk]}, "algorithms": ["ES256"]}

    def token(self, clock: Clock, **claims: Any) -> str:
        times = {"iat": clock.seconds, "exp": clock.seconds + 300}
        parts = (
            {"alg": "ES256", "kid": "k"},
            {"iss": "https://accounts.example", "aud": "app", **times, **claims},
        )
        text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        pair = decode_dss_signature(self.key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{text}.{encoded(b''.join(number.to_bytes(32, 'big') for number in pair))}"


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def engine(config: Config, clock: Clock, provider: Provider) -> Iterator[Engine]:
    config["backends"] = {"browser": {}}
    config["impersonation"] = {"roles": ["support"]}
    config["passkeys"] = {"rp_id": "example.com", "rp_name": "Example", "origins": [ORIGIN]}
    config["id_token_providers"] = cast("Any", {"google": provider.config()})
    config["trusted_devices"] = {}
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


@pytest.fixture
def client(engine: Engine) -> Iterator[httpx.Client]:
    with serving(application(engine)) as client:
        yield client


def logged_in(client: httpx.Client, body: dict[str, Any] = ADA) -> dict[str, str]:
    response = client.post("/login/default", json=body)
    assert response.status_code == 200, response.text
    return {"authorization": f"Bearer {response.json()['access_token']}"}


def refused(response: httpx.Response, status: int, code: str) -> None:
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers["cache-control"] == "no-store"


def code_of(secret: str, clock: Clock) -> str:
    """Compute the code of the next 30 seconds (RFC 6238)."""
    clock.seconds += 30
    mac = hmac.digest(base64.b32decode(secret), (clock.seconds // 30).to_bytes(8, "big"), "sha1")
    return f"{(int.from_bytes(mac[mac[-1] & 15 :][:4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def test_a_check_of_the_origin_is_no_failure(config: Config) -> None:
    records: list[dict[str, Any]] = []
    config["backends"] = {"browser": {}}
    with Engine(config, log=lambda _, record: records.append(record)) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        with serving(application(engine)) as client:
            own = {"origin": str(client.base_url)}
            assert client.post("/login/browser", json=ADA, headers=own).status_code == 200
            assert records == []
            foreign = {"origin": "https://evil.example"}
            assert client.post("/login/browser", json=ADA, headers=foreign).status_code == 403
    assert [record["detail"] for record in records] == ["foreign_origin"]


def test_user_session_and_claims(client: httpx.Client, engine: Engine) -> None:
    login = engine.login(username="ada", password=PASSWORD)
    headers = {"authorization": f"Bearer {login.access_token}"}
    seen = client.get("/who", headers=headers).json()
    assert seen == {"user": "ada", "session": login.session_id, "amr": ["pwd"], "sub": login.user.id}
    refused(client.get("/who"), 401, "not_authenticated")


def test_proving_anew_who_one_is(client: httpx.Client, engine: Engine, clock: Clock) -> None:
    headers = logged_in(client)
    assert client.get("/danger", headers=headers).json() == "ada"
    clock.seconds += 61
    stale = client.get("/danger", headers=headers)
    refused(stale, 401, "reauthentication_required")
    assert set(stale.json()) == {"error"}
    # RFC 9470.
    assert stale.headers["www-authenticate"] == 'Bearer error="insufficient_user_authentication"'
    assert client.get("/maybe", headers=headers).json() is None
    refused(client.post("/reauthenticate", json={"password": PASSWORD}), 401, "not_authenticated")
    refused(
        client.post("/reauthenticate", json={"password": "x"}, headers=headers), 401, "invalid_credentials"
    )
    refused(client.post("/reauthenticate", json={}, headers=headers), 400, "invalid_request")
    answer = client.post("/reauthenticate", json={"password": PASSWORD}, headers=headers)
    assert (answer.headers["cache-control"], set(answer.json())) == (
        "no-store",
        {"access_token", "expires_in"},
    )
    again = {"authorization": f"Bearer {answer.json()['access_token']}"}
    assert client.get("/danger", headers=again).json() == client.get("/maybe", headers=again).json() == "ada"

    # With cookies the refresh token is not in the body.
    login = client.post("/login/browser", json=ADA)
    token = login.headers.get_list("set-cookie")[0].partition(";")[0]
    clock.seconds += 61
    refused(client.get("/danger", headers={"cookie": token}), 401, "reauthentication_required")
    answer = client.post("/reauthenticate", json={"password": PASSWORD}, headers={"cookie": token})
    assert set(answer.json()) == {"expires_in"}
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-doorward=")
    assert client.get("/danger", headers={"cookie": cookie.partition(";")[0]}).json() == "ada"


def test_a_login_that_ends_with_the_browser(client: httpx.Client) -> None:
    def lives(answer: httpx.Response) -> list[bool]:
        """Return for each cookie with a token whether it outlasts the browser."""
        cookies = answer.headers.get_list("set-cookie")
        return [
            "Max-Age=" in cookie for cookie in cookies if not cookie.startswith("__Host-doorward-device=")
        ]

    for body, expected in (({}, True), ({"persistent": True}, True), ({"persistent": False}, False)):
        login = client.post("/login/browser", json={**ADA, **body})
        assert login.status_code == 200, login.text
        assert lives(login) == [expected] * 2
        assert login.json().get("persistent") == body.get("persistent")
        pairs = [cookie.partition(";")[0] for cookie in login.headers.get_list("set-cookie")]
        headers = {"cookie": "; ".join(pairs)}
        client.cookies.clear()
        assert lives(client.post("/reauthenticate", json={"password": PASSWORD}, headers=headers)) == [
            expected
        ]
        client.cookies.clear()
        assert lives(client.post("/refresh", headers=headers)) == [expected] * 2
        client.cookies.clear()
    login = client.post("/login/browser", json={**ADA, "lifetime": {"absolute_seconds": 1}})
    assert login.status_code == 422


def test_tokens_that_do_not_fit_in_cookies(client: httpx.Client, engine: Engine) -> None:
    user = engine.get_user(username="ada").user
    login = client.post("/login/browser", json=ADA)
    (session,) = engine.list_sessions(user_id=user.id).sessions
    headers = {
        "cookie": "; ".join(cookie.partition(";")[0] for cookie in login.headers.get_list("set-cookie"))
    }
    client.cookies.clear()
    engine.update_session(session_id=session.id, claims={"tenants": "x" * 4000})
    answer = client.post("/refresh", headers=headers)
    refused(answer, 500, "invalid_config")
    assert "set-cookie" not in answer.headers
    engine.revoke_session(session_id=session.id)
    client.cookies.clear()
    # If the browser would drop the tokens, the login opens no session.
    engine.update_user(id=user.id, roles=[f"{index:064}" for index in range(64)])
    refused(client.post("/login/browser", json=ADA), 500, "invalid_config")
    assert engine.list_sessions(user_id=user.id).sessions == []
    logged_in(client)


def test_sessions(client: httpx.Client, engine: Engine, clock: Clock) -> None:
    headers: list[dict[str, str]] = []
    for _ in range(3):
        headers.append(logged_in(client))
        clock.seconds += 1
    first, second, third = headers
    engine.register(username="eve", email="eve@example.com", password=PASSWORD)
    eve = logged_in(client, {**ADA, "username": "eve"})
    shown = client.get("/list-sessions", headers=first).json()
    ids = [session["id"] for session in shown["sessions"]]
    assert (len(ids), shown["current"]) == (3, ids[0])
    assert set(shown["sessions"][0]) == {
        "id",
        "backend",
        "amr",
        "created_at",
        "refreshed_at",
        "expires_at",
        "ip",
        "user_agent",
    }
    refused(client.get("/list-sessions"), 401, "not_authenticated")
    # The session of another user is treated as unknown.
    for session_id in (ids[1], "01890000-0000-7000-8000-000000000000", "x"):
        answer = client.post("/revoke-session", json={"session_id": session_id}, headers=eve)
        assert answer.json() == {"revoked": False}
    answer = client.post("/revoke-session", json={"session_id": ids[1]}, headers=first)
    assert answer.json() == {"revoked": True}
    assert [client.get("/who", headers=each).status_code for each in (first, second, third)] == [
        200,
        401,
        200,
    ]
    assert client.post("/revoke-other-sessions", headers=third).json() == {"revoked": 1}
    assert [client.get("/who", headers=each).status_code for each in (first, third, eve)] == [401, 200, 200]


def test_a_person_who_acts_as_the_user_ends_only_that_session(client: httpx.Client, engine: Engine) -> None:
    hers = logged_in(client)
    bob = engine.register(username="bob", email="bob@example.com", password=PASSWORD, roles=["support"]).user
    own = engine.login(username="bob", password=PASSWORD)
    ada = engine.get_user(username="ada").user

    def acting() -> dict[str, str]:
        made = engine.impersonate(actor_token=own.access_token, user_id=ada.id, reason="ticket 12")
        return {"authorization": f"Bearer {made.access_token}"}

    headers = acting()
    shown = client.get("/list-sessions", headers=hers).json()["sessions"]
    acts = {session["id"]: session.get("act") for session in shown}
    (own_id,) = [session_id for session_id, act in acts.items() if act is None]
    assert [act for act in acts.values() if act is not None] == [{"sub": bob.id}]
    refused(client.post("/revoke-other-sessions", headers=headers), 403, "permission_denied")
    answer = client.post("/revoke-session", json={"session_id": own_id}, headers=headers)
    assert answer.json() == {"revoked": False}
    change = {"new_email": "bob@evil.example"}
    refused(client.post("/request-email-change", json=change, headers=headers), 403, "permission_denied")
    refused(client.post("/revoke-trusted-device", json={}, headers=headers), 403, "permission_denied")
    renamed = {"credential_id": "AAAA", "label": "bob's"}
    refused(client.post("/update-passkey", json=renamed, headers=headers), 403, "permission_denied")
    refused(client.post("/logout", json={"everywhere": True}, headers=headers), 403, "permission_denied")
    assert [client.get("/who", headers=each).status_code for each in (hers, headers)] == [200, 401]
    headers = acting()
    session_id = client.get("/who", headers=headers).json()["session"]
    answer = client.post("/revoke-session", json={"session_id": session_id}, headers=headers)
    assert answer.json() == {"revoked": True}
    assert [client.get("/who", headers=each).status_code for each in (hers, headers)] == [200, 401]


def test_an_authenticator_app(client: httpx.Client, engine: Engine, clock: Clock) -> None:
    headers = logged_in(client)
    assert client.get("/totp-status", headers=headers).json() == {"is_configured": False}
    assert client.get("/recovery-codes-status", headers=headers).json() == {"remaining": 0}
    setup = client.post("/setup-totp", headers=headers)
    assert setup.headers["cache-control"] == "no-store"
    assert set(setup.json()) == {"secret", "otpauth_uri", "qr_svg"}
    secret = setup.json()["secret"]
    refused(client.post("/confirm-totp", json={"code": "000000"}, headers=headers), 401, "invalid_code")
    confirmed = client.post("/confirm-totp", json={"code": code_of(secret, clock)}, headers=headers)
    assert (confirmed.headers["cache-control"], confirmed.json()["is_configured"]) == ("no-store", True)
    # Every session has ended.
    refused(client.get("/totp-status", headers=headers), 401, "invalid_token")

    headers = logged_in(client, {**ADA, "two_fa_code": code_of(secret, clock)})
    assert client.get("/totp-status", headers=headers).json() == {"is_configured": True}
    answer = client.post("/generate-recovery-codes", headers=headers)
    assert (answer.headers["cache-control"], len(answer.json()["codes"])) == ("no-store", 10)
    code = answer.json()["codes"][0]
    headers = logged_in(client, {**ADA, "recovery_code": code})
    assert client.get("/recovery-codes-status", headers=headers).json() == {"remaining": 9}
    refused(client.post("/disable-totp", json={"code": "000000"}, headers=headers), 401, "invalid_code")
    answer = client.post("/disable-totp", json={"code": code_of(secret, clock)}, headers=headers)
    assert answer.json() == {"is_configured": False}
    assert logged_in(client)


def test_guesses_elsewhere_keep_no_owner_from_removing_an_app(client: httpx.Client, clock: Clock) -> None:
    headers = logged_in(client)
    secret = client.post("/setup-totp", headers=headers).json()["secret"]
    client.post("/confirm-totp", json={"code": code_of(secret, clock)}, headers=headers)
    login = client.post("/login/default", json={**ADA, "two_fa_code": code_of(secret, clock)})
    device = login.headers["set-cookie"].partition(";")[0]
    headers = {"authorization": f"Bearer {login.json()['access_token']}"}
    client.cookies.clear()
    for _ in range(10):
        refused(client.post("/login/default", json={**ADA, "two_fa_code": "000000"}), 401, "invalid_code")
    body = {"code": code_of(secret, clock)}
    refused(client.post("/disable-totp", json=body, headers=headers), 429, "too_many_attempts")
    gone = client.post("/disable-totp", json=body, headers={**headers, "cookie": device})
    assert gone.json() == {"is_configured": False}


def test_no_cache_stores_what_a_user_sees(client: httpx.Client) -> None:
    headers = logged_in(client)
    paths = client.get("/openapi.json").json()["paths"]
    seen = {path for path, methods in paths.items() if "security" in methods.get("get", {})}
    seen -= {"/who", "/danger", "/maybe"}
    assert len(seen) == 7
    for path in seen:
        answer = client.get(path, headers=headers)
        assert (answer.status_code, answer.headers.get("cache-control")) == (200, "no-store"), path


def test_cookies_go_when_their_session_does(client: httpx.Client, clock: Clock) -> None:
    login = client.post("/login/browser", json=ADA)
    headers = {"cookie": login.headers.get_list("set-cookie")[0].partition(";")[0]}
    secret = client.post("/setup-totp", headers=headers).json()["secret"]
    answer = client.post("/confirm-totp", json={"code": code_of(secret, clock)}, headers=headers)
    gone = [cookie.partition(";")[0] for cookie in answer.headers.get_list("set-cookie")]
    assert gone == ['__Host-doorward=""', '__Host-doorward-refresh=""']


def test_recovery_codes_are_shown_although_the_session_is_not_known(
    client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = logged_in(client)
    begun = client.post("/begin-passkey-registration", json={}, headers=headers).json()
    body = {"challenge": begun["challenge"], "response": Device().create(begun["options"])}
    finish = Engine.finish_passkey_registration

    def last(engine: Engine, **request: Any) -> FinishPasskeyRegistrationResponse:
        made = finish(engine, **request)
        monkeypatch.setattr(Engine, "introspect", unavailable)
        return made

    monkeypatch.setattr(Engine, "finish_passkey_registration", last)
    made = client.post("/finish-passkey-registration", json=body, headers=headers)
    assert (made.status_code, len(made.json()["recovery_codes"])) == (200, 10)


def test_a_passkey_without_asking(client: httpx.Client) -> None:
    device, other, headers = Device(), Device(), logged_in(client)
    other.id = b"another credential"
    unasked = {"conditional": True}
    answer = client.post("/begin-passkey-registration", json=unasked, headers=headers)
    refused(answer, 403, "permission_denied")
    begun = client.post("/begin-passkey-registration", json={}, headers=headers).json()
    body = {"challenge": begun["challenge"], "response": device.create(begun["options"])}
    client.post("/finish-passkey-registration", json=body, headers=headers)
    step = client.post("/login/default", json=ADA).json()
    both = {**unasked, "challenge": step["challenge"]}
    refused(client.post("/begin-passkey-registration", json=both), 400, "invalid_request")
    body = {"challenge": step["challenge"], "webauthn_response": device.get(step["webauthn_options"])}
    token = client.post("/complete-login", json=body).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    begun = client.post("/begin-passkey-registration", json=unasked, headers=headers).json()
    assert begun["mediation"] == "conditional"
    body = {"challenge": begun["challenge"], "response": other.create(begun["options"])}
    made = client.post("/finish-passkey-registration", json=body, headers=headers)
    assert (made.status_code, made.json()["recovery_codes"]) == (200, [])
    # The session continues.
    assert len(client.get("/list-passkeys", headers=headers).json()["passkeys"]) == 2


def test_passkeys(client: httpx.Client, engine: Engine) -> None:
    device, headers = Device(), logged_in(client)
    begun = client.post("/begin-passkey-registration", json={"label": "key"}, headers=headers).json()
    body = {"challenge": begun["challenge"], "response": device.create(begun["options"])}
    refused(client.post("/finish-passkey-registration", json=body), 401, "not_authenticated")
    made = client.post("/finish-passkey-registration", json=body, headers=headers)
    assert (made.json()["credential"]["label"], len(made.json()["recovery_codes"])) == ("key", 10)
    refused(client.get("/list-passkeys", headers=headers), 401, "invalid_token")

    # As the only factor, in either backend.
    for backend, username in (("default", None), ("browser", "ada")):
        begun = client.post(f"/begin-passkey-login/{backend}", json={"username": username})
        assert begun.headers["cache-control"] == "no-store"
        body = {"challenge": begun.json()["challenge"], "response": device.get(begun.json()["options"])}
        login = client.post("/finish-passkey-login", json={**body, "persistent": False})
        assert (login.status_code, login.json()["backend"]) == (200, backend)
        assert login.json()["persistent"] is False
        assert ("access_token" in login.json()) == (backend == "default")
        assert "__Host-doorward-device" in login.headers["set-cookie"]
        refused(client.post("/finish-passkey-login", json=body), 401, "invalid_challenge")

    # As the second factor, in two calls and in one.
    step = client.post("/login/default", json=ADA)
    refused_step = step.json()
    assert (step.status_code, refused_step["webauthn_supported"]) == (401, True)
    answer = device.get(refused_step["webauthn_options"])
    body = {"challenge": refused_step["challenge"], "webauthn_response": answer}
    assert client.post("/complete-login", json=body).status_code == 200
    begun = client.post("/begin-passkey-login/default", json={}).json()
    headers = logged_in(client, {**ADA, "webauthn_response": device.get(begun["options"])})

    (passkey,) = client.get("/list-passkeys", headers=headers).json()["passkeys"]
    renamed = {"credential_id": passkey["id"], "label": "old key"}
    changed = client.post("/update-passkey", json=renamed, headers=headers)
    assert changed.json()["credential"]["label"] == "old key"
    signals = client.get("/passkey-signals", headers=headers).json()
    assert signals["all_accepted_credentials"]["allAcceptedCredentialIds"] == [passkey["id"]]
    offered = client.post("/begin-passkey-login/default", json={"conditional": True})
    assert offered.json()["mediation"] == "conditional"
    other = client.post("/remove-passkey", json={"credential_id": "AAAA"}, headers=headers)
    assert other.json() == {"removed": False}
    gone = client.post("/remove-passkey", json={"credential_id": passkey["id"]}, headers=headers)
    assert gone.json() == {"removed": True}
    assert logged_in(client)


def test_trusted_devices(client: httpx.Client, clock: Clock) -> None:
    headers = logged_in(client)
    secret = client.post("/setup-totp", headers=headers).json()["secret"]
    client.post("/confirm-totp", json={"code": code_of(secret, clock)}, headers=headers)

    def trusting(backend: str) -> httpx.Response:
        clock.seconds += 30
        step = client.post(f"/login/{backend}", json=ADA).json()
        proof = {"challenge": step["challenge"], "two_fa_code": code_of(secret, clock)}
        return client.post("/complete-login", json={**proof, "trust_device": True})

    login = trusting("browser")
    assert (login.status_code, login.json()["trusted_device_expires_in"]) == (200, 2_592_000)
    assert "trusted_device_token" not in login.json()
    (cookie,) = [each for each in login.headers.get_list("set-cookie") if "-trusted=" in each]
    assert cookie.startswith("__Host-doorward-trusted=")
    assert cookie.endswith("; HttpOnly; Max-Age=2592000; Path=/; SameSite=lax; Secure")
    trusted = {"cookie": cookie.partition(";")[0]}
    assert client.post("/login/browser", json=ADA, headers=trusted).status_code == 200
    refused(client.post("/login/browser", json=ADA), 401, "second_factor_required")
    # Tokens that do not travel in cookies are members of bodies.
    token = trusting("default").json()["trusted_device_token"]
    headers = logged_in(client, {**ADA, "trusted_device_token": token})

    listed = client.get("/list-trusted-devices", headers=headers).json()["trusted_devices"]
    assert len(listed) == 2
    gone = client.post("/revoke-trusted-device", json={"trusted_device_id": listed[0]["id"]}, headers=headers)
    assert gone.json() == {"revoked": 1}
    refused(client.post("/login/browser", json=ADA, headers=trusted), 401, "second_factor_required")
    assert client.post("/revoke-trusted-device", json={}, headers=headers).json() == {"revoked": 1}


FOR_THE_FRESH: list[tuple[str, dict[str, Any]]] = [
    ("request-email-change", {"new_email": "countess@example.com"}),
    ("setup-totp", {}),
    ("confirm-totp", {"code": "000000"}),
    ("disable-totp", {"code": "000000"}),
    ("generate-recovery-codes", {}),
    ("begin-passkey-registration", {}),
    ("finish-passkey-registration", {"challenge": "x", "response": {}}),
    ("remove-passkey", {"credential_id": "AAAA"}),
    ("unlink-identity", {"issuer": "https://accounts.example", "subject": "x"}),
]


def test_what_opens_an_account_is_for_who_proved_just_now_who_they_are(engine: Engine, clock: Clock) -> None:
    with serving(application(engine, fresh_seconds=300)) as client:
        headers = logged_in(client)
        clock.seconds += 299
        for path, body in FOR_THE_FRESH[1:2]:
            assert client.post(f"/{path}", json=body, headers=headers).status_code == 200
        clock.seconds += 2
        for path, body in FOR_THE_FRESH:
            answer = client.post(f"/{path}", json=body, headers=headers)
            refused(answer, 401, "reauthentication_required")
            refused(client.post(f"/{path}", json=body), 401, "not_authenticated")


def test_where_there_is_a_factor_a_password_makes_nobody_fresh(engine: Engine, clock: Clock) -> None:
    with serving(application(engine, fresh_seconds=300)) as client:
        headers = logged_in(client)
        secret = client.post("/setup-totp", headers=headers).json()["secret"]
        assert client.post("/confirm-totp", json={"code": code_of(secret, clock)}, headers=headers).is_success
        headers = logged_in(client, {**ADA, "two_fa_code": code_of(secret, clock)})
        clock.seconds += 301

        def proven_by(**proof: str) -> dict[str, str]:
            answer = client.post("/reauthenticate", json=proof, headers=headers)
            return {"authorization": f"Bearer {answer.json()['access_token']}"}

        for path, body in FOR_THE_FRESH:
            by_password = client.post(f"/{path}", json=body, headers=proven_by(password=PASSWORD))
            refused(by_password, 401, "reauthentication_required")
        by_code = proven_by(two_fa_code=code_of(secret, clock))
        assert client.post("/generate-recovery-codes", headers=by_code).status_code == 200


def test_an_id_token(client: httpx.Client, engine: Engine, provider: Provider, clock: Clock) -> None:
    claims = {"sub": "g-1", "email": "grace@example.com", "email_verified": True, "nonce": "n-1"}
    token = provider.token(clock, **claims)
    body = {"id_token": token, "provider": "google", "nonce": "n-1"}
    login = client.post("/login-with-id-token/default", json=body)
    assert (login.status_code, login.json()["created"]) == (200, True)
    headers = {"authorization": f"Bearer {login.json()['access_token']}"}
    assert client.get("/who", headers=headers).status_code == 200
    refused(client.post("/login-with-id-token/browser", json={**body, "nonce": "n-2"}), 401, "invalid_token")
    refused(client.post("/login-with-id-token/browser", json={"id_token": "x"}), 401, "invalid_token")


def test_only_what_is_wanted(engine: Engine, config: Config) -> None:
    def paths(**selected: Any) -> set[str]:
        auth = Authentication(engine, {"default": Bearer(), "browser": Cookie()})
        return {getattr(route, "path", "") for route in auth.router(**selected).routes}

    assert paths(only=["login", "logout"]) == {"/login/default", "/login/browser", "/logout"}
    assert paths(only=["login", "logout"], without=["login"]) == {"/logout"}
    everything = paths()
    assert everything - paths(without={"register", "verify_email"}) == {"/register", "/verify-email"}
    assert "/introspect" not in everything
    assert "/introspect" in paths(introspect=[Depends(lambda: None)])
    assert {"/setup-totp", "/begin-passkey-login/browser", "/login-with-id-token/default"} <= everything
    for wrong in ({"only": ["logn"]}, {"without": ["/register"]}):
        with pytest.raises(ValueError, match=r"no route for (logn|/register)"):
            paths(**wrong)
    # A feature that is not configured has no route that would reveal it.
    with Engine({"store": "sqlite::memory:", "backends": {"browser": {}}}) as engine:
        missing = everything - paths()
        assert {"/begin-passkey-login/default", "/begin-provider-login/browser/{provider}"} <= missing
        features = ("passkey", "id-token", "provider", "identit", "trusted-device")
        assert all(any(feature in path for feature in features) for path in missing)
        assert "/list-passkeys" in paths(only=["list_passkeys"])


def test_what_openapi_says(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]

    def answer(path: str, status: str = "200") -> str:
        schema = document["paths"][path]["post"]["responses"][status]["content"]["application/json"]["schema"]
        return json.dumps(schema)

    def names(text: str) -> set[str]:
        return {name for name in schemas if f'/{name}"' in text}

    assert names(answer("/login/default")) == {"LoginResponse"}
    assert names(answer("/login/browser")) == {"CookieLogin"}
    assert not {"access_token", "refresh_token"} & set(schemas["CookieLogin"]["properties"])
    assert names(answer("/refresh")) == {"RefreshResponse", "CookieRefresh"}
    assert names(answer("/complete-login")) == {"LoginResponse", "CookieLogin"}
    assert names(answer("/login/default", "401")) == {"Failure", "NextStep"}

    either: list[dict[str, list[str]]] = [{"default": []}, {"browser": []}]
    public = {
        "login/default",
        "login/browser",
        "login-with-id-token/default",
        "login-with-id-token/browser",
        "begin-passkey-login/default",
        "begin-passkey-login/browser",
        "finish-passkey-login",
        "complete-login",
        "register",
        "request-email-verification",
        "check-mail-token",
        "verify-email",
        "request-password-reset",
        "reset-password",
        "request-login-code/default",
        "request-login-code/browser",
        "login-with-mail-token",
        "accept-invitation",
        "jwks.json",
    }
    for path, methods in document["paths"].items():
        for operation in methods.values():
            secured = operation.get("security")
            assert secured == (None if path.lstrip("/") in public else either), path
            if path in ("/who", "/danger", "/maybe"):
                continue
            failed = {status for status in operation["responses"] if status[0] in "45" and status != "422"}
            assert {"400", "503"} <= failed, path
            if secured:
                assert "401" in failed, path
    logins = document["paths"]["/login/default"]["post"]["responses"]
    assert {status for status in logins if status[0] in "45"} == {"400", "401", "403", "422", "429", "503"}
    assert "invalid_credentials" in logins["401"]["description"]
    fresh = document["paths"]["/setup-totp"]["post"]["responses"]
    assert "reauthentication_required" in fresh["401"]["description"]
    assert "403" in fresh
    for path in ("check-mail-token", "verify-email", "reset-password"):
        assert "invalid_token" in document["paths"][f"/{path}"]["post"]["responses"]["400"]["description"]


def test_a_wrong_configuration_is_in_the_log(engine: Engine, config: Config, clock: Clock) -> None:
    records: list[logging.LogRecord] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, handler = logging.getLogger("doorward"), Kept(logging.WARNING)
    logger.addHandler(handler)
    config.pop("passkeys")
    with Engine(config, now_ms=clock) as unconfigured:
        app = application(unconfigured, only=["begin_passkey_login"])
        with serving(app) as client:
            answer = client.post("/begin-passkey-login/default", json={})
    logger.removeHandler(handler)
    refused(answer, 500, "invalid_config")
    (record,) = records
    assert record.levelno == logging.WARNING
    assert "operation=begin_passkey_login" in record.getMessage()
    assert "code=invalid_config" in record.getMessage()
    assert vars(record)["doorward"]["code"] == "invalid_config"


def test_a_user_who_must_have_a_factor_enrols_inside_the_login(config: Config, clock: Clock) -> None:
    required: Config = {**config, "require_second_factor": True, "backends": {"browser": {}}}
    with Engine(required, now_ms=clock) as engine, serving(application(engine)) as client:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        step = client.post("/login/default", json=ADA)
        refused(step, 401, "second_factor_required")
        challenge = {"challenge": step.json()["challenge"]}
        refused(client.post("/setup-totp", json={"challenge": "x"}), 401, "invalid_challenge")
        secret = client.post("/setup-totp", json=challenge).json()["secret"]
        done = client.post("/complete-login", json={**challenge, "two_fa_code": code_of(secret, clock)})
        assert done.status_code == 200 and len(done.json()["recovery_codes"]) == 10
        headers = {"authorization": f"Bearer {done.json()['access_token']}"}
        assert client.get("/totp-status", headers=headers).json() == {"is_configured": True}
        refused(client.post("/setup-totp", json=challenge), 401, "invalid_challenge")
