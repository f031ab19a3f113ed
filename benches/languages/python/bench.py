"""doorward beside PyJWT, joserfc and argon2-cffi, from Python. `run.py` starts it and says what it prints.

The version of a peer matters: PyJWT 2.15 checks every character of a token in Python, which 2.10 does not,
and takes more than twice the time for it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from time import perf_counter, time

import jwt
from argon2 import PasswordHasher
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey
from jwt.types import Options

from doorward import AsyncEngine, Engine
from doorward.types import Claims

PASSWORD = "eight wise words"  # noqa: S105 - of an account that ends with the program
PEER_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
PEER_HASH = f"argon2-cffi {version('argon2-cffi')}"


def main() -> None:
    """Measure what the arguments say."""
    folder, rounds, calls, logins, crowds = sys.argv[1], *map(int, sys.argv[2:])
    engine = Engine({"store": f"sqlite:{folder}/app.db"})
    engine.register(username="ada", email="ada@example.com", password=PASSWORD)
    token = engine.login(username="ada", password=PASSWORD).access_token
    compare_verify(engine, token, rounds, calls)
    compare_hashes(engine, rounds)
    for _ in range(crowds):
        asyncio.run(compare_stalls(engine, logins))


def compare_verify(engine: Engine, token: str, rounds: int, calls: int) -> None:
    """Verify a token with the same claims by each contender."""
    claims = engine.verify(token)
    secret = secrets.token_bytes(32)
    key = OctKey.import_key(secret)
    registry = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": "doorward"},
        aud={"essential": True, "value": "doorward"},
        sub={"essential": True},
        exp={"essential": True},
    )
    options: Options = {"require": ["iss", "aud", "sub", "exp"]}

    def sign(**changes: object) -> str:
        header = {"typ": "at+jwt", "kid": "0123456789ab"}
        return jwt.encode({**claims, **changes}, secret, "HS256", header)

    def pyjwt(token: str) -> object:
        return jwt.decode(token, secret, ["HS256"], options, audience="doorward", issuer="doorward")

    def joserfc(token: str) -> object:
        decoded = joserfc_jwt.decode(token, key, ["HS256"]).claims
        registry.validate(decoded)
        return decoded

    theirs = sign()
    hostile = [sign(exp=int(time()) - 60), sign(iss="other"), sign(aud="other"), tampered(theirs)]
    check(engine.verify, token, claims, [tampered(token)])
    check(pyjwt, theirs, claims, hostile)
    check(joserfc, theirs, claims, hostile)
    contenders: dict[str, tuple[Callable[[str], object], str]] = {
        "doorward": (engine.verify, token),
        f"PyJWT {version('PyJWT')}": (pyjwt, theirs),
        f"joserfc {version('joserfc')}": (joserfc, theirs),
    }
    for number in range(rounds):
        for who, (verify, given) in contenders.items():
            begin = perf_counter()
            for _ in range(calls):
                verify(given)
            report("verify", who, number, (perf_counter() - begin) / calls * 1e6)


def check(verify: Callable[[str], object], token: str, claims: Claims, hostile: list[str]) -> None:
    """End the program unless a contender accepts the token and refuses the others."""
    if verify(token) != claims:
        raise SystemExit("a contender reads other claims")
    for each in hostile:
        try:
            verify(each)
        except Exception:  # noqa: S112 - each library has errors of its own
            continue
        raise SystemExit("a contender accepts a token that it must refuse")


def tampered(token: str) -> str:
    """Return the token with another signature."""
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def compare_hashes(engine: Engine, rounds: int) -> None:
    """Hash a password by each contender."""
    contenders: dict[str, Callable[[], str]] = {
        "doorward": lambda: engine.hash_password(password=PASSWORD).hash,
        PEER_HASH: lambda: PEER_HASHER.hash(PASSWORD),
    }
    for number in range(rounds):
        for who, hash_password in contenders.items():
            begin = perf_counter()
            made = hash_password()
            report("hash_password", who, number, (perf_counter() - begin) * 1e3)
            if not made.startswith("$argon2id$v=19$m=19456,t=2,p=1$"):
                raise SystemExit("a contender hashes otherwise")


async def compare_stalls(engine: Engine, logins: int) -> None:
    """Log many users in at once by each contender, while the event loop ticks."""
    auth = AsyncEngine(engine)
    stored = PEER_HASHER.hash(PASSWORD)
    contenders: dict[str, Callable[[], Awaitable[object]]] = {
        "doorward": lambda: auth.login(username="ada", password=PASSWORD),
        f"{PEER_HASH}, asyncio.to_thread": lambda: asyncio.to_thread(PEER_HASHER.verify, stored, PASSWORD),
    }
    for who, login in contenders.items():
        ticker = asyncio.ensure_future(longest_gap())
        await asyncio.sleep(0.01)
        begin = perf_counter()
        await asyncio.gather(*(login() for _ in range(logins)))
        total = perf_counter() - begin
        ticker.cancel()
        report("stall", who, 0, await ticker * 1e3)
        report("logins", who, 0, total * 1e3)


async def longest_gap() -> float:
    """Tick each millisecond until cancelled, and return the longest time between two ticks."""
    longest, last = 0.0, perf_counter()
    while True:
        try:
            await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            return longest
        now = perf_counter()
        longest, last = max(longest, now - last), now


def report(what: str, who: str, number: int, value: float) -> None:
    """Print a measurement."""
    print(json.dumps({"what": what, "who": who, "round": number, "value": value}))


if __name__ == "__main__":
    main()
