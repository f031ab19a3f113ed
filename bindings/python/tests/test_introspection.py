"""Tests with tokens of another service: a real one on loopback, which has an engine of its own."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from conftest import PASSWORD

from doorward import Config, Engine, configure, introspect_token
from doorward.exceptions import AuthServiceUnavailable, ConfigError, InvalidToken
from doorward.introspection import introspect_token as introspect_remote


class Service(ThreadingHTTPServer):
    """Answers about the tokens of `other`; `answer` replaces that answer if it is set."""

    answer: tuple[int, bytes] | None = None

    def __init__(self, other: Engine) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.other = other
        self.authorization: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        service = self.server
        assert isinstance(service, Service)
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        service.authorization.append(self.headers["Authorization"])
        verdict = service.other.introspect(token=form["token"][0]).model_dump_json(exclude_none=True)
        status, body = service.answer or (200, verdict.encode())
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def service(engine: Engine) -> Iterator[Service]:
    with Service(engine) as service:
        thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield service
        service.shutdown()
        thread.join()


@pytest.fixture
def asking(service: Service, config: Config) -> Iterator[Engine]:
    url = f"http://127.0.0.1:{service.server_port}/introspect"
    with Engine({**config, "introspection_service": {"url": url, "bearer": "abc"}}) as asking:
        yield asking


def test_a_good_token(engine: Engine, service: Service, asking: Engine) -> None:
    token = engine.login(username="ada", password=PASSWORD).access_token
    answer = asyncio.run(introspect_remote(token, asking))
    assert type(answer) is dict
    local = asyncio.run(introspect_token(token, engine))
    assert answer == json.loads(local.model_dump_json(exclude_none=True))
    assert answer["active"] is True and answer["user"]["username"] == "ada"
    assert service.authorization == ["Bearer abc"]
    response = asking.introspect_remote(token=token, token_type_hint="access_token")
    assert response.active and response.model_dump() == answer


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a\x00b", "x" * 2_000_000])
def test_a_bad_token(asking: Engine, token: str) -> None:
    with pytest.raises(InvalidToken) as caught:
        asyncio.run(introspect_remote(token, asking))
    assert caught.value.http_status == 401


def test_a_revoked_token(engine: Engine, asking: Engine) -> None:
    token = engine.login(username="ada", password=PASSWORD).access_token
    engine.logout(token=token)
    with pytest.raises(InvalidToken):
        asyncio.run(introspect_remote(token, asking))


@pytest.mark.parametrize(
    "answer", [(500, b"{}"), (401, b"{}"), (200, b"<html>"), (200, b'{"active": "true"}')]
)
def test_no_verdict(service: Service, asking: Engine, answer: tuple[int, bytes]) -> None:
    service.answer = answer
    with pytest.raises(AuthServiceUnavailable) as caught:
        asyncio.run(introspect_remote("very-secret", asking))
    error = caught.value
    assert (error.code, error.http_status, error.retryable) == ("auth_service_unavailable", 503, True)
    assert "very-secret" not in f"{error} {error!r} {error.json()}"


def test_nobody_there(config: Config) -> None:
    with (
        Engine({**config, "introspection_service": {"url": "http://127.0.0.1:1/"}}) as engine,
        pytest.raises(AuthServiceUnavailable),
    ):
        asyncio.run(introspect_remote("x", engine))


def test_not_configured(engine: Engine) -> None:
    with pytest.raises(ConfigError):
        asyncio.run(introspect_remote("x", engine))


def test_the_event_loop_goes_on() -> None:
    """The service answers from the same loop that waits for the answer."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"token=x")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n{"active": true}')
        await writer.drain()
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            url = f"http://127.0.0.1:{port}/"
            configure(store="sqlite::memory:", introspection_service={"url": url})
            assert await introspect_remote("x") == {"active": True}

    asyncio.run(main())
