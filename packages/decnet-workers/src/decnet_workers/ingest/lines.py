# SPDX-License-Identifier: MIT
"""Lines of a spool become events, or rejects with a reason."""

from collections.abc import Iterable

import msgspec
from msgspec import structs

from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event


class Reject(msgspec.Struct, frozen=True):
    """A line that is not a valid event."""

    reason: str
    line: bytes


class Sorted(msgspec.Struct, frozen=True):
    """The content of a batch of lines."""

    events: list[Event]
    rejects: list[Reject]


def sort_lines(lines: Iterable[bytes]) -> Sorted:
    """Return the events and the rejects of `lines`, each in order; takes any bytes."""
    events: list[Event] = []
    rejects: list[Reject] = []
    for line in lines:
        try:
            events.append(decode(line))
        except BadEventError as error:
            rejects.append(Reject(str(error), line))
    return Sorted(events, rejects)


def not_from_future(event: Event, now_ns: int, future_seconds: float) -> Event:
    """Return an event dated later than `future_seconds` from now as of now, or it would never grow old; else itself."""
    return structs.replace(event, ts=now_ns) if event.ts > now_ns + int(future_seconds * 1e9) else event
