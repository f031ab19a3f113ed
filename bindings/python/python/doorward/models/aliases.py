"""Other names of models."""

from doorward.models.app import FullRegisterRequest, User

__all__ = ["CreateUser", "PublicUser"]

# The stored account has only public members, because a password hash never leaves the store.
PublicUser = User
# The members with which the host itself creates an account, beside those that a user may choose.
CreateUser = FullRegisterRequest
