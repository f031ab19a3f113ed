"""Moves accounts of a Django table to doorward. No user needs a new password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from doorward import Config, Engine
from doorward.models import ImportedUser

# As `SELECT * FROM auth_user` gives it. The passwords are "password", with the lowest of costs.
ROWS: list[dict[str, Any]] = [
    {
        "id": 1,
        "username": "ada",
        "email": "ada@example.com",
        "password": "bcrypt_sha256$$2b$04$abcdefghijklmnopqrstuuavYyybW8SwBYgHrVfEOHIljvgCGgHr2",
        "is_active": True,
        "is_superuser": True,
    },
    {
        "id": 2,
        "username": "grace",
        "email": "grace@example.com",
        "password": "pbkdf2_sha256$1$salt$Eg+2z/z4syxD5yJSVsT4N6hlSMkszDVICAWYfLcL4Xs=",
        "is_active": True,
        "is_superuser": False,
    },
    {
        "id": 3,
        "username": "Grace",
        "email": "other@example.com",
        "password": "!no password can be used",
        "is_active": True,
        "is_superuser": False,
    },
]


def batches(rows: list[dict[str, Any]], size: int = 1000) -> Iterator[list[ImportedUser]]:
    """The accounts, a thousand at a time."""
    for start in range(0, len(rows), size):
        yield [
            ImportedUser(
                username=row["username"],
                email=row["email"],
                password_hash=None if row["password"].startswith("!") else row["password"],
                is_active=row["is_active"],
                roles=["admin"] if row["is_superuser"] else [],
                attributes={"django_id": row["id"]},
            )
            for row in rows[start : start + size]
        ]


def main() -> None:
    """Import the table; run again, it finds every name taken."""
    config: Config = {"store": "sqlite:imported.db"}
    with Engine(config) as engine:
        for batch in batches(ROWS):
            report = engine.import_users(users=batch, on_conflict="skip")
            print("imported", report.imported, "with", report.hashes)
            for problem in report.problems:
                print(batch[problem.index].username, problem.code)
        for name in ("ada", "grace"):
            user = engine.login(username=name, password="password").user
            print(user.username, "logged in; the hash is", engine.export_user(id=user.id).password_scheme)


if __name__ == "__main__":
    main()
