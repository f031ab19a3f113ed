"""The claims of a verified token."""

from __future__ import annotations

from doorward.models.base import Model

__all__ = ["TokenPayload"]


class TokenPayload(Model):
    """The claims that every verified token has. Do not base authorization on them alone."""

    sub: str
    """The id of the account."""
    exp: int | float
    """When the token expires, in Unix seconds."""
