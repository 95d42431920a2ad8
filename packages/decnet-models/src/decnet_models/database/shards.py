# SPDX-License-Identifier: MIT
"""Which shard an attacker belongs to: all that one address does is handled by one instance, in the order of the log.

The number of shards is fixed for ever, so that it is also the number of cursors and nothing has to be migrated when
instances come or go. Sixteen: more instances of one worker than that would wait for PostgreSQL, not for each other.
"""

from __future__ import annotations

import zlib
from functools import lru_cache

from decnet_core.net.addresses import parse_address

SHARDS = 16
ALL = frozenset(range(SHARDS))
NOBODY = 0
"""The shard of events that have no address, or one that is none."""


@lru_cache(maxsize=4096)
def shard_of(address: str | None) -> int:
    """Return the shard of an address in whatever spelling: ::ffff:192.0.2.1 and 192.0.2.1 are one attacker."""
    found = parse_address(address or "")
    return NOBODY if found is None else zlib.crc32(found.packed) % SHARDS
