"""Hashes that other libraries make now are verified here: passlib, Django, argon2-cffi, bcrypt, Werkzeug."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from typing import Any

import argon2
import bcrypt
import pytest
from werkzeug.security import generate_password_hash

from doorward import Engine

PASSWORDS = ["correct horse", "pâss wörd 🔑", "x", "a long password, " * 8]

# The defaults of each library, except for the cost.
PASSLIB: dict[str, dict[str, Any]] = {
    "argon2": {"memory_cost": 64, "rounds": 1},
    "bcrypt": {"rounds": 4},
    "bcrypt_sha256": {"rounds": 4},
    "pbkdf2_sha1": {"rounds": 1000},
    "pbkdf2_sha256": {"rounds": 1000},
    "pbkdf2_sha512": {"rounds": 1000},
    "sha256_crypt": {"rounds": 1000},
    "sha512_crypt": {"rounds": 1000},
    "md5_crypt": {},
    "phpass": {"rounds": 8},
    "ldap_salted_sha1": {},
    "ldap_pbkdf2_sha512": {"rounds": 1000},
    "atlassian_pbkdf2_sha1": {},
    "scrypt": {"rounds": 8},
    "django_pbkdf2_sha1": {"rounds": 1000},
    "django_pbkdf2_sha256": {"rounds": 1000},
    "django_bcrypt": {"rounds": 4},
    "django_bcrypt_sha256": {"rounds": 4},
}
DJANGO: dict[str, dict[str, Any]] = {
    "PBKDF2PasswordHasher": {"iterations": 1000},
    "PBKDF2SHA1PasswordHasher": {"iterations": 1000},
    "Argon2PasswordHasher": {"memory_cost": 256, "time_cost": 1},
    "BCryptSHA256PasswordHasher": {"rounds": 4},
    "BCryptPasswordHasher": {"rounds": 4},
    "ScryptPasswordHasher": {"work_factor": 1024},
}


def check(engine: Engine, password: str, hashed: str) -> None:
    found = engine.verify_password(password=password, hash=hashed)
    assert found.valid and found.needs_rehash, hashed
    for wrong in (password[:-1] + "?", "?" + password[1:], password.swapcase() + "!"):
        assert not engine.verify_password(password=wrong, hash=hashed).valid, hashed


def readable_by_bcrypt(scheme: str) -> Iterator[str]:
    """Whether bcrypt reads the whole password: these schemes ignore bytes beyond 72, and today's bcrypt
    refuses them.
    """
    yield from (text for text in PASSWORDS if "sha256" in scheme or len(text.encode()) <= 72)


@pytest.mark.parametrize("scheme", PASSLIB)
def test_passlib(engine: Engine, scheme: str) -> None:
    handler: Any = getattr(importlib.import_module("passlib.hash"), scheme).using(**PASSLIB[scheme])
    for password in readable_by_bcrypt(scheme) if "bcrypt" in scheme else PASSWORDS:
        check(engine, password, handler.hash(password))


@pytest.mark.parametrize("scheme", DJANGO)
def test_django(engine: Engine, scheme: str) -> None:
    settings: Any = importlib.import_module("django.conf").settings
    if not settings.configured:
        settings.configure()
    hasher: Any = getattr(importlib.import_module("django.contrib.auth.hashers"), scheme)()
    for name, cost in DJANGO[scheme].items():
        setattr(hasher, name, cost)
    for password in readable_by_bcrypt(scheme.lower()) if "BCrypt" in scheme else PASSWORDS:
        check(engine, password, hasher.encode(password, hasher.salt()))


@pytest.mark.parametrize("kind", list(argon2.Type))
@pytest.mark.parametrize("lanes", [1, 2, 4])
def test_argon2_cffi(engine: Engine, kind: argon2.Type, lanes: int) -> None:
    hasher = argon2.PasswordHasher(memory_cost=256, time_cost=2, parallelism=lanes, type=kind)
    for password in PASSWORDS:
        check(engine, password, hasher.hash(password))


@pytest.mark.parametrize("version", [b"2a", b"2b"])
def test_bcrypt(engine: Engine, version: bytes) -> None:
    for password in readable_by_bcrypt("bcrypt"):
        check(engine, password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(4, version)).decode())
    # The original read 72 bytes, and so does the verification of a hash that it made.
    long = "é" * 40
    hashed = bcrypt.hashpw(long.encode()[:72], bcrypt.gensalt(4)).decode()
    assert engine.verify_password(password=long, hash=hashed).valid
    assert engine.verify_password(password=long[:36], hash=hashed).valid
    assert not engine.verify_password(password=long[:35], hash=hashed).valid


@pytest.mark.parametrize(
    "method", ["scrypt:1024:8:1", "scrypt:2048:4:2", "pbkdf2:sha1:1000", "pbkdf2:sha256:1000"]
)
def test_werkzeug(engine: Engine, method: str) -> None:
    for password in PASSWORDS:
        check(engine, password, generate_password_hash(password, method))


def test_scrypt_blocks_of_any_size(engine: Engine) -> None:
    for n, r, p in [(2, 1, 1), (16, 3, 2), (64, 5, 3), (128, 64, 1), (4, 1, 16)]:
        made = hashlib.scrypt(b"password", salt=b"salt", n=n, r=r, p=p, maxmem=1 << 26)
        check(engine, "password", f"scrypt:{n}:{r}:{p}$salt${made.hex()}")
