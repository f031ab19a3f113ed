"""What a verified token says."""

from doorward.models.app import TokenPayload

__all__ = ["TokenPayload"]
