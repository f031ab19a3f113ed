# ruff: noqa: E501, S324, S603
# Old hash functions are what this is about.
"""Writes hashes.json anew: password hashes that other systems made, with doorward's names of their schemes.

`python hashes.py FOLDER`, on Debian with perl, php, node, java and openssl, where this Python has libpass,
argon2-cffi and Django, and FOLDER has what `npm install better-auth passport-local-mongoose` and
`mvn dependency:copy` of spring-security-crypto, spring-jcl and bcprov-jdk18on leave there.

Keycloak, Kratos, Gitea, Grafana, Devise and 389 Directory Server are too large to run here, and Lucia is not made any
more: OpenSSL's PBKDF2 and scrypt, libargon2 and libxcrypt compute their hashes, in the form that each of them stores. PUBLISHED has hashes from tests of
the systems themselves.
"""

from __future__ import annotations

import base64
import hashlib
import importlib
import json
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import argon2.low_level

if TYPE_CHECKING:
    from collections.abc import Iterator

libpass: Any = importlib.import_module("passlib.hash")
FILE = Path(__file__).with_suffix(".json")
SALT = bytes(range(16))
ASCII, OTHER, LONG = "password", "pässwörd 🔑", "eight wise words " * 7
Vector = tuple[str, str, str, str]

# From PasswordHasherTest of ASP.NET Core, and the examples of hashcat.
PUBLISHED: list[Vector] = [
    *[
        ("ASP.NET Core", f"pbkdf2_{prf}", "my password", text)
        for prf, text in [
            ("sha1", "AAABAgMEBQYHCAkKCwwNDg+ukCEMDf0yyQ29NYubggHIVY0sdEUfdyeM+E1LtH1uJg=="),
            ("sha1", "ANXrDknc7fGPpigibZXXZFMX4aoqz44JveK6jQuwY3eH/UyPhvr5xTPeGYEckLxz9A=="),
            ("sha1", "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M"),
            (
                "sha256",
                "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg+yWU7rLgUwPZb1Itsmra7cbxw2EFpwpVFIEtP+JIuUEw==",
            ),
            ("sha512", "AQAAAAIAAAAyAAAAEOMwvh3+FZxqkdMBz2ekgGhwQ4B6pZWND6zgESBuWiHw"),
            (
                "sha512",
                "AQAAAAIAAAD6AAAAIJbVi5wbMR+htSfFp8fTw8N8GOS/Sje+S/4YZcgBfU7EQuqv4OkVYmc4VJl9AGZzmRTxSkP7LtVi9IWyUxX8IAAf"
                "Z8v+ZfhjCcudtC1YERSqE1OEdXLW9VukPuJWBBjLuw==",
            ),
        ]
    ],
    ("hashcat", "drupal", "hashcat", "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf"),
    ("hashcat", "phpass", "hashcat", "$P$984478476IagS59wHZvyQMArzfx58u."),
    ("hashcat", "phpass", "hashcat", "$H$984478476IagS59wHZvyQMArzfx58u."),
]


def run(*command: str, text: str = "") -> str:
    """Returns what a program writes."""
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.strip()


def crypt(password: str, setting: str) -> str:
    """Hashes with Debian's libxcrypt."""
    return run("perl", "-e", "print crypt($ARGV[0], $ARGV[1])", password, setting)


def by_crypt() -> Iterator[Vector]:
    """Yields hashes of Debian's crypt(3), and of systems that call it."""
    lengths = [1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 511]
    for password in [ASCII, OTHER, LONG, *("x" * length for length in lengths)]:
        yield "libxcrypt", "md5crypt", password, crypt(password, "$1$saltsalt$")
        yield "libxcrypt", "sha256_crypt", password, crypt(password, "$5$rounds=1000$sixteenbytesalt.$")
        yield "libxcrypt", "sha512_crypt", password, crypt(password, "$6$rounds=1001$salt$")
    for password in [ASCII, OTHER]:
        yield "libxcrypt", "md5crypt", password, crypt(password, "$1$$")
        yield "libxcrypt", "sha256_crypt", password, crypt(password, "$5$salt$")
        yield "libxcrypt", "sha512_crypt", password, crypt(password, "$6$saltstring$")
        yield (
            "OpenSSL",
            "md5crypt",
            password,
            run("openssl", "passwd", "-apr1", "-salt", "saltsalt", password),
        )
        yield "libxcrypt", "yescrypt", password, crypt(password, "$y$j75$LdJMENpBABJJ3hIHjB1Bi.")
    yield "libxcrypt", "yescrypt", ASCII, crypt(ASCII, "$y$j75$$")
    # The default cost, and the least for which a hash has two parts.
    yield "libxcrypt", "yescrypt", OTHER, crypt(OTHER, "$y$j9T$LdJMENpBABJJ3hIHjB1Bi.")
    # With the bug, characters beyond ASCII hide those before them.
    for password in [ASCII, OTHER, LONG, "ééé" + OTHER + LONG]:
        for version in ["2a", "2b", "2x", "2y"]:
            yield "libxcrypt", "bcrypt", password, crypt(password, f"${version}$04$abcdefghijklmnopqrstuu")
    for id_ in ["{CRYPT}", "{crypt}", "{SHA512-CRYPT}"]:
        yield f"libxcrypt, {id_}", "sha512_crypt", ASCII, id_ + crypt(ASCII, "$6$rounds=1000$salt$")
    yield (
        "libxcrypt, {BLF-CRYPT}",
        "bcrypt",
        ASCII,
        "{BLF-CRYPT}" + crypt(ASCII, "$2y$04$abcdefghijklmnopqrstuu"),
    )
    pepper = "c0ffee" * 20
    devise = f"$devise${base64.b64encode(pepper.encode()).decode()}"
    for password in [ASCII, OTHER]:
        yield (
            "Devise",
            "bcrypt_pepper",
            password,
            devise + crypt(password + pepper, "$2a$04$abcdefghijklmnopqrstuu"),
        )


def by_libpass() -> Iterator[Vector]:
    """Yields hashes of libpass, and the forms that it has no class for."""
    for password in [ASCII, OTHER, LONG]:
        makers = [
            ("phpass", libpass.phpass.using(rounds=8)),
            ("phpass", libpass.phpass.using(rounds=7, ident="H")),
            ("sha256_crypt", libpass.sha256_crypt.using(rounds=1234)),
            ("ldap_sha1", libpass.ldap_sha1),
            ("ldap_sha1", libpass.ldap_salted_sha1),
            ("ldap_md5", libpass.ldap_md5),
            ("ldap_md5", libpass.ldap_salted_md5),
            ("ldap_sha256", libpass.ldap_salted_sha256),
            ("ldap_sha512", libpass.ldap_salted_sha512),
            ("pbkdf2_sha1", libpass.ldap_pbkdf2_sha1.using(rounds=100)),
            ("pbkdf2_sha256", libpass.ldap_pbkdf2_sha256.using(rounds=100)),
            ("pbkdf2_sha512", libpass.ldap_pbkdf2_sha512.using(rounds=100)),
            ("sha512_crypt", libpass.ldap_sha512_crypt.using(rounds=1000)),
            ("md5crypt", libpass.ldap_md5_crypt),
            ("pbkdf2_sha1", libpass.atlassian_pbkdf2_sha1),
        ]
        for scheme, maker in makers:
            yield "libpass", scheme, password, maker.hash(password)
    for digest in ["sha256", "sha384", "sha512"]:
        for salt in [b"", SALT]:
            output = hashlib.new(digest, ASCII.encode() + salt).digest() + salt
            id_ = f"{{{'S' if salt else ''}{digest.upper()}}}"
            yield "hashlib", f"ldap_{digest}", ASCII, id_ + base64.b64encode(output).decode()
    # The first version of bcrypt hashes no NUL: its key repeats the password alone.
    for password in [ASCII, OTHER, LONG]:
        repeated = (password.encode() * 72)[:72]
        whole = run(
            "perl",
            "-e",
            "print crypt(pack('H*', $ARGV[0]), $ARGV[1])",
            repeated.hex(),
            "$2b$04$" + "a" * 21 + "u",
        )
        yield "libxcrypt, without NUL", "bcrypt", password, whole.replace("$2b$", "$2$")


PHP = r"""
foreach (json_decode(stream_get_contents(STDIN)) as $password) {
    $wordpress = base64_encode(hash_hmac('sha384', trim($password), 'wp-sha384', true));
    $argon2 = ['memory_cost' => 64, 'time_cost' => 1, 'threads' => 1];
    $lines[] = ['WordPress', 'bcrypt_sha384', '$wp' . password_hash($wordpress, PASSWORD_BCRYPT, ['cost' => 4])];
    $lines[] = ['PHP', 'bcrypt', password_hash($password, PASSWORD_BCRYPT, ['cost' => 4])];
    $lines[] = ['Nextcloud', 'bcrypt', '1|' . password_hash($password, PASSWORD_BCRYPT, ['cost' => 4])];
    $lines[] = ['Nextcloud', 'argon2i', '2|' . password_hash($password, PASSWORD_ARGON2I, $argon2)];
    $lines[] = ['Nextcloud', 'argon2id', '3|' . password_hash($password, PASSWORD_ARGON2ID, $argon2)];
}
echo json_encode($lines);
"""

NODE = r"""
import { hashPassword } from "better-auth/crypto";
import mongoose from "passport-local-mongoose";
const passwords = JSON.parse(process.argv[1]);
const lines = [["better-auth", "scrypt", passwords[1], await hashPassword(passwords[1])]];
const schema = { path() {}, add() {}, pre() {}, methods: {}, statics: {} };
const plugin = mongoose.default ?? mongoose;
plugin(schema, { iterations: 100 });
const user = { set(name, value) { this[name] = value; } };
await schema.methods.setPassword.call(user, passwords[0]);
lines.push(["passport-local-mongoose", "pbkdf2_sha256", passwords[0], `pbkdf2:sha256:100$${user.salt}$${user.hash}`]);
console.log(JSON.stringify(lines));
"""

JAVA = r"""
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.password.LdapShaPasswordEncoder;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.security.crypto.password.Pbkdf2PasswordEncoder;
import org.springframework.security.crypto.scrypt.SCryptPasswordEncoder;

class Vectors {
    static void line(String scheme, String id, PasswordEncoder encoder) {
        System.out.println(scheme + " " + id + encoder.encode("password"));
    }

    public static void main(String[] arguments) {
        line("bcrypt", "{bcrypt}", new BCryptPasswordEncoder(4));
        line("pbkdf2_sha1", "{pbkdf2}", Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_5());
        line("pbkdf2_sha256", "{pbkdf2@SpringSecurity_v5_8}", Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_8());
        line("scrypt", "{scrypt}", new SCryptPasswordEncoder(2, 1, 1, 32, 64));
        line("scrypt", "{scrypt@SpringSecurity_v5_8}", new SCryptPasswordEncoder(1024, 8, 1, 32, 16));
        line("scrypt", "", new SCryptPasswordEncoder(1024, 8, 1, 64, 16));
        line("argon2id", "{argon2}", new Argon2PasswordEncoder(16, 32, 1, 64, 1));
        line("argon2id", "{argon2@SpringSecurity_v5_8}", new Argon2PasswordEncoder(16, 32, 1, 64, 1));
        line("ldap_sha1", "", new LdapShaPasswordEncoder());
        line("ldap_sha1", "{ldap}", new LdapShaPasswordEncoder());
    }
}
"""


def by_programs(folder: Path) -> Iterator[Vector]:
    """Yields hashes of PHP, JavaScript and Java."""
    passwords = json.dumps([ASCII, OTHER + " ﬁ Ⅷ"])
    for password in [ASCII, OTHER, LONG.strip()]:
        for system, scheme, text in json.loads(run("php", "-r", PHP, text=json.dumps([password]))):
            yield system, scheme, password, text
    script = folder / "vectors.mjs"
    script.write_text(NODE.replace("process.argv[1]", "process.argv[2]"))
    for line in json.loads(run("node", str(script), passwords)):
        yield line[0], line[1], line[2], line[3]
    program = folder / "Vectors.java"
    program.write_text(JAVA)
    jars = ":".join(map(str, folder.glob("*.jar")))
    for line in run("java", "-cp", jars, str(program)).splitlines():
        scheme, text = line.split(" ", 1)
        yield "Spring Security", scheme, ASCII, text


def pbkdf2(digest: str, password: str, salt: bytes, iterations: int, length: int) -> bytes:
    """Derives by OpenSSL's PBKDF2."""
    return hashlib.pbkdf2_hmac(digest, password.encode(), salt, iterations, length)


def argon2id(password: str, salt: bytes, iterations: int, memory: int, length: int) -> bytes:
    """Derives by libargon2."""
    kind = argon2.low_level.Type.ID
    return argon2.low_level.hash_secret_raw(password.encode(), salt, iterations, memory, 1, length, kind)


def keycloak(algorithm: str, output: bytes, iterations: int, parameters: dict[str, list[str]]) -> str:
    """Returns a credential as the export of a realm has it."""
    value, salt = (base64.b64encode(part).decode() for part in (output, SALT))
    secret = {"value": value, "salt": salt, "additionalParameters": {}}
    data = {"hashIterations": iterations, "algorithm": algorithm, "additionalParameters": parameters}
    credential = {
        "id": "2ff4b4d0-fd72-4c6e-9684-02ab337687c2",
        "type": "password",
        "userLabel": "My password",
        "createdDate": 1767604673211,
        "secretData": json.dumps(secret),
        "credentialData": json.dumps(data),
    }
    return json.dumps(credential)


def base64_of(text: bytes) -> str:
    """Returns base64 without padding."""
    return base64.b64encode(text).decode().rstrip("=")


def by_form() -> Iterator[Vector]:
    """Yields hashes in the forms of systems that do not run here."""
    for password in [ASCII, OTHER]:
        for name, digest in [("pbkdf2", "sha1"), ("pbkdf2-sha256", "sha256"), ("pbkdf2-sha512", "sha512")]:
            output = pbkdf2(digest, password, SALT, 100, 64)
            yield "Keycloak", f"pbkdf2_{digest}", password, keycloak(name, output, 100, {})
        costs = {
            "hashLength": ["32"],
            "memory": ["64"],
            "type": ["id"],
            "version": ["1.3"],
            "parallelism": ["1"],
        }
        yield (
            "Keycloak",
            "argon2id",
            password,
            keycloak("argon2", argon2id(password, SALT, 5, 64, 32), 5, costs),
        )
        for salt, raw in [(SALT.hex(), SALT), ("tencharact", b"tencharact")]:
            output = pbkdf2("sha256", password, raw, 100, 50)
            yield "Gitea", "pbkdf2_sha256", password, f"pbkdf2$100$50${salt}${output.hex()}"
            output = hashlib.scrypt(password.encode(), salt=raw, n=16, r=16, p=2, dklen=50)
            yield "Gitea", "scrypt", password, f"scrypt$16$16$2$50${salt}${output.hex()}"
            output = argon2id(password, raw, 2, 64, 50)
            yield "Gitea", "argon2id", password, f"argon2$2$64$1$50${salt}${output.hex()}"
        output = hashlib.scrypt(password.encode(), salt=SALT, n=64, r=8, p=1, dklen=32)
        text = f"$scrypt$ln=64,r=8,p=1${base64_of(SALT)}==${base64_of(output)}="
        yield "Kratos", "scrypt", password, text
        output = pbkdf2("sha256", password, b"3kBvzWUGRf", 10_000, 50)
        yield "Grafana", "pbkdf2_sha256", password, f"pbkdf2:sha256:10000$3kBvzWUGRf${output.hex()}"
        for length in [16, 32, 33]:
            output = pbkdf2("sha256", password, SALT, 100, length)
            text = f"$pbkdf2-sha256$i=100,l={length}${base64_of(SALT)}${base64_of(output)}"
            yield "PHC", "pbkdf2_sha256", password, text
        output = pbkdf2("sha512", password, SALT, 100, 64)
        yield "PHC", "pbkdf2_sha512", password, f"$pbkdf2-sha512$i=100${base64_of(SALT)}${base64_of(output)}"
        output = (100).to_bytes(4, "big") + bytes(64) + pbkdf2("sha256", password, bytes(64), 100, 256)
        text = base64.b64encode(output).decode()
        yield "389 Directory Server", "pbkdf2_sha256", password, f"{{PBKDF2_SHA256}}{text}"
    yield "Drupal, from version 6", "drupal", ASCII, drupal(hashlib.md5(ASCII.encode()).hexdigest())
    phc = libpass.argon2.using(type="ID", memory_cost=64, rounds=1, parallelism=1).hash(ASCII)
    yield "OpenLDAP", "argon2id", ASCII, "{ARGON2}" + phc
    yield "Dovecot", "argon2id", ASCII, "{ARGON2ID}" + phc
    for prefix, block in [("", 8), ("s2:", 16)]:
        yield "Lucia", "scrypt", OTHER + " ﬁ Ⅷ", lucia(OTHER + " ﬁ Ⅷ", prefix, block)
    pretty = keycloak("pbkdf2-sha256", pbkdf2("sha256", ASCII, SALT, 100, 64), 100, {})
    yield "Keycloak", "pbkdf2_sha256", ASCII, json.dumps(json.loads(pretty), indent=2)


def lucia(password: str, prefix: str, block: int) -> str:
    """Hashes as Lucia 1 and 2 do: without `s2:` before it, a hash is of the first versions."""
    salt, text = "sixteenchars0123", unicodedata.normalize("NFKC", password).encode()
    output = hashlib.scrypt(text, salt=salt.encode(), n=1 << 14, r=block, p=1, dklen=64, maxmem=1 << 26)
    return f"{prefix}{salt}:{output.hex()}"


def drupal(md5: str) -> str:
    """Hashes what Drupal 6 had stored, as Drupal 7 did."""
    output = b"saltsalt"
    for _ in range(1 + (1 << 7)):
        output = hashlib.sha512(output + md5.encode()).digest()
    triples = [int.from_bytes(output[at : at + 3], "little") for at in range(0, 64, 3)]
    text = "".join(
        libpass.phpass.checksum_chars[triple >> at & 63] for triple in triples for at in range(0, 24, 6)
    )
    return f"U$S$5saltsalt{text[:43]}"


def main() -> None:
    """Writes the file."""
    vectors = [*PUBLISHED, *by_crypt(), *by_libpass(), *by_programs(Path(sys.argv[1])), *by_form()]
    names = ("by", "scheme", "password", "hash")
    lines = [json.dumps(dict(zip(names, vector, strict=True)), ensure_ascii=False) for vector in vectors]
    FILE.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
