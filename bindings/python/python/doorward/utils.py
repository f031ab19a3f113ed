"""Names for dependency injection and middleware."""

from __future__ import annotations

from doorward.app import get_logged_in_user as get_current_user
from doorward.security import get_jwt_payload as get_validated_token_payload

__all__ = ["get_current_user", "get_validated_token_payload"]
