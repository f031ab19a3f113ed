"""What several models have in common."""

from doorward.models.app import ActiveStateMixin, IdentityMixin, PasswordMixin

__all__ = ["ActiveStateMixin", "IdentityMixin", "PasswordMixin"]
