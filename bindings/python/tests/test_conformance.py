"""Runs the scenarios of tests/conformance in the repository; its README.md describes the format."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import Clock

from doorward import AuthError, Engine, describe
from doorward.testing import totp_code

FOLDER = Path(__file__).parents[3] / "tests" / "conformance"
CHEAP = {"password": {"memory_kib": 8, "iterations": 1}}
DESCRIPTION = describe()
ABSENT = object()

Answer = tuple[str, Any]


def scenarios() -> list[Any]:
    files = sorted(FOLDER.glob("*.json"))
    assert files, f"no scenarios in {FOLDER}"
    return [
        pytest.param(scenario, id=f"{file.stem}: {scenario['name']}")
        for file in files
        for scenario in json.loads(file.read_text())
    ]


@pytest.mark.parametrize("scenario", scenarios())
def test_scenario(scenario: dict[str, Any], store: str, tmp_path: Path) -> None:
    clock = Clock(scenario.get("now", 1_767_225_600))
    variables: dict[str, Any] = {"folder": str(tmp_path), "store": store, **scenario.get("variables", {})}
    usual = "sqlite::memory:" if store.startswith("sqlite:") else store
    base = merged({"store": usual, **CHEAP}, scenario.get("config", {}))
    engine: Engine | None = None

    def opened(patch: Any) -> Engine:
        config = filled(patch if isinstance(patch, str) else merged(base, patch), variables)
        return Engine(as_text(with_secret_key(config)), now_ms=clock)

    for index, step in enumerate(scenario["steps"], 1):
        for _ in range(step.get("times", 1)):
            clock.seconds += step.get("advance", 0)
            for name, secret in step.get("totp", {}).items():
                variables[name] = totp_code(filled(secret, variables), clock.seconds)
            try:
                if "call" in step:
                    engine = engine or opened({})
                    request = as_text(filled(step.get("request", {}), variables))
                    answer: Answer = ("OK", engine.call(step["call"], request))
                else:
                    if engine is not None:
                        engine.close()
                    engine = opened(step["open"])
                    answer = ("OK", {})
            except AuthError as error:
                answer = (error.status.name, body_of(error))
            difference = check(step, answer, variables)
            assert difference is None, f"step {index}: {step}\nanswered {answer}\n{difference}"
            for name, pointer in step.get("capture", {}).items():
                variables[name] = at(answer[1], pointer)
    if engine is not None:
        engine.close()


def with_secret_key(config: Any) -> Any:
    """Add a secret key. A store on a server keeps none beside it."""
    if not isinstance(config, dict):
        return config
    settings = cast("dict[str, Any]", config)
    names = {"secret_key", "secret_keys", "secret_key_file", "secret_key_files"}
    if str(settings.get("store")).startswith("postgres:") and not names & settings.keys():
        return {**settings, "secret_key": "a secret key that the tests share"}
    return settings


def body_of(error: AuthError) -> dict[str, Any]:
    body = error.http_body
    if error.detail is not None:
        body["error"]["detail"] = error.detail
    return body


def check(step: dict[str, Any], answer: Answer, variables: dict[str, Any]) -> str | None:
    status, body = answer
    expected = step.get("status", "OK")
    if status != expected:
        return f"expected status {expected}"
    pattern: Any = {"error": {"$absent": True}}
    if expected != "OK":
        rows = [
            row for row in DESCRIPTION["codes"] if (row["code"], row["status"]) == (step["code"], expected)
        ]
        http = next(row["http_status"] for row in DESCRIPTION["statuses"] if row["name"] == expected)
        pattern = {"error": {"code": step["code"], "message": rows[0]["message"], "http_status": http}}
    return difference(pattern, body) or difference(filled(step.get("body", {}), variables), body)


def difference(pattern: Any, value: Any) -> str | None:
    """Return the first difference between a value, or its absence, and the pattern."""
    expected = f"expected {pattern!r}, got {value!r}"
    if isinstance(pattern, dict):
        members = cast("dict[str, Any]", pattern)
        matcher, inner = cast(
            "tuple[str, Any]", next(iter(members.items())) if len(members) == 1 else ("", None)
        )
        if matcher == "$absent":
            return None if value is ABSENT else expected
        if value is ABSENT:
            return expected
        if matcher == "$not":
            return None if difference(inner, value) else expected
        if matcher == "$type":
            return None if kind(value) == inner else expected
        if matcher == "$regex":
            return None if isinstance(value, str) and re.search(inner, value) else expected
        if not isinstance(value, dict):
            return expected
        found = cast("dict[str, Any]", value)
        if matcher == "$only":
            return difference(inner, found) or (None if found.keys() <= inner.keys() else expected)
        each = ((name, difference(part, found.get(name, ABSENT))) for name, part in members.items())
        return next((f"{name}: {why}" for name, why in each if why), None)
    if isinstance(pattern, list) and isinstance(value, list):
        parts, items = cast("Sequence[Any]", pattern), cast("Sequence[Any]", value)
        if len(parts) != len(items):
            return expected
        return next(filter(None, map(difference, parts, items)), None)
    return None if kind(pattern) == kind(value) and pattern == value else expected


def kind(value: Any) -> str:
    names = {
        type(None): "null",
        bool: "boolean",
        int: "number",
        float: "number",
        str: "string",
        list: "array",
    }
    return next((name for each, name in names.items() if type(value) is each), "object")


def filled(value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, str):
        for name, content in variables.items():
            if value == f"${{{name}}}":
                return content
            value = value.replace(f"${{{name}}}", as_text(content))
        return value
    if isinstance(value, list):
        return [filled(item, variables) for item in cast("Sequence[Any]", value)]
    if isinstance(value, dict):
        return {name: filled(member, variables) for name, member in cast("dict[str, Any]", value).items()}
    return value


def merged(target: Any, patch: Any) -> Any:
    """Apply a JSON Merge Patch (RFC 7396)."""
    if not isinstance(patch, dict):
        return patch
    members = dict(cast("dict[str, Any]", target)) if isinstance(target, dict) else {}
    for name, value in cast("dict[str, Any]", patch).items():
        before = members.pop(name, None)
        if value is not None:
            members[name] = merged(before, value)
    return members


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def at(value: Any, pointer: str) -> Any:
    """Follow a JSON pointer (RFC 6901)."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name) if isinstance(value, list) else name]
    return value
