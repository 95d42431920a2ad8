# SPDX-License-Identifier: MIT
"""Slows guessing down, by address and by name, in one transaction before anything is verified.

An attempt counts as failed until it succeeds, so attempts in parallel do not pass each other. An address has more
attempts than a name, for many people may be behind it; an IPv6 address stands for its /64. A name is blocked for some
minutes at most, because blocking it is something that anybody can do to its owner, who may still enter by a passkey, a
provider or a one-time link.
"""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection

from decnet_core.net.addresses import canonical, source_of
from decnet_models.accounts import audit
from decnet_web.api.problems import Problem

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
FORGET_NS = 24 * 60 * MINUTE
_FORGOTTEN_AT_ONCE = 100


class Limit(msgspec.Struct, frozen=True):
    """How many failures in a row are free, and how long the next ones block."""

    free: int
    first_ns: int
    most_ns: int
    forget_ns: int
    """Failures count for so long after the last one."""

    def blocked_ns(self, failures: int) -> int:
        """Return how long to block after so many failures: twice as long with each further one."""
        excess = failures - self.free
        return 0 if excess < 0 else min(self.most_ns, self.first_ns << min(excess, 32))


BY_ADDRESS = Limit(free=20, first_ns=30 * SECOND, most_ns=60 * MINUTE, forget_ns=60 * MINUTE)
BY_NAME = Limit(free=10, first_ns=15 * SECOND, most_ns=5 * MINUTE, forget_ns=60 * MINUTE)


def keys(address: str | None, name: str | None) -> dict[str, Limit]:
    """Return what an attempt is counted by."""
    found = {network_of(address): BY_ADDRESS} if address else {}
    if name:
        found[f"name:{name[:64]}"] = BY_NAME
    return found


def network_of(address: str) -> str:
    """Return the IPv4 address, or the /64 of an IPv6 address."""
    if canonical(address) is None:
        return f"address:{address[:64]}"
    source = source_of(address)
    return f"{source}/64" if ":" in source else source


def begin(connection: Connection, counted: dict[str, Limit], *, now_ns: int) -> int | None:
    """Count an attempt; return until when (ns) it is refused, None when it may go on."""
    until = audit.blocked_until(connection, counted, now_ns=now_ns)
    if until is not None:
        return until
    audit.forget_failures(connection, now_ns - FORGET_NS, _FORGOTTEN_AT_ONCE)
    for key, limit in counted.items():
        failures = audit.record_failure(connection, key, forget_before=now_ns - limit.forget_ns, now_ns=now_ns)
        if blocked := limit.blocked_ns(failures):
            audit.block(connection, key, until=now_ns + blocked)
    return None


def succeed(connection: Connection, counted: dict[str, Limit]) -> None:
    """Take an attempt back that succeeded: the name's failures are forgotten, the address's are not.

    Else somebody with an account would log in to it now and then, and guess at others for ever.
    """
    for key, limit in counted.items():
        if limit is BY_NAME:
            audit.clear(connection, key)
        else:
            audit.uncount(connection, key)


def refusal(until_ns: int, now_ns: int) -> Problem:
    """Return the answer to an attempt that comes too early."""
    seconds = max(1, -(-(until_ns - now_ns) // SECOND))
    return Problem(
        429,
        title="Too many failed log-ins",
        detail=f"too many log-ins failed; try again in {seconds} s",
        headers={"Retry-After": str(seconds)},
        retry_after=seconds,
    )
