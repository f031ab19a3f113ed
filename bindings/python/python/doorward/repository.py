"""The accounts of an engine, on which the functions of doorward.app work."""

from __future__ import annotations

from typing import Any

from doorward.engine import Engine, default_engine
from doorward.exceptions import AuthError, UserNotFound
from doorward.models import Client, CreateUser, LoginRequest, PublicUser, RegisterRequest, User
from doorward.threads import to_thread

__all__ = ["Repo", "User", "UserRepository", "engine_of"]


class UserRepository:
    """The accounts of an engine; default: the default engine."""

    def __init__(self, engine: Engine | None = None) -> None:
        """Take the engine; the default one is looked up with each call."""
        self._engine = engine

    @property
    def engine(self) -> Engine:
        """The engine."""
        return self._engine or default_engine()

    async def create(
        self, user_create: RegisterRequest | CreateUser, *, client: Client | None = None
    ) -> PublicUser:
        """Create an account. The password is hashed and not kept.

        A CreateUser has roles and attributes: only the host may create it, never the body of a request.
        """
        fields = dict(user_create)
        fields["client"] = client or fields.get("client")
        return (await to_thread(self.engine.register, **fields)).user

    async def authenticate_user(
        self, user_auth: LoginRequest, *, client: Client | None = None
    ) -> dict[str, Any] | None:
        """Log in. Return the fields of a LoginResponse, or None if the credentials are not valid."""
        try:
            return dict(await to_thread(self.engine.login, **dict(user_auth), client=client))
        except AuthError as error:
            if error.code == "invalid_credentials":
                return None
            raise

    async def get_active_users(self, skip: int = 0, limit: int = 100) -> list[User]:
        """List active accounts in the order of their creation."""
        return (await to_thread(self.engine.list_users, is_active=True, skip=skip, limit=limit)).users

    async def get_by_email(self, email: str) -> User | None:
        """Find an account by its e-mail address, compared by its canonical form."""
        return await self._found(email=email)

    async def get_by_username(self, username: str) -> User | None:
        """Find an account by its name, compared by its canonical form."""
        return await self._found(username=username)

    async def _found(self, *, username: str | None = None, email: str | None = None) -> User | None:
        try:
            return (await to_thread(self.engine.get_user, username=username, email=email)).user
        except UserNotFound:
            return None


Repo = Engine | UserRepository | None
"""The accounts: of an engine, of a repository, or, if None, of the default engine."""


def engine_of(repo: Repo) -> Engine:
    """Return the engine of the accounts."""
    if isinstance(repo, Engine):
        return repo
    return repo.engine if repo is not None else default_engine()
