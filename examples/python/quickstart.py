"""The main job on a SQLite file in the current folder: register, log in, verify, introspect, log out."""

from __future__ import annotations

import asyncio

import doorward
from doorward import LoginRequest, RegisterRequest
from doorward.exceptions import Conflict


async def main() -> None:
    """Run the quick start; it may be run again."""
    engine = doorward.configure(store="sqlite:quickstart.db")
    try:
        user = await doorward.register_user(
            RegisterRequest(username="ada", email="ada@example.com", password="eight wise words")
        )
        print("registered", user.username, user.id)
    except Conflict:
        print("ada is registered already")

    response = await doorward.login_user(LoginRequest(username="ada", password="eight wise words"))
    print("logged in", response.user.username, "for", response.expires_in, "seconds")

    claims = engine.verify(response.access_token)
    print("verified, by signature alone:", claims.get("sub"))

    answer = await doorward.introspect_token(response.access_token)
    print("introspected: active is", answer.active)

    print((await doorward.logout_user(response.access_token)).message)
    try:
        await doorward.get_logged_in_user(response.access_token)
    except doorward.InvalidToken as error:
        print("refused:", error)


if __name__ == "__main__":
    asyncio.run(main())
