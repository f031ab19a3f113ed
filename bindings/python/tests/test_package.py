"""Tests of the built package: generated files are current, and the description is the library's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import doorward
from doorward import _doorward

ROOT = Path(__file__).parents[3]


def test_the_stub_is_that_of_the_native_module() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "doorward._doorward"],
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_description_is_that_of_the_library() -> None:
    committed = json.loads((ROOT / "tests" / "describe.json").read_text())
    own = doorward.describe()
    # The wheel is built without the C ABI, and the tested module with it.
    for features in (committed["features"], own["features"]):
        features[:] = [feature for feature in features if feature != "capi"]
    assert own == committed
    assert doorward.__version__ == committed["version"]


EXTENSION = Path(str(_doorward.__file__))
TESTED = Path(os.environ.get("DOORWARD_TESTED", ROOT / "target" / "debug"))
LIBRARY = TESTED / "libdoorward.so"


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("readelf"), reason="no readelf")
def test_the_extension_has_neither_name_nor_functions_of_the_c_library() -> None:
    def read(*options: str) -> str:
        return subprocess.run(
            ["readelf", *options, EXTENSION], capture_output=True, text=True, check=True
        ).stdout

    named = re.findall(r"\(SONAME\).*\[(.*)\]", read("-dW"))
    assert all("libdoorward" not in name for name in named)
    assert re.findall(r" (doorward_\w+)", read("--dyn-syms", "-W")) == []


@pytest.mark.skipif(
    sys.platform != "linux" or not LIBRARY.exists(), reason="no C library, `make tested` builds it"
)
def test_the_c_library_is_another_one_beside_the_wheel(tmp_path: Path) -> None:
    (tmp_path / "libdoorward.so.1").symlink_to(LIBRARY)
    (tmp_path / "libdoorward.so").symlink_to(LIBRARY)
    source = tmp_path / "plugin.c"
    source.write_text(
        "#include <doorward.h>\n"
        'int plugin(void) { return doorward_abi() == DOORWARD_ABI && doorward_boolean("[true]", "/0", 0); }\n'
    )
    plugin = tmp_path / "plugin.so"
    link = ["-shared", "-fPIC", "-o", plugin, source, f"-I{ROOT / 'include'}", f"-L{tmp_path}", "-ldoorward"]
    subprocess.run(["cc", *map(str, link), f"-Wl,-rpath,{tmp_path}"], check=True)
    program = """
import ctypes, doorward, sys
doorward.Engine({"store": "sqlite::memory:"}).close()
by_name = ctypes.CDLL("libdoorward.so.1")
assert by_name.doorward_abi() == 1
assert ctypes.CDLL(sys.argv[1]).plugin() == 1
"""
    here = {"LD_LIBRARY_PATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", program, plugin], capture_output=True, text=True, env={**os.environ, **here}
    )
    assert run.returncode == 0, run.stderr


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, and install it into an empty environment. Return its Python."""
    folder = tmp_path_factory.mktemp("wheel")
    profile = "dist" if TESTED.name == "dist" else "dev"
    build = ["maturin", "build", "--quiet", "--locked", "--profile", profile, "--out", str(folder)]
    # The features of `make module`, so that doorward is not built for the wheel alone.
    build += ["--features", "doorward/default"]
    manifest = ["--manifest-path", str(ROOT / "bindings" / "python" / "Cargo.toml")]
    subprocess.run([*build, *manifest], check=True, cwd=ROOT)
    (wheel,) = folder.glob("doorward-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    subprocess.run([*install, str(wheel)], check=True)
    return python


@pytest.mark.parametrize(
    ("document", "count"), [("README.md", 1), ("bindings/python/README.md", 1), ("docs/python.md", 6)]
)
def test_the_programs_of_a_document_in_an_empty_environment(
    tmp_path: Path, installed: Path, document: str, count: int
) -> None:
    """With the wheel alone, the programs run unchanged, one after the other, and a second time."""
    programs = programs_in(ROOT / document)
    assert len(programs) == count
    (tmp_path / "page.py").write_text("\n".join(programs))
    for is_second in (False, True):
        run = subprocess.run([installed, "page.py"], capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert "ada" in run.stdout.replace("ada is registered already", "")
        assert "eyJ" not in run.stdout
        assert ("ada is registered already" in run.stdout) == is_second


def test_the_wheel_has_all_files_and_no_others(installed: Path) -> None:
    (package,) = installed.parents[1].glob("lib/python3*/site-packages/doorward")
    files = {
        file.relative_to(package) for file in package.rglob("*") if file.suffix != ".pyc" and file.is_file()
    }
    sources = ROOT / "bindings" / "python" / "python" / "doorward"
    written = {
        file.relative_to(sources) for file in sources.rglob("*") if file.suffix in {".py", ".pyi", ".typed"}
    }
    assert {file for file in files if file.suffix != ".so"} == written | {Path("py.typed")}
    assert len([file for file in files if file.suffix == ".so"]) == 1


def test_the_quick_start(tmp_path: Path) -> None:
    setup = """
import asyncio, doorward
doorward.configure(password={"blocklist": False})
asyncio.run(doorward.register_user(
    doorward.RegisterRequest(username="admin", email="admin@example.com", password="password")))
"""
    program = """
import asyncio
from doorward import login_user, LoginRequest

async def main():
    response = await login_user(LoginRequest(username="admin", password="password"))
    print(response.access_token)

asyncio.run(main())
"""
    for text in (setup, program):
        run = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
    assert run.stdout.count(".") == 2


PROGRAMS = [
    ("python-web.md", 5),
    ("deployment.md", 2),
    ("api-keys.md", 1),
    ("organizations.md", 1),
    ("guide.md", 1),
]


@pytest.mark.parametrize(("page", "least"), PROGRAMS)
def test_the_programs_of_a_page(tmp_path: Path, page: str, least: int) -> None:
    """The programs run unchanged, one after the other."""
    programs = programs_of(page)
    assert len(programs) >= least
    (tmp_path / "page.py").write_text("\n".join(programs))
    run = subprocess.run([sys.executable, "page.py"], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_the_tests_of_the_page_on_testing(tmp_path: Path) -> None:
    (program,) = programs_of("testing.md")
    (tmp_path / "test_page.py").write_text(program)
    command = [sys.executable, "-m", "pytest", "--quiet", "test_page.py"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stdout
    assert "4 passed" in run.stdout


def programs_of(page: str) -> list[str]:
    """Return the blocks of Python on a page."""
    return programs_in(ROOT / "docs" / page)


def programs_in(document: Path) -> list[str]:
    return [each.partition("```")[0] for each in document.read_text().split("```python\n")[1:]]


DOCUMENTS = [
    file
    for place in ("*.md", "docs/*.md", "examples/*.md", "bindings/*/README.md")
    for file in ROOT.glob(place)
]


def test_the_links_of_the_documents() -> None:
    """Each link leads to an existing file and, if it names one, to an existing heading."""
    broken = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)\s]+)\)", without_code(document))
        if "://" not in target and not leads_somewhere(document, *target.partition("#")[::2])
    ]
    assert not broken


def test_the_readme_lists_every_page() -> None:
    listed = set(re.findall(r"^- \[docs/(.*?)\]", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert listed == {page.name for page in ROOT.glob("docs/*.md")}


def test_the_english_of_the_documents() -> None:
    """A reader understands a sentence at once, and a line is no longer than the others."""
    for document in DOCUMENTS:
        text = without_code(document)
        assert not RIDDLE.findall(text), document
        if document.name != "operations.md":
            lines = [line for line in text.splitlines() if not line.startswith(("|", "!["))]
            assert [line for line in lines if len(line) > 110] == [], document


PRONOUNS = "nobody|somebody|anybody|everybody|whoever|whomever|whosoever|whom"
RIDDLE = re.compile(
    rf"(?:^|[.:;|] |- |\*\* )(?:Whose|Which|Who|Whatever) |\b(?i:{PRONOUNS})\b(?!`|\")", re.MULTILINE
)
"""A sentence names its subject: none begins with these words, and none has one of these pronouns."""


SOURCES = [
    file
    for folder in ("src", "derive", "command", "tools", "include", "tests", "benches", "examples", "bindings")
    for ending in ("rs", "py", "go", "java", "ts", "js", "h", "hpp", "c", "cpp")
    for file in sorted((ROOT / folder).rglob(f"*.{ending}"))
    if not {"target", "node_modules", "build", ".venv"}.intersection(file.parts)
]


def test_the_english_of_the_comments() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {comment[max(0, match.start() - 30) : match.end() + 30]}"
        for file in SOURCES
        for comment in comments_of(file)
        for match in RIDDLE.finditer(comment)
    ]
    assert not found, "\n".join(found)


def comments_of(source: Path) -> list[str]:
    """Return the comments that have lines of their own, and the docstrings, each as one line."""
    text = source.read_text()
    if source.suffix != ".py":
        blocks = re.findall(r"(?:^[ \t]*//[/!]?(?: .*)?\n)+", text, re.MULTILINE)
        blocks += re.findall(r"^[ \t]*/\*.*?\*/", text, re.S | re.M)
        marks = re.compile(r"^[ \t]*(?://[/!]?|/\*\*?|\*/?) ?", re.MULTILINE)
        return [" ".join(marks.sub("", block).split()) for block in blocks]
    blocks = re.findall(r"(?:^ *#(?: .*)?\n)+", text, re.MULTILINE)
    comments = [" ".join(re.sub(r"^ *# ?", "", block, flags=re.MULTILINE).split()) for block in blocks]
    return comments + [" ".join(each.split()) for each in re.findall(r'^ *"""(.*?)"""', text, re.S | re.M)]


def leads_somewhere(document: Path, path: str, heading: str) -> bool:
    target = document.parent / path if path else document
    return target.exists() and (not heading or heading in anchors(target))


def anchors(document: Path) -> set[str]:
    """Return the names that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", without_code(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(document: Path) -> str:
    return re.sub(r"^ *```.*?^ *```", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)


def test_no_document_installs_what_nobody_published() -> None:
    """A registry gives the name to its first publisher, so no tool may install it by name."""
    installs = re.compile(r"\b(?:install|add|get|require)\b[^\n`]*[ \"'=]doorward(?![\w./])")
    for document in (*DOCUMENTS, *ROOT.glob("examples/*/*.py")):
        assert not installs.findall(document.read_text()), document


def test_no_program_prints_a_token() -> None:
    """A terminal and a log keep what they show."""
    # A token that is passed to a function is not printed.
    printed = re.compile(
        r"(?i)\b(?:print\w*|log|puts|echo|cout)\b(?:!?\(| )(?:[^()\n]|\(\))*(?:access|refresh)_?token"
    )
    for text in (
        "print(x.access_token)",
        'println!("{}", x.access_token)',
        "f.Println(x.a(), x.AccessToken)",
    ):
        assert printed.search(text), text
    for document in (*DOCUMENTS, *(file for file in ROOT.glob("examples/*/*.*") if file.is_file())):
        assert not printed.findall(document.read_text(errors="replace")), document


def test_the_example_of_an_import(tmp_path: Path) -> None:
    example = ROOT / "examples" / "python" / "import_users.py"
    run = subprocess.run([sys.executable, example], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "imported 2 with {'bcrypt_sha256': 1, 'pbkdf2_sha256': 1}",
        "Grace username_repeated",
        "ada logged in; the hash is argon2id",
        "grace logged in; the hash is argon2id",
    ]


def test_the_example(tmp_path: Path) -> None:
    example = ROOT / "examples" / "python" / "quickstart.py"
    for _ in range(2):
        run = subprocess.run([sys.executable, example], capture_output=True, text=True, cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert "ada" in run.stdout
