"""Django: logins by the engine of `doorward.configure`, for Django's sessions, decorators and admin site.

Add `doorward.django.Backend` to AUTHENTICATION_BACKENDS, and `doorward.django.sessions` to MIDDLEWARE after
Django's AuthenticationMiddleware. doorward keeps the accounts. Django keeps one row per account for what
refers to users, with doorward's id as its username, because a name can change and be given to another person.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib.auth import get_user_model, logout, user_logged_in, user_logged_out
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse, JsonResponse

from doorward.engine import default_engine
from doorward.exceptions import AuthError, UserNotFound
from doorward.models import Client, LoginResponse, PublicUser
from doorward.wsgi import DeviceCookie, scope_of

__all__ = ["Backend", "sessions"]

_SESSION = "_doorward_session"
"""The name of what Django's session knows: the ids of the account and of the engine's session."""


class Backend(BaseBackend):
    """Authenticates by password, or by the next proof of a login that needs one."""

    device: DeviceCookie = DeviceCookie()
    """The cookie that recognizes a browser. A subclass without TLS has `DeviceCookie(secure=False)`."""

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        *,
        challenge: str | None = None,
        **proof: Any,
    ) -> Any:
        """Return Django's user, or None if the credentials are not valid.

        Raises StepUpRequired, whose challenge the view gives back with the proof, such as `two_fa_code`; and
        every other AuthError, such as TooManyAttempts.
        """
        if challenge is None and (username is None or password is None):
            return None
        engine, client = default_engine(), self._client(request)
        try:
            if challenge is None:
                session = engine.login(username=username or "", password=password or "", client=client)
            else:
                session = engine.complete_login(challenge=challenge, **proof)
        except AuthError as error:
            if error.code == "invalid_credentials":
                return None
            raise
        user = self.user_of(session)
        setattr(user, _SESSION, [session.user.id, session.session_id])
        if request is not None and client is not None:
            vars(request)["_doorward_device"] = (self.device, client)
        return user

    def get_user(self, user_id: Any) -> Any:
        """Return Django's user with this primary key, if it is active."""
        return get_user_model()._default_manager.filter(pk=user_id, is_active=True).first()

    def user_of(self, session: LoginResponse) -> Any:
        """Return Django's user of an account, which is made at the first login and then kept current."""
        model: Any = get_user_model()
        manager, name = model._default_manager, model.USERNAME_FIELD
        new = {"password": make_password(None)}
        user, _ = manager.get_or_create(**{name: session.user.id}, defaults=new)
        self.update(user, session.user)
        user.save()
        return user

    def update(self, user: Any, account: PublicUser) -> None:
        """Copy the account's data. A subclass may set `is_staff` by `account.roles`, for the admin site."""
        user.first_name = account.username[:150]
        user.email = account.email if account.email is not None and account.email_verified else ""

    def _client(self, request: HttpRequest | None) -> Client | None:
        return None if request is None else self.device.client(scope_of(request.META))


def sessions(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that ends Django's session as soon as the engine's session has ended.

    So a logout elsewhere, a new password, or an administrator ends it at once. It answers 503 if the store is
    away, and keeps the cookie of the device after a login. It also answers with an AuthError that a view lets
    through, as Django's own login form does for StepUpRequired and TooManyAttempts.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            if _SESSION in request.session and not _is_alive(*request.session[_SESSION]):
                logout(request)
        except AuthError as error:
            return _answer(error)
        response = get_response(request)
        if kept := vars(request).get("_doorward_device"):
            device, client = kept
            response.set_cookie(
                device.name,
                client.device_id,
                max_age=device.SECONDS,
                secure=device.secure,
                httponly=True,
                samesite="Lax",
            )
        return response

    vars(middleware)["process_exception"] = _process_exception
    return middleware


def _process_exception(_: HttpRequest, error: Exception) -> HttpResponse | None:
    return _answer(error) if isinstance(error, AuthError) else None


def _answer(error: AuthError) -> HttpResponse:
    return JsonResponse(error.http_body, status=error.http_status, headers=error.http_headers)


def _is_alive(user_id: str, session_id: str) -> bool:
    try:
        return any(each.id == session_id for each in default_engine().list_sessions(user_id=user_id).sessions)
    except UserNotFound:
        return False


def _remember(request: HttpRequest, user: Any, **_: Any) -> None:
    if hasattr(user, _SESSION):
        request.session[_SESSION] = getattr(user, _SESSION)


def _forget(request: HttpRequest, **_: Any) -> None:
    if _SESSION in request.session:
        default_engine().revoke_session(session_id=request.session[_SESSION][1])


for _signal, _receiver in ((user_logged_in, _remember), (user_logged_out, _forget)):
    cast("Any", _signal).connect(_receiver, dispatch_uid="doorward")
