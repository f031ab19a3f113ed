"""Tests of AuthService: its results, and its refusals."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD, Clock, mark_verified

import doorward
from doorward import AuthError, Config, Engine, InvalidToken, UserNotFound
from doorward.authservice import AuthDTO, AuthService, Token
from doorward.exceptions import AuthServiceUnavailable, MisuseError


@pytest.fixture
def engine(config: Config, clock: Clock, tmp_path: Path) -> Iterator[Engine]:
    """A store in which ada, an editor, has a verified address and bob has an unverified one."""
    store = tmp_path / "doorward.db"
    with Engine({**config, "store": f"sqlite:{store}"}, now_ms=clock) as engine:
        for name in ("ada", "bob"):
            engine.register(username=name, email=f"{name}@example.com", password=PASSWORD, roles=["editor"])
        mark_verified(store, "ada")
        yield engine


@pytest.fixture
def service(engine: Engine) -> AuthService:
    return AuthService(engine)


def run(awaitable: Any) -> Any:
    return asyncio.run(awaitable)


def test_tokens_from_login_to_revocation(service: AuthService, engine: Engine) -> None:
    async def main() -> None:
        dto: AuthDTO = await service.generate_token("ADA@example.com", PASSWORD)
        assert (dto.user.username, dto.expires_in, dto.refresh_expires_in) == ("ada", 900, 2_592_000)
        other = await service.generate_token("ada@example.com", PASSWORD)
        assert dto.refresh_token is not None and other.refresh_token is not None
        token: Token = await service.renew_token(dto.refresh_token)
        assert {token.access_token, token.refresh_token}.isdisjoint({dto.access_token, dto.refresh_token})
        assert engine.authenticate(token=token.access_token).user == dto.user

        for _ in range(2):
            await service.revoke_tokens(dto.user.id)
        for refresh_token in (token.refresh_token, other.refresh_token):
            with pytest.raises(InvalidToken):
                await service.renew_token(refresh_token)
        for access_token in (token.access_token, other.access_token):
            assert not await service.is_authorized_by_user_id(access_token, dto.user.id)

    run(main())


def test_links_are_mailed_to_those_who_want_them(service: AuthService, engine: Engine) -> None:
    async def main() -> None:
        await service.reset_password("ada@example.com")
        await service.send_email_verification_link("bob@example.com")
        # An unknown address and a verified one get the same answer, and no mail.
        await service.reset_password("nobody@example.com")
        await service.send_email_verification_link("ada@example.com")

    run(main())
    mails = {(mail.kind, mail.to): mail for mail in engine.take_mail().mails}
    assert {("reset_password", "ada@example.com"), ("verify_email", "bob@example.com")} <= set(mails)
    assert ("reset_password", "nobody@example.com") not in mails
    assert ("verify_email", "ada@example.com") not in mails
    token = mails["verify_email", "bob@example.com"].token
    assert (
        token is not None
        and engine.verify_email(token=token, username="bob", password=PASSWORD).user.email_verified
    )


def test_failures_are_typed(service: AuthService) -> None:
    for email, password in (("ada@example.com", "wrong"), ("eve@example.com", PASSWORD)):
        with pytest.raises(AuthError) as caught:
            run(service.generate_token(email, password))
        assert caught.value.code == "invalid_credentials"
    with pytest.raises(InvalidToken):
        run(service.renew_token("x"))
    with pytest.raises(UserNotFound):
        run(service.revoke_tokens("01a20411-6903-7f56-a59e-010c18616bae"))


def test_authorized_by_role_id_and_address(service: AuthService, engine: Engine, clock: Clock) -> None:
    async def main() -> None:
        dto = await service.generate_token("ada@example.com", PASSWORD)
        token, user = dto.access_token, dto.user
        stranger = engine.get_user(username="bob").user

        assert await service.is_authorized_by_role(token, {"admin", "editor"})
        assert not await service.is_authorized_by_role(token, {"admin"})
        assert not await service.is_authorized_by_role(token, set())
        assert not await service.is_authorized_by_role(token, {""})
        assert await service.is_authorized_by_user_id(token, user.id)
        assert not await service.is_authorized_by_user_id(token, stranger.id)
        assert not await service.is_authorized_by_user_id(token, "")
        assert await service.is_authorized_by_email(token, "ada@EXAMPLE.com")
        assert not await service.is_authorized_by_email(token, "bob@example.com")
        assert not await service.is_authorized_by_email(token, "")

        # The account decides as it is now, not as it was when the token was made.
        engine.update_user(id=user.id, roles=["reader"])
        assert not await service.is_authorized_by_role(token, {"editor"})
        assert await service.is_authorized_by_role(token, {"reader"})
        clock.seconds += 3600
        assert not await service.is_authorized_by_user_id(token, user.id)

    run(main())


def test_no_condition_is_no_permission(service: AuthService) -> None:
    nobody: Any = None
    token = run(service.generate_token("ada@example.com", PASSWORD)).access_token
    assert not run(service.is_authorized_by_user_id(token, nobody))
    assert not run(service.is_authorized_by_email(token, nobody))


def test_an_address_that_is_not_verified(service: AuthService) -> None:
    async def main() -> None:
        dto = await service.generate_token("bob@example.com", PASSWORD)
        for method, of_bob in (
            (service.is_authorized_by_role, {"editor"}),
            (service.is_authorized_by_user_id, dto.user.id),
            (service.is_authorized_by_email, dto.user.email),
        ):
            ask: Any = method
            assert not await ask(dto.access_token, of_bob)
            assert await ask(dto.access_token, of_bob, require_verified_email=False)

    run(main())


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "\ud800", "x" * 2_000_000, None])
def test_what_is_no_token(service: AuthService, token: Any) -> None:
    assert not run(service.is_authorized_by_role(token, {"editor"}))
    assert not run(service.is_authorized_by_user_id(token, "x"))
    assert not run(service.is_authorized_by_email(token, "ada@example.com"))


def test_a_refresh_token_authorizes_nothing(service: AuthService) -> None:
    dto = run(service.generate_token("ada@example.com", PASSWORD))
    assert not run(service.is_authorized_by_user_id(dto.refresh_token, dto.user.id))


def test_no_answer_is_no_verdict(config: Config, tmp_path: Path, clock: Clock) -> None:
    config["store"] = f"sqlite:{tmp_path / 'doorward.db'}"
    with Engine(config, now_ms=clock) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        token = engine.login(username="ada", password=PASSWORD).access_token
        (tmp_path / "doorward.db").write_bytes(b"no database" * 1000)
        (tmp_path / "doorward.db-wal").write_bytes(b"")
        with pytest.raises(AuthServiceUnavailable):
            run(AuthService(engine).is_authorized_by_role(token, {"editor"}))
    with pytest.raises(MisuseError):
        run(AuthService(engine).is_authorized_by_role(token, {"editor"}))


def test_without_a_store_it_is_the_default_engine(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doorward.engine._default", None)
    service = AuthService()
    with doorward.configure(**config) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        assert run(service.generate_token("ada@example.com", PASSWORD)).user.username == "ada"
