"""doorward beside what users of each language would pick, measured in one run: `make bench-languages`.

Builds a program per language against the libraries in FOLDER, runs one after the other, and prints tables:

    run.py FOLDER [LANGUAGE ...]

Each program verifies a token, hashes a password, and logs a crowd in at once by each contender, one contender
after the other in each round. It prints a line of JSON per measurement: what it measured, the contender, the
round, and the value. It fails unless all contenders read the same claims, refuse the same tokens, and hash
with the same parameters. The ratio of two contenders is taken round by round and the median counts, so that a
machine whose speed drifts does not decide.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from types import MappingProxyType
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILT = ROOT / "target/bench"
ROUNDS, CALLS, LOGINS, CROWDS = 25, 2_000, 200, 3
TARGET = 3  # the ratio of the fastest peer's `verify`

# The tables: what they are about, and the unit.
RATIOS = {"verify": ("`verify`, to typed claims", "µs"), "hash_password": ("`hash_password`", "ms")}
STALLS = {
    "stall": "longest stall",
    "read_file": "longest `readFile`",
    "common_pool": "wait for the common pool",
    "logins": "all logins",
}

# Values by round, by measurement and library.
Measured = dict[str, dict[str, list[float]]]


class Missing(Exception):
    """A tool of a language is not installed."""


class Program(NamedTuple):
    """How a program is started."""

    command: list[str | Path]
    environment: Mapping[str, str] = MappingProxyType({})


def main(folder: str, *languages: str) -> None:
    """Print the tables; end with a failure if CI lacks a language."""
    libraries = Path(folder).resolve()
    measured: dict[str, Measured] = {}
    for language in languages or BUILDS:
        try:
            program = BUILDS[language](libraries)
        except Missing as missing:
            print(f"{language} is skipped: {missing}", file=sys.stderr)
            if os.environ.get("CI"):
                raise SystemExit(1) from None
            continue
        print(f"{language} …", file=sys.stderr, flush=True)
        measured[language] = run(program)
    for what, (title, unit) in RATIOS.items():
        print(f"\n| {title} | {unit} | ratio |\n|---|---|---|")
        for language, each in measured.items():
            print_ratios(language, each[what])
    print(
        f"\n| {LOGINS} logins at once, in ms | {' | '.join(STALLS.values())} |\n|---|{'---|' * len(STALLS)}"
    )
    for language, each in measured.items():
        print_stalls(language, each)
    fastest = {language: min(ratios(each["verify"]).values()) for language, each in measured.items()}
    missed = ", ".join(language for language, ratio in fastest.items() if ratio < TARGET)
    print(f"\nThe ratio of the fastest peer's `verify` is below {TARGET} in: {missed or 'no language'}")


def print_ratios(language: str, values: dict[str, list[float]]) -> None:
    """Print a row per contender, the fastest peer first."""
    print(f"| **{language}: doorward** | **{median(values['doorward']):.2f}** | |")
    for who, ratio in sorted(ratios(values).items(), key=lambda item: item[1]):
        print(f"| {who} | {median(values[who]):.2f} | {ratio:.1f} |")


def print_stalls(language: str, measured: Measured) -> None:
    """Print a row per contender, if the language has a scheduler of its own."""
    for who in measured.get("stall", {}):
        cells = [f"{median(measured[what][who]):,.0f}" if what in measured else "" for what in STALLS]
        print(f"| {language}: {who} | {' | '.join(cells)} |")


def ratios(values: dict[str, list[float]]) -> dict[str, float]:
    """Return how many times doorward's time each peer takes."""
    ours = values["doorward"]
    peers = {who: theirs for who, theirs in values.items() if who != "doorward"}
    return {who: median(a / b for a, b in zip(theirs, ours, strict=True)) for who, theirs in peers.items()}


def run(program: Program) -> Measured:
    """Run a program, and return what it measured."""
    measured: Measured = defaultdict(lambda: defaultdict(list))
    with tempfile.TemporaryDirectory(prefix="doorward-") as folder:
        numbers = map(str, (ROUNDS, CALLS, LOGINS, CROWDS))
        command = [*program.command, folder, *numbers]
        output = execute(command, env={**os.environ, **program.environment})
    for line in map(json.loads, output.splitlines()):
        measured[line["what"]][line["who"]].append(line["value"])
    return measured


def cpp(libraries: Path) -> Program:
    """Build the program of C++, if Debian's packages of the peers are installed."""
    packages = ["libjwt-dev", "libcpp-jwt-dev", "libargon2-dev", "libsodium-dev"]
    need("dpkg-query")
    shown = execute(["dpkg-query", "--show", "--showformat=${Version}\n", *packages], check=False).split()
    if len(shown) < len(packages):
        raise Missing(f"not all of {', '.join(packages)} are installed")
    versions = dict(zip(packages, shown, strict=True))
    program = prepared("cpp") / "bench"
    execute(
        [
            *os.environ.get("CXX", "c++").split(),
            *("-std=c++20", "-O2", HERE / "cpp/bench.cpp", "-o", program, f"-I{ROOT / 'include'}"),
            *(f'-D{macro(package)}="{version}"' for package, version in versions.items()),
            *(f"-L{libraries}", f"-Wl,-rpath,{libraries}", "-ldoorward"),
            *("-ljwt", "-largon2", "-lsodium", "-lcrypto"),
        ]
    )
    return Program([program])


def macro(package: str) -> str:
    """Return the macro with the version of a package."""
    return package.removesuffix("-dev").replace("-", "_").upper() + "_VERSION"


def python(_: Path) -> Program:
    """Return the program of Python, whose package is in the same environment as this program."""
    return Program([sys.executable, HERE / "python/bench.py"])


def node(libraries: Path) -> Program:
    """Compile the package of Node, and install the peers."""
    need("node", "npm")
    binding = ROOT / "bindings/node"
    for folder in binding, HERE / "node":
        lock, installed = folder / "package-lock.json", folder / "node_modules/.package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            execute(["npm", "ci", "--loglevel=error", "--no-audit", "--no-fund"], cwd=folder)
            installed.touch()
    execute([binding / "node_modules/.bin/tsc"], cwd=binding)
    shutil.copy(libraries / "libdoorward_node.so", binding / "build/doorward.node")
    return Program(["node", HERE / "node/bench.js"])


def go(libraries: Path) -> Program:
    """Build the program of Go."""
    need("go")
    program = prepared("go") / "bench"
    execute(["go", "build", "-o", program, "."], cwd=HERE / "go")
    return Program([program], {"DOORWARD_LIBRARY": str(libraries / "libdoorward.so")})


def java(libraries: Path) -> Program:
    """Compile the package of Java and the program, and copy the peers."""
    need("mvn", "javac")
    peers, classes = prepared("java"), ROOT / "target/java/doorward/classes"
    maven = ["mvn", "--quiet", "--batch-mode", "--file"]
    execute([*maven, ROOT / "bindings/java", "--projects", "doorward", "compile"])
    execute([*maven, HERE / "java", "dependency:copy-dependencies", f"-DoutputDirectory={peers}"])
    path = f"{peers}/*:{classes}"
    execute(["javac", "-cp", path, "-d", peers / "classes", HERE / "java/Bench.java"])
    library = f"-Dio.doorward.library={libraries / 'libdoorward_java.so'}"
    return Program(["java", library, "-cp", f"{path}:{peers / 'classes'}", "Bench"])


BUILDS: dict[str, Callable[[Path], Program]] = {
    "C++": cpp,
    "Python": python,
    "Node": node,
    "Go": go,
    "Java": java,
}


def need(*tools: str) -> None:
    """Refuse to go on without these programs."""
    for tool in tools:
        if shutil.which(tool) is None:
            raise Missing(f"{tool} is not installed")


def prepared(name: str) -> Path:
    """Return an empty folder for what is built."""
    folder = BUILT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def execute(
    command: list[str | Path],
    cwd: Path = ROOT,
    env: Mapping[str, str] | None = None,
    *,
    check: bool = True,
) -> str:
    """Run a command and return what it prints; a failure ends everything."""
    done = subprocess.run(command, cwd=cwd, env=env, stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
    if check and done.returncode != 0:
        raise SystemExit(f"{done.stdout}\n{command[0]} failed")
    return done.stdout


if __name__ == "__main__":
    main(*sys.argv[1:])
