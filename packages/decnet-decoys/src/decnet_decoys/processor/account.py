# SPDX-License-Identifier: MIT
"""How much processor time a connection, its source, its prefix and its decky have used lately. Pure.

Half of what was used is forgotten after HALF_LIFE_SECONDS, so an attacker of an hour ago is a newcomer again.
"""

import math
from collections import OrderedDict
from typing import Any

from decnet_core.net.addresses import prefix_of, source_of

HALF_LIFE_SECONDS = 10.0
FREE_SECONDS = 0.05
"""What a source may have used and still be served as its work arrives, not in turn: a login costs about as much."""
MUCH_SECONDS = 2.0
"""What a source has used when it is recorded, once, as one that kept others waiting: a third of a processor for ten
seconds."""
MAX_USAGES = 4096
"""Sources, prefixes and deckies that are remembered; the one that was idle longest is forgotten first."""
_PREFIX_WEIGHT = 1 / 4
"""Neighbours answer for each other, to some degree: an attacker often has a whole network."""
_DECKY_WEIGHT = 1 / 16
_CHARGE_SECONDS = 0.001
_NOTHING = 1e-6
"""Seconds, for whom log2 must be defined."""


class Usage:
    """Processor seconds that decay."""

    __slots__ = ("_at", "_seconds", "recorded", "served")

    def __init__(self) -> None:
        self.recorded = False
        """Whether it was recorded that this source used much."""
        self.served = 0
        """When its work was last taken from the queue, as a number that grows with each."""
        self._seconds = 0.0
        self._at = 0.0

    def recent(self, now: float) -> float:
        """Return what is left of what was used."""
        return float(self._seconds * 2.0 ** min(0.0, (self._at - now) / HALF_LIFE_SECONDS))

    def charge(self, seconds: float, now: float) -> None:
        self._seconds = self.recent(now) + seconds
        self._at = now


class Account:
    """One connection: what it is charged for and what of its work waits for its turn."""

    __slots__ = ("_active_at", "_charges", "_own", "_unbooked", "indebted", "label", "source", "waiting")

    def __init__(self, label: str, source: Usage, prefix: Usage, decky: Usage, now: float) -> None:
        self.label = label
        """Service, decky and source, for the log."""
        self.waiting: dict[int, Any] = {}
        """Callbacks in order, by identity: the event loop offers a socket's again and again while it is readable."""
        self.indebted = source.recent(now) > FREE_SECONDS
        """Whether the source has used more than FREE_SECONDS."""
        self._active_at = now
        self._own = Usage()
        self.source = source
        """What its source has used, on all its connections."""
        self._charges = ((self._own, 1.0), (source, 1.0), (prefix, _PREFIX_WEIGHT), (decky, _DECKY_WEIGHT))
        self._unbooked = 0.0

    def charge(self, seconds: float, now: float) -> None:
        """Charge processor time; booked in portions, for this is called after every callback."""
        self._active_at = now
        self._unbooked += seconds
        if self._unbooked >= _CHARGE_SECONDS:
            for usage, _ in self._charges:
                usage.charge(self._unbooked, now)
            self._unbooked = 0.0
            self.indebted = self.source.recent(now) > FREE_SECONDS

    def newly_greedy(self) -> bool:
        """Return, once for each source, whether it has used much."""
        source = self.source
        if not self.indebted or source.recorded or source.recent(self._active_at) < MUCH_SECONDS:
            return False
        source.recorded = True
        return True

    def last_active(self) -> float:
        """Return when something was last done for it."""
        return self._active_at

    def rank(self, now: float) -> float:
        """Return where it stands in the queue: lower is sooner.

        It is the logarithm of what was used, as it would be had it been used at time 0; so ranks that were computed
        at different times can be compared, and the rank of one who only waits stays as it is.
        """
        self.indebted = self.source.recent(now) > FREE_SECONDS
        used = sum(usage.recent(now) * weight for usage, weight in self._charges)
        return now / HALF_LIFE_SECONDS + math.log2(used + _NOTHING)


class Accounts:
    """The usages of sources, prefixes and deckies, bounded."""

    def __init__(self) -> None:
        self._usages: OrderedDict[str, Usage] = OrderedDict()

    def __len__(self) -> int:
        return len(self._usages)

    def open(self, service: str, decky: str, address: str, now: float) -> Account:
        """Return the account of a new connection from `address`."""
        source = source_of(address)
        return Account(
            f"{service} {decky} from {source}",
            self._usage(source),
            self._usage(prefix_of(address)),
            self._usage(f"decky {decky}"),
            now,
        )

    def _usage(self, name: str) -> Usage:
        usage = self._usages.get(name)
        if usage is None:
            usage = self._usages[name] = Usage()
            if len(self._usages) > MAX_USAGES:
                self._usages.popitem(last=False)
        else:
            self._usages.move_to_end(name)
        return usage
