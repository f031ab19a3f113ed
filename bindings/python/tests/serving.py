"""Applications over real HTTP, on a free port of the loopback interface."""

from __future__ import annotations

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import httpx
import uvicorn


@contextmanager
def serving(app: Any, root_path: str = "") -> Generator[httpx.Client]:
    """Return a client of the application.

    The socket listens before the server runs, so that no test has to wait. `root_path`: the prefix that a
    proxy has removed from paths.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="critical", ws="websockets-sansio", lifespan="off", root_path=root_path
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=60) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
