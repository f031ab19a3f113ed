"""The kit for tests of programs that embed doorward."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from doorward import AuthError
from doorward.testing import Clock, open_engine, totp_code


def test_the_clock_stands_until_it_is_moved() -> None:
    before = int(time.time())
    clock = Clock()
    assert before <= clock.seconds <= time.time()
    start = clock()
    assert start == clock() == clock.seconds * 1000
    clock.advance(90)
    clock.advance(timedelta(hours=1))
    assert clock() == start + 3_690_000


def test_an_engine_in_memory() -> None:
    clock = Clock(1_767_225_600)
    levels: list[int] = []
    ada = {"username": "ada", "password": "eight wise words"}
    with (
        open_engine(clock, log=lambda level, _: levels.append(level), access_token_seconds=60) as engine,
        open_engine() as other,
    ):
        made = engine.register(email="ada@example.com", username="ada", password=ada["password"])
        assert made.user.created_at == clock.seconds
        assert "$m=8,t=1," in engine.hash_password(password="eight wise words").hash
        token = engine.login(username="ada", password=ada["password"]).access_token
        clock.advance(60 + 30)
        with pytest.raises(AuthError):
            engine.verify(token)
        assert levels == [3]
        assert other.list_users().users == []
    with open_engine(password={"iterations": 2}) as engine:
        assert "$m=8,t=2," in engine.hash_password(password="eight wise words").hash


def test_the_codes_of_rfc_6238() -> None:
    # Appendix B, whose codes have eight digits.
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    for seconds, code in ((59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")):
        assert totp_code(secret, seconds) == totp_code(secret, seconds - seconds % 30) == code
