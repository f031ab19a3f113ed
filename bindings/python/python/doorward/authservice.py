"""AuthService: tokens for an e-mail address and a password, and what their bearer may do."""

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
    """Issues, renews and revokes tokens, and says what their bearer may do.

    Each `is_authorized_*` decides by the account as it is now. Any problem of the token is a False; when the
    store cannot answer, AuthServiceUnavailable is raised: that is no verdict.
    """

    def __init__(self, repo: Repo = None) -> None:
        """Take where accounts are: without it, the default engine, looked up with each call."""
        self._repo = repo

    async def generate_token(self, email: str, password: str, *, client: Client | None = None) -> AuthDTO:
        """Log in and open a session. AuthError says that the credentials are not valid.

        Give the client, whose failures are counted and whose device is known again: `DeviceCookie.client` of
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

        Give the nonce that was sent to the provider, and the client, whose failures are counted.
        InvalidToken says that the token is not valid, AuthError that it opens no account, Conflict that its
        address is another account's.
        """
        login = engine_of(self._repo).login_with_id_token
        response = await to_thread(login, id_token=id_token, provider=provider, nonce=nonce, client=client)
        return AuthDTO.model_validate(response, from_attributes=True)

    async def renew_token(self, refresh_token: str) -> Token:
        """Exchange a refresh token for the next pair. InvalidToken says that it is not valid any more."""
        return await to_thread(engine_of(self._repo).refresh, refresh_token=refresh_token)

    async def revoke_tokens(self, user_id: str) -> None:
        """End every session of a user: access and refresh tokens are not valid from now on."""
        await to_thread(engine_of(self._repo).revoke_user_sessions, user_id=user_id)

    async def reset_password(self, email: str, *, client: Client | None = None) -> None:
        """Mail a token with which a new password can be set, if somebody has this address; nobody is told."""
        await to_thread(engine_of(self._repo).request_password_reset, email=email, client=client)

    async def send_email_verification_link(self, email: str, *, client: Client | None = None) -> None:
        """Mail a token to the account that has this address, if it is to be verified; nobody is told.

        Give the token to `Engine.verify_email`, with what proves the account: a token of it, its password, or
        what `register` returned.
        """
        engine = engine_of(self._repo)
        with suppress(UserNotFound, InvalidRequest):
            user = (await to_thread(engine.get_user, email=email)).user
            await to_thread(engine.request_email_verification, user_id=user.id, client=client)

    async def is_authorized_by_role(
        self, access_token: str, roles: AbstractSet[str], *, require_verified_email: bool = True
    ) -> bool:
        """Tell whether the bearer has at least one of the roles; with none given nobody has."""
        return await self._is_authorized(access_token, require_verified_email, roles=list(roles))

    async def is_authorized_by_user_id(
        self, access_token: str, requested_user_id: str, *, require_verified_email: bool = True
    ) -> bool:
        """Tell whether the bearer is this user."""
        return await self._is_authorized(access_token, require_verified_email, user_id=requested_user_id)

    async def is_authorized_by_email(
        self, access_token: str, requested_email: str, *, require_verified_email: bool = True
    ) -> bool:
        """Tell whether the bearer's address is this one, compared by its canonical form."""
        return await self._is_authorized(access_token, require_verified_email, email=requested_email)

    async def _is_authorized(self, token: str, require_verified_email: bool, **condition: Any) -> bool:
        # A condition that is null would be none at all.
        if None in condition.values():
            return False
        authorize = engine_of(self._repo).authorize
        try:
            response = await to_thread(
                authorize, token=token, require_verified_email=require_verified_email, **condition
            )
        except InvalidRequest:
            # What is no token, no role and no address is nobody's.
            return False
        return response.authorized
