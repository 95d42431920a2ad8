# SPDX-License-Identifier: MIT
"""One event on one line of a terminal."""

from decnet.show.times import clock, moment
from decnet_core.events.catalogue import Payload
from decnet_core.events.envelope import Event
from decnet_core.text import for_terminal

_LIMIT = 200


def summary(payload: Payload) -> str:
    """Return what happened on one printable line of at most about 200 characters."""
    times = f" (x{payload.occurrences:,})" if payload.occurrences > 1 else ""
    return for_terminal(payload.summary(), _LIMIT - len(times)) + times


def cells(event: Event) -> tuple[str, str, str, str, str]:
    """Return time of day, source, decky, kind and summary, each safe to show."""
    return (
        clock(event.ts),
        for_terminal(event.src_ip or "-", 45),
        for_terminal(event.decky or "-", 64),
        event.kind,
        summary(event.payload) + (" [synthetic]" if event.synthetic else ""),
    )


def line(event: Event, *, dated: bool = True) -> str:
    """Return the event on one line, with its date unless it happens now."""
    time, source, decky, kind, text = cells(event)
    when = moment(event.ts) if dated else time
    return f"{when}  {source:<15}  {decky:<12}  {kind:<18}  {text}"
