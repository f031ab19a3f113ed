"""Tests of mails by SMTP, to real servers on loopback: servers that accept, refuse, stall, and hang up."""

from __future__ import annotations

import asyncio
import datetime
import ipaddress
import os
import queue
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from conftest import PASSWORD, Clock
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from doorward import Config, Engine, exceptions

LINKS = {
    name: f"https://app.example/{name}#{{token}}"
    for name in ("verify_email", "reset_password", "change_email")
}

Received = tuple[Envelope, EmailMessage]


class Box:
    """A server's handler of mails. It keeps them, unless a test sets another behaviour."""

    def __init__(self) -> None:
        self.mails: queue.Queue[Received] = queue.Queue()
        self.sender_reply: str | None = None
        self.recipient_reply: str | None = None
        self.data_reply = "250 OK"
        self.sessions = 0
        self.hello = ""

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.sessions += 1
        self.hello = hostname
        session.host_name = hostname
        return responses

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender_reply:
            return self.sender_reply
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.recipient_reply:
            return self.recipient_reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.data_reply.startswith("250") or self.data_reply == "hang up":
            assert isinstance(envelope.content, bytes)
            mail = message_from_bytes(envelope.content, policy=policy.SMTP)
            assert isinstance(mail, EmailMessage)
            self.mails.put((envelope, mail))
        if self.data_reply == "hang up":
            hang_up(server)
        return self.data_reply

    def next(self) -> Received:
        return self.mails.get(timeout=30)


def hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()


class HangsUp(SMTP):
    """Hangs up in the middle of a message."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        await self.push("354 Go on")
        hang_up(self)


class Server(Controller):
    """A server on loopback; `arguments` are those of `SMTP`, or of the class that is given."""

    def __init__(
        self,
        box: Box,
        of: type[SMTP] = SMTP,
        implicit: ssl.SSLContext | None = None,
        port: int | None = None,
        **arguments: Any,
    ) -> None:
        self.box, self.of, self.arguments = box, of, arguments
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            box, hostname="127.0.0.1", port=port or free_port(), ssl_context=implicit
        )

    def factory(self) -> SMTP:
        return self.of(self.handler, **self.arguments)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    running: list[Server] = []

    def start(of: type[SMTP] = SMTP, **arguments: Any) -> Server:
        server = Server(Box(), of, **arguments)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


Open = Callable[..., Engine]


@pytest.fixture
def opened(config: Config, clock: Clock) -> Iterator[Open]:
    engines: list[Engine] = []

    def opened(port: int, mail: dict[str, Any] | None = None, **smtp: Any) -> Engine:
        smtp = {"host": "127.0.0.1", "port": port, "tls": "none", "timeout_ms": 5000} | smtp
        mail = {"from": "Ex\u00e4mple <no-reply@b\u00fccher.example>", "smtp": smtp, "links": LINKS} | (
            mail or {}
        )
        engine = Engine({**config, "mail": mail}, now_ms=clock)  # type: ignore[arg-type]
        engines.append(engine)
        return engine

    yield opened
    for engine in engines:
        engine.close()


def register(engine: Engine, name: str = "ada", email: str | None = None) -> str:
    address = email or f"{name}@example.com"
    return engine.register(username=name, email=address, password=PASSWORD).user.id


def deliver(engine: Engine) -> tuple[int, int, int]:
    done = engine.deliver_mail()
    return done.delivered, done.deferred, done.refused


def details(engine: Engine, kind: str) -> list[str]:
    return [event.detail or "" for event in engine.events(kind=kind).events]


def part(mail: EmailMessage, kind: str) -> str:
    body = mail.get_body((kind,))
    assert body is not None
    text: str = body.get_content()
    return text


def test_a_mail_arrives_whole(start: Start, opened: Open, clock: Clock) -> None:
    server = start()
    engine = opened(server.port, {"locale": "zh"})
    register(engine, "a'b<i>", "ada@example.com")
    assert deliver(engine) == (1, 0, 0)
    envelope, mail = server.box.next()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-reply@xn--bcher-kva.example", ["ada@example.com"])
    assert mail["from"] == "Ex\u00e4mple <no-reply@xn--bcher-kva.example>"
    assert (
        mail["subject"]
        == "Ex\u00e4mple\uff1a\u8bf7\u786e\u8ba4\u60a8\u7684\u7535\u5b50\u90ae\u7bb1\u5730\u5740"
    )
    assert re.fullmatch(r"<[0-9a-f-]{36}@xn--bcher-kva\.example>", mail["message-id"])
    assert mail["date"].datetime.timestamp() == clock.seconds
    assert mail["auto-submitted"] == "auto-generated"
    text, html = part(mail, "plain"), part(mail, "html")
    link = re.search(r"^https://app\.example/verify_email#([A-Za-z0-9_-]{43})$", text.replace("\r", ""), re.M)
    assert link is not None
    assert f'<a href="{link[0]}">' in html
    # The name and the address may belong to another person.
    assert "a'b" not in text
    assert "a&#39;b" not in html
    assert engine.verify_email(token=link[1], username="a'b<i>", password=PASSWORD).user.email_verified
    assert deliver(engine) == (0, 0, 0)


def test_many_mails_take_one_conversation(start: Start, opened: Open) -> None:
    server = start()
    engine = opened(server.port)
    for index in range(5):
        register(engine, f"user{index}")
    assert deliver(engine) == (5, 0, 0)
    assert {server.box.next()[0].rcpt_tos[0] for _ in range(5)} == {
        f"user{index}@example.com" for index in range(5)
    }
    assert server.box.sessions == 1


@pytest.mark.parametrize("place", ["recipient_reply", "data_reply"])
def test_a_refusal_for_good(start: Start, opened: Open, place: str) -> None:
    server = start()
    engine = opened(server.port)
    register(engine)
    setattr(server.box, place, "550 5.1.1 no ada@example.com here")
    assert deliver(engine) == (0, 0, 1)
    assert details(engine, "mail_failed") == ["verify_email smtp_550"]
    setattr(server.box, place, "250 OK" if place == "data_reply" else None)
    assert deliver(engine) == (0, 0, 0)


@pytest.mark.parametrize("place", ["recipient_reply", "data_reply", "sender_reply"])
def test_a_refusal_for_now(start: Start, opened: Open, clock: Clock, place: str) -> None:
    server = start()
    engine = opened(server.port)
    register(engine)
    # A refusal of the sender is no statement about the recipient.
    setattr(server.box, place, "550 who are you?" if place == "sender_reply" else "451 later")
    assert deliver(engine) == (0, 1, 0)
    setattr(server.box, place, "250 OK" if place == "data_reply" else None)
    clock.seconds += 59
    assert deliver(engine) == (0, 0, 0)
    clock.seconds += 1
    assert deliver(engine) == (1, 0, 0)
    server.box.next()


@pytest.mark.parametrize("place", ["recipient_reply", "data_reply"])
@pytest.mark.parametrize(
    "reply",
    [
        "550 5.7.1 Unable to relay for ada@example.com",
        "554 5.7.1 <ada@example.com>: Relay access denied",
        "550 relay not permitted",
        "530 5.7.0 Authentication required",
        "530 Must issue a STARTTLS command first",
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender",
        "504 5.5.2 <x>: Helo command rejected: need fully-qualified hostname",
        "550 Access denied - Invalid HELO name",
        "553 5.7.1 Sender address rejected: not owned by user",
        "554 Message rejected: Email address is not verified.",
        "550 Sandbox subdomains are for test purposes only",
    ],
)
def test_a_refusal_of_the_operator(start: Start, opened: Open, clock: Clock, place: str, reply: str) -> None:
    server = start()
    engine = opened(server.port)
    register(engine)
    setattr(server.box, place, reply)
    assert deliver(engine) == (0, 1, 0)
    assert details(engine, "mail_failed") == []
    found = {finding.check: finding for finding in engine.doctor().findings}
    assert (found["mail_server"].severity, f"(smtp_{reply[:3]})" in found["mail_server"].message) == (
        "problem",
        True,
    )
    # The fault is repaired.
    setattr(server.box, place, "250 OK" if place == "data_reply" else None)
    clock.seconds += 60
    assert deliver(engine) == (1, 0, 0)
    assert "mail_server" not in {finding.check for finding in engine.doctor().findings}


@pytest.mark.parametrize(
    "reply",
    [
        "550 5.1.1 <relay@sandbox.example> no such user",
        "550 <relay@sandbox.example>: user unknown",
        "552 5.2.2 mailbox full",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound",
        "556 domain takes no mail",
        "551 user not local",
    ],
)
def test_a_refusal_of_the_recipient(start: Start, opened: Open, reply: str) -> None:
    server = start()
    engine = opened(server.port)
    register(engine, email="relay@sandbox.example")
    server.box.recipient_reply = reply
    assert deliver(engine) == (0, 0, 1)
    assert details(engine, "mail_failed") == [f"verify_email smtp_{reply[:3]}"]


def test_a_reply_without_a_text(start: Start, opened: Open, clock: Clock) -> None:
    server = start()
    engine = opened(server.port)
    register(engine)
    server.box.data_reply = "250"
    assert deliver(engine) == (1, 0, 0)
    server.box.next()
    clock.seconds += 86_400
    assert deliver(engine) == (0, 0, 0)
    assert server.box.mails.empty()


def test_how_it_greets(start: Start, opened: Open) -> None:
    server = start()
    for hello, greeted in [
        (None, "xn--bcher-kva.example"),
        ("mail.example.com", "mail.example.com"),
        ("Bücher.example", "xn--bcher-kva.example"),
        ("[192.0.2.1]", "[192.0.2.1]"),
        ("[IPv6:2001:db8::1]", "[IPv6:2001:db8::1]"),
    ]:
        engine = opened(server.port, hello=hello)
        register(engine, f"user{server.box.sessions}")
        assert deliver(engine) == (1, 0, 0)
        server.box.next()
        assert server.box.hello == greeted
    for bad in ["", "a b", "x\r\nMAIL FROM:<a@b>", "[x]", "[192.0.2.1", "192.0.2.1]", "-a.example"]:
        with pytest.raises(exceptions.ConfigError) as failed:
            opened(server.port, hello=bad)
        assert failed.value.field == "/mail/smtp/hello"


def test_one_refusal_holds_up_no_other(start: Start, opened: Open) -> None:
    server = start()
    engine = opened(server.port)

    async def only_bob(
        smtp: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address != "bob@example.com":
            return "550 no"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    server.box.handle_RCPT = only_bob  # type: ignore[assignment, method-assign]
    for name in ("ada", "bob", "cleo"):
        register(engine, name)
    assert deliver(engine) == (1, 0, 2)
    assert server.box.next()[0].rcpt_tos == ["bob@example.com"]


def test_a_server_that_stalls(opened: Open) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        engine = opened(silent.getsockname()[1], timeout_ms=100)
        register(engine)
        with pytest.raises(exceptions.AuthServiceUnavailable) as caught:
            deliver(engine)
        assert (caught.value.code, caught.value.detail) == ("mail_unavailable", "timeout")


def test_a_server_that_hangs_up(start: Start, opened: Open, clock: Clock) -> None:
    server = start(HangsUp)
    engine = opened(server.port)
    register(engine)
    with pytest.raises(exceptions.AuthServiceUnavailable) as caught:
        deliver(engine)
    assert caught.value.code == "mail_unavailable"
    server.of = SMTP
    clock.seconds += 60
    assert deliver(engine) == (1, 0, 0)


def test_a_mail_whose_receipt_was_lost_comes_twice_and_is_one(
    start: Start, opened: Open, clock: Clock
) -> None:
    server = start()
    engine = opened(server.port)
    register(engine)
    server.box.data_reply = "hang up"
    with pytest.raises(exceptions.AuthServiceUnavailable):
        deliver(engine)
    server.box.data_reply = "250 OK"
    clock.seconds += 60
    assert deliver(engine) == (1, 0, 0)
    (_, first), (_, second) = server.box.next(), server.box.next()
    assert first["message-id"] == second["message-id"]
    assert part(first, "plain") == part(second, "plain")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_beside_the_thread_that_sends(start: Start, opened: Open) -> None:
    server = start()
    engine = opened(server.port, {"delivery": "background"})
    register(engine)
    server.box.next()
    for name in ("bob", "cleo"):
        # The thread may be at any point of its work.
        register(engine, name)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for call in (engine.take_mail, engine.deliver_mail):
                    with pytest.raises(exceptions.MisuseError) as caught:
                        call()
                    assert caught.value.code == "forked"
                with pytest.raises(exceptions.MisuseError):
                    register(engine, "eve")
                engine.close()
                status = 0
            finally:
                os._exit(status)
        assert os.waitpid(child, 0)[1] == 0
        assert server.box.next()[0].rcpt_tos == [f"{name}@example.com"]
    assert server.box.mails.empty()
    assert deliver(engine) == (0, 0, 0)


def test_a_server_that_is_down_for_a_day(start: Start, opened: Open, clock: Clock) -> None:
    port = free_port()
    engine = opened(port)
    user = register(engine)
    clock.seconds += 60
    engine.request_email_change(user_id=user, new_email="new@example.com")
    attempts = 0
    for _ in range(24 * 60):
        try:
            while deliver(engine) != (0, 0, 0):
                pass
        except exceptions.AuthServiceUnavailable as error:
            assert (error.code, error.detail) == ("mail_unavailable", "unreachable")
            attempts += 1
        clock.seconds += 60
    # Ten attempts within the first nine hours, then one every six: less than a call a minute for each of
    # three.
    assert 30 <= attempts <= 42
    server = start(port=port)
    clock.seconds += 6 * 3600
    # Both tokens expired, and are not sent. The notice to the old address is still sent.
    assert deliver(engine) == (1, 0, 0)
    assert "another e-mail address" in server.box.next()[1]["subject"]
    assert sorted(details(engine, "mail_failed")) == ["change_email unreachable", "verify_email unreachable"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make an authority and, signed by it, a certificate of 127.0.0.1 with its key."""
    day = datetime.timedelta(days=1)
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(
        name: str, issuer: str, key: Any, signer: Any, extension: Any, *, is_ca: bool
    ) -> x509.Certificate:
        def named(text: str) -> x509.Name:
            return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])

        builder = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer))
        builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - day).not_valid_after(now + day)
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        if extension is not None:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(signer, hashes.SHA256())

    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = build("authority", "authority", authority_key, authority_key, None, is_ca=True)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    own = build("server", "authority", key, authority_key, names, is_ca=False)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "ca.pem").write_bytes(authority.public_bytes(pem))
    (folder / "server.pem").write_bytes(own.public_bytes(pem) + private)
    return folder / "ca.pem", folder / "server.pem"


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
@pytest.mark.parametrize("tls", ["implicit", "starttls"])
def test_encrypted_with_a_password(
    start: Start, opened: Open, clock: Clock, tmp_path: Path, tls: str
) -> None:
    ca, own = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(own)
    offered: list[object] = []

    def authenticator(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        offered.append(data)
        return AuthResult(success=data == LoginPassword(b"mailer", b"s3cret"), handled=False)

    arguments: dict[str, Any] = {"authenticator": authenticator, "auth_required": True}
    if tls == "implicit":
        arguments |= {"implicit": context, "auth_require_tls": False}
    else:
        arguments |= {"tls_context": context, "require_starttls": True}
    server = start(**arguments)
    good = {"tls": tls, "ca_file": str(ca), "username": "mailer", "password": "s3cret"}

    def reason(**smtp: Any) -> object:
        engine = opened(server.port, **{**good, **smtp})
        register(engine)
        with pytest.raises(exceptions.AuthServiceUnavailable) as caught:
            deliver(engine)
        return caught.value.detail

    # An unverified server receives nothing, not even the password.
    assert reason(ca_file=None) == "tls"
    assert offered == []
    assert reason(password="wrong") == "smtp_535"
    engine = opened(server.port, **good)
    register(engine)
    assert deliver(engine) == (1, 0, 0)
    envelope, _ = server.box.next()
    assert envelope.rcpt_tos == ["ada@example.com"]


def test_a_server_without_starttls_gets_nothing(start: Start, opened: Open) -> None:
    server = start()
    engine = opened(server.port, tls="starttls")
    register(engine)
    with pytest.raises(exceptions.AuthServiceUnavailable) as caught:
        deliver(engine)
    assert caught.value.detail == "not_supported"
    assert server.box.mails.empty()


def test_addresses_of_all_kinds(start: Start, opened: Open) -> None:
    server = start(enable_SMTPUTF8=True)
    engine = opened(server.port)
    addresses = {
        "plus": "a.d+a@example.com",
        "quoted": '"john, \\"the\\" doe"@example.com',
        "at": '"a@b"@example.com',
        "domain": "info@b\u00fccher.example",
        "local": "\u00fcber@example.com",
        "both": "\u7528\u6237@\u4f8b\u5b50.example",
    }
    for name, address in addresses.items():
        register(engine, name, address)
    assert deliver(engine) == (6, 0, 0), details(engine, "mail_failed")
    received = [server.box.next() for _ in addresses]
    assert {envelope.rcpt_tos[0] for envelope, _ in received} == {
        "a.d+a@example.com",
        '"john, \\"the\\" doe"@example.com',
        '"a@b"@example.com',
        "info@xn--bcher-kva.example",
        "\u00fcber@example.com",
        "\u7528\u6237@xn--fsqu00a.example",
    }
    for envelope, mail in received:
        [to] = mail["to"].addresses
        # Headers are UTF-8 if an address needs it (RFC 6532). The parser keeps such bytes as surrogates.
        assert to.addr_spec.encode(errors="surrogateescape").decode() == envelope.rcpt_tos[0]
        assert len(mail.get_all("to", [])) == 1


def test_an_address_that_the_server_cannot_take(start: Start, opened: Open) -> None:
    server = start()
    engine = opened(server.port)
    register(engine, "local", "\u00fcber@example.com")
    assert deliver(engine) == (0, 0, 1)
    assert details(engine, "mail_failed") == ["verify_email smtputf8_unsupported"]


def test_names_are_no_headers(start: Start, opened: Open) -> None:
    server = start()
    text = "{username}\r\n.\r\nMAIL FROM:<eve@example.com>\r\n{link}"
    template = {"subject": "{service} {username} {x: y}", "text": text, "html": "{username}{link}"}
    engine = opened(server.port, {"templates": {"verify_email": {"en": template}}})
    for name in ("ada\r\nBcc: eve@example.com", "ada\nX: y", "ada\u2028X: y", "ada\x00"):
        with pytest.raises(exceptions.InvalidRequest):
            register(engine, name, "ada@example.com")
    for address in (
        "ada@example.com\r\nBcc: eve@example.com",
        '"ada\r\nX: y"@example.com',
        "ada@example.com>\r\nDATA",
    ):
        with pytest.raises(exceptions.InvalidRequest):
            register(engine, "ada", address)
    register(engine, "bcc:eve", "ada@example.com")
    assert deliver(engine) == (1, 0, 0)
    envelope, mail = server.box.next()
    assert envelope.rcpt_tos == ["ada@example.com"]
    assert mail["bcc"] is None
    assert "MAIL FROM:<eve@example.com>" in part(mail, "plain")
    assert server.box.mails.empty()


def test_in_the_background(start: Start, opened: Open) -> None:
    server = start()
    engine = opened(server.port, {"delivery": "background"})
    register(engine)
    assert server.box.next()[0].rcpt_tos == ["ada@example.com"]
    engine.request_password_reset(email="ada@example.com")
    assert server.box.next()[0].rcpt_tos == ["ada@example.com"]
    engine.close()
    with pytest.raises(exceptions.MisuseError):
        engine.deliver_mail()


def test_what_another_process_left_behind(start: Start, config: Config, tmp_path: Path) -> None:
    server = start()
    smtp = {"host": "127.0.0.1", "port": server.port, "tls": "none"}
    mail: dict[str, Any] = {"from": "a@example.com", "smtp": smtp, "links": LINKS}
    config = {**config, "store": f"sqlite:{tmp_path / 'store.db'}"}
    with Engine({**config, "mail": mail}) as engine:  # type: ignore[arg-type]
        register(engine)
    with Engine({**config, "mail": {**mail, "delivery": "background"}}):  # type: ignore[arg-type]
        assert server.box.next()[0].rcpt_tos == ["ada@example.com"]


def test_an_engine_closes_while_the_server_stalls(config: Config) -> None:
    """The hooks need the interpreter, so closing must release it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        smtp = {"host": "127.0.0.1", "port": silent.getsockname()[1], "tls": "none", "timeout_ms": 1000}
        mail = {"from": "a@example.com", "smtp": smtp, "links": LINKS, "delivery": "background"}
        records: queue.Queue[tuple[int, dict[str, Any]]] = queue.Queue()

        def log(level: int, record: dict[str, Any]) -> None:
            records.put((level, record))

        def now_ms() -> int:
            return time.time_ns() // 1_000_000

        for is_closed in (True, False):
            engine = Engine({**config, "mail": mail}, log=log, now_ms=now_ms)  # type: ignore[arg-type]
            register(engine)
            connection, _ = silent.accept()
            with connection:
                if is_closed:
                    engine.close()
                del engine
            _, record = records.get(timeout=30)
            assert (record["operation"], record["code"]) == ("deliver_mail", "mail_unavailable")
