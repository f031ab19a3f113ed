"""The classes of outcomes.

Written by `make header` from the description of the library: do not edit.
"""

from enum import IntEnum


class Status(IntEnum):
    """The class of an outcome; new codes may appear, classes do not change."""

    OK = 0
    """The operation succeeded. From a login operation: a session was opened, never anything less."""
    DENIED = 1
    """The proof (password, token, code) was rejected."""
    STEP_UP = 2
    """The user is not authenticated yet; the body carries the challenge of the next step."""
    FORBIDDEN = 3
    """The user is authenticated, but not allowed to do this."""
    INVALID_REQUEST = 4
    """The request breaks the operation's schema or a policy."""
    NOT_FOUND = 5
    """The thing that the request names does not exist."""
    CONFLICT = 6
    """The change conflicts with what is there already."""
    THROTTLED = 7
    """Too many attempts; `retry_after_seconds` says how long to wait."""
    UNAVAILABLE = 8
    """The store, the hash queue, the mail server or a remote service cannot answer now; a retry is safe."""
    CONFIG = 9
    """The configuration is wrong, the operation is unknown, or the feature is not built in."""
    MISUSE = 10
    """The host called the library wrongly: NULL, a closed engine, a forked process, a call from inside a
    hook.
    """
    INTERNAL = 11
    """The library contained a bug of its own; treat the request as denied."""
