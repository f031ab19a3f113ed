"""Runs the scenarios of tests/conformance, by any way to an engine; README.md there describes the format."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol, cast

TESTS = Path(__file__).resolve().parent.parent
DESCRIPTION = json.loads((TESTS / "describe.json").read_text())
STATUSES = {row["name"]: row for row in DESCRIPTION["statuses"]}
CHEAP = {"password": {"memory_kib": 8, "iterations": 1}}
ABSENT = object()

Answer = tuple[int, Any]


class Way(Protocol):
    """A way to an engine: it answers by status and body. `now` is the time in Unix seconds."""

    has_one_empty: bool
    """Whether the language does not tell an empty list from an empty object."""

    def open(self, config: str, now: int) -> Answer: ...

    def call(self, operation: str, request: Any, now: int) -> Answer: ...

    def close(self) -> None: ...


def scenarios() -> dict[str, dict[str, Any]]:
    """Return every scenario by its file and name."""
    files = sorted((TESTS / "conformance").glob("*.json"))
    assert files, "no scenarios"
    return {
        f"{file.stem}: {scenario['name']}": scenario
        for file in files
        for scenario in json.loads(file.read_text())
    }


def run(scenario: dict[str, Any], way: Way, store: str, folder: str) -> str | None:
    """Run a scenario on an empty store. Return the first difference."""
    now = scenario.get("now", 1_767_225_600)
    variables: dict[str, Any] = {"folder": folder, "store": store, **scenario.get("variables", {})}
    usual = "sqlite::memory:" if store.startswith("sqlite:") else store
    base = merged({"store": usual, **CHEAP}, scenario.get("config", {}))
    is_open = False

    def opened(patch: Any) -> Answer:
        nonlocal is_open
        config = filled(patch if isinstance(patch, str) else merged(base, patch), variables)
        answer = way.open(as_text(with_secret_key(config)), now)
        is_open = answer[0] == 0
        return answer

    try:
        for index, step in enumerate(scenario["steps"], 1):
            for _ in range(step.get("times", 1)):
                now += step.get("advance", 0)
                for name, secret in step.get("totp", {}).items():
                    variables[name] = totp(filled(secret, variables), now)
                answer: Answer = (0, {})
                if "open" in step:
                    if is_open:
                        way.close()
                    answer = opened(step["open"])
                elif not is_open:
                    answer = opened({})
                if "call" in step and is_open:
                    answer = way.call(step["call"], filled(step.get("request", {}), variables), now)
                why = check(step, answer, variables, way.has_one_empty)
                if why is not None:
                    return f"step {index}: {step}\nanswered {answer}\n{why}"
                for name, pointer in step.get("capture", {}).items():
                    variables[name] = at(answer[1], pointer)
    finally:
        if is_open:
            way.close()
    return None


def totp(secret: str, unix_seconds: int) -> str:
    """Compute the code of an authenticator app (RFC 6238)."""
    tag = hmac.digest(base64.b32decode(secret), (unix_seconds // 30).to_bytes(8, "big"), "sha1")
    offset = tag[-1] & 15
    number = int.from_bytes(tag[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{number % 1_000_000:06}"


def with_secret_key(config: Any) -> Any:
    """Add a secret key. A store on a server keeps none beside it."""
    if not isinstance(config, dict):
        return config
    settings = cast("dict[str, Any]", config)
    names = {"secret_key", "secret_keys", "secret_key_file", "secret_key_files"}
    if str(settings.get("store")).startswith("postgres:") and not names & settings.keys():
        return {**settings, "secret_key": "a secret key that the tests share"}
    return settings


def check(step: dict[str, Any], answer: Answer, variables: dict[str, Any], one_empty: bool) -> str | None:
    status, body = answer
    expected = STATUSES[step.get("status", "OK")]
    if status != expected["value"]:
        return f"expected status {expected['name']}"
    pattern: Any = {"error": {"$absent": True}}
    if status != 0:
        rows = [row for row in DESCRIPTION["codes"] if row["code"] == step["code"]]
        message = next(row["message"] for row in rows if row["status"] == expected["name"])
        failure = {"code": step["code"], "message": message, "http_status": expected["http_status"]}
        pattern = {"error": failure}
    expected_body = filled(step.get("body", {}), variables)
    if one_empty:
        expected_body, body = without_empty_lists(expected_body), without_empty_lists(body)
    return difference(pattern, body) or difference(expected_body, body)


def without_empty_lists(value: Any) -> Any:
    """Return a value with `{}` instead of each `[]`."""
    if isinstance(value, dict):
        return {name: without_empty_lists(each) for name, each in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [without_empty_lists(each) for each in cast("Sequence[Any]", value)] or {}
    return value


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
