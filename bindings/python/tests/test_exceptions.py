"""Tests of failures: one class per reason, and the data that each carries."""

from __future__ import annotations

import json
import pickle
from typing import Any, cast

import pytest
from conftest import PASSWORD
from pydantic import BaseModel

from doorward import AuthError, Config, Engine, describe, exceptions, litestar, models
from doorward.exceptions import Status, failure
from doorward.fastapi import bodies, compatible

CLASSES = {
    "invalid_credentials": AuthError,
    "invalid_token": exceptions.InvalidToken,
    "invalid_challenge": AuthError,
    "invalid_code": AuthError,
    "second_factor_required": exceptions.StepUpRequired,
    "password_change_required": exceptions.StepUpRequired,
    "user_not_found": exceptions.UserNotFound,
    "api_key_not_found": exceptions.UserNotFound,
    "organization_not_found": exceptions.UserNotFound,
    "member_not_found": exceptions.UserNotFound,
    "session_not_found": exceptions.UserNotFound,
    "passkey_not_found": exceptions.UserNotFound,
    "not_authenticated": exceptions.NotAuthenticated,
    "invalid_authorization_header": exceptions.InvalidAuthorizationHeader,
    "invalid_json": exceptions.InvalidRequest,
    "invalid_request": exceptions.InvalidRequest,
    "weak_password": exceptions.InvalidRequest,
    "username_taken": exceptions.Conflict,
    "email_taken": exceptions.Conflict,
    "external_id_taken": exceptions.Conflict,
    "already_configured": exceptions.Conflict,
    "already_member": exceptions.Conflict,
    "store_constraint": exceptions.Conflict,
    "too_many_attempts": exceptions.TooManyAttempts,
    "permission_denied": exceptions.PermissionDenied,
    "email_not_verified": exceptions.PermissionDenied,
    "auth_service_unavailable": exceptions.AuthServiceUnavailable,
    "store_unavailable": exceptions.AuthServiceUnavailable,
    "hash_queue_full": exceptions.AuthServiceUnavailable,
    "mail_unavailable": exceptions.AuthServiceUnavailable,
    "invalid_config": exceptions.ConfigError,
    "unknown_operation": exceptions.ConfigError,
    "feature_not_built": exceptions.ConfigError,
    "wrong_secret_key": exceptions.ConfigError,
    "schema_too_new": exceptions.ConfigError,
    "null_argument": exceptions.MisuseError,
    "invalid_utf8": exceptions.MisuseError,
    "engine_closed": exceptions.MisuseError,
    "forked": exceptions.MisuseError,
    "reentered": exceptions.MisuseError,
    "internal": exceptions.InternalError,
}


def test_every_code_has_its_class() -> None:
    statuses = {row["name"]: row for row in describe()["statuses"]}
    for row in describe()["codes"]:
        status = statuses[row["status"]]
        error = failure(row["code"], status["value"], row["message"], status["http_status"])
        assert type(error) is CLASSES[row["code"]]
        assert (error.code, error.status.name, error.http_status) == (
            row["code"],
            row["status"],
            status["http_status"],
        )


def test_every_class_agrees_with_its_status() -> None:
    http = {row["value"]: row["http_status"] for row in describe()["statuses"]}
    for name in exceptions.__all__:
        each = getattr(exceptions, name)
        if each is not Status:
            assert issubclass(each, AuthError)
            assert each.http_status == http[each.status]


def test_a_code_of_the_future_has_the_class_of_its_status() -> None:
    assert type(failure("made_up", Status.FORBIDDEN, "No.", 403)) is exceptions.PermissionDenied


def test_what_a_failure_carries(engine: Engine) -> None:
    with pytest.raises(exceptions.InvalidRequest) as caught:
        engine.register(username="bob", email="bob@example.com", password="password")
    error = caught.value
    assert (error.code, error.status, error.http_status, error.field) == (
        "weak_password",
        Status.INVALID_REQUEST,
        400,
        "/password",
    )
    assert error.errors() == [{"field": "/password", "code": "weak_password", "message": error.message}]
    assert str(error) == f"{error.message} (/password)"
    assert error.reasons == ("common",)
    assert error.http_body["error"]["reasons"] == ["common"]
    plain = AuthError("No.")
    assert json.loads(plain.json()) == [{"code": "invalid_credentials", "message": "No."}]
    assert not error.retryable


def test_a_step_up_carries_its_challenge(engine: Engine) -> None:
    user = engine.get_user(username="ada").user
    temporary, chosen = "a word for one day only", "nine wiser words yet"
    engine.set_password(user_id=user.id, new_password=temporary)
    with pytest.raises(exceptions.StepUpRequired) as caught:
        engine.login(username="ada", password=temporary)
    error = caught.value
    assert (error.code, error.expires_in, error.user_id) == ("password_change_required", 600, user.id)
    assert error.http_body == {
        "error": {"code": error.code, "message": str(error), "http_status": 401},
        "status": "password_change_required",
        "challenge": error.challenge,
        "expires_in": 600,
        "user_id": user.id,
    }
    assert error.challenge
    for text in (str(error), repr(error), error.json()):
        assert error.challenge not in text
    session = engine.complete_login(challenge=error.challenge, new_password=chosen)
    assert session.user == user
    assert engine.login(username="ada", password=chosen).user == user


def test_no_secret_and_no_reason_in_the_text(engine: Engine) -> None:
    for username, password in (("ada", "a wrong password"), ("nobody", PASSWORD)):
        with pytest.raises(AuthError) as caught:
            engine.login(username=username, password=password)
        error = caught.value
        assert str(error) == "The credentials are not valid."
        assert error.detail in ("wrong_password", "unknown_user")
        for text in (str(error), repr(error), error.json()):
            assert password not in text and username not in text


def test_failures_travel_between_processes(engine: Engine) -> None:
    with pytest.raises(exceptions.InvalidToken) as caught:
        engine.verify("x")
    copy = pickle.loads(pickle.dumps(caught.value))
    assert (type(copy), str(copy), vars(copy)) == (type(caught.value), str(caught.value), vars(caught.value))


def test_a_host_raises_them_too() -> None:
    error = exceptions.PermissionDenied("Not yours.")
    assert (str(error), error.code, error.http_status) == ("Not yours.", "permission_denied", 403)


def test_what_a_web_host_says() -> None:
    said = {"code": "invalid_token", "message": "No.", "http_status": 401}
    error = failure("invalid_token", Status.DENIED, "No.", 401, detail="expired")
    assert error.http_body == {"error": said}
    assert error.http_headers["www-authenticate"] == 'Bearer error="invalid_token"'
    error = failure("too_many_attempts", Status.THROTTLED, "Later.", 429, "/x", 60, "locked")
    said = {"code": "too_many_attempts", "message": "Later.", "http_status": 429}
    assert error.http_body == {"error": {**said, "field": "/x", "retry_after_seconds": 60}}
    assert error.http_headers == {"cache-control": "no-store", "retry-after": "60"}
    assert exceptions.NotAuthenticated().http_headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("config", "text"),
    [
        (
            {"acess_token_seconds": 60},
            "unknown field: /acess_token_seconds; did you mean `access_token_seconds`?",
        ),
        (
            {"password": {"memory": 8}},
            "unknown field: /password/memory; did you mean `memory_kib`?",
        ),
        ({"access_token_seconds": "60"}, "expected an integer within its bounds: /access_token_seconds"),
        ({"passkeys": {"rp_id": "example.com"}}, "missing field: /passkeys/rp_name"),
    ],
)
def test_a_wrong_configuration_says_what_to_correct(config: Any, text: str) -> None:
    with pytest.raises(exceptions.ConfigError) as caught:
        Engine(cast("Config", {"store": "sqlite::memory:", **config}))
    assert str(caught.value) == text
    # The user gets no additional information.
    assert caught.value.message == caught.value.http_body["error"]["message"]
    assert caught.value.message == caught.value.errors()[0]["message"] == "The configuration is not valid."
    assert str(pickle.loads(pickle.dumps(caught.value))) == text


def test_the_text_of_a_failure_of_the_whole_names_no_field(engine: Engine) -> None:
    with pytest.raises(exceptions.ConfigError) as wrong:
        Engine("[1]")
    with pytest.raises(exceptions.AuthError) as refused:
        engine.call("login", "[1]")
    assert (wrong.value.field, refused.value.field) == ("", "")
    assert not str(wrong.value).endswith((" ", ":"))
    assert str(refused.value) == refused.value.message


@pytest.mark.parametrize(
    "config",
    [
        {"secret_key": "hunter2"},
        {"secret_key": ["hunter2"]},
        {"secret_keys": "hunter2"},
        {"secret_keys": ["hunter2"]},
        {"secret_key": {"hunter": "hunter2"}},
        {"password": "hunter2"},
        {"store": "postgres://ada:hunter2@localhost:port/app"},
        {"store": "mysql://ada:hunter2@localhost/app"},
        {"store": "postgres://ada:hunter2@localhost/app?sslmode=hunter2"},
        {"backends": {"jwt": {"secret": "hunter2"}}},
        {"introspection_service": {"url": "https://ada:hunter2@example.com/", "bearer": "hunter2"}},
        {"introspection_service": {"url": "https://example.com/", "bearer": "hunter2 "}},
        {"mail": {"from": "hunter2", "smtp": {"host": "hunter2 ", "password": "hunter2"}}},
        {"signing_algorithm": "hunter2"},
    ],
)
def test_a_wrong_configuration_tells_no_secret(config: Any) -> None:
    with pytest.raises(AuthError) as caught:
        Engine(cast("Config", {"store": "sqlite::memory:", **config}))
    assert "hunter2" not in f"{caught.value} {caught.value!r} {caught.value.detail} {caught.value.field}"


SECRETS = [
    "access_token",
    "refresh_token",
    "token",
    "id_token",
    "verification",
    "authorization",
    "cookies",
    "nonce",
    "challenge",
    "device_id",
    "password",
    "old_password",
    "new_password",
    "password_hash",
    "hash",
    "secret",
    "code",
    "two_fa_code",
    "recovery_code",
    "codes",
    "recovery_codes",
    "otpauth_uri",
    "qr_svg",
    "webauthn_response",
    "response",
    "text",
    "html",
    "link",
]


def test_no_model_shows_what_is_secret() -> None:
    modules = (bodies, compatible, litestar, models)
    found = {each for module in modules for each in vars(module).values() if isinstance(each, type)}
    shown = sorted(
        f"{each.__name__}.{field}"
        for each in found
        if issubclass(each, BaseModel)
        for field, info in each.model_fields.items()
        if field in SECRETS and info.repr
    )
    # Numbers, properties of a password, and codes that give a reason.
    assert shown == [
        "AccountStatus.password",
        "ExportUserResponse.recovery_codes",
        "FailureReason.code",
        "ImportProblem.code",
        "NeededBy.recovery_codes",
        "RemoveSecondFactorsResponse.recovery_codes",
        "SearchUsersRequest.text",
        "SecondFactorStatus.recovery_codes",
    ]


def test_the_options_of_a_passkey_login_show_no_challenge() -> None:
    """They repeat the challenge, which the member beside them does not show."""
    options = {"challenge": "a challenge"}
    response = models.BeginPasskeyLoginResponse.model_validate(
        {"challenge": "a challenge", "options": options}
    )
    assert "a challenge" not in f"{response!r} {response} {[response]}"
    assert response.options == options


def test_a_mail_shows_no_token(engine: Engine) -> None:
    engine.request_password_reset(email="ada@example.com")
    response = engine.take_mail()
    (mail,) = response.mails
    assert mail.token is not None
    for text in (repr(mail), str(mail), repr(response), str(response), f"{[mail]}"):
        assert mail.token not in text and "ada@example.com" in text
    assert mail.token in mail.model_dump()["text"]
