"""`Engine.verify` beside PyJWT and joserfc: HS256, the same claims, from Python, per call.

Every round runs all contenders one after the other; the ratio is taken round by round and the median counts,
so that a machine whose speed drifts does not decide. `make bench-python`.

The version of a peer matters: PyJWT 2.15 checks every character of a token in Python, which 2.10 does not,
and takes more than twice the time for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from importlib.metadata import version
from statistics import median
from time import perf_counter

import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import OctKey
from jwt.types import Options

from doorward import Engine

CALLS, ROUNDS = 2_000, 25
TARGETS = {"PyJWT": 8, "joserfc": 5}


def main() -> None:
    """Print a row per peer."""
    engine = Engine({"store": "sqlite::memory:"})
    engine.register(username="ada", email="ada@example.com", password="eight wise words")
    token = engine.login(username="ada", password="eight wise words").access_token
    claims = engine.verify(token)
    secret = secrets.token_bytes(32)
    header = {"typ": "at+jwt", "kid": "0123456789ab"}
    theirs = jwt.encode(dict(claims), secret, "HS256", header)
    key = OctKey.import_key(secret)
    registry = joserfc_jwt.JWTClaimsRegistry(
        iss={"essential": True, "value": "doorward"},
        aud={"essential": True, "value": "doorward"},
        sub={"essential": True},
        exp={"essential": True},
    )

    options: Options = {"require": ["iss", "aud", "sub", "exp"]}

    def pyjwt() -> object:
        return jwt.decode(theirs, secret, ["HS256"], options, audience="doorward", issuer="doorward")

    def joserfc() -> object:
        decoded = joserfc_jwt.decode(theirs, key, ["HS256"]).claims
        registry.validate(decoded)
        return decoded

    contenders: dict[str, Callable[[], object]] = {
        "doorward": lambda: engine.verify(token),
        "PyJWT": pyjwt,
        "joserfc": joserfc,
    }
    for contender in contenders.values():
        if contender() != claims:
            raise SystemExit("the contenders do not do the same")
    rounds = [{name: seconds(call) for name, call in contenders.items()} for _ in range(ROUNDS)]
    print(f"{'verify HS256 from Python':<28} {'µs per call':>12} {'ratio':>8}  target")
    for name in contenders:
        ratio = median(each[name] / each["doorward"] for each in rounds)
        target = f"≥ {TARGETS[name]}" if name in TARGETS else ""
        peer, own = f"{name} {version(name)}", median(each[name] for each in rounds)
        print(f"{peer:<28} {own * 1e6:>12.2f} {ratio:>8.1f}  {target}")


def seconds(call: Callable[[], object]) -> float:
    """Return what a call takes."""
    begin = perf_counter()
    for _ in range(CALLS):
        call()
    return (perf_counter() - begin) / CALLS


if __name__ == "__main__":
    main()
