"""doorward in FastAPI: routes for logins by named backends, and a dependency that returns the user.

The engine makes every decision. This package reads and writes headers, cookies and bodies.

    auth = Authentication(engine, {"default": Bearer(), "browser": Cookie()})
    app.include_router(auth.router(), prefix="/auth")
    app.add_exception_handler(AuthError, failure_response)
"""

from doorward.asgi import DeviceCookie
from doorward.fastapi.authentication import Authentication
from doorward.fastapi.compatible import JWTAuthentication
from doorward.fastapi.failures import failure_response
from doorward.fastapi.transports import Bearer, Cookie, Tokens, Transport
from doorward.models.app import AuthenticateResponse

__all__ = [
    "AuthenticateResponse",
    "Authentication",
    "Bearer",
    "Cookie",
    "DeviceCookie",
    "JWTAuthentication",
    "Tokens",
    "Transport",
    "failure_response",
]
