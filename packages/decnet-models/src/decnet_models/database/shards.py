# SPDX-License-Identifier: MIT
"""Which shard an attacker belongs to: all events of one address are handled by one instance, in log order.

The number of shards is fixed for ever: it is also the number of cursors, and nothing has to be migrated when instances
come or go. Sixteen: with more instances of one worker than that PostgreSQL would be the bottleneck.
"""

import zlib
from functools import lru_cache

from decnet_core.net.addresses import parse_address

SHARDS = 16
ALL = frozenset(range(SHARDS))
NOBODY = 0
"""The shard of events without a valid address."""


@lru_cache(maxsize=4096)
def shard_of(address: str | None) -> int:
    """Return the shard of an address in any spelling: ::ffff:192.0.2.1 and 192.0.2.1 are one attacker."""
    parsed = parse_address(address or "")
    return NOBODY if parsed is None else zlib.crc32(parsed.packed) % SHARDS
