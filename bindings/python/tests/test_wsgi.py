"""Flask, Django and plain WSGI, over real HTTP, with the programs of their pages."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import PASSWORD
from werkzeug.serving import make_server

from doorward import Config, Engine
from doorward.exceptions import InvalidRequest
from doorward.testing import Clock, totp_code
from doorward.wsgi import AuthenticationMiddleware, scope_of

ROOT = Path(__file__).parents[3]
ADA: dict[str, Any] = {"username": "ada", "password": PASSWORD}


def blocks(page: str) -> list[str]:
    return [each.partition("```")[0] for each in (ROOT / "docs" / page).read_text().split("```python\n")[1:]]


@contextmanager
def serving(app: Any) -> Generator[httpx.Client]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{server.server_port}") as client:
            yield client
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def flask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run the program of the page, with a cookie for HTTP without TLS."""
    monkeypatch.chdir(tmp_path)
    program = (
        blocks("flask.md")[0]
        .replace('"__Host-doorward"', '"doorward"')
        .replace("secure=True", "secure=False")
    )
    names: dict[str, Any] = {"__name__": "site"}
    exec(program.replace("DeviceCookie()", "DeviceCookie(secure=False)"), names)
    engine: Engine = names["engine"]
    engine.register(email="ada@example.com", **ADA)
    return names


def test_flask(flask: dict[str, Any]) -> None:
    with flask["engine"] as engine, serving(flask["app"]) as client:
        assert client.get("/").json()["error"]["code"] == "not_authenticated"
        wrong = client.post("/login", data={**ADA, "password": "another password"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_credentials")
        assert not client.cookies
        for origin, status in (("https://evil.example", 401), (str(client.base_url).rstrip("/"), 302)):
            assert client.post("/login", data=ADA, headers={"origin": origin}).status_code == status
        assert set(client.cookies) == {"doorward", "doorward-device"}
        assert client.get("/").json() == {"username": "ada"}
        # The address and the browser are known.
        (session,) = engine.list_sessions(user_id=engine.get_user(username="ada").user.id).sessions
        assert (session.ip, session.user_agent) == ("127.0.0.1", client.headers["user-agent"])
        # A cookie does not count from a page of another site.
        assert client.get("/", headers={"origin": "https://evil.example"}).status_code == 403
        cookie = client.cookies["doorward"]
        assert client.post("/logout").status_code == 302
        client.cookies.set("doorward", cookie)
        assert client.get("/").json()["error"]["code"] == "invalid_token"


def test_flask_with_a_second_factor(flask: dict[str, Any]) -> None:
    with flask["engine"] as engine, serving(flask["app"]) as client:
        user, clock = engine.get_user(username="ada").user, Clock()
        secret = engine.setup_totp(user_id=user.id).secret
        engine.confirm_totp(user_id=user.id, code=totp_code(secret, clock.seconds))
        step = client.post("/login", data=ADA).json()
        assert step["error"]["code"] == "second_factor_required"
        refused = client.post("/login/code", data={"challenge": step["challenge"], "two_fa_code": "000000"})
        assert refused.json()["error"]["code"] == "invalid_code"
        code = totp_code(secret, clock.seconds + 30)
        done = client.post("/login/code", data={"challenge": step["challenge"], "two_fa_code": code})
        assert (done.status_code, client.get("/").json()) == (302, {"username": "ada"})


def test_any_application(config: Config) -> None:
    seen: list[Any] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.append((environ["doorward.user"], environ["doorward.claims"]))
        start_response("200 OK", [])
        return [b"well"]

    with Engine(config) as engine:
        engine.register(email="ada@example.com", **ADA)
        token = engine.login(**ADA).access_token
        middleware = AuthenticationMiddleware(app, engine, exclude=["/health", {"prefix": "/käse"}])
        with serving(middleware) as client:
            for path in ("/health", "/k%C3%A4se/x"):
                assert client.get(path).text == "well"
            assert seen == [(None, None)] * 2
            for path in ("/health/", "/healthy", "/health%2f", "/health;x", "/k%E4se/x", "/"):
                assert client.get(path).status_code == 401, path
            assert len(seen) == 2
            answer = client.get("/", headers={"authorization": "Basic eDp5"})
            assert answer.json()["error"]["code"] == "invalid_authorization_header"
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert client.get("/", headers={"authorization": f"Bearer {token}"}).text == "well"
            user, claims = seen[-1]
            assert (user.username, claims["sub"]) == ("ada", user.id)
            engine.close()
            assert client.get("/", headers={"authorization": f"Bearer {token}"}).status_code == 500
        with Engine(config) as other, pytest.raises(InvalidRequest):
            AuthenticationMiddleware(app, other, exclude="/**")


def test_the_path_of_a_mounted_application() -> None:
    scope = scope_of(
        {"SCRIPT_NAME": "/api", "PATH_INFO": "/k\xc3\xa4se", "HTTP_USER_AGENT": "curl", "REMOTE_ADDR": "::1"}
    )
    assert (scope["path"], scope["client"], scope["method"]) == ("/api/käse", ("::1", 0), "GET")
    assert scope["headers"] == [(b"user-agent", b"curl")]


SITE = """
import sys
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from wsgiref.simple_server import make_server
import doorward

django = get_wsgi_application()


def application(environ, start_response):
    if environ["PATH_INFO"] == "/close":
        doorward.default_engine().close()
    return django(environ, start_response)


call_command("migrate", verbosity=0)
with make_server("127.0.0.1", 0, application) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
"""
SETTINGS = """
SECRET_KEY = "only for this test"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "django.db"}}
ROOT_URLCONF = "urls"
ALLOWED_HOSTS = ["127.0.0.1"]
LOGIN_URL = "/log-in"
LOGOUT_REDIRECT_URL = "/me"
"""

FORM = """
from django.views.decorators.csrf import ensure_csrf_cookie
urlpatterns += [path("form", ensure_csrf_cookie(lambda request: HttpResponse()))]
"""


def post(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    client.get("/form")
    return client.post(path, data=fields, headers={"x-csrftoken": client.cookies["csrftoken"]})


@pytest.fixture
def django(tmp_path: Path) -> Iterator[httpx.Client]:
    """Serve the programs of the page."""
    settings, urls = blocks("django.md")
    (tmp_path / "settings.py").write_text(SETTINGS + settings)
    (tmp_path / "urls.py").write_text(urls + FORM)
    (tmp_path / "site_.py").write_text(SITE)
    site = subprocess.Popen(
        [sys.executable, "-W", "ignore", "site_.py"],
        cwd=tmp_path,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert site.stdout is not None
        with httpx.Client(base_url=f"http://127.0.0.1:{int(site.stdout.readline())}") as client:
            yield client
    finally:
        site.kill()
        site.communicate()


def test_django(django: httpx.Client, tmp_path: Path) -> None:
    with Engine({"store": f"sqlite:{tmp_path / 'accounts.db'}"}) as engine:
        user = engine.register(email="ada@example.com", **ADA).user
        assert django.get("/me").headers["location"].startswith("/log-in")
        assert post(django, "/log-in", username="ada", password="another password").status_code == 401
        assert post(django, "/log-in").status_code == 401
        assert django.post("/log-in", data=ADA).status_code == 403
        assert post(django, "/log-in", **ADA).status_code == 302
        me = {"id": user.id, "username": "ada"}
        assert django.get("/me").json() == me
        assert "sessionid" in django.cookies
        (session,) = engine.list_sessions(user_id=user.id).sessions
        assert session.ip == "127.0.0.1"

        # An end elsewhere ends Django's session, too, and Django's logout ends the engine's.
        engine.revoke_session(session_id=session.id)
        assert django.get("/me").status_code == 302
        assert post(django, "/log-in", **ADA).status_code == 302
        assert django.get("/me").json() == me
        assert len(engine.list_sessions(user_id=user.id).sessions) == 1
        assert post(django, "/accounts/logout/").status_code == 302
        assert django.get("/me").status_code == 302
        assert engine.list_sessions(user_id=user.id).sessions == []

        # A freed name is another account, and so another user of Django.
        engine.delete_user(id=user.id)
        heir = engine.register(email="heir@example.com", **ADA).user
        assert post(django, "/log-in", **ADA).status_code == 302
        assert django.get("/me").json() == {"id": heir.id, "username": "ada"} != me
        engine.delete_user(id=heir.id)
        assert django.get("/me").status_code == 302

        # Without an answer of the engine there is neither a user nor a stranger.
        engine.register(email="eve@example.com", username="eve", password=PASSWORD)
        assert post(django, "/log-in", username="eve", password=PASSWORD).status_code == 302
        django.get("/close")
        assert django.get("/me").json()["error"]["code"] == "engine_closed"


def test_django_with_a_second_factor(django: httpx.Client, tmp_path: Path) -> None:
    with Engine({"store": f"sqlite:{tmp_path / 'accounts.db'}"}) as engine:
        user, clock = engine.register(email="ada@example.com", **ADA).user, Clock()
        secret = engine.setup_totp(user_id=user.id).secret
        engine.confirm_totp(user_id=user.id, code=totp_code(secret, clock.seconds))
        step = post(django, "/log-in", **ADA).json()
        assert step["error"]["code"] == "second_factor_required"
        assert django.get("/me").status_code == 302
        # Django's own form knows passwords only.
        form = post(django, "/accounts/login/", **ADA)
        assert (form.status_code, form.json()["error"]["code"]) == (401, "second_factor_required")
        proof = {"challenge": step["challenge"], "two_fa_code": "000000"}
        assert post(django, "/log-in", **proof).json()["error"]["code"] == "invalid_code"
        proof["two_fa_code"] = totp_code(secret, clock.seconds + 30)
        assert post(django, "/log-in", **proof).status_code == 302
        assert django.get("/me").json()["id"] == user.id
