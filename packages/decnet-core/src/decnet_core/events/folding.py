# SPDX-License-Identifier: MIT
"""Folds events of one source that are alike into one event with exact totals; see `catalogue.Repeatable`.

Pure: what is added in whatever order gives the same totals, and so does adding it again after a crash.
"""

import hashlib
from typing import Any, TypeAlias

import msgspec

from decnet_core.events.catalogue import Repeatable
from decnet_core.events.envelope import Event
from decnet_core.events.repeats import Repeats, Sample, Value

Key: TypeAlias = tuple[object, ...]

MAX_SAMPLES = 64
"""Different values that one folded event keeps."""
SAMPLES_BYTES = 16 << 10
"""What they may take together."""
SAMPLE_TEXT = 512
"""Characters that a sample keeps of one text."""
MAX_DISTINCT = 4096
"""Different values that are distinguished in one fold."""

LARGE_PAYLOAD = 8 << 10
"""Bytes of a payload beyond which a folded event keeps the beginnings of its texts only."""
LARGE_TEXT = 128
"""Characters of these beginnings."""

_encode = msgspec.json.Encoder(order="deterministic").encode


class Values(msgspec.Struct, frozen=True, array_like=True):
    """The sampled fields of one payload: what tells them apart, and as much of them as a sample keeps."""

    digest: str
    """16 hexadecimal digits, BLAKE2b of the whole values."""
    kept: dict[str, Value]


def key_of(event: Event) -> Key | None:
    """Return what events must have in common to be folded; None for an event that is never folded."""
    payload = event.payload
    if not isinstance(payload, Repeatable) or payload.repeats is not None or event.src_ip is None or event.synthetic:
        return None
    session = event.session if payload.within_session else None
    return (type(payload), event.src_ip, event.decky, session, *(getattr(payload, name) for name in payload.alike))


def values_of(payload: Repeatable) -> Values:
    """Return the sampled fields of `payload`."""
    whole = {name: getattr(payload, name) for name in payload.sampled}
    digest = hashlib.blake2b(_encode(whole), digest_size=8).hexdigest()
    return Values(digest, {name: _beginning(value, SAMPLE_TEXT) for name, value in whole.items()})


class Fold:
    """The events that were folded so far; `first` is the first that was added."""

    def __init__(self, first: Event) -> None:
        self.first = first
        self.count = 0
        self._last_ts = first.ts
        self._bytes = 0
        self._counts: dict[str, int] = {}
        self._kept: dict[str, dict[str, Value]] = {}
        self._room = SAMPLES_BYTES
        self.lossy = False
        """Whether values came for which there was no room: the fold should end."""

    @property
    def full(self) -> bool:
        """Whether further values could not be distinguished."""
        return len(self._counts) >= MAX_DISTINCT

    def add(self, ts: int, size: int, values: Values) -> None:
        """Add one event, which would have taken `size` bytes."""
        self.count += 1
        self._last_ts = max(self._last_ts, ts)
        self._bytes += size
        if values.digest not in self._counts and not self._keep(values):
            self.lossy = True
        self._counts[values.digest] = self._counts.get(values.digest, 0) + 1

    def _keep(self, values: Values) -> bool:
        size = len(_encode(values.kept))
        if self._kept and (len(self._kept) >= MAX_SAMPLES or size > self._room):
            return False
        self._room -= size
        self._kept[values.digest] = values.kept
        return True

    def event(self) -> Event:
        """Return the event that stands for all; for one alone, that one."""
        payload = self.first.payload
        if self.count == 1 or not isinstance(payload, Repeatable):
            return self.first
        samples = tuple(Sample(kept, self._counts[digest]) for digest, kept in self._kept.items() if kept)
        repeats = Repeats(self.count, self._last_ts, self._bytes, len(self._counts), samples)
        return msgspec.structs.replace(self.first, payload=msgspec.structs.replace(_bounded(payload), repeats=repeats))


def _bounded(payload: Repeatable) -> Repeatable:
    """Return `payload`, with the beginnings of its texts when it is large: one event every few seconds adds up."""
    if len(_encode(payload)) <= LARGE_PAYLOAD:
        return payload
    return msgspec.structs.replace(
        payload, **{name: _beginning(getattr(payload, name), LARGE_TEXT) for name in payload.__struct_fields__}
    )


def _beginning(value: Any, length: int) -> Any:
    """Return `value` with at most `length` characters of each of its texts, and as many values as there are samples."""
    if isinstance(value, str):
        return value[:length]
    if isinstance(value, tuple):
        return tuple(_beginning(one, length) for one in value[:MAX_SAMPLES])
    if isinstance(value, dict):
        return {name[:length]: _beginning(one, length) for name, one in list(value.items())[:MAX_SAMPLES]}
    return value
