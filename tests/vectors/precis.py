# ruff: noqa: RUF001, S311
# Letters that look like others are what this is about.
"""Writes precis.json anew: what precis_i18n, an independent implementation of PRECIS, makes of many texts.

`python precis.py`, with a Python whose unicodedata is new. For each text the enforced username
(UsernameCaseMapped, RFC 8265 section 3.3) or null, and whether it is free-form (RFC 8264 section 4.3).

One step is added: section 3.3.2 lets a text through to the mapping of case only where it is an identifier
already, so that no KELVIN SIGN becomes a k; precis_i18n looks only at the result.
"""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from pathlib import Path

from precis_i18n import get_profile

FILE = Path(__file__).with_suffix(".json")
USERNAME, FREE_FORM = get_profile("UsernameCaseMapped"), get_profile("OpaqueString")

# RFC 8265 section 3.5, and 4.3 for texts that are free-form; then what other implementations got wrong.
EXAMPLES = [
    *["juliet@example.com", "fussball", "fußball", "π", "Σ", "σ", "ς"],
    *[
        "foo bar",
        "",
        "henryⅣ",
        "♚",
        "foo\u0080bar",
        "correct horse battery staple",
        "Correct Horse Battery Staple",
    ],
    *["πßå", "Jack of ♦s", "foo\u1680bar", "my cat is a \tby"],
    *["Βόλος", "ΒΌΛΟΣ", "ΣΊΣΥΦΟΣ", "σίσυφος", "ΟΔΟΣ2", "Σ.Σ", "ΑΣ\u0301", "İstanbul", "ISTANBUL", "ẞ"],
    *[
        "مُحَمَّد",
        "محمد",
        "עִבְרִית",
        "שָׁלוֹם",
        "שלום1",
        "שלום١",
        "שלום1١",
        "1שלום",
        "a שלום",
        "aשלום",
        "שלוםa",
        "٠١",
        "א٠",
        "א0",
    ],
    *[
        "\u0640",
        "مـحمد",
        "l·l",
        "l·",
        "·l",
        "L·L",
        "͵α",
        "α͵",
        "͵a",
        "א׳",
        "׳א",
        "א״ב",
        "ガ・ギ",
        "a・b",
        "・",
        "漢・",
    ],
    *[
        "٠۰",
        "٠١",
        "۰۱",
        "क्\u200dष",
        "क्\u200cष",
        "क\u200dष",
        "a\u200db",
        "ل\u200cا",
        "بی\u200cبی",
        "\u200cا",
        "ب\u200c",
    ],
    *[
        "ｊｕｌｉｅｔ",
        "Ｊ",
        "ｶﾞ",
        "ﾞ",
        "￥",
        "ﾡ",
        "￣",
        "　",
        "＠",
        "Å",
        "K",
        "Ω",
        "ſ",
        "ﬀ",
        "ǅ",
        "ᾈ",
        "ᾼ",
        "ᾳ",
        "²",
        "½",
    ],
    *[
        "e\u0301",
        "é",
        "\u0301e",
        "\u1100\u1161",
        "가",
        "ᄀ",
        "\u302e",
        "\ufe0f",
        "❤\ufe0f",
        "\u00ad",
        "\u034f",
        "\u061c",
    ],
    *[
        "a\u2060b",
        "\ufdd0",
        "\U0001fffe",
        "\ue000",
        "\u0378",
        "𝒜",
        "𐐀",
        "𐐨",
        "🎉",
        "👩\u200d💻",
        "𞤀𞤣𞤤𞤢𞤥",
        "𑢠",
        "𐒰",
        "Ა",
        "Ꭰ",
        "ꭰ",
    ],
    *[
        "a_b",
        "a-b",
        "a.b",
        "a+b",
        "a:b",
        "a/b",
        "a'b",
        'a"b',
        "a\\b",
        "a`b",
        "a~b",
        "a|b",
        "a\x00b",
        "a\nb",
        "a\x7fb",
    ],
]


def enforced(text: str) -> str | None:
    """The username in the form in which it is compared."""
    try:
        USERNAME.base.enforce(USERNAME.width_mapping_rule(text))
        return USERNAME.enforce(text)
    except UnicodeEncodeError:
        return None


def is_free_form(text: str) -> bool:
    """Whether all of it is allowed in free-form texts."""
    try:
        FREE_FORM.base.enforce(text)
    except UnicodeEncodeError:
        return False
    return True


def main() -> None:
    """Write the file."""
    draw = random.Random(8265)
    kinds: dict[tuple[str, str, int], list[str]] = {}
    for number in range(sys.maxunicode + 1):
        char = chr(number)
        # What was not assigned then may be now.
        if unicodedata.category(char) not in ("Cn", "Cs"):
            kind = unicodedata.category(char), unicodedata.bidirectional(char), number >> 11
            kinds.setdefault(kind, []).append(char)
    singles = [draw.choice(chars) for chars in kinds.values()]
    scripts: dict[str, list[str]] = {}
    for number in range(0x20, 0x1F000):
        name = unicodedata.name(chr(number), "").split(" ")[0]
        if unicodedata.category(chr(number))[0] in "LMN":
            scripts.setdefault(name, []).append(chr(number))
    # Hyphens, digits and marks of both directions beside the letters of each script.
    common = "019-._'\u0301\u064b\u05b4\u0660\u06f0\u200c\u200d\u00b7"
    words = [
        "".join(draw.choice(chars if draw.random() < 0.8 else common) for _ in range(draw.randint(2, 5)))
        for chars in scripts.values()
        if len(chars) > 9
        for _ in range(8)
    ]
    texts = dict.fromkeys([*EXAMPLES, *singles, *words])
    rows = [
        {"text": text, "username": enforced(text), "free_form": is_free_form(text)} for text in texts if text
    ]
    FILE.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
