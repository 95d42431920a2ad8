# SPDX-License-Identifier: MIT
"""The leases of one instance of a worker: shards of the attackers, each with a cursor and an epoch.

A new instance takes free leases and, where others hold more than their share, steals from the largest holder until the
numbers differ by at most one. So the work balances itself and becomes stable. A theft raises the epoch, and every
commit locks its leases and compares: the former holder's batch is rolled back and handled by the thief. Expiry only
permits taking without that reason; correctness never depends on a clock.

Shards at the same event are handled in one batch, and those behind catch up first, so an instance that holds them all
reads the log once, in batches like those of a single cursor.
"""

import os
import secrets
import socket
from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, Engine

from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.database.shards import ALL, SHARDS
from decnet_models.errors import LeaseLostError
from decnet_models.following.cursor_position import Span
from decnet_models.progress import lease_queries as queries
from decnet_models.progress.lease_queries import Lease


def new_holder() -> str:
    """Return a unique name for this instance."""
    return f"{socket.gethostname()[:200]}:{os.getpid()}:{secrets.token_hex(4)}"


def wanted(leases: Sequence[Lease], holder: str, now_ns: int, *, shared: bool, longest_ns: int) -> list[Lease]:
    """Return the leases that `holder` should take, in the order of their shards.

    Not `shared`: all of them, once no other holds any. A lease that ends later than `longest_ns` from now was made when
    the clock was ahead, and has expired.
    """
    held = [one for one in leases if one.holder is not None and now_ns < one.expires_at <= now_ns + longest_ns]
    others = [one for one in held if one.holder != holder]
    free = [one for one in leases if one.holder != holder and one not in others]
    if not shared:
        return free if not others else []
    rich = Counter(one.holder for one in others)
    mine = len(leases) - len(others) - len(free)
    share = -(-SHARDS // (len(rich) + 1))
    taken = free[: max(0, share - mine)]
    return sorted(taken + _to_steal(others, rich, mine + len(taken)), key=lambda one: one.shard)


def _to_steal(others: Sequence[Lease], rich: Counter[str | None], mine: int) -> list[Lease]:
    """Return what to steal so that nobody has two more than the thief; always from the largest holder."""
    stolen: list[Lease] = []
    while rich:
        richest, has = max(rich.items(), key=lambda one: (one[1], str(one[0])))
        if has <= mine + 1:
            break
        stolen.append(next(one for one in others if one.holder == richest and one not in stolen))
        rich[richest] -= 1
        mine += 1
    return stolen


class ShardLeases:
    """One instance's leases of a worker's shards, each for `seconds` from their last renewal."""

    def __init__(
        self, engine: Engine, worker: str, *, seconds: float, shared: bool = True, holder: str | None = None
    ) -> None:
        self._engine = engine
        self._worker = worker
        self._ns = int(seconds * SECOND_NS)
        self._shared = shared
        self.holder = holder or new_holder()
        self._held: dict[int, int] = {}

    @property
    def held(self) -> frozenset[int]:
        """The shards that this instance holds as far as it knows."""
        return frozenset(self._held)

    def keep(self) -> None:
        """Renew what is held, and take what is free or too much for others; to be called every third of `seconds`."""
        with writing(self._engine) as connection:
            now = queries.now_of(connection)
            queries.begin_leases(connection, self._worker, now_ns=now)
            self._held = queries.renew(connection, self._worker, self.holder, expires_at=now + self._ns)
        with reading(self._engine) as connection:
            leases = queries.leases_of(connection, self._worker)
        missing = wanted(leases, self.holder, now, shared=self._shared, longest_ns=2 * self._ns)
        if self._shared:
            for seen in missing:
                self._take([seen])
        elif missing:
            self._take(missing)
        elif 0 < len(self._held) < SHARDS:  # the rest is another's, and neither of us can work on a part
            self.release()

    def release(self) -> None:
        self._held = {}
        with writing(self._engine) as connection:
            queries.release(connection, self._worker, self.holder)

    def span(self, connection: Connection) -> Span | None:
        """Return what the shards that are furthest behind have to handle until they reach the next ones."""
        held = [one for one in queries.leases_of(connection, self._worker) if self._held.get(one.shard) == one.epoch]
        if not held or (len(held) < SHARDS and not self._shared):
            return None
        start = min(one.seq for one in held)
        ahead = min((one.seq for one in held if one.seq > start), default=None)
        shards = frozenset(one.shard for one in held if one.seq == start)
        return Span(start, ahead, shards if shards != ALL else None)

    def move(self, connection: Connection, span: Span, start: int, end: int) -> None:
        """Move the span's cursors; raises LeaseLostError when one of its leases has expired or is another's."""
        shards = ALL if span.shards is None else span.shards
        now = queries.now_of(connection)
        for shard, one in queries.lock(connection, self._worker, shards).items():
            if one.epoch != self._held.get(shard) or one.seq != start or one.expires_at <= now:
                raise LeaseLostError(f"shard {shard} of {self._worker} is held by {one.holder} in epoch {one.epoch}")
        queries.advance(connection, self._worker, shards, end, now_ns=now)

    def _take(self, seen: Sequence[Lease]) -> None:
        """Take all of these leases or none, in a transaction of their own, which may wait for commits of their holders.

        Two instances that each took some of what only one can use would keep each other from working forever.
        """
        with writing(self._engine) as connection:
            ends = queries.now_of(connection) + self._ns
            if queries.take(connection, seen, self.holder, expires_at=ends):
                self._held |= {one.shard: one.epoch + 1 for one in seen}
