# SPDX-License-Identifier: MIT
"""How far a container's log has been read, when all the engine offers is "since a time".

Podman's API has times in whole seconds, and Docker's stdout and stderr may overtake each other slightly. So each
request overlaps the last, and lines seen before are recognised by their content and their number among equal lines of
one time. Event ids are made of the same, so a line that is read twice nevertheless keeps its id.
"""

import hashlib
from collections import OrderedDict

import msgspec

from decnet_core.timing.durations import SECOND_NS
from decnet_sniff.collect.containers.log_stream import LogLine

OVERLAP_SECONDS = 2
_REMEMBERED = 20_000
_SAVED = 1000


class Checkpoint(msgspec.Struct, frozen=True):
    """Everything up to `ts` (ns since the Unix epoch) was read; `seen` identifies the lines of the last seconds."""

    ts: int = 0
    seen: tuple[str, ...] = ()


class SeenLines:
    """The lines of one container's log seen in its last seconds; bounded."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._newest = checkpoint.ts
        self._seen: OrderedDict[bytes, int] = OrderedDict()
        """The identity of each line of the last seconds, and its second."""
        self._equal: OrderedDict[bytes, tuple[int, int]] = OrderedDict()
        """How many equal lines of one time there were since `begin`, and their second."""
        for name in checkpoint.seen:
            self._seen[bytes.fromhex(name)] = checkpoint.ts // SECOND_NS

    @property
    def since(self) -> int:
        """The time (s since the Unix epoch) to request, from which lines may be new."""
        return max(0, self._newest // SECOND_NS - OVERLAP_SECONDS)

    def begin(self) -> None:
        """Start over: the log is about to be sent from `since` again."""
        self._equal.clear()

    def admit(self, line: LogLine) -> bytes | None:
        """Return the identity of a new line, None for one seen before."""
        second = line.ts // SECOND_NS
        content = b"%d %d %d " % (line.stream, line.ts, line.size) + line.text
        digest = hashlib.blake2b(content, digest_size=12).digest()
        count = self._equal.get(digest, (0, 0))[0]
        self._equal[digest] = (count + 1, second)
        identity = digest + count.to_bytes(4, "big")
        if identity in self._seen:
            return None
        self._seen[identity] = second
        if line.ts > self._newest:
            is_later = second > self._newest // SECOND_NS
            self._newest = line.ts
            if is_later:
                self._forget(second - OVERLAP_SECONDS - 1)
        self._bound()
        return identity

    def checkpoint(self) -> Checkpoint:
        first = self._newest // SECOND_NS - OVERLAP_SECONDS
        recent = [identity.hex() for identity, second in self._seen.items() if second >= first]
        return Checkpoint(self._newest, tuple(recent[-_SAVED:]))

    def _forget(self, before: int) -> None:
        """Drop the oldest, in the order of their arrival, up to the first that is recent enough."""
        while self._seen and next(iter(self._seen.values())) < before:
            self._seen.popitem(last=False)
        while self._equal and next(iter(self._equal.values()))[1] < before:
            self._equal.popitem(last=False)

    def _bound(self) -> None:
        if len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        if len(self._equal) > _REMEMBERED:
            self._equal.popitem(last=False)
