"""The common parts of several models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from doorward.models.base import Model

__all__ = ["ActiveStateMixin", "IdentityMixin", "PasswordMixin"]


class IdentityMixin(Model):
    """The names of an account."""

    username: Annotated[str, Field(min_length=1)]
    """The name to log in with."""
    email: Annotated[str | None, Field(max_length=254, min_length=3)] = None
    """The e-mail address."""


class PasswordMixin(Model):
    """A password."""

    password: Annotated[str, Field(repr=False)]
    """The password."""


class ActiveStateMixin(Model):
    """The state of an account."""

    is_active: bool
    """Whether the account may log in."""
