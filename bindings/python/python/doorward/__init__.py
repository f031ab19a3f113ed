"""An authentication engine: users, passwords, sessions and tokens.

Open an Engine and call its methods, or `configure` the process's default engine and use the async
functions. Models are in doorward.models, failures in doorward.exceptions.
"""

from doorward._doorward import VERSION as __version__
from doorward._doorward import describe
from doorward.app import (
    authenticate_request,
    get_logged_in_user,
    introspect_token,
    login_user,
    logout_user,
    register_user,
)
from doorward.async_engine import AsyncEngine
from doorward.engine import Engine, configure, default_engine
from doorward.exceptions import AuthError, InvalidToken, UserNotFound
from doorward.models import (
    IntrospectRequest,
    IntrospectResponse,
    LoginRequest,
    LoginResponse,
    LogoutResponse,
    PublicUser,
    RegisterRequest,
)
from doorward.models.security import TokenPayload
from doorward.repository import User
from doorward.threads import to_thread
from doorward.types import Claims, Config

__all__ = [
    "AsyncEngine",
    "AuthError",
    "Claims",
    "Config",
    "Engine",
    "IntrospectRequest",
    "IntrospectResponse",
    "InvalidToken",
    "LoginRequest",
    "LoginResponse",
    "LogoutResponse",
    "PublicUser",
    "RegisterRequest",
    "TokenPayload",
    "User",
    "UserNotFound",
    "__version__",
    "authenticate_request",
    "configure",
    "default_engine",
    "describe",
    "get_logged_in_user",
    "introspect_token",
    "login_user",
    "logout_user",
    "register_user",
    "to_thread",
]
