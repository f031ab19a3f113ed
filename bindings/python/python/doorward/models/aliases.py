"""Other names of models."""

from doorward.models.app import FullRegisterRequest, User

__all__ = ["CreateUser", "PublicUser"]

# An account as the store knows it is what may be shown of it: a password hash never leaves the store.
PublicUser = User
# What the host itself creates an account with, beside what a user may say of themselves.
CreateUser = FullRegisterRequest
