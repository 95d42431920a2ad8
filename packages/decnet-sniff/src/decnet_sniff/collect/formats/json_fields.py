# SPDX-License-Identifier: MIT
"""Typed values out of an untrusted JSON object: the right type, bounded, or None."""

from typing import Any

import msgspec

from decnet_core.net.addresses import canonical
from decnet_core.text import bounded

Fields = dict[str, Any]

MAX_DETAILS = 32
_MAX_DETAIL = 1024


def json_object(line: bytes) -> Fields | str:
    """Return the JSON object on `line`, or what is wrong with it.

    Python's own writer escapes lone surrogates, which strict parsers reject, so an attacker could hide a line behind
    one byte; such lines are parsed again by a more tolerant parser.
    """
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        if "utf-8" in str(error).lower():  # msgspec says so in an error of its own from 0.23 on
            return "not UTF-8"
        value = _tolerantly(line) if b"\\ud" in line.lower() else None
        if value is None:
            return f"not JSON: {error}"
    return value if isinstance(value, dict) else "not a JSON object"


def _tolerantly(line: bytes) -> Any:
    import json

    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def text(fields: Fields, key: str, limit: int = 4096) -> str | None:
    """Return the value as text of at most `limit` characters; None when it is missing or null."""
    value = fields.get(key)
    return None if value is None else shown(value, limit)


def shown(value: object, limit: int = 4096) -> str:
    """Return any JSON value as bounded text."""
    return bounded(value if isinstance(value, str) else _as_json(value), limit)[:limit]


def _as_json(value: object) -> str:
    """Encode a value; lone surrogates of a tolerant parse cannot be encoded, nor can a Python integer of 300 digits."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, OverflowError, RecursionError, msgspec.MsgspecError):
        return repr(value)


def count(fields: Fields, key: str) -> int | None:
    """Return a number, also one written as text, as a non-negative integer below 2**63."""
    value = fields.get(key)
    try:
        number = int(float(value)) if isinstance(value, int | float | str) else -1
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number < 1 << 63 else None


def address(value: object) -> str | None:
    """Return an IPv4 or IPv6 address in canonical form; an IPv4-mapped one as IPv4."""
    if not isinstance(value, str) or len(value) > 100:
        return None
    return canonical(value)


def port(value: object) -> int | None:
    """Return a port number, also one written as text."""
    number = count({"port": value}, "port")
    return number if number is not None and number <= 65535 else None


def endpoint(fields: Fields, host: str, number: str) -> tuple[str, int | None] | None:
    """Return the address and port under two keys; None without an address."""
    ip = address(fields.get(host))
    return None if ip is None else (ip, port(fields.get(number)))


def details(fields: Fields, *leave_out: str) -> dict[str, str]:
    """Return the other values as bounded text by bounded name, at most MAX_DETAILS of them."""
    chosen = [(key, value) for key, value in fields.items() if key not in leave_out and value is not None]
    return {bounded(key, 64).lower(): shown(value, _MAX_DETAIL) for key, value in chosen[:MAX_DETAILS]}
