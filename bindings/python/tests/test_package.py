"""The package as it is built: nothing generated is stale, the description is that of the library."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import doorward

ROOT = Path(__file__).parents[3]


def test_what_is_generated_is_current() -> None:
    generate = ROOT / "bindings" / "python" / "generate.py"
    run = subprocess.run([sys.executable, generate, "--check"], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


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
    # The wheel is built without the C ABI.
    committed["features"].remove("capi")
    assert doorward.describe() == committed
    assert doorward.__version__ == committed["version"]


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


def test_the_programs_of_the_page_on_web_frameworks(tmp_path: Path) -> None:
    """They run as they stand, one after the other."""
    text = (ROOT / "docs" / "python-web.md").read_text()
    programs = [each.partition("```")[0] for each in text.split("```python\n")[1:]]
    assert len(programs) > 4
    (tmp_path / "page.py").write_text("\n".join(programs))
    run = subprocess.run([sys.executable, "page.py"], capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode == 0, run.stderr


def test_no_document_installs_what_nobody_published() -> None:
    for document in (*ROOT.glob("docs/*.md"), ROOT / "README.md", ROOT / "bindings" / "python" / "README.md"):
        assert not re.search(r"pip install [\"']?doorward", document.read_text()), document


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
