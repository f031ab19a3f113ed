"""Many processes in C, Python and Rust share one store; tests/processes has their programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from conftest import PASSWORD

ROOT = Path(__file__).parents[3]
PROGRAMS = ROOT / "tests" / "processes"
LIBRARY = Path(os.environ.get("DOORWARD_TESTED", ROOT / "target" / "debug"))

ADA = {"username": "ada", "password": PASSWORD}


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """Build the programs, and return the commands of eight processes."""
    in_c = tmp_path_factory.mktemp("programs") / "driver"
    strict = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", f"-I{ROOT / 'include'}"]
    link = [f"-L{LIBRARY}", "-ldoorward", f"-Wl,-rpath,{LIBRARY}"]
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, *strict, str(PROGRAMS / "driver.c"), "-o", str(in_c), *link], check=True)
    # Built with the packages of `make test-rust`: others would change features, and all would be built anew.
    packages = ["--workspace", "--exclude", "doorward-onepassword"]
    cargo = [os.environ.get("CARGO", "cargo"), "build", "--quiet", "--locked", *packages]
    subprocess.run([*cargo, "--example", "driver"], check=True, cwd=ROOT)
    in_rust = ROOT / "target" / "debug" / "examples" / "driver"
    in_python = [sys.executable, str(PROGRAMS / "driver.py")]
    return [
        [str(in_c)],
        in_python,
        [str(in_rust)],
        [str(in_c)],
        in_python,
        [str(in_rust)],
        [str(in_c)],
        in_python,
    ]


class Process:
    """A program on the store."""

    def __init__(self, command: list[str]) -> None:
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, operation: str, request: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{operation} {json.dumps(request)}\n")
        self.process.stdin.flush()

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def answer(self) -> Any:
        """Return the response, or the code of a failure."""
        status, _, text = self.line().partition(" ")
        response = json.loads(text)
        return response if int(status) == 0 else response["error"]["code"]

    def call(self, operation: str, request: Any) -> Any:
        self.ask(operation, request)
        return self.answer()

    def must(self, operation: str, request: Any) -> Any:
        response = self.call(operation, request)
        assert not isinstance(response, str), (operation, response)
        return response


class Processes(list[Process]):
    """Eight processes that have not opened a store."""

    def at_once(self, operation: str, requests: Sequence[Any]) -> list[Any]:
        """Send each process its request; wait for answers only after all have theirs."""
        for process, request in zip(self, requests, strict=True):
            process.ask(operation, request)
        return [process.answer() for process in self]

    def all(self, operation: str, request: Any) -> list[Any]:
        return self.at_once(operation, [request] * len(self))


@pytest.fixture(scope="session")
def strangers(programs: list[list[str]]) -> Iterator[Processes]:
    """Start eight processes, for all tests: each opens and closes its own store."""
    processes = Processes(Process(command) for command in programs)
    try:
        assert [process.line() for process in processes] == ["ready\n"] * 8
        yield processes
        for process in processes:
            process.process.communicate(timeout=60)
        assert [process.process.returncode for process in processes] == [0] * 8
    finally:
        for process in processes:
            process.process.kill()
            process.process.communicate()


@pytest.fixture
def config(new_store: str) -> dict[str, Any]:
    return {
        "store": new_store,
        "secret_key": "a secret key that the processes share",
        "password": {"memory_kib": 8, "iterations": 1, "blocklist": False},
    }


@pytest.fixture
def processes(strangers: Processes, config: dict[str, Any]) -> Iterator[Processes]:
    """Eight processes that have opened one new store at the same time."""
    assert strangers.all("open", config) == [{}] * 8
    yield strangers
    assert strangers.all("close", {}) == [{}] * 8


def account(name: str, **more: Any) -> dict[str, Any]:
    return {"username": name, "email": f"{name}@example.com", "password": PASSWORD, **more}


def outcomes(answers: list[Any]) -> Counter[str]:
    return Counter(answer if isinstance(answer, str) else "OK" for answer in answers)


def test_one_gets_the_name_and_one_the_address(processes: Processes) -> None:
    for turn in range(10):
        names = [account(f"user{turn}-{index}", username=f"Name{turn}") for index in range(8)]
        assert outcomes(processes.at_once("register", names)) == {"OK": 1, "username_taken": 7}
        addresses = [account(f"other{turn}-{index}", email=f"A{turn}@Example.com") for index in range(8)]
        assert outcomes(processes.at_once("register", addresses)) == {"OK": 1, "email_taken": 7}
    for process in processes:
        assert len(process.must("list_users", {})["users"]) == 20


def test_one_refresh_token_has_one_successor(processes: Processes) -> None:
    processes[0].must("register", account("ada"))
    token = processes[1].must("login", ADA)["refresh_token"]
    for _ in range(10):
        answers = processes.all("refresh", {"refresh_token": token})
        assert outcomes(answers) == {"OK": 8}
        successors = {answer["refresh_token"] for answer in answers}
        assert len(successors) == 1 and token not in successors
        for answer in answers:
            assert outcomes(processes.all("authenticate", {"token": answer["access_token"]})) == {"OK": 8}
        token = successors.pop()


def test_a_rotation_is_seen_by_all(processes: Processes) -> None:
    claims = {"claims": {"sub": "a service"}}
    for process in processes[:3]:
        process.must("rotate_keys", {})
        token = process.must("issue_token", claims)["token"]
        assert outcomes(processes.all("verify", {"token": token})) == {"OK": 8}


def test_rotations_at_once(processes: Processes) -> None:
    assert outcomes(processes.all("rotate_keys", {})) == {"OK": 8}
    issued = processes.all("issue_token", {"claims": {"sub": "a service"}})
    for answer in issued:
        assert outcomes(processes.all("verify", {"token": answer["token"]})) == {"OK": 8}


def test_a_revocation_is_seen_by_all(processes: Processes) -> None:
    user = processes[0].must("register", account("ada"))["user"]["id"]
    for process in processes:
        for operation in ("logout", "revoke_token", "revoke_session", "revoke_user_sessions"):
            sessions = processes.all("login", ADA)
            tokens = [session["access_token"] for session in sessions]
            assert all(
                each["active"] for each in processes.at_once("introspect", [{"token": t} for t in tokens])
            )
            requests = {
                "logout": {"token": tokens[0]},
                "revoke_token": {"token": sessions[0]["refresh_token"]},
                "revoke_session": {"session_id": sessions[0]["session_id"]},
                "revoke_user_sessions": {"user_id": user},
            }
            process.must(operation, requests[operation])
            assert outcomes(processes.all("authenticate", {"token": tokens[0]})) == {"invalid_token": 8}
            assert not any(answer["active"] for answer in processes.all("introspect", {"token": tokens[0]}))
            is_over = operation == "revoke_user_sessions"
            for answer in processes.all("introspect", {"token": tokens[1]}):
                assert answer["active"] is not is_over


def test_a_closed_account_is_closed_to_all(processes: Processes) -> None:
    for turn, process in enumerate(processes):
        user = process.must("register", account(f"user{turn}"))["user"]["id"]
        login = {"username": f"user{turn}", "password": PASSWORD}
        token = process.must("login", login)["access_token"]
        process.must("update_user", {"id": user, "is_active": False})
        assert outcomes(processes.all("login", login)) == {"invalid_credentials": 8}
        assert not any(answer["active"] for answer in processes.all("introspect", {"token": token}))


def test_one_session_is_ended_once(processes: Processes) -> None:
    processes[0].must("register", account("ada"))
    session = processes[1].must("login", ADA)["session_id"]
    answers = processes.all("revoke_session", {"session_id": session})
    assert sum(answer["revoked"] for answer in answers) == 1
    kinds = Counter(event["kind"] for event in processes[2].must("events", {})["events"])
    assert kinds == {"registered": 1, "logged_in": 1, "session_revoked": 1}


@pytest.mark.parametrize("change", [{"roles": []}, {"is_active": False}, None])
def test_the_last_admin_stays(processes: Processes, change: dict[str, Any] | None) -> None:
    admins = [account(f"admin{index}", roles=["admin"]) for index in range(8)]
    ids = [answer["user"]["id"] for answer in processes.at_once("register", admins)]
    operation = "delete_user" if change is None else "update_user"
    answers = processes.at_once(operation, [{"id": each, **(change or {})} for each in ids])
    assert outcomes(answers) == {"OK": 7, "permission_denied": 1}
    left = processes[0].must("list_users", {"role": "admin", "is_active": True})["users"]
    assert [user["id"] for user in left] == [ids[answers.index("permission_denied")]]


def test_each_mail_is_leased_once(processes: Processes) -> None:
    users = [account(f"user{index}") for index in range(40)]
    for user in users:
        registered = processes[0].must("register", user)["user"]
        processes[0].must("request_email_verification", {"user_id": registered["id"]})
    taken = [
        mail["to"]
        for _ in range(7)
        for answer in processes.all("take_mail", {"limit": 1, "lease_seconds": 3600})
        for mail in answer["mails"]
    ]
    assert len(taken) == len(set(taken))
    assert sorted(taken) == sorted(user["email"] for user in users)


def test_no_more_guesses_than_one_process_has(processes: Processes) -> None:
    processes[0].must("register", account("ada"))
    guess = {"username": "ada", "password": "a wrong password"}
    guesses = sum((outcomes(processes.all("login", guess)) for _ in range(4)), Counter[str]())
    assert guesses == {"invalid_credentials": 10, "too_many_attempts": 22}
