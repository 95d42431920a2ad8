# SPDX-License-Identifier: MIT
"""A signed assignment as it is stored and sent, and its parts on the wire; no cryptography is loaded for it."""

from collections.abc import Iterator

import msgspec

from decnet_core.deckies.orders import MOST_BYTES, Assignment
from decnet_swarm.wire import Assign

PART_BYTES = 512 << 10
"""Of one message, before base64."""
MOST_PARTS = MOST_BYTES // PART_BYTES + 1


class Envelope(msgspec.Struct, frozen=True):
    """Content and who signed it; `seal` makes and verifies one."""

    content: bytes
    certificate: str
    signature: bytes


def envelope_in(data: bytes) -> Envelope | None:
    """Return the envelope that `data` is, None if it is none."""
    try:
        return msgspec.json.decode(data, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def assignment_in(content: bytes) -> Assignment | None:
    """Return the assignment that the content of an envelope is, None if it is none."""
    try:
        return msgspec.json.decode(content, type=Assignment)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def parts(version: int, data: bytes) -> Iterator[Assign]:
    """Yield the messages that carry an encoded envelope."""
    count = -(-len(data) // PART_BYTES)
    for index in range(count):
        yield Assign(version, index, count, data[index * PART_BYTES : (index + 1) * PART_BYTES])


class Collected:
    """Parts until they are whole."""

    def __init__(self) -> None:
        self._version = 0
        self._parts: list[bytes] = []

    def add(self, part: Assign) -> bytes | None:
        """Return the encoded envelope when this was its last part; parts that do not follow each other are dropped."""
        if part.part == 0:
            self._version, self._parts = part.version, []
        if part.version != self._version or part.part != len(self._parts) or part.parts > MOST_PARTS:
            self._version, self._parts = 0, []
            return None
        self._parts.append(part.content)
        if len(self._parts) < part.parts:
            return None
        whole, self._parts = b"".join(self._parts), []
        return whole
