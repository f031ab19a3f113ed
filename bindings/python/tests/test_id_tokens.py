"""Tests with ID tokens of an independent provider: panva's certified oidc-provider, on loopback."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD, Clock
from openid import Provider

from doorward import AuthError, Config, Engine, InvalidToken
from doorward.authservice import AuthDTO, AuthService
from doorward.exceptions import AuthServiceUnavailable, Conflict


@pytest.fixture
def clock() -> Clock:
    """The time of the provider, which uses the machine's clock."""
    return Clock(int(time.time()))


def opened(config: Config, provider: Provider, clock: Clock, **keys: Any) -> Engine:
    ours: Any = {
        "issuer": provider.issuer,
        "client_id": "app",
        "jwks_uri": f"{provider.issuer}/jwks",
        "algorithms": ["ES256"],
        "auto_register": {"roles": ["User"]},
        **keys,
    }
    return Engine({**config, "id_token_providers": {"ours": ours}}, now_ms=clock)


def test_login_by_a_providers_id_token(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock, link_verified_email=True) as engine:
        token = provider.tokens("ada")["id_token"]
        login = engine.login_with_id_token(provider="ours", id_token=token, nonce="n")
        assert (login.created, login.user.email, login.user.email_verified) == (True, "ada@example.com", True)
        assert (login.user.roles, login.user.username[:4]) == (["User"], "ada-")
        assert engine.authenticate(token=login.access_token).user == login.user
        again = engine.login_with_id_token(id_token=provider.tokens("ada")["id_token"])
        assert (again.created, again.user) == (False, login.user)
        with pytest.raises(InvalidToken) as caught:
            engine.login_with_id_token(id_token=token, nonce="of another browser")
        assert caught.value.detail == "wrong_nonce"
        # The provider says that the address is not verified: it belongs to another user.
        with pytest.raises(Conflict) as conflict:
            engine.login_with_id_token(id_token=provider.tokens("eve")["id_token"])
        assert conflict.value.code == "email_taken"
        assert provider.fetches() == 1


def test_what_else_a_provider_issues(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock) as engine:
        for token, reason in (
            # The token is for this client and signed with the same key. Only its type differs.
            (provider.tokens("ada")["access_token"], "wrong_type"),
            (provider.tokens("ada", client_id="another-app")["id_token"], "wrong_audience"),
        ):
            with pytest.raises(InvalidToken) as caught:
                engine.login_with_id_token(id_token=token)
            assert caught.value.detail == reason
    with opened(config, provider, clock, issuer="https://id.example") as engine:
        with pytest.raises(InvalidToken) as caught:
            engine.login_with_id_token(id_token=provider.tokens("ada")["id_token"])
        assert caught.value.detail == "wrong_issuer"


def test_the_provider_rotates_its_keys(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock) as engine:
        old = provider.tokens("ada")["id_token"]
        engine.login_with_id_token(id_token=old)
        provider.publish("second", "first")
        new = provider.tokens("ada")["id_token"]
        for _ in range(3):
            with pytest.raises(InvalidToken):
                engine.login_with_id_token(id_token=new)
        assert provider.fetches() == 1
        clock.seconds += 10
        assert [engine.login_with_id_token(id_token=token).created for token in (new, old)] == [False, False]
        assert provider.fetches() == 2
        provider.publish("second")
        clock.seconds += 600
        with pytest.raises(InvalidToken):
            engine.login_with_id_token(id_token=old)
        engine.login_with_id_token(id_token=new)
        assert provider.fetches() == 3


def test_the_provider_is_down(config: Config, provider: Provider, clock: Clock) -> None:
    with opened(config, provider, clock) as engine, opened(config, provider, clock) as newcomer:
        token = provider.tokens("ada")["id_token"]
        engine.login_with_id_token(id_token=token)
        provider.stop()
        clock.seconds += 900
        engine.login_with_id_token(id_token=token)
        with pytest.raises(AuthServiceUnavailable) as caught:
            newcomer.login_with_id_token(id_token=token)
        assert (caught.value.code, caught.value.retryable) == ("auth_service_unavailable", True)


def test_generate_token_for_oauth(config: Config, provider: Provider, clock: Clock, tmp_path: Path) -> None:
    store = tmp_path / "doorward.db"
    at_store: Config = {**config, "store": f"sqlite:{store}"}
    with opened(at_store, provider, clock, link_verified_email=True) as engine:
        # Mallory registered with the user's address, and waits for the user.
        ada = engine.register(username="mallory", email="ada@example.com", password=PASSWORD).user
        service = AuthService(engine)
        token = provider.tokens("ada")["id_token"]
        dto: AuthDTO = asyncio.run(service.generate_token_for_oauth(token))
        assert (type(dto), dto.user.id, dto.user.email_verified) == (AuthDTO, ada.id, True)
        assert engine.authenticate(token=dto.access_token).user == dto.user
        with pytest.raises(AuthError) as caught:
            engine.login(username="mallory", password=PASSWORD)
        assert caught.value.code == "invalid_credentials"
        with pytest.raises(InvalidToken):
            asyncio.run(service.generate_token_for_oauth(token, provider="ours", nonce="another"))
    with (
        opened(at_store, provider, clock, issuer="https://id.example") as engine,
        pytest.raises(InvalidToken),
    ):
        asyncio.run(AuthService(engine).generate_token_for_oauth(token))
