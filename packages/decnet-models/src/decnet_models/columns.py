# SPDX-License-Identifier: MIT
"""Column types that all domains share, so that one thing has one type everywhere."""

from __future__ import annotations

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
"""A name from our side or a bounded one from the attacker's."""

JSON_TEXT = Text()
"""JSON that msgspec wrote; text, since JSONB refuses the `\\u0000` that attackers send."""
