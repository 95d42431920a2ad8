# SPDX-License-Identifier: MIT
"""Identifiers that are the same in every export of the same finding, and times as other systems write them."""

import datetime as dt
import json
from uuid import UUID, uuid5

OURS = UUID("5b0f0d8a-3c0e-5c55-9f0d-6f0b1e8a7c31")
"""The namespace of everything that has no identifier by a standard."""
STIX_OBSERVABLES = UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
"""STIX 2.1, section 2.9: the namespace of cyber-observable objects."""


def ours(*parts: str) -> UUID:
    return uuid5(OURS, "|".join(parts))


def observable(kind: str, **contributing: object) -> str:
    """Return the id of a cyber-observable object by its contributing properties (RFC 8785 form)."""
    text = json.dumps(contributing, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"{kind}--{uuid5(STIX_OBSERVABLES, text)}"


def rfc3339(ns: int) -> str:
    """Return a time with milliseconds, as STIX asks; a time beyond the calendar becomes its end."""
    seconds = min(ns // 1_000_000_000, 253_402_300_799)
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns // 1_000_000 % 1000:03}Z"


def seconds(ns: int) -> str:
    """Return a time in seconds since the Unix epoch."""
    return str(ns // 1_000_000_000)
