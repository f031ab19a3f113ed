"""The routes of an Authentication: one for each operation that a client may call, under its name."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Union
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from fastapi import APIRouter, Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as Dependency
from fastapi.responses import JSONResponse, RedirectResponse, Response

from doorward.app import introspect_token
from doorward.engine import Engine
from doorward.exceptions import (
    AuthError,
    AuthServiceUnavailable,
    InvalidRequest,
    InvalidToken,
    NotAuthenticated,
    PermissionDenied,
    StepUpRequired,
)
from doorward.fastapi import bodies
from doorward.fastapi.failures import answer_of, failures
from doorward.fastapi.transports import NO_STORE, Cookie, Transport, raw_token
from doorward.models import PublicUser
from doorward.models import app as models
from doorward.models.base import Model
from doorward.threads import to_thread

if TYPE_CHECKING:
    from doorward.fastapi.authentication import Authentication

__all__ = ["Routes"]

OPERATIONS = frozenset(
    {
        "accept_invitation",
        "begin_passkey_login",
        "begin_passkey_registration",
        "begin_provider_login",
        "change_password",
        "check_mail_token",
        "complete_login",
        "confirm_totp",
        "disable_totp",
        "finish_passkey_login",
        "finish_passkey_registration",
        "finish_provider_login",
        "generate_recovery_codes",
        "introspect",
        "jwks",
        "list_identities",
        "list_passkeys",
        "list_sessions",
        "list_trusted_devices",
        "login",
        "login_with_id_token",
        "login_with_mail_token",
        "logout",
        "passkey_signals",
        "reauthenticate",
        "recovery_codes_status",
        "refresh",
        "register",
        "remove_passkey",
        "request_email_change",
        "request_email_verification",
        "request_login_code",
        "request_password_reset",
        "reset_password",
        "revoke_session",
        "revoke_trusted_device",
        "revoke_user_sessions",
        "setup_totp",
        "totp_status",
        "unlink_identity",
        "update_passkey",
        "verify_email",
    }
)
"""The operations that may get a route."""

VIEWS = ("list_identities", "list_passkeys", "list_trusted_devices", "recovery_codes_status", "totp_status")
"""The operations that show users what their accounts have, by nothing but the user's id."""

SIGNED_IN = (
    "not_authenticated",
    "invalid_authorization_header",
    "invalid_token",
    "user_not_found",
    "permission_denied",
)
FRESH = (*SIGNED_IN, "reauthentication_required")


class Routes:
    """The routes of one router."""

    def __init__(
        self,
        auth: Authentication,
        only: Collection[str] | None,
        without: Collection[str],
        introspect: Sequence[Dependency],
        fresh_seconds: int,
        landing: str,
    ) -> None:
        """Make the requested routes; an unknown name raises ValueError."""
        unknown = {*(only or ()), *without} - OPERATIONS
        if unknown:
            raise ValueError(f"there is no route for {', '.join(sorted(unknown))}")
        self._auth = auth
        self._wanted = (OPERATIONS if only is None else {*only}) - {*without}
        if only is None and isinstance(auth.repo, Engine):
            self._wanted -= _not_configured(auth.repo)
        self._fresh_seconds = fresh_seconds
        self._landing = landing
        self._schemes = [Depends(transport.scheme(name)) for name, transport in auth.backends.items()]
        self.router: APIRouter = APIRouter(tags=["authentication"])
        for name, transport in auth.backends.items():
            self._add_login(name)
            if isinstance(transport, Cookie):
                self._add_provider_logins(name, transport)
        self._add_next_steps()
        self._add_sessions()
        self._add_views()
        self._add_accounts()
        self._add_addresses()
        self._add_passwords()
        self._add_factors()
        self._add_trusted_devices()
        self._add_passkeys()
        self._add_identities()
        self._add_services(introspect)

    def _add(
        self,
        operation: str,
        endpoint: Callable[..., Any],
        *,
        path: str | None = None,
        method: str = "POST",
        also: tuple[str, ...] = (),
        **options: Any,
    ) -> None:
        """Add a route for an operation, if it is requested.

        `also`: additional codes of its failures. The codes tell whether the route is for logged-in users.
        No cache stores what they see.
        """
        if operation not in self._wanted:
            return
        signed_in = "not_authenticated" in also
        options.setdefault("dependencies", [*self._schemes, Depends(_no_store)] if signed_in else [])
        if options.get("status_code") != 204:
            answer = f"{operation.title().replace('_', '')}Response"
            options.setdefault("response_model", getattr(models, answer))
        self.router.add_api_route(
            path or f"/{operation.replace('_', '-')}",
            endpoint,
            methods=[method],
            responses=failures(operation, also=also),
            **options,
        )

    # Logging in.

    def _add_login(self, backend: str) -> None:
        auth, transport = self._auth, self._auth.backends[backend]

        async def login(request: Request, body: bodies.Credentials) -> Response:
            fields = body.given()
            if isinstance(transport, Cookie):
                fields["trusted_device_token"] = transport.trusted_device_token(request)
            return await self._log_in(request, transport, auth.engine.login, **fields, backend=backend)

        async def login_with_id_token(request: Request, body: bodies.ForeignIdToken) -> Response:
            call = auth.engine.login_with_id_token
            return await self._log_in(request, transport, call, **body.given(), backend=backend)

        def begin_passkey_login(body: bodies.PasskeyUser) -> Response:
            return _private(auth.engine.begin_passkey_login(**dict(body), backend=backend))

        def request_login_code(request: Request, body: bodies.MailedLogin) -> Response:
            client = auth.device.client(request.scope)
            asked = auth.engine.request_login_code(**body.given(), backend=backend, client=client)
            response = _private(asked)
            response.headers.append("set-cookie", auth.device.header(client))
            return response

        for operation, endpoint, answer in (
            ("login", login, transport.login_answer),
            ("login_with_id_token", login_with_id_token, transport.login_answer),
            ("begin_passkey_login", begin_passkey_login, models.BeginPasskeyLoginResponse),
            ("request_login_code", request_login_code, models.RequestLoginCodeResponse),
        ):
            path = f"/{operation.replace('_', '-')}/{backend}"
            name = f"{operation.replace('_', ' ')} {backend}"
            self._add(operation, endpoint, path=path, name=name, response_model=answer)

    async def _log_in(
        self, request: Request, transport: Transport | None, call: Callable[..., Any], **fields: Any
    ) -> Response:
        """Log in, and recognize the browser from then on, even if another step is required first."""
        client = self._auth.device.client(request.scope)
        if call.__name__ != "complete_login":
            fields["client"] = client
        try:
            tokens = await to_thread(call, **fields)
        except StepUpRequired as error:
            response: Response = answer_of(error)
        else:
            response = await self._handed_out(request, tokens, transport)
        response.headers.append("set-cookie", self._auth.device.header(client))
        if self._auth.challenge.read(request.scope) is not None:
            # This login completes or replaces the one that left the challenge.
            response.headers.append("set-cookie", self._auth.challenge.header(None))
        return response

    async def _handed_out(self, request: Request, tokens: Any, transport: Transport | None) -> Response:
        transport = transport or self._auth.backends.get(tokens.backend)
        try:
            if transport is None:
                # The challenge belongs to a login elsewhere.
                raise NotAuthenticated("Authentication is required.")
            if isinstance(transport, Cookie):
                # A page of another origin would log the browser in to an account of its own.
                await run_in_threadpool(self._auth.check_origin, request)
            return transport.answer(tokens)
        except AuthError:
            await to_thread(self._auth.engine.revoke_session, session_id=tokens.session_id)
            raise

    # Logins at providers are for browsers, which go there and come back: the tokens travel in cookies.

    def _add_provider_logins(self, backend: str, cookie: Cookie) -> None:
        async def begin_provider_login(
            request: Request, provider: str, persistent: bool | None = None
        ) -> Response:
            return await self._sent_to(request, cookie, backend, provider, persistent=persistent)

        async def link_identity(request: Request, provider: str) -> Response:
            if _access_token(request, cookie) is None:
                raise NotAuthenticated("Authentication is required.")
            await run_in_threadpool(self._auth.check_origin, request)
            # The request may have tokens of other sessions, too: this one has to be fresh.
            await run_in_threadpool(self._recent, request, backend)
            token = self._auth.token(request, backend)
            return await self._sent_to(request, cookie, backend, provider, token=token)

        async def finish_provider_login(request: Request, provider: str) -> Response:
            return await self._came_back(request, cookie)

        for operation, method, endpoint in (
            ("begin_provider_login", "GET", begin_provider_login),
            ("begin_provider_login", "POST", link_identity),
            ("finish_provider_login", "GET", finish_provider_login),
            ("finish_provider_login", "POST", finish_provider_login),
        ):
            path = f"/{operation.replace('_', '-')}/{backend}/{{provider}}"
            # A browser goes to these routes by itself; they are no part of the API of a program.
            self._add(operation, endpoint, path=path, method=method, include_in_schema=False)

    async def _sent_to(
        self,
        request: Request,
        cookie: Cookie,
        backend: str,
        provider: str,
        *,
        token: str | None = None,
        persistent: bool | None = None,
    ) -> Response:
        """Send the browser to the provider, with the transaction and the user's wish in a cookie."""
        callback = request.url.path.replace("/begin-provider-login/", "/finish-provider-login/")
        begun = await to_thread(
            self._auth.engine.begin_provider_login,
            provider=provider,
            backend=backend,
            redirect_uri=str(request.url.replace(path=callback, query="")),
            user_token=token,
        )
        response = RedirectResponse(begun.authorization_url, 303, NO_STORE)
        form_post = "form_post" in parse_qs(urlsplit(begun.authorization_url).query).get("response_mode", ())
        cookie.keep_transaction(response, begun.transaction, persistent, form_post=form_post)
        return response

    async def _came_back(self, request: Request, cookie: Cookie) -> Response:
        """Finish the login in the browser that began it, and show it the page of the application.

        The transaction in the cookie proves the browser, also where a page of the provider posts the form.
        """
        client = self._auth.device.client(request.scope)
        by_form = request.method == "POST"
        if by_form:
            # The form comes from another site, so it says nothing of the cookie of the device.
            client = client.model_copy(update={"device_id": None})
        query = (await request.body()).decode("utf-8", "replace") if by_form else request.url.query
        is_known = is_over = True
        transaction, persistent = cookie.transaction(request)
        try:
            tokens = await to_thread(
                self._auth.engine.finish_provider_login,
                transaction=transaction,
                query=query,
                redirect_uri=str(request.url.replace(query="")),
                client=client,
                user_token=_access_token(request, cookie),
                lifetime=bodies.lifetime_of(persistent),
            )
            response = await self._landed(cookie, tokens)
        except AuthError as error:
            is_known, response = isinstance(error, StepUpRequired), self._turned_away(error)
            # The browser may come again while the transaction lasts.
            is_over = not isinstance(error, AuthServiceUnavailable)
        if is_over:
            cookie.keep_transaction(response, "")
        if is_known and not by_form:
            response.headers.append("set-cookie", self._auth.device.header(client))
        return response

    async def _landed(self, cookie: Cookie, tokens: models.FinishProviderLoginResponse) -> Response:
        # A page without a fragment would get the one of the link that led here (RFC 9110 section 10.2.2).
        page = self._landing if "#" in self._landing else f"{self._landing}#"
        response = RedirectResponse(page, 303, NO_STORE)
        response.headers.append("set-cookie", self._auth.challenge.header(None))
        try:
            cookie.keep(response, tokens)
        except AuthError:
            # An identity that is linked stays so, and the session keeps the token that it has.
            if not tokens.linked:
                await to_thread(self._auth.engine.revoke_session, session_id=tokens.session_id)
                raise
        return response

    def _turned_away(self, error: AuthError) -> Response:
        """Tell the page the code of the failure. Servers and their logs do not see what is behind the #.

        Anyone can write such a link with a text or challenge of their own, so the challenge is in a cookie.
        """
        shown: dict[str, Any] = {**error.http_body, "error": {"code": error.code}}
        challenge = shown.pop("challenge", None)
        failure = urlencode({"failure": json.dumps(shown)})
        response = RedirectResponse(f"{self._landing}#{failure}", 303, NO_STORE)
        if challenge is not None:
            kept = self._auth.challenge.header(challenge, shown["expires_in"])
            response.headers.append("set-cookie", kept)
        return response

    def _kept_challenge(self, request: Request) -> str | None:
        """Return the challenge that a login at a provider left in the browser."""
        challenge = self._auth.challenge.read(request.scope)
        if challenge is not None:
            self._auth.check_origin(request)
        return challenge

    def _add_identities(self) -> None:
        auth = self._auth

        def unlink_identity(request: Request, body: bodies.Identity) -> Response:
            backend, found = self._fresh(request)
            done = auth.engine.unlink_identity(user_id=found.user.id, **body.model_dump())
            return self._ended(backend, done) if done.unlinked else _private(done)

        self._add("unlink_identity", unlink_identity, also=FRESH)

    def _add_next_steps(self) -> None:
        auth = self._auth

        async def complete_login(request: Request, body: bodies.Completion) -> Response:
            fields = body.model_dump(exclude_none=True)
            if body.challenge is None:
                fields["challenge"] = await run_in_threadpool(self._kept_challenge, request) or ""
            return await self._log_in(request, None, auth.engine.complete_login, **fields)

        async def finish_passkey_login(request: Request, body: bodies.PasskeyLogin) -> Response:
            return await self._log_in(request, None, auth.engine.finish_passkey_login, **body.given())

        async def login_with_mail_token(request: Request, body: bodies.MailedLink) -> Response:
            return await self._log_in(request, None, auth.engine.login_with_mail_token, **body.given())

        logins = _any_of(transport.login_answer for transport in auth.backends.values())
        self._add("complete_login", complete_login, response_model=logins)
        self._add("finish_passkey_login", finish_passkey_login, response_model=logins)
        self._add("login_with_mail_token", login_with_mail_token, response_model=logins)

    # Sessions.

    def _add_sessions(self) -> None:
        auth = self._auth

        def refresh(request: Request, body: bodies.RefreshBody | None = None) -> Response:
            given = body.refresh_token if body else None
            for transport in auth.backends.values():
                token = transport.refresh_token(request, given)
                if token is None:
                    continue
                if token != given:
                    auth.check_origin(request)
                try:
                    return transport.answer(auth.engine.refresh(refresh_token=token))
                except InvalidToken as error:
                    return _forgotten(transport, answer_of(error))
            raise NotAuthenticated("Authentication is required.")

        def logout(request: Request, body: bodies.LogoutBody | None = None) -> Response:
            body = body or bodies.LogoutBody()
            done: models.LogoutResponse | None = None
            denied: PermissionDenied | None = None
            refusal: AuthError = NotAuthenticated("Authentication is required.")
            offered = [
                (transport, self._proofs(request, transport, body.refresh_token))
                for transport in auth.backends.values()
            ]
            # The tokens may belong to different sessions; if they belong to one, the second call changes
            # nothing.
            for access, refresh in dict.fromkeys(proof for _, proofs in offered for proof in proofs):
                try:
                    done = auth.engine.logout(token=access, refresh_token=refresh, everywhere=body.everywhere)
                except PermissionDenied as error:
                    denied = error
                except InvalidToken as error:
                    refusal = error
            # That other sessions live on must be heard.
            if denied is not None:
                response = answer_of(denied)
            else:
                response = _private(done) if done is not None else answer_of(refusal)
            for transport, proofs in offered:
                if proofs:
                    transport.forget(response)
            return response

        async def reauthenticate(request: Request, body: bodies.Proof) -> Response:
            backend, _ = await run_in_threadpool(auth.authenticate_person, request)
            tokens = await to_thread(
                auth.engine.reauthenticate,
                token=auth.token(request, backend),
                backend=backend,
                client=auth.device.client(request.scope),
                **body.model_dump(exclude_none=True),
            )
            return auth.backends[backend].answer(tokens)

        def list_sessions(request: Request) -> Response:
            _, found = auth.authenticate_person(request)
            sessions = auth.engine.list_sessions(user_id=found.user.id).sessions
            # The device's id stays with the engine.
            own = [bodies.OwnSession.model_validate(each) for each in sessions]
            return _private(bodies.OwnSessions(sessions=own, current=found.session_id))

        def revoke_session(request: Request, body: bodies.SessionId) -> models.RevokeSessionResponse:
            _, found = auth.authenticate_person(request)
            own = {each.id for each in auth.engine.list_sessions(user_id=found.user.id).sessions}
            if found.act is not None:
                # A person who acts as the user ends no session of the user.
                own &= {found.session_id}
            if body.session_id not in own:
                return models.RevokeSessionResponse(revoked=False)
            return auth.engine.revoke_session(session_id=body.session_id)

        def revoke_other_sessions(request: Request) -> models.RevokeUserSessionsResponse:
            _, found = auth.authenticate_person(request)
            return auth.engine.revoke_user_sessions(user_id=found.user.id, except_session_id=found.session_id)

        transports = auth.backends.values()
        refreshed = _any_of(transport.refresh_answer for transport in transports)
        self._add("refresh", refresh, response_model=refreshed, also=("not_authenticated",))
        self._add("logout", logout, also=("not_authenticated",))
        self._add("reauthenticate", reauthenticate, response_model=refreshed, also=SIGNED_IN)
        seen = bodies.OwnSessions
        self._add("list_sessions", list_sessions, method="GET", response_model=seen, also=SIGNED_IN)
        self._add("revoke_session", revoke_session, also=SIGNED_IN)
        self._add(
            "revoke_user_sessions", revoke_other_sessions, path="/revoke-other-sessions", also=SIGNED_IN
        )

    def _proofs(
        self, request: Request, transport: Transport, body: str | None
    ) -> list[tuple[str, None] | tuple[None, str]]:
        """Return the tokens of a request, each an access token or a refresh token, which lives longer."""
        refresh_token, access_token = transport.refresh_token(request, body), transport.access_token(request)
        if "cookies" in access_token or refresh_token != body:
            self._auth.check_origin(request)
        proofs: list[tuple[str, None] | tuple[None, str]] = []
        if refresh_token is not None:
            proofs.append((None, refresh_token))
        if access_token:
            proofs.append((raw_token(access_token), None))
        return proofs

    # Accounts, their addresses and passwords.

    def _add_views(self) -> None:
        def view_of(operation: str) -> Callable[..., Any]:
            def view(request: Request) -> Any:
                _, found = self._auth.authenticate_person(request)
                return getattr(self._auth.engine, operation)(user_id=found.user.id)

            return view

        for view in VIEWS:
            self._add(view, view_of(view), name=view, method="GET", also=SIGNED_IN)

    def _add_accounts(self) -> None:
        async def register(request: Request, body: bodies.Registration) -> Response:
            client = self._auth.device.client(request.scope)
            done = await to_thread(self._auth.engine.register, **dict(body), client=client)
            user = bodies.Registered(**done.user.model_dump(), verification=done.verification)
            response = JSONResponse(user.model_dump(mode="json"), 201, NO_STORE)
            return await run_in_threadpool(self._kept, request, response, done.verification)

        async def accept_invitation(body: bodies.Acceptance) -> Response:
            return _private(await to_thread(self._auth.engine.accept_invitation, **dict(body)))

        self._add("register", register, status_code=201, response_model=bodies.Registered)
        self._add("accept_invitation", accept_invitation)

    def _kept(self, request: Request, response: Response, verification: str | None) -> Response:
        """Keep the challenge in the browser, if tokens travel in cookies, too.

        It is not kept for a page of another origin, because it would prove that page's own account.
        """
        if any(isinstance(transport, Cookie) for transport in self._auth.backends.values()):
            with suppress(PermissionDenied):
                self._auth.check_origin(request)
                response.headers.append("set-cookie", self._auth.verification.header(verification))
        return response

    def _account_proofs(self, request: Request, token_field: str) -> list[dict[str, str]]:
        """Return the proofs of an account in a request whose body has none.

        They are the logged-in user, or the browser that registered the account or requested its new address.
        """
        auth = self._auth
        proofs: list[dict[str, str]] = []
        with suppress(NotAuthenticated, InvalidToken):
            backend, _ = auth.authenticate_person(request)
            proofs.append({token_field: auth.token(request, backend), "backend": backend})
        verification = auth.verification.read(request.scope)
        if verification is not None:
            auth.check_origin(request)
            proofs.append({"verification": verification})
        return proofs

    def _add_addresses(self) -> None:
        auth = self._auth

        async def request_email_verification(
            request: Request, body: bodies.Verification | None = None
        ) -> models.RequestEmailVerificationResponse:
            body = body or bodies.Verification()
            proof = body.given() | ({} if body.email is None else {"email": body.email})
            if not proof:
                proofs = await run_in_threadpool(self._account_proofs, request, "token")
                if not proofs:
                    raise NotAuthenticated("Authentication is required.")
                proof = proofs[0]
            client = auth.device.client(request.scope)
            ask: Callable[..., Any] = auth.engine.request_email_verification
            answer: models.RequestEmailVerificationResponse = await to_thread(
                ask, **proof, locale=body.locale, client=client
            )
            return answer

        def request_email_change(request: Request, body: bodies.NewAddress) -> Response:
            backend, _ = self._fresh(request)
            asked = auth.engine.request_email_change(
                token=auth.token(request, backend),
                backend=backend,
                new_email=body.new_email,
                locale=body.locale,
            )
            return self._kept(request, _private(asked), asked.verification)

        def check_mail_token(body: bodies.MailedToken) -> models.CheckMailTokenResponse:
            return auth.engine.check_mail_token(token=body.token)

        async def verify_email(request: Request, body: bodies.ProvenToken) -> Response:
            given = body.given()
            proofs = (
                [given] if given else await run_in_threadpool(self._account_proofs, request, "access_token")
            )
            client = auth.device.client(request.scope)
            verify: Callable[..., Any] = auth.engine.verify_email
            # Without a matching proof, the refusal reports that a proof is required.
            for proof in [*proofs] if given else [*proofs, {}]:
                try:
                    await to_thread(verify, token=body.token, client=client, **proof)
                    break
                except AuthError as error:
                    if given or error.code not in ("permission_denied", "invalid_challenge"):
                        raise
            done = Response(status_code=204, headers=NO_STORE)
            return await run_in_threadpool(self._kept, request, done, None)

        self._add(
            "request_email_verification",
            request_email_verification,
            also=("not_authenticated",),
            dependencies=[],
        )
        self._add("request_email_change", request_email_change, also=FRESH)
        self._add("check_mail_token", check_mail_token)
        self._add("verify_email", verify_email, status_code=204)

    def _add_passwords(self) -> None:
        auth = self._auth

        def request_password_reset(
            request: Request, body: bodies.Address
        ) -> models.RequestPasswordResetResponse:
            client = auth.device.client(request.scope)
            return auth.engine.request_password_reset(email=body.email, locale=body.locale, client=client)

        async def reset_password(body: bodies.ForgottenPassword) -> Response:
            await to_thread(auth.engine.reset_password, token=body.token, new_password=body.new_password)
            return Response(status_code=204, headers=NO_STORE)

        async def change_password(request: Request, body: bodies.PasswordChange) -> Response:
            backend, _ = await run_in_threadpool(auth.authenticate_person, request)
            done = await to_thread(
                auth.engine.change_password,
                token=auth.token(request, backend),
                backend=backend,
                old_password=body.old_password,
                new_password=body.new_password,
                client=auth.device.client(request.scope),
            )
            return self._ended(backend, done)

        self._add("request_password_reset", request_password_reset)
        self._add("reset_password", reset_password, status_code=204)
        self._add("change_password", change_password, also=SIGNED_IN)

    # Second factors: changing the ways into an account requires a recent authentication.

    def _recent(self, request: Request, backend: str) -> None:
        # If there is a second factor, a password alone is not enough.
        self._auth.authorize(request, backend, max_age_seconds=self._fresh_seconds, by_second_factor=True)

    def _fresh(self, request: Request) -> tuple[str, models.AuthenticateResponse]:
        backend, found = self._auth.authenticate_person(request)
        self._recent(request, backend)
        return backend, found

    def _ended(self, backend: str, answer: Model) -> Response:
        """Answer, and let the client delete the tokens of the session, which has ended."""
        return _forgotten(self._auth.backends[backend], _private(answer))

    def _enrolled(self, request: Request, challenge: str | None) -> dict[str, Any]:
        """Return the account that gets a factor: that of the challenge of a login, or of the session.

        Without a session, it is that of the login at a provider that left its challenge in the browser.
        """
        if challenge is None:
            try:
                return {"user_id": self._fresh(request)[1].user.id}
            except (NotAuthenticated, InvalidToken):
                challenge = self._kept_challenge(request)
                if challenge is None:
                    raise
        return {"challenge": challenge}

    def _add_factors(self) -> None:
        auth = self._auth

        def setup_totp(request: Request, body: bodies.Enrolment | None = None) -> Response:
            account = self._enrolled(request, body.challenge if body else None)
            return _private(auth.engine.setup_totp(**account))

        def confirm_totp(request: Request, body: bodies.Code) -> Response:
            backend, found = self._fresh(request)
            client = auth.device.client(request.scope)
            done = auth.engine.confirm_totp(user_id=found.user.id, code=body.code, client=client)
            return self._ended(backend, done)

        def disable_totp(request: Request, body: bodies.Code) -> Response:
            backend, found = self._fresh(request)
            client = auth.device.client(request.scope)
            done = auth.engine.disable_totp(user_id=found.user.id, code=body.code, client=client)
            return self._ended(backend, done)

        def generate_recovery_codes(request: Request) -> Response:
            backend, _ = self._fresh(request)
            done = auth.engine.generate_recovery_codes(token=auth.token(request, backend), backend=backend)
            return self._ended(backend, done)

        self._add("setup_totp", setup_totp, also=FRESH)
        self._add("confirm_totp", confirm_totp, also=FRESH)
        self._add("disable_totp", disable_totp, also=FRESH)
        self._add("generate_recovery_codes", generate_recovery_codes, also=FRESH)

    def _own(self, request: Request) -> PublicUser:
        """Return the user; another person who acts as the user is refused."""
        _, found = self._auth.authenticate_person(request)
        if found.act is not None:
            raise PermissionDenied("Permission denied.")
        return found.user

    def _add_trusted_devices(self) -> None:
        auth = self._auth

        def revoke_trusted_device(
            request: Request, body: bodies.TrustedDeviceId
        ) -> models.RevokeTrustedDeviceResponse:
            user = self._own(request)
            return auth.engine.revoke_trusted_device(
                user_id=user.id, trusted_device_id=body.trusted_device_id
            )

        self._add("revoke_trusted_device", revoke_trusted_device, also=SIGNED_IN)

    def _add_passkeys(self) -> None:
        auth = self._auth

        def begin_passkey_registration(request: Request, body: bodies.PasskeyLabel) -> Response:
            account = self._enrolled(request, body.challenge)
            if body.conditional and "user_id" in account:
                # Its user is asked nothing, so the session continues.
                backend, _ = auth.authenticate_person(request)
                account = {"token": auth.token(request, backend), "backend": backend, "keep_session": True}
            wish = body.model_dump(exclude={"challenge"})
            return _private(auth.engine.begin_passkey_registration(**account, **wish))

        def finish_passkey_registration(request: Request, body: bodies.PasskeyAnswer) -> Response:
            backend, _ = self._fresh(request)
            made = auth.engine.finish_passkey_registration(challenge=body.challenge, response=body.response)
            # The passkey is stored, and its codes are shown only once, whatever is known of the session.
            lives = False
            with suppress(AuthError):
                lives = auth.engine.introspect(token=auth.token(request, backend)).active
            return _private(made) if lives else self._ended(backend, made)

        def update_passkey(request: Request, body: bodies.PasskeyName) -> models.UpdatePasskeyResponse:
            return auth.engine.update_passkey(user_id=self._own(request).id, **body.model_dump())

        def passkey_signals(request: Request) -> models.PasskeySignalsResponse:
            return auth.engine.passkey_signals(user_id=self._own(request).id)

        def remove_passkey(request: Request, body: bodies.PasskeyId) -> Response:
            backend, found = self._fresh(request)
            done = auth.engine.remove_passkey(user_id=found.user.id, credential_id=body.credential_id)
            return self._ended(backend, done) if done.removed else _private(done)

        self._add("begin_passkey_registration", begin_passkey_registration, also=FRESH)
        self._add("finish_passkey_registration", finish_passkey_registration, also=FRESH)
        self._add("update_passkey", update_passkey, also=SIGNED_IN)
        self._add("passkey_signals", passkey_signals, method="GET", also=SIGNED_IN)
        self._add("remove_passkey", remove_passkey, also=FRESH)

    # Other services.

    def _add_services(self, who_may: Sequence[Dependency]) -> None:
        auth = self._auth

        def jwks() -> models.JwksResponse:
            return auth.engine.jwks()

        async def introspection(request: Request) -> models.IntrospectResponse:
            form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
            if "token" not in form:
                raise InvalidRequest("A form with the field token is expected.")
            return await introspect_token(form["token"], auth.engine)

        self._add("jwks", jwks, path="/jwks.json", method="GET")
        if who_may:
            self._add("introspect", introspection, dependencies=who_may, response_model_exclude_none=True)


def _not_configured(engine: Engine) -> set[str]:
    """Return the operations that fail for every client because their configuration is missing."""
    needs = {name: "passkeys" for name in OPERATIONS if "passkey" in name}
    needs |= {name: "id_token_providers" for name in OPERATIONS if "provider" in name or "identit" in name}
    needs |= {"login_with_id_token": "id_token_providers"}
    needs |= dict.fromkeys(("list_trusted_devices", "revoke_trusted_device"), "trusted_devices")
    needs |= dict.fromkeys(("login_with_mail_token", "request_login_code"), "mailed_login")
    return {name for name, key in needs.items() if key not in engine.configured}


def _any_of(answers: Iterable[Any]) -> Any:
    return Union[tuple(dict.fromkeys(answers))]  # noqa: UP007


def _access_token(request: Request, cookie: Cookie) -> str | None:
    """Return the access token of the cookie, if there is one."""
    found = cookie.access_token(request)
    return raw_token(found) if found else None


async def _no_store(response: Response) -> None:
    response.headers.update(NO_STORE)


def _private(answer: Model) -> JSONResponse:
    """Make a response that no cache stores."""
    return JSONResponse(answer.model_dump(mode="json", exclude_none=True), headers=NO_STORE)


def _forgotten(transport: Transport, response: Response) -> Response:
    """Let the client delete the tokens of a session that has ended."""
    transport.forget(response)
    return response
