"""Answers lines by the wrapper of docs/ffi.md: see languages.py."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

doorward: Any = importlib.import_module("doorward_ctypes")
engine: Any = None


def ask(operation: str, request: Any, now: int | None) -> Any:
    global engine
    if engine and now:
        engine.set_now(now)
    if operation == "open":
        engine = doorward.Doorward(request, now_ms=now)
        gc.collect()  # what the engine needs must survive
    elif operation == "close":
        engine.close()
    elif operation == "log":
        return logged(request)
    elif operation == "fork":
        return forked()
    elif operation == "threads":
        with ThreadPoolExecutor(8) as threads:
            return {"answers": list(threads.map(engine.call, ["hash_password"] * 8, [request] * 8))}
    else:
        return engine.call(operation, request)
    return {}


def failure_of(engine: Any, operation: str, request: Any) -> Any:
    try:
        return engine.call(operation, request)
    except doorward.DoorwardError as error:
        return error.body


def logged(config: str) -> Any:
    records: list[Any] = []

    def log(level: int, record: Any) -> None:
        records.append({"level": level, "code": record["code"]})
        raise ValueError("a hook that fails")

    engine = doorward.Doorward(config, log=log)
    failure_of(engine, "verify", {"token": "x"})
    engine.close()
    return {"records": records}


def forked() -> Any:
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(failure_of(engine, "stats", {})).encode())
        os._exit(0)
    os.wait()
    return json.loads(os.read(read, 65536))


for line in sys.stdin:
    given = json.loads(line)
    try:
        answer = {"status": 0, "response": ask(given["operation"], given["request"], given.get("now_ms"))}
    except doorward.DoorwardError as error:
        answer = {"status": error.status, "response": error.body}
    print(json.dumps(answer), flush=True)
