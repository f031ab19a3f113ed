"""What a verified token says."""

from __future__ import annotations

from pydantic import ConfigDict

from doorward.models.base import Model

__all__ = ["TokenPayload"]


class TokenPayload(Model):
    """The claims that every verified token has; no decision on authorization may rest on them alone."""

    model_config = ConfigDict(use_attribute_docstrings=True)
    sub: str
    """The id of the account."""
    exp: int | float
    """When the token expires, in Unix seconds."""
