# SPDX-License-Identifier: MIT
"""What payloads show, from their JSON: most are those of shortly before, and are not decoded again."""

from typing import Final, NamedTuple

from decnet_core.events.catalogue import Payload, Probed
from decnet_core.events.codec import decode_payload
from decnet_models.grouping.values import Times
from decnet_models.recent_values import RecentValues
from decnet_workers.clusterer.signals import Signal, signals

_MOST_BYTES: Final = 1 << 20
"""How much is kept of the latest payloads, and as much of those before."""
_LONGEST: Final = 2500
"""Characters of a payload that is kept: longer ones hardly come again."""
_OF_A_PAYLOAD, _OF_A_SIGNAL = 300, 350
"""Bytes, about, that a payload takes besides its text, and each signal with a value of its own."""


class Shown(NamedTuple):
    """What a payload shows, and when the attacker was there by what it says itself."""

    signals: tuple[Signal, ...]
    contact: int | None
    """The only time at which it was; None: when the event was."""
    until: int
    """The last time at which it was; 0: when the event was."""

    def times(self, ts: int) -> Times:
        """Return from when to when an event of time `ts` says that its attacker was there."""
        if self.contact is not None:
            return self.contact, self.contact
        return ts, max(ts, self.until)


class Payloads:
    """What payloads show; that of the latest ones is kept."""

    def __init__(self) -> None:
        self._kept = RecentValues(_MOST_BYTES, _size)

    def shown(self, text: str) -> Shown:
        """Return what a payload shows. Raises BadEventError for one that this version's catalogue does not have."""
        found = self._kept.find(text)
        if found is None:
            found = _shown(decode_payload(text))
            self._kept.keep(text, found)
        return found


def _size(text: str, shown: Shown) -> int | None:
    return None if len(text) > _LONGEST else 4 * len(text) + _OF_A_PAYLOAD + _OF_A_SIGNAL * len(shown.signals)


def _shown(payload: Payload) -> Shown:
    repeats = getattr(payload, "repeats", None)
    contact = payload.contact if isinstance(payload, Probed) else None
    return Shown(tuple(signals(payload)), contact, 0 if repeats is None else repeats.last_ts)
