# SPDX-License-Identifier: MIT
"""Column types shared by all domains."""

from typing import Any

from sqlalchemy import BigInteger, Integer, String, Text, Uuid

SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
"""A growing 64-bit row number; SQLite numbers rows itself only in a column that is declared INTEGER."""

NANOSECONDS = BigInteger()
"""Nanoseconds since the Unix epoch, UTC."""

BIG = BigInteger()
"""Any other 64-bit number: bytes, milliseconds, a row number of another table."""

EVENT_ID = Uuid()
"""An event's UUIDv7."""

ADDRESS = String(45)
"""An IPv4 or IPv6 address in canonical text form (RFC 5952)."""

NAME = String(255)
"""A name of ours or a bounded one from an attacker."""

JSON_TEXT = Text()
"""JSON that msgspec wrote; text, since JSONB refuses the `\\u0000` that attackers send."""

SHA256 = String(64)
"""A SHA-256 in lower-case hexadecimal digits."""

REFERS = "refers"
MENTIONS = "mentions"


def refers_to(target: str, on_delete: str = "NO ACTION") -> dict[str, Any]:
    """Return the `info` of a column that names a row of another domain (`table.column`).

    It is a plain column here, because a domain does not load another's tables, and a real foreign key in the migrated
    database; `decnet-db check` fails when the key is missing or different.
    """
    return {REFERS: (target, on_delete)}


def mentions(target: str) -> dict[str, Any]:
    """Return the `info` of a column that names a row of another domain that may not exist (yet, or any more).

    So it is with events, which retention deletes, and with what a worker derives and may rebuild (`attacker`):
    knowledge outlives them, and workers do not wait for one another.
    """
    return {MENTIONS: target}
