"""examples/web in a real browser: Debian's Chromium, driven by Playwright.

Pictures of the pages stay in target/screenshots.
"""

from __future__ import annotations

import re
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from conftest import PASSWORD
from fastapi.templating import Jinja2Templates
from openid import CLIENT_SECRET
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright
from serving import serving
from test_providers import AuthlibProvider

from doorward import Config, Engine
from doorward.testing import totp_code
from doorward.threads import SHORT

ROOT = Path(__file__).parents[3]
AXE = Path(__file__).parent / "interop" / "node_modules" / "axe-core" / "axe.min.js"
SCREENSHOTS = ROOT / "target" / "screenshots"
sys.path.insert(0, str(ROOT / "examples" / "web"))
import app as web  # noqa: E402

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: `make test-python` installs Debian's")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The tests may run as root in a container, where the sandbox does not work.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def site(config: Config, tmp_path: Path) -> Iterator[str]:
    with running(config, tmp_path) as site:
        yield site


@contextmanager
def running(config: Config, folder: Path, providers: Sequence[str] = ()) -> Generator[str]:
    folder.mkdir(exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        site = f"http://localhost:{listener.getsockname()[1]}"
        with Engine({**config, **web.configuration(folder, site)}) as engine:
            server = uvicorn.Server(uvicorn.Config(web.create_app(engine, providers), log_level="critical"))
            thread = threading.Thread(target=server.run, args=([listener],))
            thread.start()
            try:
                yield site
            finally:
                server.should_exit = True
                thread.join()


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """Open a page in a new browser, by default without JavaScript. Its console must stay empty."""
    complaints: list[str] = []

    def opened(scripts: bool = False, width: int = 1000) -> Page:
        context = browser.new_context(
            base_url=site, java_script_enabled=scripts, viewport={"width": width, "height": 760}
        )
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.goto("/")
        return page

    yield opened
    # Responses to wrong input are expected in the console, and so is the note about an earlier focus.
    harmless = ("Failed to load resource", "Autofocus processing was blocked")
    assert [text for text in complaints if not text.startswith(harmless)] == []


def shot(page: Page, name: str) -> None:
    """Take a screenshot for people. No test depends on it: on a busy machine Chromium may fail."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with suppress(Error):
        page.screenshot(path=SCREENSHOTS / f"{name}.png")


def fill(page: Page, button: str, **fields: str) -> None:
    for name, value in fields.items():
        page.locator(f"main [name={name}]").fill(value)
    page.get_by_role("button", name=button, exact=True).click()


def register(page: Page, name: str) -> None:
    page.goto("/register")
    fill(page, "Register", username=name, email=f"{name}@example.com", password=PASSWORD)
    expect(page.get_by_role("status")).to_contain_text("Welcome")


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    page.goto("/login")
    fill(page, "Log in", username=name, password=password)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def follow(page: Page) -> None:
    """Open the link of the newest mail; if no script reads its token, paste the token."""
    page.goto("/mailbox")
    link = page.get_by_role("link", name="Open the link").first
    address = link.get_attribute("href") or ""
    assert "?" not in address
    link.click()
    token = page.get_by_label("Token from the mail")
    if token.is_visible():
        token.fill(address.partition("#")[2])


def verify(page: Page) -> None:
    """Verify the address of the account that was registered in this browser."""
    follow(page)
    page.get_by_role("button", name="This address is mine").click()
    heading(page, "Address verified")
    page.goto("/")


def test_from_registration_to_a_forgotten_password(open_page: Callable[..., Page]) -> None:
    page = open_page()
    heading(page, "Log in")
    shot(page, "login")
    page.goto("/register")
    fill(page, "Register", username="ada", email="ada@example.com", password="password")
    expect(page.get_by_role("alert")).to_contain_text("too weak")
    expect(page.locator("[name=email]")).to_have_value("ada@example.com")
    shot(page, "register")
    register(page, "ada")
    log_in(page, "ada", "wrong")
    expect(page.get_by_role("alert")).to_have_text("The credentials are not valid.")
    log_in(page, "ada")
    heading(page, "Hello, ada")
    expect(page.locator("section").first).to_contain_text("not verified")

    page.goto("/mailbox")
    shot(page, "mailbox")
    verify(page)
    expect(page.locator("section .good").first).to_have_text("verified")
    cookies = page.context.cookies()
    assert {cookie.get("name") for cookie in cookies} == {"session", "device"}
    assert {(cookie.get("httpOnly"), cookie.get("sameSite")) for cookie in cookies} == {(True, "Lax")}

    page.get_by_role("button", name="Log out").click()
    heading(page, "Log in")
    page.goto("/forgot")
    fill(page, "Send a mail", email="ada@example.com")
    heading(page, "Check your mailbox")
    follow(page)
    fill(page, "Set password", new_password="nine wiser words yet")
    log_in(page, "ada", "nine wiser words yet")
    heading(page, "Hello, ada")


def test_a_login_by_mail(open_page: Callable[..., Page]) -> None:
    page = open_page()
    register(page, "ada")
    log_in(page, "ada")
    verify(page)
    page.get_by_role("button", name="Log out").click()

    page.get_by_role("link", name="Log in by mail").click()
    heading(page, "Log in by mail")
    shot(page, "mail")
    fill(page, "Send a mail", email="nobody@example.com")
    heading(page, "Check your mailbox")
    fill(page, "Log in", code="BBBB-BBBB")
    expect(page.get_by_role("alert")).to_have_text("The code is not valid.")
    shot(page, "mail-code")

    page.goto("/mail")
    fill(page, "Send a mail", email="ada@example.com")
    other = page.context.new_page()
    other.goto("/mailbox")
    code = re.search("[B-Z]{4}-[B-Z]{4}", other.locator("article").first.inner_text())
    assert code is not None
    fill(page, "Log in", code=code[0].replace("-", " ").lower())
    heading(page, "Hello, ada")
    assert {cookie.get("name") for cookie in page.context.cookies()} == {"session", "device"}

    # The link works in another browser, and once.
    page.get_by_role("button", name="Log out").click()
    page.goto("/mail")
    fill(page, "Send a mail", email="ada@example.com")
    for outcome in ("Hello, ada", "Log in by mail"):
        phone = open_page(scripts=True, width=360)
        phone.goto("/mailbox")
        phone.get_by_role("link", name="Open the link").first.click()
        shot(phone, "phone-enter")
        phone.get_by_role("button", name="Log in", exact=True).click()
        heading(phone, outcome)
    expect(phone.get_by_role("alert")).to_have_text("The token is not valid.")
    for path in ("/mail", "/enter"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_an_invitation(open_page: Callable[..., Page]) -> None:
    admin = open_page()
    register(admin, "ada")
    log_in(admin, "ada")
    admin.goto("/admin")
    fill(admin, "Invite", email="grace@example.com")
    expect(admin.get_by_role("status")).to_have_text("The invitation is on its way.")
    shot(admin, "admin-invited")

    page = open_page(width=360)
    follow(page)
    heading(page, "Accept the invitation")
    fill(page, "Accept", username="ada", password=PASSWORD)
    expect(page.get_by_role("alert")).to_contain_text("taken")
    shot(page, "phone-invitation")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    # The password is not shown again.
    fill(page, "Accept", username="grace", password=PASSWORD)
    expect(page.get_by_role("status")).to_have_text("Welcome. Please log in.")
    log_in(page, "grace")
    heading(page, "Hello, grace")


def test_a_second_factor(open_page: Callable[..., Page]) -> None:
    page = open_page()
    register(page, "ada")
    log_in(page, "ada")
    expect(page.locator("section", has_text="Second factor")).to_contain_text("once your address is verified")
    expect(page.get_by_role("button", name="Set up an authenticator app")).to_have_count(0)
    verify(page)
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret = page.locator("#secret").inner_text()
    shot(page, "totp")
    # After a wrong code, the scanned secret stays valid.
    fill(page, "Confirm", code="000000")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#secret")).to_have_text(secret)
    expect(page.get_by_role("img")).to_be_visible()
    now = time.time()
    fill(page, "Confirm", code=totp_code(secret, now))
    heading(page, "Recovery codes")
    code = page.locator(".codes code").first.inner_text()
    shot(page, "recovery-codes")
    log_in(page, "ada")
    heading(page, "One more step")
    fill(page, "Continue", code="000000")
    expect(page.get_by_role("alert")).to_be_visible()
    shot(page, "code")
    # The step after the used one.
    fill(page, "Continue", code=totp_code(secret, now + 30))
    heading(page, "Hello, ada")
    expect(page.locator("section", has_text="Second factor")).to_contain_text("10 recovery codes are left")
    page.get_by_role("button", name="Log out").click()
    log_in(page, "ada")
    fill(page, "Continue", code=code)
    expect(page.locator("section", has_text="Second factor")).to_contain_text("9 recovery codes are left")


def both_widths(page: Page, name: str) -> None:
    """Look at a page as on a desk and on a phone: nothing is wider than the screen, and axe finds nothing."""
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 760})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        shot(page, f"{name}-{width}")
        if AXE.exists():
            page.evaluate(AXE.read_text())
            found = page.evaluate("async () => (await axe.run()).violations")
            faults = {rule["id"]: [node["html"] for node in rule["nodes"]] for rule in found}
            assert faults == {}, (name, width)


def test_a_trusted_device(open_page: Callable[..., Page]) -> None:
    page = open_page(scripts=True)
    register(page, "ada")
    log_in(page, "ada")
    verify(page)
    page.get_by_role("button", name="Set up an authenticator app").click()
    secret, now = page.locator("#secret").inner_text(), time.time()
    fill(page, "Confirm", code=totp_code(secret, now))
    log_in(page, "ada")
    page.get_by_label("Trust this device").check()
    both_widths(page, "trust")
    fill(page, "Continue", code=totp_code(secret, now + 30))
    heading(page, "Hello, ada")
    page.get_by_role("button", name="Log out").click()
    cookies = {cookie.get("name"): cookie for cookie in page.context.cookies()}
    assert set(cookies) == {"device", "trusted"}
    assert cookies["trusted"].get("httpOnly")
    # The password is still needed, and enough.
    log_in(page, "ada", "wrong")
    expect(page.get_by_role("alert").first).to_have_text("The credentials are not valid.")
    log_in(page, "ada")
    heading(page, "Hello, ada")
    both_widths(page, "trusted-devices")
    # Without a factor of today nothing that needs one opens.
    page.get_by_role("button", name="New recovery codes").click()
    heading(page, "Log in")
    page.goto("/")
    page.get_by_role("button", name="Trust no longer").click()
    expect(page.get_by_role("status")).to_contain_text("second factor again")
    page.get_by_role("button", name="Log out").click()
    log_in(page, "ada")
    heading(page, "One more step")


@pytest.mark.parametrize("width", [1000, 360])
def test_enrolment_inside_the_login(browser: Browser, config: Config, tmp_path: Path, width: int) -> None:
    """A user who must have a second factor and has none sets it up before the session opens."""
    required: Config = {**config, "require_second_factor": True}
    with running(required, tmp_path) as site:
        page = browser.new_context(base_url=site, viewport={"width": width, "height": 760}).new_page()
        register(page, "ada")
        log_in(page, "ada")
        heading(page, "One more step")
        expect(page.locator("main")).to_contain_text("verified")
        verify(page)
        log_in(page, "ada")
        heading(page, "Set up a second factor")
        expect(page.get_by_role("button", name="Create a passkey")).to_be_visible()
        shot(page, f"enrolment-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        fill(page, "Confirm", code=totp_code(page.locator("#secret").inner_text(), time.time()))
        heading(page, "Recovery codes")
        shot(page, f"enrolment-codes-{width}")
        page.get_by_role("link", name="Continue").click()
        heading(page, "Hello, ada")
        page.goto("/mailbox")
        expect(page.locator("main")).to_contain_text("a second factor was added")


def test_a_passkey_made_inside_the_login(browser: Browser, config: Config, tmp_path: Path) -> None:
    required: Config = {**config, "require_second_factor": True}
    with running(required, tmp_path) as site:
        page = browser.new_context(base_url=site).new_page()
        devices: Any = page.context.new_cdp_session(page)
        devices.send("WebAuthn.enable")
        device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
        options = {**device, "hasUserVerification": True, "isUserVerified": True}
        devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        register(page, "ada")
        verify(page)
        log_in(page, "ada")
        page.get_by_role("button", name="Create a passkey").click()
        heading(page, "Recovery codes")
        page.get_by_role("link", name="Continue").click()
        heading(page, "Hello, ada")


def test_passkeys(browser: Browser, site: str) -> None:
    """Uses the browser's virtual authenticator (WebAuthn section 11)."""
    page = browser.new_context(base_url=site, viewport={"width": 1000, "height": 760}).new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    devices: Any = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    options = {**device, "hasUserVerification": True, "isUserVerified": True}
    made = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def present(enabled: bool) -> None:
        """Say whether the user answers, also what a page with autofill asks as it opens."""
        answer = {"authenticatorId": made["authenticatorId"], "enabled": enabled}
        devices.send("WebAuthn.setAutomaticPresenceSimulation", answer)

    register(page, "ada")
    verify(page)
    log_in(page, "ada")
    fill(page, "Add a passkey", label="my phone")
    heading(page, "Add a passkey")
    page.get_by_role("button", name="Continue").click()
    heading(page, "Recovery codes")
    # The session continues.
    page.get_by_role("link", name="Continue").click()
    heading(page, "Hello, ada")
    page.get_by_label("Name of the passkey").fill("my old phone")
    page.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("status")).to_contain_text("renamed")
    expect(page.get_by_label("Name of the passkey")).to_have_value("my old phone")
    both_widths(page, "passkeys")
    # After an error it is still there.
    present(False)
    log_in(page, "ada", "wrong")
    expect(page.get_by_role("alert").first).to_have_text("The credentials are not valid.")
    both_widths(page, "login-with-passkey")
    present(True)
    page.get_by_role("button", name="Log in with a passkey").click()
    heading(page, "Hello, ada")
    # As the second factor after the password.
    present(False)
    page.get_by_role("button", name="Log out").click()
    log_in(page, "ada")
    heading(page, "One more step")
    fill(page, "Continue", code="000000")
    expect(page.get_by_role("alert").first).to_be_visible()
    present(True)
    page.get_by_role("button", name="Use a passkey").click()
    heading(page, "Hello, ada")
    # The recovery codes of the first factor stay, and no page shows an empty list.
    page.get_by_role("button", name="Set up an authenticator app").click()
    present(False)
    fill(page, "Confirm", code=totp_code(page.locator("#secret").inner_text(), time.time()))
    heading(page, "Log in")
    expect(page.get_by_role("status")).to_contain_text("still valid")
    # The name field offers the passkey, and the user takes it.
    present(True)
    page.goto("/login")
    heading(page, "Hello, ada")
    present(False)
    page.get_by_role("button", name="Remove passkey", exact=True).click()
    heading(page, "Log in")
    log_in(page, "ada")
    heading(page, "One more step")
    harmless = "Failed to load resource"
    assert [text for text in complaints if not text.startswith(harmless)] == []


def test_a_mail_of_anothers_account_verifies_nothing(open_page: Callable[..., Page]) -> None:
    """Mallory registers with the address of ada, who follows the link of that mail."""
    mallory, ada = open_page(), open_page(scripts=True)
    mallory.goto("/register")
    fill(mallory, "Register", username="mallory", email="ada@example.com", password=PASSWORD)
    register(ada, "bob")
    ada.goto("/mailbox")
    ada.get_by_role("article").filter(has_text="ada@example.com").get_by_role("link").click()
    # The page does not ask for the token, and the URL no longer contains it.
    expect(ada.get_by_label("Token from the mail")).to_be_hidden()
    assert ada.url.endswith("/verify")
    ada.get_by_role("button", name="This address is mine").click()
    expect(ada.get_by_role("alert")).to_contain_text("log in to the account")
    shot(ada, "verify")
    fill(ada, "This address is mine", username="bob", password=PASSWORD)
    expect(ada.get_by_role("alert")).to_have_text("The credentials are not valid.")
    # Mallory's own browser has no mail. A browser with both proofs verifies the address.
    fill(ada, "This address is mine", username="mallory", password=PASSWORD)
    heading(ada, "Address verified")


def test_nothing_hidden_is_seen(open_page: Callable[..., Page]) -> None:
    page = open_page()
    register(page, "ada")
    log_in(page, "ada")
    for path in ("/", "/reset", "/login"):
        page.goto(path)
        assert [each.is_visible() for each in page.locator("[hidden]").all()] == [False] * page.locator(
            "[hidden]"
        ).count()
    page.goto("/")
    assert page.locator("[hidden]").count() > 0


def test_on_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(width=360)
    register(page, "ada")
    log_in(page, "ada")
    verify(page)
    page.get_by_role("button", name="Set up an authenticator app").click()
    shot(page, "phone-totp")
    for path in ("/", "/mailbox", "/verify", "/reset", "/admin"):
        page.goto(path)
        shot(page, f"phone{path.replace('/', '-')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_one_of_the_first_administers(config: Config, tmp_path: Path) -> None:
    """Several users register at the same time with an empty store."""
    with Engine({**config, **web.configuration(tmp_path, "http://localhost")}) as engine:
        with serving(web.create_app(engine)) as client:
            site = str(client.base_url).replace("127.0.0.1", "localhost")
            start = threading.Barrier(8)

            def register_one(index: int) -> int:
                start.wait()
                name = f"user{index}"
                fields = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
                return httpx.post(f"{site}/register", data=fields).status_code

            with ThreadPoolExecutor(8) as threads:
                assert set(threads.map(register_one, range(8))) == {303}
        users = engine.list_users().users
        assert len(users) == 8
        assert [user.roles for user in users].count(["admin"]) == 1


def test_what_hashes_holds_up_no_other_page(config: Config, tmp_path: Path) -> None:
    threads: dict[str, set[str]] = {}

    class Watched(Engine):
        def call(self, operation: str, request: str | None = None) -> Any:
            threads.setdefault(operation, set()).add(threading.current_thread().name.rsplit("_", 1)[0])
            return super().call(operation, request)

    with (
        Watched({**config, **web.configuration(tmp_path, "http://localhost")}) as engine,
        serving(web.create_app(engine)) as client,
    ):
        ada = {"username": "ada", "password": PASSWORD}
        assert client.post("/register", data={**ada, "email": "ada@example.com"}).status_code == 303
        assert client.post("/login", data=ada).status_code == 303
        new = {"old_password": PASSWORD, "new_password": "nine other wise words"}
        assert client.post("/password", data=new).status_code == 303
        for path in ("/verify", "/reset", "/login/code", "/login/password"):
            assert client.post(path, data={**ada, "token": "x", "new_password": PASSWORD}).status_code >= 400
    long = {name: found for name, found in threads.items() if name not in SHORT}
    assert set(long) == {
        "register",
        "login",
        "change_password",
        "verify_email",
        "reset_password",
        "complete_login",
    }
    assert set().union(*long.values()) == {"doorward-hash", "doorward-long"}
    assert "doorward-hash" not in threads["authenticate"]


def test_an_api_key_in_the_cookie_opens_no_page(config: Config, tmp_path: Path) -> None:
    with (
        Engine({**config, **web.configuration(tmp_path, "http://localhost")}) as engine,
        serving(web.create_app(engine)) as client,
    ):
        service = engine.create_service_account(name="nightly", roles=["admin"]).user
        made = engine.create_api_key(service_account_id=service.id, name="report", backend="browser")
        for path in ("/", "/admin"):
            answer = client.get(path, headers={"cookie": f"{web.SESSION}={made.key}"})
            assert (answer.status_code, answer.headers["location"]) == (303, "/login")


def test_sessions_and_administration(open_page: Callable[..., Page]) -> None:
    ada, phone, bob = open_page(scripts=True), open_page(), open_page()
    register(ada, "ada")
    register(bob, "bob")
    for page in (ada, phone):
        log_in(page, "ada")
    log_in(bob, "bob")
    ada.goto("/")
    shot(ada, "account")
    ada.get_by_role("button", name="End all others").click()
    expect(ada.get_by_role("status")).to_have_text("Sessions ended.")
    phone.goto("/")
    heading(phone, "Log in")

    bob.goto("/admin")
    heading(bob, "That did not work")
    ada.goto("/admin")
    shot(ada, "admin")
    expect(ada.locator("section", has_text="Audit log")).to_contain_text("sessions revoked")
    ada.get_by_role("link", name="bob").click()
    fill(ada, "Save", roles="editor, author")
    expect(ada.locator("[name=roles]")).to_have_value("author editor")
    log_in(bob, "bob")
    ada.get_by_role("button", name="End all sessions").click()
    bob.goto("/")
    heading(bob, "Log in")
    ada.get_by_role("button", name="Lock").click()
    expect(ada.locator("section").first).to_contain_text("Locked")
    log_in(bob, "bob")
    expect(bob.get_by_role("alert").first).to_be_visible()
    ada.get_by_role("button", name="Unlock").click()
    ada.get_by_role("button", name="Mail a new password").click()
    expect(ada.get_by_role("status")).to_have_text("Done.")
    both_widths(ada, "admin-user")
    fill(ada, "Delete the account", name="ada")
    heading(ada, "That did not work")
    ada.go_back()
    fill(ada, "Delete the account", name="bob")
    expect(ada.get_by_role("status")).to_have_text("Account deleted.")
    expect(ada.get_by_role("link", name="bob")).to_have_count(0)


def test_the_users_are_paged(open_page: Callable[..., Page], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "PAGE", 2)
    page = open_page(scripts=True)
    for name in ("ada", "bob", "eve"):
        register(page, name)
    log_in(page, "ada")
    page.goto("/admin")
    users = page.locator("tbody").first.get_by_role("link")
    expect(users).to_have_count(2)
    both_widths(page, "admin-paged")
    page.get_by_role("link", name="Next page").click()
    expect(users).to_have_count(1)
    page.get_by_role("link", name="First page").click()
    expect(users).to_have_count(2)
    fill(page, "Search", q="EV")
    expect(users).to_have_text(["eve"])
    expect(page.get_by_label("Name or address begins with")).to_have_value("EV")
    # The next page is of the same search.
    register(page, "eva")
    register(page, "evi")
    page.goto("/admin")
    fill(page, "Search", q="ev")
    expect(users).to_have_text(["eve", "eva"])
    page.get_by_role("link", name="Next page").click()
    expect(users).to_have_text(["evi"])
    page.get_by_role("link", name="First page").click()
    expect(users).to_have_text(["eve", "eva"])


def test_acting_as_a_user(open_page: Callable[..., Page]) -> None:
    ada, bob = open_page(scripts=True), open_page()
    register(ada, "ada")
    register(bob, "bob")
    log_in(bob, "bob")
    log_in(ada, "ada")
    ada.goto("/admin")
    ada.get_by_role("link", name="bob").click()
    fill(ada, "Act as bob", reason="ticket 12")
    heading(ada, "Hello, bob")
    banner = ada.locator(".banner")
    expect(banner).to_contain_text("You are acting as bob")
    both_widths(ada, "acting")
    # The devices of the person do not learn the passkeys of the user.
    expect(ada.locator("[data-signals]")).to_have_count(0)
    # The person changes nothing, and the user sees who was there.
    ada.get_by_label("Old password").fill(PASSWORD)
    ada.get_by_label("New password").fill("nine other wise words")
    ada.get_by_role("button", name="Change").click()
    expect(ada.get_by_text("Only the user may do this.")).to_be_visible()
    expect(banner).to_be_visible()
    bob.goto("/")
    expect(bob.locator("section", has_text="Sessions")).to_contain_text("an administrator")
    banner.get_by_role("button", name="End").click()
    heading(ada, "Administration")
    expect(banner).to_have_count(0)
    # If the user ends the session, the person is back in the own one.
    ada.get_by_role("link", name="bob").click()
    fill(ada, "Act as bob", reason="ticket 13")
    bob.goto("/")
    bob.get_by_role("button", name="End all others").click()
    ada.goto("/")
    heading(ada, "Administration")
    assert "own" not in {cookie.get("name") for cookie in ada.context.cookies()}
    # So is the person if the account is deleted.
    ada.get_by_role("link", name="bob").click()
    fill(ada, "Act as bob", reason="ticket 14")
    other = open_page()
    log_in(other, "ada")
    expect(other.locator("[data-signals]")).to_have_count(1)
    other.goto("/admin")
    other.get_by_role("link", name="bob").click()
    fill(other, "Delete the account", name="bob")
    expect(other.get_by_role("status")).to_have_text("Account deleted.")
    ada.goto("/")
    heading(ada, "Administration")


def test_a_login_at_a_provider(
    browser: Browser, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
    provider = AuthlibProvider("client_secret_basic")
    client = {"client_id": "app", "client_secret": CLIENT_SECRET, "algorithms": ["RS256"]}
    ours: Any = {"issuer": provider.issuer, **client}
    config["id_token_providers"] = {"Authlib": ours}
    try:
        with running(config, tmp_path, ["Authlib"]) as site:
            page = browser.new_context(base_url=site).new_page()
            register(page, "bob")
            verify(page)
            both_widths(page, "login-with-provider")
            log_in(page, "bob")
            page.get_by_role("button", name="Link Authlib").click()
            both_widths(page, "link")
            page.get_by_role("link", name="Continue").click()
            heading(page, "Hello, bob")
            both_widths(page, "account-of-provider")
            page.get_by_role("button", name="Log out").click()
            page.get_by_role("link", name="Continue with Authlib").click()
            heading(page, "Hello, bob")
            assert {cookie.get("name") for cookie in page.context.cookies()} == {"session", "device"}
            page.get_by_role("button", name="Unlink Authlib").click()
            heading(page, "Log in")
            page.get_by_role("link", name="Continue with Authlib").click()
            heading(page, "That did not work")
    finally:
        provider.stop()


def test_every_page_is_for_everyone(
    browser: Browser, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Look at each page once, with axe: a template that no page showed fails the test."""
    seen: set[str] = set()
    render = Jinja2Templates.TemplateResponse

    def seeing(self: Any, request: Any, name: str, *rest: Any) -> Any:
        seen.add(name)
        return render(self, request, name, *rest)

    monkeypatch.setattr(Jinja2Templates, "TemplateResponse", seeing)
    with running({**config, "require_second_factor": True}, tmp_path) as site:
        page = browser.new_context(base_url=site).new_page()
        for path in ("login", "register", "enter", "forgot", "invitation", "login/password", "mail", "reset"):
            page.goto(f"/{path}")
            both_widths(page, path.replace("/", "-"))
        page.goto("/register")
        fill(page, "Register", username="ada", email="ada@example.com", password="password")
        both_widths(page, "register-refused")
        page.goto("/forgot")
        fill(page, "Send a mail", email="ada@example.com")
        both_widths(page, "message")
        page.goto("/mail")
        fill(page, "Send a mail", email="ada@example.com")
        both_widths(page, "mail-code")
        register(page, "ada")
        page.goto("/mailbox")
        both_widths(page, "mailbox")
        page.goto("/verify")
        both_widths(page, "verify")
        verify(page)
        log_in(page, "ada")
        both_widths(page, "enrolment")
        secret, now = page.locator("#secret").inner_text(), time.time()
        fill(page, "Confirm", code=totp_code(secret, now))
        both_widths(page, "codes")
        page.get_by_role("link", name="Continue").click()
        both_widths(page, "account")
        page.get_by_role("button", name="Add a passkey").click()
        both_widths(page, "passkey")
        page.goto("/admin")
        both_widths(page, "admin")
        page.get_by_role("link", name="ada").click()
        both_widths(page, "user")
        log_in(page, "ada")
        both_widths(page, "code")
        fill(page, "Continue", code=totp_code(secret, now + 30))
        fill(page, "Remove authenticator app", code="000000")
        both_widths(page, "failure")
    with running({**config}, tmp_path / "second") as site:
        page = browser.new_context(base_url=site).new_page()
        register(page, "ada")
        log_in(page, "ada")
        both_widths(page, "account-unverified")
        verify(page)
        page.get_by_role("button", name="Set up an authenticator app").click()
        both_widths(page, "totp")
    parts = {"base.html", "token.html"}
    assert seen == {each.name for each in (ROOT / "examples/web/templates").iterdir()} - parts


def test_forms_of_other_sites_are_refused(open_page: Callable[..., Page], site: str) -> None:
    page = open_page()
    register(page, "ada")
    log_in(page, "ada")
    for origin in ("https://evil.example", "null"):
        answer = page.request.post(f"{site}/logout", headers={"origin": origin}, max_redirects=0)
        assert answer.status == 400
    page.goto("/")
    heading(page, "Hello, ada")
