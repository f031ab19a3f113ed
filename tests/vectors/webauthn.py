"""Derives the test vectors of Web Authentication Level 3, section 16, for the algorithms that are offered.

The specification says how: random values by HKDF-SHA-256 from one text, ECDSA with the nonce of RFC 6979,
RSA from the two smallest Mersenne primes of 1024 bits or more. Writes webauthn.json beside this file; needs
`cryptography`.

Of the credentials whose attestation names a manufacturer, RS256 and EdDSA, only the key and the
authentication are taken: `attestation_object` is null.
"""

import json
import struct
from base64 import urlsafe_b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RP_ID, ORIGIN = "example.org", "https://example.org"
UP, UV, BE, BS, AT = 0x01, 0x04, 0x08, 0x10, 0x40
P, Q, E = 2**1279 - 1, 2**2203 - 1, 65537

Sign = Callable[[bytes], bytes]


class Random:
    """The values of one example, in their order."""

    def __init__(self, info: str) -> None:
        """Begin with the first."""
        self.info, self.salt = info, 0

    def next(self, length: int) -> bytes:
        """Derive the next value."""
        salt, self.salt = bytes([self.salt]), self.salt + 1
        return HKDF(SHA256(), length, salt, self.info.encode()).derive(b"WebAuthn test vectors")


def text(data: bytes) -> str:
    """Write as base64url without padding."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def cbor(value: Any) -> bytes:
    """Write CBOR (RFC 8949), as much of it as is needed; maps in the order that they have."""

    def head(major: int, n: int) -> bytes:
        if n < 24:
            return bytes([major << 5 | n])
        if n < 256:
            return bytes([major << 5 | 24, n])
        return struct.pack(">BH", major << 5 | 25, n)

    match value:
        case int():
            return head(0, value) if value >= 0 else head(1, -1 - value)
        case bytes():
            return head(2, len(value)) + value
        case str():
            return head(3, len(value)) + value.encode()
        case dict():
            return head(5, len(value)) + b"".join(cbor(key) + cbor(item) for key, item in value.items())
    raise TypeError(type(value))


def es256(secret: bytes) -> tuple[bytes, Sign]:
    """Make a key of P-256."""
    key = ec.derive_private_key(int.from_bytes(secret, "big"), ec.SECP256R1())
    public = key.public_key().public_numbers()
    algorithm = ec.ECDSA(SHA256(), deterministic_signing=True)
    cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")}
    return cbor(cose), lambda data: key.sign(data, algorithm)


def eddsa(secret: bytes) -> tuple[bytes, Sign]:
    """Make a key of Ed25519."""
    key = Ed25519PrivateKey.from_private_bytes(secret)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return cbor({1: 1, 3: -8, -1: 6, -2: public}), key.sign


def rs256() -> tuple[bytes, Sign]:
    """Make the key of RSA; signatures by RFC 8017, section 8.2.1."""
    n, d = P * Q, pow(E, -1, (P - 1) * (Q - 1))
    size = (n.bit_length() + 7) // 8

    def sign(data: bytes) -> bytes:
        info = bytes.fromhex("3031300d060960864801650304020105000420") + sha256(data).digest()
        padded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
        return pow(int.from_bytes(padded, "big"), d, n).to_bytes(size, "big")

    return cbor({1: 3, 3: -257, -1: n.to_bytes(size, "big"), -2: E.to_bytes(3, "big")}), sign


def client_data(random: Random, kind: str, challenge: bytes) -> bytes:
    """Write what the client says."""
    data = {"type": kind, "challenge": text(challenge), "origin": ORIGIN, "crossOrigin": False}
    if random.next(1)[0] & 1:
        extra = text(random.next(16))
        data["extraData"] = (
            f"clientDataJSON may be extended with additional fields in the future, such as this: {extra}"
        )
    return json.dumps(data, separators=(",", ":")).encode()


def example(info: str, id_length: int = 32) -> dict[str, Any]:
    """Derive a registration and an authentication."""
    random = Random(info)
    attestation, algorithm = info.split(".")[:2]
    challenge = random.next(32)
    match algorithm:
        case "ES256":
            key, sign = es256(random.next(32))
        case "EdDSA":
            key, sign = eddsa(random.next(32))
        case _:
            key, sign = rs256()
    made = client_data(random, "webauthn.create", challenge)
    aaguid, credential_id = random.next(16), random.next(id_length)
    flags = random.next(1)[0] & (UV | BE | BS)
    flags &= ~0 if flags & BE else ~BS
    rp_id_hash = sha256(RP_ID.encode()).digest()
    credential = aaguid + struct.pack(">H", id_length) + credential_id + key
    data = rp_id_hash + bytes([UP | AT | flags, 0, 0, 0, 0]) + credential
    attested: bytes | None = None
    match attestation:
        case "none":
            attested = cbor({"fmt": "none", "attStmt": {}, "authData": data})
        case "packed-self":
            statement = {"alg": -7, "sig": sign(data + sha256(made).digest())}
            attested = cbor({"fmt": "packed", "attStmt": statement, "authData": data})
        case _:
            random.salt += 2  # The manufacturer's key and certificate.

    asked = random.next(32)
    answered = client_data(random, "webauthn.get", asked)
    flags = flags & BE | random.next(1)[0] & (UV | BS)
    flags &= ~0 if flags & BE else ~BS
    authenticator_data = rp_id_hash + bytes([UP | flags, 0, 0, 0, 0])
    return {
        "name": info,
        "credential_id": credential_id.hex(),
        "public_key": key.hex(),
        "registration": {
            "challenge": challenge.hex(),
            "client_data_json": made.decode(),
            "attestation_object": attested and attested.hex(),
        },
        "authentication": {
            "challenge": asked.hex(),
            "client_data_json": answered.decode(),
            "authenticator_data": authenticator_data.hex(),
            "signature": sign(authenticator_data + sha256(answered).digest()).hex(),
        },
    }


def main() -> None:
    """Write the vectors."""
    examples = [
        example("none.ES256"),
        example("packed-self.ES256"),
        example("none.ES256.long-credential-id", 1023),
        example("packed.RS256"),
        example("packed.EdDSA"),
    ]
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(examples, indent=1) + "\n")


if __name__ == "__main__":
    main()
