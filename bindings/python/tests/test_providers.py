"""Tests of logins at independent providers: panva's oidc-provider, and one made with Authlib."""

# Authlib has no types.
# pyright: reportAttributeAccessIssue=false, reportIncompatibleVariableOverride=false
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false
# mypy: disable-error-code="import-untyped, no-any-return"

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import grants
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from conftest import PASSWORD, Clock, unavailable
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from flask import Flask, jsonify, request
from joserfc.jwk import ECKey, RSAKey
from openid import CALLBACK, CLIENT_SECRET, Provider
from serving import serving
from werkzeug.serving import make_server

from doorward import AuthError, Config, Engine, InvalidToken
from doorward.exceptions import AuthServiceUnavailable, Conflict
from doorward.fastapi import Authentication, Bearer, Cookie, failure_response
from doorward.testing import totp_code


@pytest.fixture
def clock() -> Clock:
    """The time of the provider, which uses the machine's clock."""
    return Clock(int(time.time()))


def opened(config: Config, provider: Any, clock: Clock, **keys: Any) -> Engine:
    """An engine that knows nothing but the provider's issuer, and what is given."""
    ours: Any = {
        "issuer": provider.issuer,
        "client_id": "app",
        "client_secret": CLIENT_SECRET,
        "algorithms": ["ES256"],
        "auto_register": True,
        "link_verified_email": True,
        **keys,
    }
    return Engine({**config, "id_token_providers": {"ours": ours}}, now_ms=clock)


ClientAssertion: Any = JWTBearerClientAssertion
"""Its stubs are those of an older Authlib."""


def private_key() -> str:
    """A private key of a service, PKCS #8 in PEM."""
    key = generate_private_key(SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def test_login_at_a_provider(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock) as engine:
        begun = engine.begin_provider_login(redirect_uri=CALLBACK)
        query = provider.come_back(begun.authorization_url, "ada")
        # The provider names itself, and its metadata say that it always does.
        parameters = httpx.QueryParams(query)
        assert (parameters["iss"], parameters["state"]) == (provider.issuer, begun.state)
        for forged, reason in (
            (parameters.set("iss", "https://id.example"), "wrong_issuer"),
            (parameters.remove("iss"), "no_issuer"),
            (parameters.set("state", "forged"), "wrong_state"),
            (parameters.remove("state"), "wrong_state"),
        ):
            with pytest.raises(AuthError) as caught:
                engine.finish_provider_login(
                    transaction=begun.transaction, redirect_uri=CALLBACK, query=str(forged)
                )
            assert (caught.value.code, caught.value.detail) == ("invalid_challenge", reason)
        # Another browser has another transaction.
        other = engine.begin_provider_login(redirect_uri=CALLBACK)
        with pytest.raises(AuthError) as caught:
            engine.finish_provider_login(transaction=other.transaction, redirect_uri=CALLBACK, query=query)
        assert caught.value.detail == "wrong_state"
        login = engine.finish_provider_login(
            transaction=begun.transaction, redirect_uri=CALLBACK, query=query
        )
        assert (login.created, login.linked) == (True, False)
        assert (login.user.email, login.user.email_verified) == ("ada@example.com", True)
        assert engine.authenticate(token=login.access_token).user == login.user
        with pytest.raises(AuthError) as caught:
            engine.finish_provider_login(transaction=begun.transaction, redirect_uri=CALLBACK, query=query)
        assert (caught.value.code, caught.value.detail) == ("invalid_challenge", "spent")
        again = engine.begin_provider_login(redirect_uri=CALLBACK, max_age_seconds=3600)
        query = provider.come_back(again.authorization_url, "ada")
        login = engine.finish_provider_login(
            transaction=again.transaction, redirect_uri=CALLBACK, query=query
        )
        assert not login.created
        # An ID token that the host has opens the same account.
        id_token = provider.tokens("ada")["id_token"]
        assert engine.login_with_id_token(id_token=id_token).user == login.user
        # The address that another user of the provider claims is not theirs.
        begun = engine.begin_provider_login(redirect_uri=CALLBACK)
        query = provider.come_back(begun.authorization_url, "eve")
        with pytest.raises(Conflict) as conflict:
            engine.finish_provider_login(transaction=begun.transaction, redirect_uri=CALLBACK, query=query)
        assert conflict.value.code == "email_taken"


def test_codes_of_other_clients_and_other_requests(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock) as engine:
        mine, other = (engine.begin_provider_login(redirect_uri=CALLBACK) for _ in range(2))
        of_another_client = mine.authorization_url.replace("client_id=app", "client_id=another-app")
        own = httpx.QueryParams(provider.come_back(mine.authorization_url, "ada"))
        codes = (
            httpx.QueryParams(provider.come_back(of_another_client, "eve"))["code"],
            # The code of another login of this client: PKCE binds it to that one.
            httpx.QueryParams(provider.come_back(other.authorization_url, "eve"))["code"],
            "forged",
        )
        for code in codes:
            with pytest.raises(AuthError) as caught:
                engine.finish_provider_login(
                    transaction=mine.transaction, redirect_uri=CALLBACK, query=str(own.set("code", code))
                )
            assert (caught.value.code, caught.value.detail) == ("invalid_credentials", "invalid_grant")
        # An ID token for another request, by the code of this one.
        nonce = parse_qs(urlsplit(mine.authorization_url).query)["nonce"][0]
        query = provider.come_back(mine.authorization_url.replace(nonce, "forged"), "eve")
        with pytest.raises(InvalidToken) as invalid:
            engine.finish_provider_login(transaction=mine.transaction, redirect_uri=CALLBACK, query=query)
        assert invalid.value.detail == "wrong_nonce"
        assert engine.finish_provider_login(
            transaction=mine.transaction, redirect_uri=CALLBACK, query=str(own)
        ).created
    with opened(config, provider, clock, client_secret="of another") as engine:
        begun = engine.begin_provider_login(redirect_uri=CALLBACK)
        query = provider.come_back(begun.authorization_url, "ada")
        with pytest.raises(AuthServiceUnavailable) as unavailable:
            engine.finish_provider_login(transaction=begun.transaction, redirect_uri=CALLBACK, query=query)
        assert unavailable.value.detail == "invalid_client"


def test_an_identity_is_linked_and_unlinked(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock, auto_register=False, link_verified_email=False) as engine:
        ada = engine.register(username="ada", email="lovelace@example.com", password=PASSWORD).user
        token = engine.login(username="ada", password=PASSWORD).access_token
        begun = engine.begin_provider_login(redirect_uri=CALLBACK, user_token=token)
        query = provider.come_back(begun.authorization_url, "ada")
        linked = engine.finish_provider_login(
            transaction=begun.transaction, query=query, redirect_uri=CALLBACK, user_token=token
        )
        assert (linked.linked, linked.user.id, linked.refresh_token) == (True, ada.id, None)
        begun = engine.begin_provider_login(redirect_uri=CALLBACK)
        query = provider.come_back(begun.authorization_url, "ada")
        login = engine.finish_provider_login(
            transaction=begun.transaction, redirect_uri=CALLBACK, query=query
        )
        assert (login.created, login.user.id) == (False, ada.id)
        [identity] = engine.list_identities(user_id=ada.id).identities
        assert (identity.provider, identity.issuer, identity.subject) == ("ours", provider.issuer, "ada")
        assert engine.unlink_identity(user_id=ada.id, issuer=provider.issuer, subject="ada").unlinked
        with pytest.raises(InvalidToken):
            engine.authenticate(token=login.access_token)


def test_the_service_authenticates_itself_by_a_key(config: Config, clock: Clock) -> None:
    pem = private_key()
    public: Any = {**ECKey.import_key(pem).as_dict(private=False), "kid": "k", "alg": "ES256", "use": "sig"}
    provider = Provider(public)
    try:
        keys = {"client_id": "by-key", "client_secret": None, "client_key": pem, "client_key_id": "k"}
        with opened(config, provider, clock, **keys) as engine:
            begun = engine.begin_provider_login(redirect_uri=CALLBACK)
            query = provider.come_back(begun.authorization_url, "ada")
            assert engine.finish_provider_login(
                transaction=begun.transaction, redirect_uri=CALLBACK, query=query
            ).created
    finally:
        provider.stop()


def test_the_host_sends_the_requests(config: Config, provider: Provider, clock: Clock) -> None:
    endpoints = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "jwks"}
    keys = {name: f"{provider.issuer}/{path}" for name, path in endpoints.items()}
    with opened(config, provider, clock, exchange="host", **keys) as engine:
        begun = engine.begin_provider_login(redirect_uri=CALLBACK)
        query = provider.come_back(begun.authorization_url, "ada")
        received: Any = []
        while send := engine.next_provider_request(
            transaction=begun.transaction, redirect_uri=CALLBACK, query=query, received=received
        ).send:
            headers = {header.name: header.value for header in send.headers}
            answer = httpx.request(send.method, send.url, headers=headers, content=send.body, trust_env=False)
            received.append({"status": answer.status_code, "body": answer.text})
        assert len(received) == 2
        login = engine.finish_provider_login(
            transaction=begun.transaction, redirect_uri=CALLBACK, query=query, received=received
        )
        assert (login.created, login.user.email) == (True, "ada@example.com")


class Client:
    """What Authlib asks of a client."""

    def __init__(self, method: str) -> None:
        """Make the client of this method of authentication."""
        self.client_id, self._method = "app", method

    def get_client_id(self) -> str:
        return self.client_id

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        # On loopback, any port (RFC 8252 section 7.3).
        return urlsplit(redirect_uri).hostname in ("127.0.0.1", "localhost")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method, endpoint) == (self._method, "token")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"

    def get_allowed_scope(self, scope: str) -> str:
        return scope


class Code:
    """What Authlib asks of an authorization code."""

    def __init__(self, asked: Any) -> None:
        """Keep what the code is bound to."""
        self.auth_time = int(time.time()) - 60
        parameters = asked.payload.data
        self.redirect_uri, self.scope = parameters["redirect_uri"], parameters["scope"]
        self.nonce = parameters.get("nonce")
        self.code_challenge = parameters["code_challenge"]
        self.code_challenge_method = parameters["code_challenge_method"]

    def get_redirect_uri(self) -> str:
        return str(self.redirect_uri)

    def get_scope(self) -> str:
        return str(self.scope)

    def get_nonce(self) -> Any:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> str:
        return "urn:example:gold"

    def get_amr(self) -> list[str]:
        return ["pwd", "otp"]


class AuthlibProvider:
    """A provider made with Authlib, whose only user is Ada."""

    def __init__(self, method: str, client_key: str | None = None) -> None:
        """Start the provider, whose client authenticates itself by this method."""
        key = RSAKey.generate_key(2048, {"kid": "r", "alg": "RS256", "use": "sig"})
        codes: dict[str, Code] = {}
        assertions: set[str] = set()
        issuer = ""

        class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
            TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = [method]

            def save_authorization_code(self, code: str, request: Any) -> None:
                codes[code] = Code(request)

            def query_authorization_code(self, code: str, client: Any) -> Code | None:
                return codes.get(code)

            def delete_authorization_code(self, authorization_code: Code) -> None:
                codes.clear()

            def authenticate_user(self, authorization_code: Code) -> str:
                return "ada"

        class Assertions(ClientAssertion):  # type: ignore[misc]
            CLIENT_AUTH_METHOD = "private_key_jwt"

            def get_audiences(self) -> list[str]:
                return [issuer]

            def validate_jti(self, claims: Any, jti: str) -> bool:
                is_new = jti not in assertions
                assertions.add(jti)
                return is_new

            def resolve_client_public_key(self, client: Any) -> ECKey:
                assert client_key
                return ECKey.import_key(client_key)

        class IdTokens(OpenIDCode):  # type: ignore[misc]
            def exists_nonce(self, nonce: str, request: Any) -> bool:
                return False

            def resolve_client_private_key(self, client: Any) -> RSAKey:
                return key

            def get_client_algorithm(self, client: Any) -> str:
                return "RS256"

            def get_client_claims(self, client: Any) -> dict[str, Any]:
                return {"iss": issuer}

            def get_authorization_code_claims(self, authorization_code: Code) -> dict[str, Any]:
                claims = super().get_authorization_code_claims(authorization_code)
                return {**claims, "acr": "urn:example:gold", "amr": ["pwd", "otp"]}

            def generate_user_info(self, user: str, scope: str) -> UserInfo:
                # Only the subject: the address has to be asked for.
                return UserInfo(sub=user)

        app = Flask(__name__)
        server = AuthorizationServer(app, lambda _: Client(method), lambda *_: None)
        server.register_client_auth_method("private_key_jwt", Assertions())
        server.register_grant(Grant, [CodeChallenge(required=True), IdTokens()])

        @app.get("/.well-known/openid-configuration")
        def metadata() -> Any:
            paths = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
            return jsonify(issuer=issuer, **{path: f"{issuer}/{path}" for path in paths})

        @app.get("/authorization_endpoint")
        def authorize() -> Any:
            return server.create_authorization_response(
                grant_user="ada", grant=server.get_consent_grant(end_user="ada")
            )

        @app.post("/token_endpoint")
        def token() -> Any:
            return server.create_token_response()

        @app.get("/userinfo_endpoint")
        def userinfo() -> Any:
            assert request.headers["authorization"].startswith("Bearer ")
            return jsonify(sub=self.subject, email="ada@example.com", email_verified=True)

        @app.get("/jwks_uri")
        def jwks() -> Any:
            return jsonify(keys=[key.as_dict(private=False)])

        self.subject = "ada"
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.issuer = issuer = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def back(self, url: str) -> str:
        """Return the URL with which the browser comes back."""
        return str(httpx.get(url, trust_env=False).headers["location"])

    def come_back(self, url: str) -> str:
        """Return its query."""
        return urlsplit(self.back(url)).query

    def stop(self) -> None:
        """End the provider."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"])
def test_login_at_a_provider_made_with_authlib(
    config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    client_key = private_key() if method == "private_key_jwt" else None
    provider = AuthlibProvider(method, client_key)
    secret = CLIENT_SECRET if method.startswith("client_secret") else None
    keys = {"client_secret": secret, "client_key": client_key, "client_auth": method, "algorithms": ["RS256"]}
    try:
        with opened(config, provider, clock, **keys) as engine:
            begun = engine.begin_provider_login(redirect_uri=CALLBACK, max_age_seconds=300)
            assert parse_qs(urlsplit(begun.authorization_url).query)["code_challenge_method"] == ["S256"]
            query = provider.come_back(begun.authorization_url)
            login = engine.finish_provider_login(
                transaction=begun.transaction, redirect_uri=CALLBACK, query=query
            )
            assert (login.created, login.user.email, login.user.email_verified) == (
                True,
                "ada@example.com",
                True,
            )
            said = engine.call("verify", json.dumps({"token": login.access_token}))
            assert said["provider"]["acr"] == "urn:example:gold"
            gold: Any = {"name": "ours", "acr": ["urn:example:gold"], "amr": ["otp"], "max_age_seconds": 120}
            unmet = ({"amr": ["hwk"]}, {"max_age_seconds": 30})
            for change, authorized in (({}, True), *((change, False) for change in unmet)):
                condition = {**gold, **change}
                answer = engine.authorize(token=login.access_token, provider=condition)
                assert answer.authorized == authorized
            # The user authenticated a minute ago.
            begun = engine.begin_provider_login(redirect_uri=CALLBACK, max_age_seconds=1)
            with pytest.raises(InvalidToken) as caught:
                engine.finish_provider_login(
                    transaction=begun.transaction,
                    redirect_uri=CALLBACK,
                    query=provider.come_back(begun.authorization_url),
                )
            assert caught.value.detail == "authenticated_too_long_ago"
            # The data of another user are not used.
            provider.subject = "eve"
            begun = engine.begin_provider_login(redirect_uri=CALLBACK)
            with pytest.raises(InvalidToken) as caught:
                engine.finish_provider_login(
                    transaction=begun.transaction,
                    redirect_uri=CALLBACK,
                    query=provider.come_back(begun.authorization_url),
                )
            assert caught.value.detail == "another_subject"
    finally:
        provider.stop()


def failure_of(response: httpx.Response) -> Any:
    """Return the failure that the page of the application gets, behind the #."""
    page, _, fragment = response.headers["location"].partition("#")
    assert (response.status_code, page) == (303, "/welcome")
    return json.loads(parse_qs(fragment)["failure"][0])


def test_the_routes_of_fastapi(config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    provider = AuthlibProvider("client_secret_basic")
    config["backends"] = {"browser": {}}
    keys = {"algorithms": ["RS256"], "auto_register": False, "link_verified_email": False}
    begin, link = "/auth/begin-provider-login/browser/ours", "/auth/list-identities"
    app = FastAPI()
    app.add_exception_handler(AuthError, failure_response)
    try:
        with opened(config, provider, clock, **keys) as engine:
            auth = Authentication(engine, {"browser": Cookie(secure=False)})
            app.include_router(auth.router(landing="/welcome"), prefix="/auth")
            bob = engine.register(username="bob", email="bob@example.com", password=PASSWORD).user
            with serving(app) as client:
                # Only a page of the application may link an identity, for a user who is logged in.
                assert client.post(begin).status_code == 401
                credentials = {"username": "bob", "password": PASSWORD}
                client.post("/auth/login/browser", json=credentials)
                assert client.post(begin, headers={"origin": "https://evil.example"}).status_code == 403
                begun = client.post(begin)
                assert (begun.status_code, "doorward-transaction" in client.cookies) == (303, True)
                linked = client.get(provider.back(begun.headers["location"]))
                # The page inherits no fragment of a link that led here.
                assert (linked.status_code, linked.headers["location"]) == (303, "/welcome#")
                [identity] = client.get(link).json()["identities"]
                assert (identity["provider"], identity["subject"]) == ("ours", "ada")
                client.post("/auth/logout")
                assert set(client.cookies) == {"doorward-device"}

                begun = client.get(begin)
                (cookie,) = begun.headers.get_list("set-cookie")
                assert cookie.startswith("doorward-transaction=")
                assert cookie.endswith("; HttpOnly; Max-Age=900; Path=/; SameSite=lax")
                back = provider.back(begun.headers["location"])
                # Another browser has not begun this login.
                stranger = httpx.get(back, trust_env=False)
                assert failure_of(stranger) == {"error": {"code": "invalid_challenge"}}
                assert set(stranger.cookies) == set()
                # While a service does not answer, the browser keeps its transaction.
                with monkeypatch.context() as silence:
                    silence.setattr(Engine, "finish_provider_login", unavailable)
                    assert failure_of(client.get(back)) == {"error": {"code": "auth_service_unavailable"}}
                assert client.get(back).headers["location"] == "/welcome#"
                assert set(client.cookies) == {"doorward", "doorward-refresh", "doorward-device"}
                assert client.get(link).json()["identities"] == [identity]
                assert failure_of(client.get(back))["error"]["code"] == "invalid_challenge"

                # The user's wish to stay logged in or not survives the way to the provider and back.
                for wish, ages in (("false", set()), ("true", {"900", "2592000"}), ("", {"900", "2592000"})):
                    begun = client.get(begin, params={"persistent": wish} if wish else {})
                    done = client.get(provider.back(begun.headers["location"]))
                    kept = [it for it in done.headers.get_list("set-cookie") if it.startswith("doorward=")]
                    kept += [it for it in done.headers.get_list("set-cookie") if "doorward-refresh=" in it]
                    assert {age for it in kept for age in re.findall(r"Max-Age=(\d+)", it)} == ages
                    assert len(kept) == 2
                assert client.get(begin, params={"persistent": "maybe"}).status_code == 422

                # A form of a page of the provider comes without the cookie of the device, which stays.
                known = client.cookies["doorward-device"]
                query = provider.come_back(client.get(begin).headers["location"])
                only = {"cookie": f"doorward-transaction={client.cookies['doorward-transaction']}"}
                by_form = httpx.post(back.partition("?")[0], content=query, headers=only, trust_env=False)
                assert by_form.headers["location"] == "/welcome#"
                assert set(by_form.cookies) == {"doorward", "doorward-refresh"}
                assert client.get(link).json()["identities"] == [identity]

                # Tokens that the browser would drop open no session.
                engine.update_user(id=bob.id, roles=[f"{index:064}" for index in range(64)])
                before = engine.list_sessions(user_id=bob.id).sessions
                # An identity is linked all the same, in the session that there is.
                linked = client.get(provider.back(client.post(begin).headers["location"]))
                assert linked.headers["location"] == "/welcome#"
                refused = client.get(provider.back(client.get(begin).headers["location"]))
                assert failure_of(refused) == {"error": {"code": "invalid_config"}}
                assert "doorward-transaction" not in client.cookies
                assert engine.list_sessions(user_id=bob.id).sessions == before
                engine.update_user(id=bob.id, roles=[])

                # The next step is that of the page, for this browser alone: the challenge is in a cookie.
                secret = engine.setup_totp(user_id=bob.id).secret
                engine.confirm_totp(user_id=bob.id, code=totp_code(secret, clock.seconds))
                begun = client.get(begin, params={"persistent": "false"})
                step = failure_of(client.get(provider.back(begun.headers["location"])))
                assert step["error"] == {"code": "second_factor_required"}
                assert (step["totp_supported"], "challenge" in step) == (True, False)
                assert client.cookies["doorward-device"] == known
                clock.seconds += 30
                proof = {"two_fa_code": totp_code(secret, clock.seconds)}
                foreign = {"origin": "https://evil.example"}
                assert client.post("/auth/complete-login", json=proof, headers=foreign).status_code == 403
                url = client.base_url.join("/auth/complete-login")
                elsewhere = httpx.post(url, json=proof, trust_env=False)
                assert elsewhere.json()["error"]["code"] == "invalid_challenge"
                done = client.post("/auth/complete-login", json=proof)
                assert (done.status_code, done.json()["persistent"]) == (200, False)
                assert "doorward-challenge" not in client.cookies
                which = {"issuer": identity["issuer"], "subject": "ada"}
                assert client.post("/auth/unlink-identity", json=which).json() == {"unlinked": True}
                assert set(client.cookies) == {"doorward-device"}
                refused = client.get(provider.back(client.get(begin).headers["location"]))
                assert failure_of(refused)["error"]["code"] == "invalid_credentials"
                unknown = client.get("/auth/begin-provider-login/browser/theirs")
                assert unknown.json()["error"]["code"] == "invalid_request"
    finally:
        provider.stop()


def test_a_browser_that_comes_back_by_a_form(config: Config, clock: Clock) -> None:
    """A page of the provider posts the form, so the cookie has to be sent from other sites, too."""
    ours: Any = {"preset": "google", "client_id": "app", "client_secret": "s", "response_mode": "form_post"}
    app = FastAPI()
    with Engine({**config, "id_token_providers": {"ours": ours}, "backends": {"browser": {}}}) as engine:
        app.include_router(Authentication(engine, {"browser": Cookie()}).router(landing="/welcome"))
        with serving(app) as client:
            begun = client.get("/begin-provider-login/browser/ours")
            (cookie,) = begun.headers.get_list("set-cookie")
            assert cookie.startswith("__Host-doorward-transaction=") and "SameSite=none; Secure" in cookie
            state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
            headers = {"cookie": cookie.partition(";")[0], "origin": "https://accounts.google.com"}
            for sent, code in ((state, "invalid_credentials"), ("forged", "invalid_challenge")):
                form = {"error": "access_denied", "state": sent, "iss": "https://accounts.google.com"}
                done = client.post("/finish-provider-login/browser/ours", data=form, headers=headers)
                assert failure_of(done) == {"error": {"code": code}}
                (gone,) = done.headers.get_list("set-cookie")
                assert gone.startswith('__Host-doorward-transaction="";')
            # A page of another site changes no cookie of the device.
            foreign = {"origin": "https://evil.example"}
            done = client.post("/finish-provider-login/browser/ours", headers=foreign)
            assert failure_of(done) == {"error": {"code": "invalid_challenge"}}
            assert "device" not in done.headers["set-cookie"]


def test_the_session_that_gets_an_identity_is_fresh_itself(config: Config, clock: Clock) -> None:
    ours: Any = {"preset": "google", "client_id": "app", "client_secret": "s"}
    config["id_token_providers"], config["backends"] = {"ours": ours}, {"browser": {}}
    app = FastAPI()
    app.add_exception_handler(AuthError, failure_response)
    with Engine(config, now_ms=clock) as engine:
        auth = Authentication(engine, {"default": Bearer(), "browser": Cookie()})
        app.include_router(auth.router(fresh_seconds=300))
        engine.register(username="bob", email="bob@example.com", password=PASSWORD)
        with serving(app) as client:

            def linking() -> httpx.Response:
                headers = {"authorization": f"Bearer {bearer}", "cookie": f"__Host-doorward={cookie}"}
                return client.post("/begin-provider-login/browser/ours", headers=headers)

            bearer = engine.login(username="bob", password=PASSWORD).access_token
            cookie = engine.login(username="bob", password=PASSWORD, backend="browser").access_token
            assert linking().status_code == 303
            clock.seconds += 301
            bearer = engine.login(username="bob", password=PASSWORD).access_token
            assert linking().json()["error"]["code"] == "reauthentication_required"
            clock.seconds += 301
            cookie = engine.login(username="bob", password=PASSWORD, backend="browser").access_token
            assert linking().status_code == 303


def test_a_factor_is_set_up_inside_a_login_at_a_provider(
    config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    provider = AuthlibProvider("client_secret_basic")
    passkeys: Any = {"rp_id": "localhost", "rp_name": "Example", "origins": ["http://localhost"]}
    config["backends"], config["require_second_factor"] = {"browser": {}}, True
    config["passkeys"] = passkeys
    app = FastAPI()
    app.add_exception_handler(AuthError, failure_response)
    try:
        with opened(config, provider, clock, algorithms=["RS256"]) as engine:
            auth = Authentication(engine, {"browser": Cookie(secure=False)})
            app.include_router(auth.router(landing="/welcome"))
            with serving(app) as client:
                assert client.post("/setup-totp").json()["error"]["code"] == "not_authenticated"
                begun = client.get("/begin-provider-login/browser/ours")
                step = failure_of(client.get(provider.back(begun.headers["location"])))
                assert (step["status"], step["totp_supported"]) == ("second_factor_required", False)
                foreign = {"origin": "https://evil.example"}
                for path in ("/setup-totp", "/begin-passkey-registration"):
                    assert client.post(path, json={}, headers=foreign).status_code == 403
                assert client.post("/begin-passkey-registration", json={}).status_code == 200
                secret = client.post("/setup-totp").json()["secret"]
                proof = {"two_fa_code": totp_code(secret, clock.seconds)}
                done = client.post("/complete-login", json=proof)
                assert (done.status_code, len(done.json()["recovery_codes"])) == (200, 10)
                assert client.get("/totp-status").json() == {"is_configured": True}
                # A user who is logged in sets up a factor of the own account.
                begun = client.get("/begin-provider-login/browser/ours")
                step = failure_of(client.get(provider.back(begun.headers["location"])))
                assert "doorward-challenge" in client.cookies
                assert client.post("/begin-passkey-registration", json={"label": "key"}).status_code == 200
    finally:
        provider.stop()
