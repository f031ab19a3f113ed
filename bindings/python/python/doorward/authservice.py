"""AuthService: tokens for an e-mail address and a password, and the rights of their bearers."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from contextlib import suppress
from typing import Any

from doorward.exceptions import InvalidRequest, UserNotFound
from doorward.models.app import Client, LoginResponse, RefreshResponse
from doorward.repository import Repo, engine_of
from doorward.threads import to_thread

__all__ = ["AuthDTO", "AuthService", "Token"]

AuthDTO = LoginResponse
"""A short-lived access token, a long-lived refresh token, and the user."""

Token = RefreshResponse
"""The next access token and the next refresh token."""


class AuthService:
    """Issues, renews and revokes tokens, and decides whether their bearers are authorized.

    Each `is_authorized_*` decides by the account as it is now. Any problem of the token gives False. If the
    store does not answer, AuthServiceUnavailable is raised instead.
    """

    def __init__(self, repo: Repo = None) -> None:
        """Take the accounts; default: those of the default engine, looked up with each call."""
        self._repo = repo

    async def generate_token(self, email: str, password: str, *, client: Client | None = None) -> AuthDTO:
        """Log in and open a session. Raises AuthError if the credentials are not valid.

        Give the client: its failures are counted and its device is recognized. `DeviceCookie.client` of
        `doorward.asgi` reads it from a request.
        """
        login = engine_of(self._repo).login
        return await to_thread(login, username=email, password=password, client=client)

    async def generate_token_for_oauth(
        self,
        id_token: str,
        *,
        provider: str | None = None,
        nonce: str | None = None,
        client: Client | None = None,
    ) -> AuthDTO:
        """Log in by the ID token of a configured provider, or of the only one.

        Give the nonce that was sent to the provider, and the client, because its failures are counted. Raises
        InvalidToken if the token is not valid, AuthError if it opens no account, and Conflict if its address
        belongs to another account.
        """
        login = engine_of(self._repo).login_with_id_token
        response = await to_thread(login, id_token=id_token, provider=provider, nonce=nonce, client=client)
        return AuthDTO.model_validate(response, from_attributes=True)

    async def renew_token(self, refresh_token: str) -> Token:
        """Exchange a refresh token for the next pair. Raises InvalidToken if it is no longer valid."""
        return await to_thread(engine_of(self._repo).refresh, refresh_token=refresh_token)

    async def revoke_tokens(self, user_id: str) -> None:
        """End every session of a user: their access and refresh tokens are no longer valid."""
        await to_thread(engine_of(self._repo).revoke_user_sessions, user_id=user_id)

    async def reset_password(self, email: str, *, client: Client | None = None) -> None:
        """Mail a token that sets a new password, if an account has this address.

        The answer does not tell whether there is one.
        """
        await to_thread(engine_of(self._repo).request_password_reset, email=email, client=client)

    async def send_email_verification_link(self, email: str, *, client: Client | None = None) -> None:
        """Mail a token that verifies the address, if an account has this unverified address.

        The answer does not tell whether there is one. Give the token to `Engine.verify_email`, together with
        a proof of the account: an access token, its password, or the challenge that `register` returned.
        """
        engine = engine_of(self._repo)
        with suppress(UserNotFound, InvalidRequest):
            user = (await to_thread(engine.get_user, email=email)).user
            await to_thread(engine.request_email_verification, user_id=user.id, client=client)

    async def is_authorized_by_role(
        self, access_token: str, roles: AbstractSet[str], *, require_verified_email: bool = True
    ) -> bool:
        """Check whether the bearer has at least one of the roles; an empty list authorizes no user."""
        return await self._is_authorized(access_token, require_verified_email, roles=list(roles))

    async def is_authorized_by_user_id(
        self, access_token: str, requested_user_id: str, *, require_verified_email: bool = True
    ) -> bool:
        """Check whether the bearer is this user."""
        return await self._is_authorized(access_token, require_verified_email, user_id=requested_user_id)

    async def is_authorized_by_email(
        self, access_token: str, requested_email: str, *, require_verified_email: bool = True
    ) -> bool:
        """Check whether the bearer's address is this one, compared by its canonical form."""
        return await self._is_authorized(access_token, require_verified_email, email=requested_email)

    async def _is_authorized(self, token: str, require_verified_email: bool, **condition: Any) -> bool:
        # A condition of null would be absent.
        if None in condition.values():
            return False
        authorize = engine_of(self._repo).authorize
        try:
            response = await to_thread(
                authorize, token=token, require_verified_email=require_verified_email, **condition
            )
        except InvalidRequest:
            # A value that cannot be a token, a role or an address matches no account.
            return False
        return response.authorized
