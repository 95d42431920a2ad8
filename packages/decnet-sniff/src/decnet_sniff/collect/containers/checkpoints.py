# SPDX-License-Identifier: MIT
"""How far a container's log has been read, when all that the engine lets one ask for is "since a moment".

Podman's API tells times in whole seconds, and Docker's stdout and stderr may overtake each other by a little. So
reading on asks for a little more than is missing, and what was seen before is known again by what it says and by which
of several equal lines of one moment it is. That is also what event ids are made of: a line that is read twice all the
same gets the id it had.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

import msgspec

from decnet_sniff.collect.containers.log_stream import LogLine

_SECOND = 1_000_000_000
OVERLAP_SECONDS = 2
_REMEMBERED = 20_000
_SAVED = 1000


class Checkpoint(msgspec.Struct, frozen=True):
    """All up to `ts` (ns since the Unix epoch) was read; `seen` names the lines of the last seconds."""

    ts: int = 0
    seen: tuple[str, ...] = ()


class SeenLines:
    """What was seen of one container's log in its last seconds; bounded."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._newest = checkpoint.ts
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        """The identity of each line of the last seconds, and its second."""
        self._equal: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        """How many equal lines of one moment there were since `begin`, and their second."""
        for name in checkpoint.seen:
            self._seen[bytes.fromhex(name)] = checkpoint.ts // _SECOND

    @property
    def since(self) -> int:
        """The moment (s since the Unix epoch) to ask for, from which lines may be new."""
        return max(0, self._newest // _SECOND - OVERLAP_SECONDS)

    def begin(self) -> None:
        """The log is about to be sent from `since` once more."""
        self._equal.clear()

    def admit(self, line: LogLine) -> bytes | None:
        """Return the identity of a line that is new, None for one that was seen."""
        second = line.ts // _SECOND
        content = b"%d %d %d " % (line.stream, line.ts, line.size) + line.text
        digest = hashlib.blake2b(content, digest_size=12).digest()
        count = self._equal.get(digest, (0, 0))[0]
        self._equal[digest] = (count + 1, second)
        identity = digest + count.to_bytes(4, "big")
        if identity in self._seen:
            return None
        self._seen[identity] = second
        if line.ts > self._newest:
            is_later = second > self._newest // _SECOND
            self._newest = line.ts
            if is_later:
                self._forget(second - OVERLAP_SECONDS - 1)
        self._bound()
        return identity

    def checkpoint(self) -> Checkpoint:
        """Return what a later run needs."""
        first = self._newest // _SECOND - OVERLAP_SECONDS
        recent = [identity.hex() for identity, second in self._seen.items() if second >= first]
        return Checkpoint(self._newest, tuple(recent[-_SAVED:]))

    def _forget(self, before: int) -> None:
        """Let go of the oldest, as they were added, up to the first that is not old enough."""
        while self._seen and next(iter(self._seen.values())) < before:
            self._seen.popitem(last=False)
        while self._equal and next(iter(self._equal.values()))[1] < before:
            self._equal.popitem(last=False)

    def _bound(self) -> None:
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        if len(self._equal) > _REMEMBERED:
            self._equal.popitem(last=False)
