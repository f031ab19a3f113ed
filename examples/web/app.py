"""A small web site on doorward: accounts, mails, second factors, sessions, an audit log: `make web`.

The pages are plain HTML. Only passkeys need JavaScript; without it the user pastes the mailed token. The site
shows the message of a failure, and chooses the next page by its code.
"""

import asyncio
import base64
import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import FileResponse, RedirectResponse, Response
from fastapi.templating import Jinja2Templates

from doorward import AuthError, Config, Engine, InvalidToken, to_thread
from doorward.asgi import DeviceCookie, VerificationCookie
from doorward.exceptions import NotAuthenticated, StepUpRequired, UserNotFound
from doorward.models import (
    AuthenticateResponse,
    Client,
    CompleteLoginResponse,
    FinishPasskeyLoginResponse,
    FinishProviderLoginResponse,
    LoginResponse,
    LoginWithMailTokenResponse,
    PublicUser,
    RegisterResponse,
)

HERE = Path(__file__).resolve().parent
# The session's token. With TLS call it `__Host-session`, so that no other host can set it.
SESSION, CHALLENGE, TRUSTED = "session", "challenge", "trusted"
# The transaction of a login at a provider, and the own session of a person who acts as another user.
TRANSACTION, OWN = "transaction", "own"
DAY = 86_400
# The users on a page of the administration.
PAGE = 20

HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # With `no-referrer` forms would not say their origin.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
# The page of each form, to show it again with the failure.
PAGES = {
    "/login": "login.html",
    "/login/code": "code.html",
    "/login/passkey": "login.html",
    "/login/password": "new_password.html",
    "/register": "register.html",
    "/enter": "enter.html",
    "/forgot": "forgot.html",
    "/invitation": "invitation.html",
    "/mail": "mail.html",
    "/mail/code": "mail_code.html",
    "/reset": "new_password.html",
    "/totp/confirm": "totp.html",
    "/verify": "verify.html",
}

Form = dict[str, str]


def configuration(folder: Path, site: str) -> Config:
    """Return the configuration: SQLite in a folder; the site takes the mails itself."""
    return {
        "store": f"sqlite:{folder / 'web.db'}",
        "issuer": "Doorward Example",
        # A session lives for a day and needs no refreshing; each request asks the store whether it is alive.
        "backends": {"browser": {"access_token_seconds": DAY, "refresh": False}},
        "passkeys": {"rp_id": "localhost", "rp_name": "Doorward Example", "origins": [site]},
        # The readers of a user's mails can log in as the user; a second factor is asked for in any case.
        "mailed_login": {},
        # Devices that users trust need no second factor for 30 days.
        "trusted_devices": {},
        # An administrator can see the site as another user does.
        "impersonation": {"roles": ["admin"]},
        "mail": {
            "links": {
                # The part after # is in no log and no Referer header; the script of the page reads it.
                "verify_email": f"{site}/verify#{{token}}",
                "reset_password": f"{site}/reset#{{token}}",
                "change_email": f"{site}/verify#{{token}}",
                "login": f"{site}/enter#{{token}}",
                "invitation": f"{site}/invitation#{{token}}",
            }
        },
    }


async def form(request: Request) -> Form:
    """Read the fields of a form; a form of another site is refused."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise AuthError("This form came from another site.")
    fields = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    request.state.fields = fields
    return fields


Fields = Annotated[Form, Depends(form)]


def answer_of(fields: Form) -> dict[str, Any]:
    """Read the response of a passkey."""
    try:
        answer: dict[str, Any] = json.loads(fields.get("response", ""))
    except ValueError:
        raise AuthError("The browser returned no passkey.") from None
    return answer


def when(at: int) -> str:
    """Write a time."""
    return time.strftime("%d %b %Y, %H:%M", time.gmtime(at))


def create_app(engine: Engine, providers: Sequence[str] = ()) -> FastAPI:
    """Make the site; `providers` are the names of those in the engine's configuration."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    # A page under another name that resolves to this site must not read the mailbox.
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])
    templates = Jinja2Templates(HERE / "templates")
    templates.env.filters["when"] = when
    mailbox: list[Any] = []
    first_registration = asyncio.Lock()
    # With TLS use the default names and `secure`, so that no other host can set the cookies.
    device = DeviceCookie("device", secure=False)
    verification = VerificationCookie("verification", secure=False)

    def page(request: Request, name: str, status: int = 200, **context: Any) -> Response:
        who = getattr(request.state, "who", None)
        context = {"me": who and who.user, "act": who and who.act, "providers": providers, **context}
        return templates.TemplateResponse(request, name, context, status, HEADERS)

    def goto(path: str, note: str = "") -> RedirectResponse:
        return RedirectResponse(f"{path}?note={note}" if note else path, 303, HEADERS)

    def client(request: Request) -> Client:
        """Return the address and device of a request; `entered` stores the device."""
        if not hasattr(request.state, "client"):
            request.state.client = device.client(request.scope)
        found: Client = request.state.client
        return found

    def set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
        secure = request.url.scheme == "https"
        response.set_cookie(name, value, seconds, path="/", secure=secure, httponly=True, samesite="lax")

    def entered(
        request: Request,
        login: LoginResponse
        | CompleteLoginResponse
        | FinishPasskeyLoginResponse
        | FinishProviderLoginResponse
        | LoginWithMailTokenResponse,
    ) -> Response:
        response = goto("/")
        set_cookie(request, response, SESSION, login.access_token, login.expires_in)
        for spent in (CHALLENGE, OWN):
            set_cookie(request, response, spent, "", 0)
        response.headers.append("set-cookie", device.header(client(request)))
        if login.trusted_device_token:
            seconds = login.trusted_device_expires_in or 0
            set_cookie(request, response, TRUSTED, login.trusted_device_token, seconds)
        return response

    def someone(request: Request) -> AuthenticateResponse:
        """Return the user of the session; raise InvalidToken without one."""
        try:
            who = engine.authenticate(token=request.cookies.get(SESSION, ""), backend="browser")
        except UserNotFound:
            raise InvalidToken("The account is gone.") from None
        # An API key is for programs: it may not change the account.
        if who.credential != "session":
            raise InvalidToken("Log in first.")
        request.state.who = who
        return who

    def owner(who: Annotated[AuthenticateResponse, Depends(someone)]) -> AuthenticateResponse:
        """Refuse a person who acts as the user: only the user changes the account."""
        if who.act is not None:
            raise AuthError("Only the user may do this. You are acting as the user.")
        return who

    def fresh(request: Request, who: Annotated[AuthenticateResponse, Depends(owner)]) -> AuthenticateResponse:
        """Require a fresh login, so that a person who finds an open session cannot take over the account."""
        token = request.cookies.get(SESSION, "")
        asked = engine.authorize(token=token, backend="browser", max_age_seconds=300, by_second_factor=True)
        if not asked.authorized:
            raise InvalidToken("Log in again first.")
        return who

    def admin(who: Annotated[AuthenticateResponse, Depends(someone)]) -> AuthenticateResponse:
        if "admin" not in who.user.roles:
            raise AuthError("This page is for administrators.")
        return who

    def fresh_admin(
        who: Annotated[AuthenticateResponse, Depends(admin)],
        _: Annotated[AuthenticateResponse, Depends(fresh)],
    ) -> AuthenticateResponse:
        return who

    def deliver() -> None:
        """Show mails to the developer. A real site sends them, or the engine does by SMTP."""
        for mail in engine.take_mail(limit=100).mails:
            print(f"Mail to {mail.to}: {mail.subject}\n  {mail.link or ''}", file=sys.stderr, flush=True)
            mailbox.insert(0, mail)
            engine.acknowledge_mail(id=mail.id, delivered=True)
        del mailbox[100:]

    @app.exception_handler(AuthError)
    def failed(request: Request, error: AuthError) -> Response:
        path = request.url.path
        if isinstance(error, StepUpRequired):
            response: Response = goto("/login/password")
            if error.code == "second_factor_required" and not (
                error.totp_supported or error.webauthn_supported
            ):
                response = enrolment(request, error.challenge or "")
            elif error.code == "second_factor_required":
                options = json.dumps(error.webauthn_options) if error.webauthn_options else ""
                response = page(request, "code.html", options=options)
            set_cookie(request, response, CHALLENGE, error.challenge or "", 600)
            return response
        if path not in PAGES or (path == "/totp/confirm" and isinstance(error, InvalidToken)):
            if isinstance(error, InvalidToken):
                return own_again(request) if OWN in request.cookies else goto("/login")
            return page(request, "message.html", 400, title="That did not work", message=error.message)
        fields: Form = getattr(request.state, "fields", {})
        kept: dict[str, Any] = {
            name: fields.get(name, "") for name in ("username", "email", "token", "options")
        }
        if path in ("/login", "/login/passkey"):
            # The name field offers passkeys for as long as the page is open.
            kept["passkey"] = engine.begin_passkey_login(backend="browser", conditional=True)
        if path == "/totp/confirm":
            # The app has this secret already.
            with suppress(AuthError):
                kept |= shown(fields.get("secret", ""), request.state.who.user)
        return page(request, PAGES[path], error.http_status or 400, error=error, **kept)

    # Without a session.

    @app.get("/style.css")
    def style() -> Response:
        return FileResponse(HERE / "style.css")

    @app.get("/passkeys.js")
    @app.get("/tokens.js")
    def script(request: Request) -> Response:
        return FileResponse(HERE / request.url.path.removeprefix("/"))

    @app.get("/login")
    def show_login(request: Request, note: str = "") -> Response:
        passkey = engine.begin_passkey_login(backend="browser", conditional=True)
        return page(request, "login.html", note=note, passkey=passkey)

    @app.get("/register")
    @app.get("/login/code")
    @app.get("/enter")
    @app.get("/forgot")
    @app.get("/invitation")
    @app.get("/login/password")
    @app.get("/mail")
    @app.get("/reset")
    @app.get("/verify")
    def show_form(request: Request, note: str = "") -> Response:
        return page(request, PAGES[request.url.path], note=note)

    # Calls that hash passwords run on their own threads, so that other pages do not wait.

    @app.post("/register")
    async def register(request: Request, fields: Fields) -> Response:
        async def registered(roles: list[str]) -> RegisterResponse:
            return await to_thread(
                engine.register,
                username=fields.get("username", ""),
                email=fields.get("email", ""),
                password=fields.get("password", ""),
                roles=roles,
                client=client(request),
            )

        async def is_first() -> bool:
            return not (await to_thread(engine.list_users, limit=1)).users

        if await is_first():
            # The first user is the administrator, also if two register at once.
            async with first_registration:
                done = await registered(["admin"] if await is_first() else [])
        else:
            done = await registered([])
        await to_thread(deliver)
        response = goto("/login", "registered")
        # With this cookie the browser later proves that the account is its own.
        response.headers.append("set-cookie", verification.header(done.verification))
        return response

    @app.post("/login")
    async def login(request: Request, fields: Fields) -> Response:
        tokens = await to_thread(
            engine.login,
            username=fields.get("username", ""),
            password=fields.get("password", ""),
            backend="browser",
            client=client(request),
            trusted_device_token=request.cookies.get(TRUSTED),
        )
        return entered(request, tokens)

    def callback(request: Request, provider: str) -> str:
        """Return the URL at which the browser comes back from a provider: each has its own."""
        return str(request.url_for("come_back", provider=provider))

    def going(request: Request, response: Response, transaction: str) -> Response:
        """Keep the transaction in this browser, which alone can finish the login."""
        set_cookie(request, response, TRANSACTION, transaction, 900)
        return response

    @app.get("/providers/{provider}")
    def log_in_at(request: Request, provider: str) -> Response:
        begun = engine.begin_provider_login(
            provider=provider, backend="browser", redirect_uri=callback(request, provider)
        )
        return going(request, goto(begun.authorization_url), begun.transaction)

    @app.get("/callback/{provider}")
    def come_back(request: Request, provider: str) -> Response:
        login = engine.finish_provider_login(
            transaction=request.cookies.get(TRANSACTION, ""),
            query=request.url.query,
            redirect_uri=callback(request, provider),
            client=client(request),
            user_token=request.cookies.get(SESSION),
        )
        response = entered(request, login)
        set_cookie(request, response, TRANSACTION, "", 0)
        return response

    @app.post("/login/passkey")
    def login_passkey(request: Request, fields: Fields) -> Response:
        challenge, answer = fields.get("challenge", ""), answer_of(fields)
        login = engine.finish_passkey_login(challenge=challenge, response=answer, client=client(request))
        return entered(request, login)

    @app.post("/login/code")
    async def login_code(request: Request, fields: Fields) -> Response:
        code = fields.get("code", "").replace(" ", "")
        proof: dict[str, Any] = {"two_fa_code" if code.isdigit() else "recovery_code": code}
        if "response" in fields:
            proof = {"webauthn_response": answer_of(fields)}
        return await completed(request, **proof, trust_device="trust" in fields)

    @app.post("/login/password")
    async def login_password(request: Request, fields: Fields) -> Response:
        return await completed(request, new_password=fields.get("new_password", ""))

    async def completed(request: Request, **proof: Any) -> Response:
        challenge = request.cookies.get(CHALLENGE, "")
        login = await to_thread(engine.complete_login, challenge=challenge, **proof)
        response = entered(request, login)
        if not login.recovery_codes:
            return response
        shown_once = page(request, "codes.html", codes=login.recovery_codes, is_logged_in=True)
        for name, value in response.raw_headers:
            if name == b"set-cookie":
                shown_once.raw_headers.append((name, value))
        return shown_once

    def enrolment(request: Request, challenge: str) -> Response:
        """Let a user who must have a second factor and has none set one up inside the login."""
        try:
            app = engine.setup_totp(challenge=challenge)
            passkey = engine.begin_passkey_registration(challenge=challenge)
        except AuthError as error:
            return page(request, "message.html", 400, title="One more step", message=error.message)
        image = base64.b64encode(app.qr_svg.encode()).decode()
        qr = f"data:image/svg+xml;base64,{image}"
        return page(request, "enrolment.html", secret=app.secret, qr=qr, passkey=passkey)

    @app.post("/login/passkey/new")
    async def login_new_passkey(request: Request, fields: Fields) -> Response:
        return await completed(request, webauthn_registration=answer_of(fields))

    @app.post("/mail")
    def mail_login(request: Request, fields: Fields) -> Response:
        """Mail a code and a link. The challenge in a cookie ties the code to this browser."""
        address = fields.get("email", "")
        asked = engine.request_login_code(email=address, backend="browser", client=client(request))
        deliver()
        response = page(request, "mail_code.html")
        set_cookie(request, response, CHALLENGE, asked.challenge, asked.expires_in)
        response.headers.append("set-cookie", device.header(client(request)))
        return response

    @app.post("/mail/code")
    async def mailed_code(request: Request, fields: Fields) -> Response:
        return await completed(request, mail_code=fields.get("code", ""))

    @app.post("/enter")
    def enter(request: Request, fields: Fields) -> Response:
        """Log in by a mailed link, when the button is pressed: programs that scan mail open links, too."""
        login = engine.login_with_mail_token(token=fields.get("token", ""), client=client(request))
        return entered(request, login)

    @app.post("/invitation")
    async def accept(fields: Fields) -> Response:
        await to_thread(
            engine.accept_invitation,
            token=fields.get("token", ""),
            username=fields.get("username", ""),
            password=fields.get("password", ""),
        )
        return goto("/login", "accepted")

    @app.post("/forgot")
    def forgot(request: Request, fields: Fields) -> Response:
        engine.request_password_reset(email=fields.get("email", ""), client=client(request))
        deliver()
        text = "If there is an account with this address, we have sent it a mail."
        return page(request, "message.html", title="Check your mailbox", message=text)

    @app.post("/reset")
    async def reset(fields: Fields) -> Response:
        token, new = fields.get("token", ""), fields.get("new_password", "")
        await to_thread(engine.reset_password, token=token, new_password=new)
        await to_thread(deliver)
        return goto("/login", "password")

    @app.post("/verify")
    async def verify(request: Request, fields: Fields) -> Response:
        """Verify an address with a mailed token and a proof of the account."""
        token, proofs = fields.get("token", ""), await to_thread(account_proofs, request, fields)
        prove: Callable[..., Any] = engine.verify_email
        for proof in [*proofs, {}]:
            try:
                await to_thread(prove, token=token, client=client(request), **proof)
                break
            except NotAuthenticated:
                raise AuthError("Please log in to the account that requested this mail.") from None
            except AuthError as error:
                # The mail may be for another account than the one that is logged in or registered last.
                if error.code not in ("permission_denied", "invalid_challenge"):
                    raise
        text = "Thank you. The address is verified."
        response = page(request, "message.html", title="Address verified", message=text)
        response.headers.append("set-cookie", verification.header(None))
        return response

    def account_proofs(request: Request, fields: Form) -> list[dict[str, str]]:
        if fields.get("username"):
            return [{"username": fields["username"], "password": fields.get("password", "")}]
        proofs: list[dict[str, str]] = []
        with suppress(InvalidToken):
            someone(request)
            proofs.append({"access_token": request.cookies.get(SESSION, ""), "backend": "browser"})
        if kept := verification.read(request.scope):
            proofs.append({"verification": kept})
        return proofs

    # With a session.

    @app.get("/")
    def account(
        request: Request, who: Annotated[AuthenticateResponse, Depends(someone)], note: str = ""
    ) -> Response:
        return page(
            request,
            "account.html",
            note=note,
            session_id=who.session_id,
            identities=engine.list_identities(user_id=who.user.id).identities,
            sessions=engine.list_sessions(user_id=who.user.id).sessions,
            totp=engine.totp_status(user_id=who.user.id).is_configured,
            passkeys=engine.list_passkeys(user_id=who.user.id).passkeys,
            # They are for the devices of the user, not for those of a person who acts as the user.
            signals=None if who.act else engine.passkey_signals(user_id=who.user.id).model_dump(),
            trusted=engine.list_trusted_devices(user_id=who.user.id).trusted_devices,
            codes=engine.recovery_codes_status(user_id=who.user.id).remaining,
        )

    @app.post("/logout")
    def logout(request: Request, fields: Fields) -> Response:
        response = goto("/login", "bye")
        for name in (SESSION, OWN):
            with suppress(InvalidToken):
                engine.logout(token=request.cookies.get(name, ""))
            set_cookie(request, response, name, "", 0)
        return response

    @app.post("/identities")
    def link_identity(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        provider = fields.get("provider", "")
        begun = engine.begin_provider_login(
            provider=provider,
            backend="browser",
            redirect_uri=callback(request, provider),
            user_token=request.cookies.get(SESSION),
        )
        # The policy of the pages lets no form lead to another site, so the user follows a link.
        text = f"Log in there, and {provider} opens your account from then on."
        shown = page(
            request, "message.html", title="Another way in", message=text, href=begun.authorization_url
        )
        return going(request, shown, begun.transaction)

    @app.post("/identities/remove")
    def unlink_identity(who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields) -> Response:
        issuer, subject = fields.get("issuer", ""), fields.get("subject", "")
        engine.unlink_identity(user_id=who.user.id, issuer=issuer, subject=subject)
        return goto("/login", "unlinked")

    @app.post("/sessions")
    def end_session(who: Annotated[AuthenticateResponse, Depends(owner)], fields: Fields) -> Response:
        own = {session.id for session in engine.list_sessions(user_id=who.user.id).sessions}
        if "others" in fields:
            engine.revoke_user_sessions(user_id=who.user.id, except_session_id=who.session_id)
        elif fields.get("id") in own:
            engine.revoke_session(session_id=fields["id"])
        return goto("/", "ended")

    @app.post("/trusted")
    def trust_no_longer(who: Annotated[AuthenticateResponse, Depends(owner)], fields: Fields) -> Response:
        engine.revoke_trusted_device(user_id=who.user.id, trusted_device_id=fields.get("id"))
        return goto("/", "trust")

    @app.post("/verification")
    def send_verification(
        request: Request, who: Annotated[AuthenticateResponse, Depends(owner)], fields: Fields
    ) -> Response:
        engine.request_email_verification(user_id=who.user.id, client=client(request))
        deliver()
        return goto("/", "mailed")

    @app.post("/password")
    async def change_password(
        request: Request, who: Annotated[AuthenticateResponse, Depends(owner)], fields: Fields
    ) -> Response:
        await to_thread(
            engine.change_password,
            user_id=who.user.id,
            old_password=fields.get("old_password", ""),
            new_password=fields.get("new_password", ""),
            client=client(request),
        )
        await to_thread(deliver)
        return goto("/login", "password")

    @app.post("/totp")
    def set_up_totp(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        made = engine.setup_totp(user_id=who.user.id)
        return page(request, "totp.html", **shown(made.secret, who.user))

    def shown(secret: str, user: PublicUser) -> dict[str, Any]:
        """Return the secret in the form for authenticator apps."""
        made = engine.totp_provisioning_uri(secret=secret, email=user.email or user.username)
        image = base64.b64encode(made.qr_svg.encode()).decode()
        return {"secret": secret, "qr": f"data:image/svg+xml;base64,{image}"}

    @app.post("/totp/confirm")
    def confirm_totp(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        done = engine.confirm_totp(user_id=who.user.id, code=fields.get("code", ""), client=client(request))
        return codes(request, done.recovery_codes)

    def codes(request: Request, made: list[str]) -> Response:
        """Show recovery codes. There are none if the account has valid ones."""
        return page(request, "codes.html", codes=made) if made else goto("/login", "added")

    @app.post("/totp/disable")
    def disable_totp(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        engine.disable_totp(user_id=who.user.id, code=fields.get("code", ""), client=client(request))
        return goto("/login", "totp")

    @app.post("/passkeys/new")
    def new_passkey(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        label = fields.get("label") or "Passkey"
        token = request.cookies.get(SESSION, "")
        begun = engine.begin_passkey_registration(
            token=token, backend="browser", label=label, keep_session=True
        )
        return page(request, "passkey.html", passkey=begun)

    @app.post("/passkeys")
    def add_passkey(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        challenge, answer = fields.get("challenge", ""), answer_of(fields)
        made = engine.finish_passkey_registration(challenge=challenge, response=answer)
        if not made.recovery_codes:
            return goto("/", "made")
        return page(request, "codes.html", codes=made.recovery_codes, is_logged_in=True)

    @app.post("/passkeys/rename")
    def rename_passkey(who: Annotated[AuthenticateResponse, Depends(owner)], fields: Fields) -> Response:
        credential, label = fields.get("id", ""), fields.get("label", "")
        engine.update_passkey(user_id=who.user.id, credential_id=credential, label=label)
        return goto("/", "renamed")

    @app.post("/passkeys/remove")
    def remove_passkey(who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields) -> Response:
        engine.remove_passkey(user_id=who.user.id, credential_id=fields.get("id", ""))
        return goto("/login", "passkey")

    @app.post("/recovery-codes")
    def new_recovery_codes(
        request: Request, who: Annotated[AuthenticateResponse, Depends(fresh)], fields: Fields
    ) -> Response:
        token = request.cookies.get(SESSION, "")
        return codes(request, engine.generate_recovery_codes(token=token, backend="browser").codes)

    @app.get("/admin")
    def administer(
        request: Request,
        who: Annotated[AuthenticateResponse, Depends(admin)],
        note: str = "",
        after: str | None = None,
        q: str = "",
    ) -> Response:
        users = engine.search_users(text=q, after=after, limit=PAGE)
        log = engine.events(limit=1000)
        events = log.events
        while (later := log.next) is not None:
            log = engine.events(after=later, limit=1000)
            events = (events + log.events)[-100:]
        names = {user.id: user.username for user in users.users}
        return page(
            request,
            "admin.html",
            note=note,
            users=users,
            after=after,
            q=q,
            names=names,
            events=events[:-101:-1],
        )

    @app.get("/admin/users/{user_id}")
    def administer_user(
        request: Request, user_id: str, who: Annotated[AuthenticateResponse, Depends(admin)], note: str = ""
    ) -> Response:
        sessions = engine.list_sessions(user_id=user_id).sessions
        user = engine.get_user(id=user_id).user
        return page(request, "user.html", note=note, user=user, sessions=sessions)

    @app.post("/admin/users/{user_id}")
    def change_user(
        user_id: str, who: Annotated[AuthenticateResponse, Depends(fresh_admin)], fields: Fields
    ) -> Response:
        if user_id == who.user.id:
            raise AuthError("You cannot change your own account here.")
        actor, user, do = who.user.id, engine.get_user(id=user_id).user, fields.get("do")
        if do == "roles":
            roles = fields.get("roles", "").replace(",", " ").split()
            engine.update_user(id=user_id, roles=roles, actor=actor)
        elif do in ("lock", "unlock"):
            engine.update_user(id=user_id, is_active=do == "unlock", actor=actor)
        elif do == "sessions":
            engine.revoke_user_sessions(user_id=user_id, actor=actor)
        elif do == "reset":
            engine.request_password_reset(email=user.email or "", actor=actor)
            deliver()
        elif do == "delete":
            if fields.get("name") != user.username:
                raise AuthError("To delete the account, type its name.")
            engine.delete_user(id=user_id, actor=actor)
            return goto("/admin", "deleted")
        return goto(f"/admin/users/{user_id}", "done")

    @app.post("/admin/users/{user_id}/act")
    def act_as(
        request: Request,
        user_id: str,
        who: Annotated[AuthenticateResponse, Depends(fresh_admin)],
        fields: Fields,
    ) -> Response:
        own = request.cookies.get(SESSION, "")
        login = engine.impersonate(
            actor_token=own,
            actor_backend="browser",
            user_id=user_id,
            reason=fields.get("reason", ""),
            backend="browser",
            client=client(request),
        )
        response = goto("/")
        set_cookie(request, response, OWN, own, DAY)
        set_cookie(request, response, SESSION, login.access_token, login.expires_in)
        return response

    @app.post("/act/end")
    def act_no_longer(
        request: Request, who: Annotated[AuthenticateResponse, Depends(someone)], fields: Fields
    ) -> Response:
        if who.act is not None:
            engine.logout(token=request.cookies.get(SESSION, ""))
        return own_again(request) if OWN in request.cookies else goto("/")

    def own_again(request: Request) -> Response:
        """Return a person who acted as a user to the own session."""
        response = goto("/admin")
        set_cookie(request, response, SESSION, request.cookies.get(OWN, ""), DAY)
        set_cookie(request, response, OWN, "", 0)
        return response

    @app.post("/admin/invitations")
    def invite(who: Annotated[AuthenticateResponse, Depends(admin)], fields: Fields) -> Response:
        engine.invite_user(email=fields.get("email", ""), actor=who.user.id)
        deliver()
        return goto("/admin", "invited")

    # A real site has no such page.
    @app.get("/mailbox")
    def show_mailbox(request: Request) -> Response:
        deliver()
        return page(request, "mailbox.html", mails=mailbox)

    return app


def main() -> None:
    """Serve on loopback: `app.py [FOLDER] [PORT]`."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".")
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 8000
    folder.mkdir(parents=True, exist_ok=True)
    site = f"http://localhost:{port}"
    # Where users can log in, too: `id_token_providers` of the configuration, if there is such a file.
    known = folder / "providers.json"
    providers: Any = json.loads(known.read_text()) if known.exists() else {}
    with Engine({**configuration(folder, site), "id_token_providers": providers}) as engine:
        print(f"Open {site} - the first to register administers; mails are at {site}/mailbox")
        uvicorn.run(create_app(engine, list(providers)), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
