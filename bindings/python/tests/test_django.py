"""Django over ASGI, with its admin site. tests/test_wsgi.py has Django over WSGI."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
from conftest import PASSWORD
from test_wsgi import FORM, ROOT, SETTINGS, blocks, post

from doorward import Engine

ADA: dict[str, Any] = {"username": "ada", "password": PASSWORD}
ADMIN_SETTINGS = """
INSTALLED_APPS += ["django.contrib.admin", "django.contrib.messages"]
MIDDLEWARE += ["django.contrib.messages.middleware.MessageMiddleware"]
AUTHENTICATION_BACKENDS = ["administrators.Backend"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "static/"
"""
ADMIN_URLS = """
from django.contrib import admin
urlpatterns += [path("admin/", admin.site.urls)]
"""
SITE = """
import socket
import uvicorn
from django.core.asgi import get_asgi_application
from django.core.management import call_command

application = get_asgi_application()
call_command("migrate", verbosity=0)
with socket.create_server(("127.0.0.1", 0)) as listener:
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(application, log_level="critical", lifespan="off")).run([listener])
"""


def test_the_admin_site_over_asgi(tmp_path: Path) -> None:
    settings, urls = blocks("django.md")
    backend = re.findall(
        r"^ *```py\n(.*?)^ *```", (ROOT / "docs/django.md").read_text(), re.DOTALL | re.MULTILINE
    )
    (tmp_path / "administrators.py").write_text("import doorward.django\n" + dedent(backend[0]))
    (tmp_path / "settings.py").write_text(SETTINGS + settings + ADMIN_SETTINGS)
    (tmp_path / "urls.py").write_text(urls + FORM + ADMIN_URLS)
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
        with (
            httpx.Client(base_url=f"http://127.0.0.1:{int(site.stdout.readline())}", timeout=60) as client,
            Engine({"store": f"sqlite:{tmp_path / 'accounts.db'}"}) as engine,
        ):
            use(client, engine)
    finally:
        site.kill()
        site.communicate()


def use(client: httpx.Client, engine: Engine) -> None:
    user = engine.register(email="ada@example.com", **ADA).user
    assert client.get("/admin/").headers["location"].startswith("/admin/login/")
    assert post(client, "/admin/login/", username="ada", password="another password").status_code == 200
    # The site is for administrators alone.
    refused = post(client, "/admin/login/?next=/admin/", **ADA)
    assert refused.status_code == 200
    assert "errornote" in refused.text
    assert client.get("/admin/").status_code == 302
    engine.update_user(id=user.id, roles=["admin"])
    assert post(client, "/admin/login/?next=/admin/", **ADA).headers["location"] == "/admin/"
    assert "Site administration" in client.get("/admin/").text
    # Django's row of the account has doorward's id as its name.
    assert user.id in client.get("/admin/auth/user/").text
    assert client.get("/me").json() == {"id": user.id, "username": "ada"}
    # The end of the engine's session ends the rights of the site at once.
    for session in engine.list_sessions(user_id=user.id).sessions:
        engine.revoke_session(session_id=session.id)
    assert client.get("/admin/").status_code == 302
    assert client.get("/me").status_code == 302
    # Django's logout ends the engine's session.
    assert post(client, "/admin/login/?next=/admin/", **ADA).status_code == 302
    assert post(client, "/admin/logout/").status_code in {200, 302}
    assert engine.list_sessions(user_id=user.id).sessions == []
