"""A process on a store, as driver.c."""

from __future__ import annotations

import json
import sys

from doorward import AuthError, Engine

engine: Engine | None = None
print("ready", flush=True)
for line in sys.stdin:
    operation, _, request = line.rstrip("\n").partition(" ")
    status, response = 0, {}
    try:
        if operation == "open":
            engine = Engine(request)
        elif operation == "close" and engine is not None:
            engine.close()
        elif engine is not None:
            response = engine.call(operation, request)
    except AuthError as error:
        status, response = error.status.value, {"error": {"code": error.code, "detail": error.detail}}
    print(status, json.dumps(response), flush=True)
