"""Tests of passkeys with a small authenticator; the refusals are tested in Rust."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from conftest import PASSWORD
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from doorward import Config, Engine
from doorward.exceptions import AuthError, ConfigError, StepUpRequired

ORIGIN = "https://login.example.com"
CONFIG: Config = {
    "store": "sqlite::memory:",
    "password": {"memory_kib": 8, "iterations": 1},
    "passkeys": {"rp_id": "example.com", "rp_name": "Example", "origins": [ORIGIN]},
}


def encoded(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Device:
    """An authenticator with one ES256 credential, and its browser."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = b"a credential of some bytes"
        self.user = ""

    def data(self, flags: int) -> bytes:
        """Return authenticator data with a user who is present and verified."""
        return hashlib.sha256(b"example.com").digest() + bytes([flags, 0, 0, 0, 0])

    def client_data(self, kind: str, options: Mapping[str, Any]) -> bytes:
        """Return the client data of the browser."""
        return json.dumps({"type": kind, "challenge": options["challenge"], "origin": ORIGIN}).encode()

    def credential(self, response: dict[str, str]) -> dict[str, Any]:
        """Return the result of `toJSON()`."""
        id_ = encoded(self.id)
        return {
            "id": id_,
            "rawId": id_,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        }

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Do the work of `navigator.credentials.create`."""
        self.user = options["user"]["id"]
        point = self.key.public_key().public_numbers()
        x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
        cose = bytes.fromhex("a5010203262001215820") + x + bytes.fromhex("225820") + y
        data = self.data(0x45) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        attestation = b"\xa3cfmtdnonegattStmt\xa0hauthData\x58" + bytes([len(data)]) + data
        return self.credential(
            {
                "clientDataJSON": encoded(self.client_data("webauthn.create", options)),
                "attestationObject": encoded(attestation),
            }
        )

    def get(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Do the work of `navigator.credentials.get`."""
        data, client_data = self.data(0x05), self.client_data("webauthn.get", options)
        signed = data + hashlib.sha256(client_data).digest()
        return self.credential(
            {
                "clientDataJSON": encoded(client_data),
                "authenticatorData": encoded(data),
                "signature": encoded(self.key.sign(signed, ec.ECDSA(hashes.SHA256()))),
                "userHandle": self.user,
            }
        )


def test_a_passkey_alone_and_beside_a_password() -> None:
    with Engine(CONFIG) as engine:
        user = engine.register(username="ada", email="ada@example.com", password=PASSWORD).user
        device = Device()
        begun = engine.begin_passkey_registration(user_id=user.id, label="my phone")
        made = engine.finish_passkey_registration(
            challenge=begun.challenge, response=device.create(begun.options)
        )
        assert (made.credential.label, len(made.recovery_codes)) == ("my phone", 10)
        assert [passkey.id for passkey in engine.list_passkeys(user_id=user.id).passkeys] == [
            made.credential.id
        ]

        login = engine.begin_passkey_login()
        response = device.get(login.options)
        session = engine.finish_passkey_login(challenge=login.challenge, response=response)
        assert engine.verify(session.access_token).get("amr") == ["hwk", "user", "mfa"]
        with pytest.raises(AuthError) as spent:
            engine.finish_passkey_login(challenge=login.challenge, response=response)
        assert spent.value.code == "invalid_challenge"

        with pytest.raises(StepUpRequired) as step:
            engine.login(username="ada", password=PASSWORD)
        options = step.value.webauthn_options
        assert step.value.webauthn_supported and options is not None
        assert step.value.http_body["webauthn_options"] == options
        completed = engine.complete_login(
            challenge=step.value.challenge, webauthn_response=device.get(options)
        )
        assert engine.verify(completed.access_token).get("amr") == ["pwd", "hwk", "user", "mfa"]
        assert engine.remove_passkey(user_id=user.id, credential_id=made.credential.id).removed


def test_passkeys_that_are_not_configured(engine: Engine) -> None:
    with pytest.raises(ConfigError):
        engine.begin_passkey_login()
