"""Tests of examples/operating: a confined application, its health check, its container, its alerts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PASSWORD

from doorward import Config, Engine, describe
from doorward.status import Status

ROOT = Path(__file__).resolve().parents[3]
OPERATING = ROOT / "examples" / "operating"
NO_NAMESPACES = 77


def loaded(name: str) -> Any:
    return yaml.safe_load((OPERATING / name).read_text())


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """The page's configuration with this test's folders, and a key that systemd would provide as a
    credential.
    """
    (tmp_path / "data").mkdir()
    (tmp_path / "secrets").mkdir()
    config: Config = json.loads((OPERATING / "door.json").read_text())
    assert config.get("store") == "sqlite:/var/lib/door/door.db"
    config["store"] = f"sqlite:{tmp_path}/data/door.db"
    (tmp_path / "door.json").write_text(json.dumps(config))
    secret = "the secret key of the service of this test"
    key = tmp_path / "secrets" / "secret.key"
    key.write_text(secret)
    key.chmod(0o440)
    del config["secret_key_files"]
    with Engine({**config, "secret_key": secret}) as engine:
        engine.register(username="ada", email="ada@example.com", password=PASSWORD)
    return tmp_path


@contextmanager
def application(machine: Path) -> Generator[tuple[str, subprocess.Popen[str]]]:
    """Run the application as the unit and the container do. Return its address."""
    command: list[str | Path] = [ROOT / "tests" / "confined", machine / "data", "--"]
    command += [f"CREDENTIALS_DIRECTORY={machine}/secrets", sys.executable, "-B"]
    command += [OPERATING / "service.py", machine / "door.json", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/") as process:
        assert process.stdout
        line = process.stdout.readline()
        if process.poll() == NO_NAMESPACES:
            pytest.skip("there are no namespaces")
        try:
            yield f"http://{line.removeprefix('listening on ').strip()}", process
        finally:
            process.terminate()


def get(url: str, fields: Any = None) -> tuple[int, str]:
    body = None if fields is None else json.dumps(fields).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body)) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_application_lives_on_a_read_only_root(machine: Path) -> None:
    with application(machine) as (url, process):
        assert get(f"{url}/health") == (200, "1\n")
        status, body = get(f"{url}/login", {"username": "ada", "password": PASSWORD})
        assert (status, json.loads(body)["user"]["username"]) == (200, "ada")
        status, body = get(f"{url}/login", {"username": "ada", "password": "no wise words"})
        assert (status, json.loads(body)["error"]["code"]) == (401, "invalid_credentials")
        assert get(f"{url}/login", ["ada"])[0] == 400
        # Without the store the health check fails; it succeeds again after the store returns.
        database = machine / "data" / "door.db"
        database.rename(machine / "data" / "away.db")
        assert get(f"{url}/health")[0] == 503
        (machine / "data" / "away.db").rename(database)
        assert get(f"{url}/health") == (200, "1\n")
        assert 'operation="login",status="DENIED"} 1\n' in get(f"{url}/metrics")[1]
        process.terminate()
        assert process.wait(30) == 0


def test_the_health_check_of_the_image(machine: Path) -> None:
    """The image's command gives the same result as the application."""
    image = (OPERATING / "Dockerfile").read_text()
    found = re.search(r"HEALTHCHECK .*\\\n  CMD (\[.*\])\n", image)
    assert found
    program, *arguments = json.loads(found[1])
    assert program == "python"
    with application(machine) as (url, _):
        address = url.removeprefix("http://")
        arguments = [argument.replace("127.0.0.1:8000", address) for argument in arguments]
        subprocess.run([sys.executable, *arguments], check=True)
        (machine / "data" / "door.db").rename(machine / "data" / "away.db")
        failed = subprocess.run([sys.executable, *arguments], stderr=subprocess.DEVNULL)
        assert failed.returncode == 1


def test_the_container() -> None:
    service = loaded("compose.yaml")["services"]["door"]
    image = (OPERATING / "Dockerfile").read_text()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == "10001:10001"
    assert "\nUSER 10001:10001\n" in image
    # The files that are copied into the image exist, except for built ones.
    for source in re.findall(r"^COPY (\S+) ", image, re.MULTILINE):
        assert source.startswith(("dist/", "target/dist/")) or (ROOT / source).exists()
    # The folders are volumes, because the rest of the file system is read-only.
    folders = {volume.split(":")[1] for volume in service["volumes"]}
    assert folders == set(re.findall(r"/var/\S+/door\b", image))


def test_alerts_ask_for_what_is_told(machine: Path) -> None:
    """Every metric, label and value of the alerts comes from `stats` or from a unit of this folder."""
    config: Config = json.loads((machine / "door.json").read_text())
    config["secret_key_files"] = [str(machine / "secrets" / "secret.key")]
    with Engine(config) as engine:
        engine.login(username="ada", password=PASSWORD)
        told = engine.stats(store=True).prometheus
    values: dict[str, set[str]] = {
        "operation": {operation["name"] for operation in describe()["operations"]},
        "status": {status.name for status in Status},
        "job": {"door"},
        "name": {unit.name for unit in OPERATING.glob("*.service")},
        "state": {"failed"},
    }
    rules = [rule for group in loaded("alerts.yaml")["groups"] for rule in group["rules"]]
    assert len(rules) > 5
    for rule in rules:
        names = re.findall(r"\bdoorward_\w+", rule["expr"])
        assert names or "up" in rule["expr"] or "node_systemd_unit_state" in rule["expr"], rule
        for name in names:
            assert re.search(rf"^{name}\b", told, re.MULTILINE), name
        for label, operator, text in re.findall(r'(\w+)(=~|=)"([^"]*)"', rule["expr"]):
            assert set(text.split("|") if operator == "=~" else [text]) <= values[label], rule
        assert rule["annotations"]["summary"]
