"""Answers lines by the Python package.

The first argument is the configuration. A line is {"operation": …, "request": …}, where a request is an
object, or JSON as a text; the answer is {"status": …, "response": …}, as the C ABI gives it.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from doorward import AuthError, Engine


def body(error: AuthError) -> dict[str, Any]:
    """Return the body of a failure in the form of the C ABI, which has the detail for the host's logs."""
    answer = error.http_body
    if error.detail is not None:
        answer["error"]["detail"] = error.detail
    return answer


with Engine(sys.argv[1]) as engine:
    for line in sys.stdin:
        given = json.loads(line)
        request = given["request"]
        text = request if isinstance(request, str) else json.dumps(request)
        try:
            answer = {"status": 0, "response": engine.call(given["operation"], text)}
        except AuthError as error:
            answer = {"status": error.status.value, "response": body(error)}
        print(json.dumps(answer), flush=True)
