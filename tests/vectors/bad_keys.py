# ruff: noqa: S101, S311
# What is drawn is data, and an assertion ends the program that writes it.
"""Writes bad_keys.json anew: refused public keys, in hex, and a few valid ones beside them.

`python bad_keys.py`. RSA: exponents and moduli that make no key, or a weak one; a modulus as Infineon's
library made them (ROCA, CVE-2017-15361). Ed25519: the eight points of small order in all their encodings,
other encodings and points that are none. P-256: points that are none.
"""

from __future__ import annotations

import json
import random
from pathlib import Path

FILE = Path(__file__).with_suffix(".json")

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
BASE_Y = 4 * pow(5, -1, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493

Point = tuple[int, int]


def x_of(y: int) -> int | None:
    """The even x of a point of Ed25519 with this y (RFC 8032 section 5.1.3)."""
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        return None
    return P - x if x % 2 else x


def add(one: Point, other: Point) -> Point:
    """The sum of two points of Ed25519."""
    (x1, y1), (x2, y2) = one, other
    product = D * x1 * x2 * y1 * y2
    x = (x1 * y2 + x2 * y1) * pow(1 + product, -1, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - product, -1, P)
    return x % P, y % P


def times(factor: int, point: Point) -> Point:
    """A multiple of a point of Ed25519."""
    result = (0, 1)
    while factor:
        if factor & 1:
            result = add(result, point)
        point, factor = add(point, point), factor >> 1
    return result


def encoded(y: int, sign: int) -> str:
    """A point in 32 bytes, whether or not there is one."""
    return (y | sign << 255).to_bytes(32, "little").hex()


def small_order() -> list[str]:
    """The points of order 1, 2, 4 and 8, also with y beyond the field and with a sign that 0 has not."""
    y = 2
    while True:
        x = x_of(y)
        if x is not None:
            generator = times(ORDER, (x, y))
            if times(4, generator) != (0, 1):
                break
        y += 1
    points = {times(factor, generator) for factor in range(8)}
    assert len(points) == 8, points
    ys = sorted({y for _, y in points})
    beyond = [y + P for y in ys if y + P < 2**255]
    return [encoded(y, sign) for y in ys + beyond for sign in (0, 1)]


def off_curve() -> str:
    """32 bytes in which no point is encoded."""
    return next(encoded(y, 0) for y in range(2, 100) if x_of(y) is None)


def not_canonical() -> str:
    """A point of large order with a y beyond the field."""
    return next(encoded(y + P, 0) for y in range(3, 19) if x_of(y) is not None)


def mixed_order() -> str:
    """The base point and one of order 8."""
    x = x_of(BASE_Y)
    assert x is not None
    eighth = bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05")
    y8 = int.from_bytes(eighth, "little")
    x8 = x_of(y8)
    assert x8 is not None
    x, y = add((x, BASE_Y), (x8, y8))
    return encoded(y, x % 2)


def is_prime(number: int) -> bool:
    """Miller and Rabin, forty times."""
    if any(number % small == 0 for small in PRIMES):
        return False
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for _ in range(40):
        power = pow(random.randrange(2, number - 1), odd, number)
        if power in (1, number - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


PRIMES = [n for n in range(2, 752) if all(n % d for d in range(2, int(n**0.5) + 1))]


def prime(bits: int) -> int:
    """A prime of that size, so that two of them make a number of twice as many bits."""
    while True:
        candidate = random.getrandbits(bits) | 3 << (bits - 2) | 1
        if is_prime(candidate):
            return candidate


def roca_prime() -> int:
    """A prime of 1024 bits of the form that gave ROCA its name."""
    product = 1
    for small in PRIMES[:126]:
        product *= small
    low, high = (3 << 1022) // product + 1, (1 << 1024) // product
    while True:
        candidate = random.randrange(low, high) * product + pow(65537, random.getrandbits(64), product)
        if is_prime(candidate):
            return candidate


def rsa(n: int, e: int, length: int = 0) -> dict[str, str]:
    """A key, its modulus in at least as many bytes."""
    return {
        "n": n.to_bytes(max(length, (n.bit_length() + 7) // 8), "big").hex(),
        "e": e.to_bytes(max(1, (e.bit_length() + 7) // 8), "big").hex(),
    }


def main() -> None:
    """Write the file."""
    p, q = prime(1024), prime(1024)
    n = p * q
    assert n.bit_length() == 2048
    bad_rsa = {
        "exponent 1": rsa(n, 1),
        "exponent 0": rsa(n, 0),
        "an even exponent": rsa(n, 65536),
        "an exponent of 5 bytes": rsa(n, 2**32 + 1),
        "an even modulus": rsa(n - 1, 65537),
        "a factor of 3": rsa(3 * (n // 3 | 1), 65537),
        "a factor of 751": rsa(751 * (n // 751 | 1), 65537),
        "1024 bits": rsa(prime(512) * prime(512), 65537),
        "2047 bits": rsa(prime(1024) * prime(1023), 65537),
        "2040 bits in 256 bytes": rsa(prime(1020) * prime(1020), 65537, 256),
        "more than 8192 bits": rsa(2**8192 + 1, 65537),
        "modulus 0": rsa(0, 65537, 256),
        "ROCA": rsa(roca_prime() * roca_prime(), 65537),
    }
    bad_ed25519 = {f"small order, {index}": key for index, key in enumerate(small_order())}
    bad_ed25519 |= {
        "no point": off_curve(),
        "not canonical": not_canonical(),
        "mixed order": mixed_order(),
        "31 bytes": "11" * 31,
        "33 bytes": "11" * 33,
        "nothing": "",
    }
    base = {
        "x": "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "y": "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
    }
    prime256 = 2**256 - 2**224 + 2**192 + 2**96 - 1
    beyond = (int(base["x"], 16) + prime256) % 2**256
    bad_p256 = {
        "no point": {**base, "y": base["x"]},
        "the point at infinity": {"x": "00" * 32, "y": "00" * 32},
        "x beyond the field": {**base, "x": f"{prime256 + 5:064x}", "y": f"{prime256 + 5:064x}"},
        "x modulo another number": {**base, "x": f"{beyond:064x}"},
        "31 bytes": {**base, "x": base["x"][2:]},
        "33 bytes": {**base, "x": "00" + base["x"]},
        "nothing": {"x": "", "y": ""},
    }
    good_rsa = {
        "exponent 3": rsa(n, 3),
        "exponent 65537": rsa(n, 65537),
        "a zero in front": rsa(n, 65537, 257),
    }
    keys = [
        {"name": name, "is_good": is_good, "kind": kind, "key": key}
        for kind, is_good, named in (
            ("rsa", False, bad_rsa),
            ("rsa", True, good_rsa),
            ("ed25519", False, bad_ed25519),
            ("ed25519", True, {"the base point": encoded(BASE_Y, 0)}),
            ("p256", False, bad_p256),
            ("p256", True, {"the base point": base}),
        )
        for name, key in named.items()
    ]
    FILE.write_text("[\n" + ",\n".join(json.dumps(key) for key in keys) + "\n]\n")


if __name__ == "__main__":
    main()
