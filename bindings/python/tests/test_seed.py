"""Tests of functions, models and modules under the names of the package that users migrate from."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD, Clock
from pydantic import ValidationError

import doorward
from doorward import (
    AuthError,
    Config,
    Engine,
    InvalidToken,
    LoginRequest,
    PublicUser,
    RegisterRequest,
    UserNotFound,
    authenticate_request,
    get_logged_in_user,
    introspect_token,
    login_user,
    logout_user,
    register_user,
)
from doorward import litestar as seed
from doorward.exceptions import (
    AuthServiceUnavailable,
    Conflict,
    InvalidRequest,
    JWTError,
    StepUpRequired,
    TooManyAttempts,
)
from doorward.litestar import ChangePasswordRequest, JwtUser, ResetPasswordRequest
from doorward.models.common import ActiveStateMixin, IdentityMixin, PasswordMixin
from doorward.models.security import TokenPayload
from doorward.repository import User, UserRepository
from doorward.security import create_access_token, get_jwt_payload, hash_password, verify_password
from doorward.testing import totp_code
from doorward.utils import get_current_user, get_validated_token_payload

ADA = LoginRequest(username="ada", password=PASSWORD)
EXPORTS = """
    AuthError IntrospectRequest IntrospectResponse InvalidToken LoginRequest LoginResponse LogoutResponse
    PublicUser RegisterRequest TokenPayload User UserNotFound
    authenticate_request get_logged_in_user introspect_token login_user logout_user register_user
"""


def run(awaitable: Any) -> Any:
    return asyncio.run(awaitable)


@pytest.fixture
def default(config: Config, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The default engine, for one test."""
    monkeypatch.setattr("doorward.engine._default", None)
    with doorward.configure(now_ms=clock, **config) as engine:
        yield engine


def test_exports() -> None:
    assert len(EXPORTS.split()) == 18
    assert set(EXPORTS.split()) <= set(doorward.__all__)
    assert all(hasattr(doorward, name) for name in doorward.__all__)


def test_register_and_log_in_with_the_default_engine(default: Engine) -> None:
    async def main() -> None:
        user = await register_user(
            RegisterRequest(username="ada", email="ada@example.com", password=PASSWORD)
        )
        assert (user.username, user.email, user.is_active) == ("ada", "ada@example.com", True)
        response = await login_user(ADA)
        assert (response.user, response.token_type, response.expires_in) == (user, "Bearer", 900)
        assert await get_logged_in_user(response.access_token) == user
        assert await get_current_user(response.access_token) == user
        assert doorward.default_engine() is default
        with pytest.raises(Conflict) as caught:
            await register_user(RegisterRequest(username="ADA", email="a@example.com", password=PASSWORD))
        assert caught.value.code == "username_taken"

    run(main())


def test_without_configure_the_default_engine_is_that_of_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("doorward.engine._default", None)
    assert run(UserRepository().get_active_users()) == []
    assert Path("doorward.db").exists()
    doorward.default_engine().close()


def test_repo_is_an_engine_or_a_repository(engine: Engine) -> None:
    for repo in (engine, UserRepository(engine)):
        token = run(login_user(ADA, repo)).access_token
        assert run(get_logged_in_user(token, repo=repo)).username == "ada"


def test_log_in_with_wrong_credentials(engine: Engine) -> None:
    answers: set[str] = set()
    for user in (
        LoginRequest(username="ada", password="wrong"),
        LoginRequest(username="eve", password="wrong"),
    ):
        with pytest.raises(AuthError) as caught:
            run(login_user(user, engine))
        assert type(caught.value) is AuthError
        answers.add(str(caught.value))
    assert answers == {"The credentials are not valid."}


def test_change_and_reset_a_password(engine: Engine) -> None:
    token = run(login_user(ADA, engine)).access_token
    change = ChangePasswordRequest(old_password=PASSWORD, new_password="nine wiser words yet")
    reset = ResetPasswordRequest(new_password="a word for one day only")
    for model in (change, reset):
        assert not any(word in repr(model) for word in ("wise", "word for"))
    assert engine.change_password(
        token=token, old_password=change.old_password, new_password=change.new_password
    ).revoked_sessions
    user = run(login_user(LoginRequest(username="ada", password=change.new_password), engine)).user
    assert engine.set_password(user_id=user.id, new_password=reset.new_password).user == user
    with pytest.raises(StepUpRequired) as caught:
        run(login_user(LoginRequest(username="ada", password=reset.new_password), engine))
    assert caught.value.code == "password_change_required"


def test_codes_of_an_app(default: Engine) -> None:
    secret = seed.generate_totp_secret()
    assert len(base64.b32decode(secret)) == 20
    uri = seed.totp_provisioning_uri(secret, "ada@example.com")
    assert uri.startswith(f"otpauth://totp/doorward:ada%40example.com?secret={secret}&")
    code = totp_code(secret, 1_767_225_600)
    assert seed.verify_totp(secret, code)
    assert seed.verify_totp(secret, f"{code[:3]}-{code[3:]}")
    assert not seed.verify_totp(secret, code[:5])
    with pytest.raises(InvalidRequest):
        seed.verify_totp("no secret", code)


def test_hash_and_verify_with_the_hash_first(default: Engine) -> None:
    hashed = seed.hash_password(PASSWORD)
    assert seed.verify_password(hashed, PASSWORD)
    assert not seed.verify_password(hashed, "a wrong password")
    assert not seed.verify_password("no hash", PASSWORD)


def test_a_token_of_a_user(default: Engine, clock: Clock) -> None:
    user = default.register(username="ada", email="ada@example.com", password=PASSWORD).user
    ada = JwtUser(id=user.id, name="ada", email="ada@example.com")
    token = seed.create_jwt(ada, 2)
    claims = default.verify(token)
    assert (claims.get("sub"), claims["exp"]) == (user.id, 1_767_225_600 + 7200)
    assert not {"name", "email"} & claims.keys()
    assert seed.verify_jwt(token) == ada
    for bad in ("", "x", token[:-1], token + "\0", "x" * 2_000_000):
        assert seed.verify_jwt(bad) is None
    for hours in (0, -1):
        with pytest.raises(InvalidRequest):
            seed.create_jwt(ada, hours)
    default.update_user(id=user.id, username="Grace")
    assert seed.verify_jwt(token) == JwtUser(id=user.id, name="Grace", email="ada@example.com")
    clock.seconds += 7200 + 31
    assert seed.verify_jwt(token) is None
    token = seed.create_jwt(ada, 1)
    default.delete_user(id=user.id)
    assert seed.verify_jwt(token) is None


def test_find_by_name_or_mail(engine: Engine) -> None:
    ada = engine.get_user(username="ada").user
    for query in ("ada", "ADA", "ada@example.com", "Ada@Example.COM"):
        assert run(seed.get_user_by_name_or_mail(engine, query)) == ada
    for query in ("", "nobody", "nobody@example.com", "a\0"):
        assert run(seed.get_user_by_name_or_mail(UserRepository(engine), query)) is None


def test_log_in_with_an_app(engine: Engine, clock: Clock) -> None:
    user = engine.get_user(username="ada").user
    setup = seed.TotpSetupResponse.model_validate(engine.setup_totp(user_id=user.id))
    code = seed.TotpCodeRequest(code=totp_code(setup.secret, clock.seconds))
    for model in (setup, code):
        assert setup.secret not in repr(model) and code.code not in repr(model)
    recovery_codes = engine.confirm_totp(user_id=user.id, code=code.code).recovery_codes
    assert seed.TotpConfiguredResponse.model_validate(engine.totp_status(user_id=user.id)).is_configured
    with pytest.raises(StepUpRequired) as caught:
        run(login_user(ADA, engine))
    answer = seed.TwoFaRequiredResponse.model_validate(caught.value)
    assert (answer.user_id, answer.totp_supported, answer.webauthn_supported) == (user.id, True, False)
    assert caught.value.recovery_codes_supported
    assert caught.value.http_body["totp_supported"] is True
    clock.seconds += 30
    body = seed.LoginRequest(
        name="ada", password=PASSWORD, two_fa_code=totp_code(setup.secret, clock.seconds)
    )
    response = engine.login(username=body.name, password=body.password, two_fa_code=body.two_fa_code)
    assert engine.verify(response.access_token).get("amr") == ["pwd", "otp", "mfa"]
    assert engine.complete_login(challenge=answer.challenge, recovery_code=recovery_codes[0]).user == user
    with pytest.raises(AuthError) as refused:
        engine.login(username="ada", password=PASSWORD, recovery_code=recovery_codes[0])
    assert (type(refused.value), refused.value.code) == (AuthError, "invalid_code")
    again = engine.reauthenticate(token=response.access_token, password=PASSWORD)
    assert engine.authorize(token=again.access_token, max_age_seconds=0).authorized


def test_log_out(engine: Engine) -> None:
    async def main() -> None:
        first, second, third = [await login_user(ADA, engine) for _ in range(3)]
        assert (await logout_user(repo=engine)).message
        assert (await introspect_token(first.access_token, engine)).active
        await logout_user(first.access_token, repo=engine)
        assert [(await introspect_token(each.access_token, engine)).active for each in (first, second)] == [
            False,
            True,
        ]
        await logout_user(second.refresh_token, everywhere=True, repo=engine)
        assert not (await introspect_token(third.access_token, engine)).active
        with pytest.raises(InvalidToken):
            await logout_user("x", repo=engine)

    run(main())


@pytest.mark.parametrize("token", [None, "", "x", "a.b.c", "\ud800", "x" * 2_000_000])
def test_what_is_no_token(engine: Engine, token: str | None) -> None:
    assert not run(introspect_token(token, engine)).active
    for ask in (get_logged_in_user, get_current_user):
        with pytest.raises(InvalidToken):
            run(ask(token, engine))
    with pytest.raises(JWTError):
        get_jwt_payload(token or "", repo=engine)


def test_a_valid_token_without_a_user(engine: Engine) -> None:
    token = create_access_token({"sub": "nobody"}, repo=engine)
    for ask in (get_logged_in_user, get_current_user):
        with pytest.raises(UserNotFound):
            run(ask(token, engine))
    answer = run(introspect_token(token, engine))
    assert (answer.active, answer.user, answer.reason) == (False, None, "unknown_user")
    assert answer.model_dump(exclude_none=True) == {"active": False}


def test_introspection_does_not_hide_that_the_store_fails(config: Config, tmp_path: Path) -> None:
    config["store"] = f"sqlite:{tmp_path / 'doorward.db'}"
    with Engine(config) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        token = engine.login(username="ada", password=PASSWORD).access_token
        (tmp_path / "doorward.db").write_bytes(b"no database" * 1000)
        (tmp_path / "doorward.db-wal").write_bytes(b"")
        with pytest.raises(AuthServiceUnavailable) as caught:
            run(introspect_token(token, engine))
        assert caught.value.retryable


def test_authenticate_request(engine: Engine) -> None:
    token = run(login_user(ADA, engine)).access_token
    asked: list[tuple[str, str]] = []

    def policy(method: str, path: str) -> bool:
        asked.append((method, path))
        return path.startswith("/public/")

    async def ask(method: str, path: str, token: str | None = None) -> PublicUser | None:
        return await authenticate_request(
            policy, method=method, path=path, authorization_token=token, repo=engine
        )

    assert run(ask("get", "/public/page?next=/private")) is None
    assert run(ask("Post", "/public/é%C3%A9#top")) is None
    assert asked == [("GET", "/public/page"), ("POST", "/public/é%C3%A9")]
    # A query is not part of an excluded path.
    with pytest.raises(InvalidToken):
        run(ask("GET", "/private?/public/"))
    user = run(ask("GET", "/private", token))
    assert user is not None and user.username == "ada"
    for nothing in (None, "", "x"):
        with pytest.raises(InvalidToken):
            run(ask("GET", "/private", nothing))


@pytest.mark.parametrize(
    "path",
    [
        "",
        "public/page",
        "//public/page",
        "/public//page",
        "/public/../private",
        "/public/..",
        "/public/..;/private",
        "/public/ .. /private",
        "/public?/../private",
        "/public/./page",
        "/public/%2e%2e/private",
        "/public/%2Fprivate",
        "/public/%5cprivate",
        "/public\\..\\private",
        "/%70ublic/page",
        "/public/%",
        "/public/%8",
        "/public/%C3/page",
        "/public/\0",
    ],
)
def test_a_path_with_two_readings_is_not_skipped(engine: Engine, path: str) -> None:
    with pytest.raises(InvalidToken):
        run(
            authenticate_request(
                lambda _, __: True, method="GET", path=path, authorization_token=None, repo=engine
            )
        )


def test_the_policy_is_the_only_one(config: Config, clock: Clock) -> None:
    config["requests"] = {"exclude": ["/public"], "exclude_http_methods": ["GET"], "connections": []}
    with Engine(config, now_ms=clock) as engine:
        for method in ("GET", "OPTIONS"):
            with pytest.raises(InvalidToken):
                run(
                    authenticate_request(
                        lambda _, __: False,
                        method=method,
                        path="/public",
                        authorization_token=None,
                        repo=engine,
                    )
                )
        assert (
            run(
                authenticate_request(
                    lambda _, __: True, method="GET", path="/x", authorization_token=None, repo=engine
                )
            )
            is None
        )


@pytest.mark.parametrize("answer", [None, 1, "yes", object(), ValueError("no policy")])
def test_only_true_skips(engine: Engine, answer: Any) -> None:
    def policy(method: str, path: str) -> bool:
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[no-any-return]

    with pytest.raises(InvalidToken):
        run(authenticate_request(policy, method="GET", path="/", authorization_token=None, repo=engine))


def test_access_tokens(engine: Engine, clock: Clock) -> None:
    token = create_access_token({"sub": "service", "team": 7}, timedelta(minutes=5), repo=engine)
    assert get_jwt_payload(token, repo=engine) == TokenPayload(sub="service", exp=clock.seconds + 300)
    assert get_validated_token_payload(token, repo=engine).sub == "service"
    for lifetime in (
        timedelta(0),
        timedelta(seconds=-1),
        timedelta(milliseconds=999),
        timedelta(days=10_000),
    ):
        with pytest.raises(InvalidRequest):
            create_access_token({"sub": "service"}, lifetime, repo=engine)
    for claims in ({}, {"sub": ""}, {"sub": 1}, {"sub": "x", "exp": 1}, {"sub": "x", "aud": "other"}):
        with pytest.raises(InvalidRequest):
            create_access_token(claims, repo=engine)
    clock.seconds += 400
    with pytest.raises(JWTError):
        get_jwt_payload(token, repo=engine)
    for payload in ({"sub": "x"}, {"exp": 1}):
        with pytest.raises(ValidationError):
            TokenPayload.model_validate(payload)


def test_passwords(engine: Engine) -> None:
    hashed = hash_password(PASSWORD, repo=engine)
    assert hashed.startswith("$argon2id$")
    assert verify_password(PASSWORD, hashed, repo=engine)
    assert verify_password(password=PASSWORD, hashed_password=hashed, repo=engine)
    assert not verify_password("wrong", hashed, repo=engine)
    assert not verify_password(PASSWORD, "no hash", repo=engine)
    assert not verify_password(hashed, PASSWORD, repo=engine)


def test_repository(engine: Engine, clock: Clock) -> None:
    clock.seconds += 1

    async def main() -> None:
        repo = UserRepository(engine)
        user = await repo.create(RegisterRequest(username="Bob", email="Bob@Example.com", password=PASSWORD))
        assert await repo.get_by_username("bob") == await repo.get_by_email("bob@example.COM") == user
        assert await repo.get_by_username("nobody") is await repo.get_by_email("no address") is None
        assert [each.username for each in await repo.get_active_users()] == ["ada", "Bob"]
        assert await repo.get_active_users(skip=1, limit=1) == [user]
        for skip, limit in ((-1, 1), (0, -1), (0, 0), (0, 1001)):
            with pytest.raises(InvalidRequest):
                await repo.get_active_users(skip, limit)
        found = await repo.authenticate_user(ADA)
        assert found is not None and engine.verify(found["access_token"]).get("sub") == found["user"].id
        assert await repo.authenticate_user(LoginRequest(username="ada", password="wrong")) is None
        for _ in range(9):
            await repo.authenticate_user(LoginRequest(username="eve", password="wrong"))
        await repo.authenticate_user(LoginRequest(username="eve", password="wrong"))
        with pytest.raises(TooManyAttempts) as caught:
            await repo.authenticate_user(LoginRequest(username="eve", password="wrong"))
        assert caught.value.retry_after_seconds == 60

    run(main())


def test_models(engine: Engine) -> None:
    request = RegisterRequest(username="ada", email="ada@example.com", password=PASSWORD)
    assert isinstance(request, IdentityMixin) and isinstance(request, PasswordMixin)
    assert PASSWORD not in repr(request) and PASSWORD not in str(ADA)
    user = engine.get_user(username="ada").user
    assert isinstance(user, IdentityMixin) and isinstance(user, ActiveStateMixin) and isinstance(user, User)
    assert not any("password" in name or "hash" in name for name in PublicUser.model_fields)
    assert PublicUser.model_validate(user, from_attributes=True) == user
    login = engine.login(username="ada", password=PASSWORD)
    assert login.refresh_token is not None
    assert login.access_token not in repr(login) and login.refresh_token not in repr(login)


def test_bad_data_is_data_without_the_input() -> None:
    with pytest.raises(ValidationError) as caught:
        RegisterRequest.model_validate(
            {"username": "", "email": 1, "password": PASSWORD, "secret": "a secret"}
        )
    errors = json.loads(caught.value.json())
    assert {(error["loc"][0], error["type"]) for error in errors} == {
        ("username", "string_too_short"),
        ("email", "string_type"),
        ("secret", "extra_forbidden"),
    }
    with pytest.raises(ValidationError) as missing:
        LoginRequest.model_validate({"password": PASSWORD})
    for error in (caught.value, missing.value):
        assert not any(
            secret in text for secret in (PASSWORD, "a secret") for text in (str(error), error.json())
        )


def test_the_event_loop_goes_on_while_a_call_waits(config: Config) -> None:
    config["password"] = {"memory_kib": 8192, "iterations": 4}

    async def main(engine: Engine) -> bool:
        task = asyncio.create_task(login_user(ADA, engine))
        turns = 0
        while not task.done():
            turns += 1
            await asyncio.sleep(0)
        assert task.exception() is not None
        return turns > 10

    with Engine(config) as engine:
        assert run(main(engine))
