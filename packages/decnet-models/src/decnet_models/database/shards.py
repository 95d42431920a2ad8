# SPDX-License-Identifier: MIT
"""Which shard an attacker belongs to: all that one address does is handled by one instance, in the order of the log.

The number of shards is fixed for ever, so that it is also the number of cursors and nothing has to be migrated when
instances come or go. Sixteen: more instances of one worker than that would wait for PostgreSQL, not for each other.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_pton

SHARDS = 16
ALL = frozenset(range(SHARDS))
_MAPPED = bytes(10) + b"\xff\xff"
"""How an IPv4 address begins that came over an IPv6 socket (RFC 4291, 2.5.5.2)."""
NOBODY = 0
"""The shard of events that have no address, or one that is none."""


@lru_cache(maxsize=4096)
def shard_of(address: str | None) -> int:
    """Return the shard of an address in whatever spelling: ::ffff:192.0.2.1 and 192.0.2.1 are one attacker."""
    text = (address or "").partition("%")[0]
    try:
        packed = inet_pton(AF_INET6 if ":" in text else AF_INET, text)
    except (OSError, ValueError):  # ValueError: a NUL, or what UTF-8 cannot spell
        return NOBODY
    return zlib.crc32(packed.removeprefix(_MAPPED)) % SHARDS
