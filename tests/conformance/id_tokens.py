"""Writes the `variables` of id_tokens.json anew: keys made for it and thrown away, tokens signed with them.

`python id_tokens.py`, with PyJWT and cryptography installed. The scenarios' clock stands at NOW.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from jwt.algorithms import ECAlgorithm
from jwt.utils import base64url_encode

NOW = 1_767_225_600
FILE = Path(__file__).with_suffix(".json")

SECRET = b"a secret that a provider should not publish"
KEY, OTHER_KEY = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())

OF_THE_PROVIDER = {"iss": "https://id.example", "aud": "app", "iat": NOW, "exp": NOW + 600}
ADA = {"sub": "ada-1", "email": "ada@example.com", "email_verified": True, "preferred_username": "ada"}


def token(claims: dict[str, Any], key: Any = KEY, **header: Any) -> str:
    """A token of the provider, for this service, unless something else is said."""
    return jwt.encode({**OF_THE_PROVIDER, **claims}, key, "ES256", {"kid": "k", "typ": None, **header})


def jwk(key: Any, **members: str) -> dict[str, Any]:
    """The public half of a key."""
    return {**json.loads(ECAlgorithm.to_jwk(key.public_key())), **members}


VARIABLES = {
    "jwks": {
        "keys": [
            {"kty": "oct", "kid": "secret", "k": base64url_encode(SECRET).decode()},
            jwk(KEY, kid="k", use="sig", alg="ES256"),
        ]
    },
    "ada": token(ADA),
    "ada_with_nonce": token({**ADA, "nonce": "n-0S6_WzA2Mj"}),
    "ada_with_empty_nonce": token({**ADA, "nonce": ""}),
    "ada_unverified": token({**ADA, "sub": "ada-2", "email_verified": False}),
    "ada_verified_as_text": token({**ADA, "sub": "ada-3", "email_verified": "true"}),
    "bob": token({"sub": "bob-1", "email": "bob@example.com"}),
    "nobody": token({"sub": "nobody-1"}),
    "expired": token({**ADA, "exp": NOW - 31}),
    "issued_in_the_future": token({**ADA, "iat": NOW + 31}),
    "of_another_issuer": token({**ADA, "iss": "https://other.example"}),
    "for_another_audience": token({**ADA, "aud": "other"}),
    "for_another_audience_too": token({**ADA, "aud": ["app", "other"], "azp": "app"}),
    "of_another_party": token({**ADA, "azp": "other"}),
    "of_another_key": token(ADA, OTHER_KEY),
    "of_an_unknown_key": token(ADA, OTHER_KEY, kid="other"),
    "access_token": token(ADA, typ="at+jwt"),
    "logout_token": token(
        {"sub": "ada-1", "events": {"http://schemas.openid.net/event/backchannel-logout": {}}}, typ="JWT"
    ),
    "unsigned": jwt.encode({**OF_THE_PROVIDER, **ADA}, None, "none", {"kid": "k"}),
    "described_by_nothing": token(
        dict.fromkeys(
            ["locale", "email", "email_verified", "preferred_username", "azp", "nonce", "nbf"]
            + ["acr", "amr", "auth_time", "tid", "name", "picture"]
        )
        | {"sub": "nobody-2"}
    ),
    "described_by_other_types": token(
        {"sub": "nobody-3", "locale": {"tag": "de"}, "email": ["ada@example.com"], "preferred_username": 7}
        | {"nonce": 1, "acr": 0, "amr": "pwd", "auth_time": "now", "tid": [], "name": {}}
    ),
    "with_methods": token({**ADA, "acr": "urn:example:gold", "amr": ["pwd", "otp"], "auth_time": NOW - 60.5}),
    "of_a_tenant": token({"sub": "ada-1", "iss": "https://login.example/9f-1/v2.0", "tid": "9f-1"}),
    "of_another_tenant": token({"sub": "ada-1", "iss": "https://login.example/9f-2/v2.0", "tid": "9f-2"}),
    "of_a_tenant_and_another": token(
        {"sub": "ada-1", "iss": "https://login.example/9f-1/v2.0", "tid": "9f-2"}
    ),
    "of_no_tenant": token({"sub": "ada-1", "iss": "https://login.example/{tenantid}/v2.0"}),
    "by_secret": jwt.encode({**OF_THE_PROVIDER, **ADA}, SECRET, "HS256", {"kid": "secret"}),
}


def main() -> None:
    """Write the variables that each scenario uses; each stands in a line."""
    scenarios = json.loads(FILE.read_text())
    for scenario in scenarios:
        rest = json.dumps([scenario.get("config"), scenario["steps"]])
        used = [name for name in VARIABLES if f"${{{name}}}" in rest]
        steps = scenario.pop("steps")
        scenario.update(variables={name: VARIABLES[name] for name in used}, steps=steps)
    FILE.write_text(rendered(scenarios))


def rendered(scenarios: list[dict[str, Any]]) -> str:
    """The file as the others here are written."""

    def lines(items: list[str], indent: str) -> str:
        return ",\n".join(indent + item for item in items)

    def scenario_text(scenario: dict[str, Any]) -> str:
        members = []
        for name, value in scenario.items():
            if name == "variables":
                inner = [f"{json.dumps(key)}: {json.dumps(member)}" for key, member in value.items()]
                members.append('"variables": {\n' + lines(inner, "      ") + "\n    }")
            elif name == "steps":
                steps = [json.dumps(step, ensure_ascii=False) for step in value]
                members.append('"steps": [\n' + lines(steps, "      ") + "\n    ]")
            else:
                members.append(f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}")
        return "  {\n" + lines(members, "    ") + "\n  }"

    return "[\n" + ",\n".join(map(scenario_text, scenarios)) + "\n]\n"


if __name__ == "__main__":
    main()
