# SPDX-License-Identifier: MIT
"""Traffic from two readings of the broker's counters: totals, rates, and dropped messages by subscriber."""

from typing import Any

import msgspec

from decnet.fleet.processes import pss_of
from decnet.show.columns import columns
from decnet.show.times import duration, size
from decnet_core.bus.subjects import Health

_DROPS = "dropped."
_LEVELS = ("connections", "subscriptions", "waiting", "waiting_bytes")
_COUNTS = (
    "in_messages",
    "in_bytes",
    "out_messages",
    "out_bytes",
    "dropped",
    "unrouted",
    "refused",
    "slow_consumers",
    "errors",
    "connections_refused",
)


class Look(msgspec.Struct, frozen=True):
    """The broker's health at a time of the monotonic clock, in seconds."""

    at: float
    health: Health


def rates(now: Look, before: Look | None) -> dict[str, float]:
    """Return each count's growth per second since `before`; none without one, or when the broker was restarted."""
    if before is None or now.at <= before.at or now.health.pid != before.health.pid:
        return {}
    seconds = now.at - before.at
    earlier = before.health.counters
    return {name: (now.health.counters.get(name, 0) - earlier.get(name, 0)) / seconds for name in _COUNTS}


def drops(health: Health) -> dict[str, float]:
    """Return dropped messages by subscriber, most first."""
    dropped = {name.removeprefix(_DROPS): count for name, count in health.counters.items() if name.startswith(_DROPS)}
    return dict(sorted(dropped.items(), key=lambda item: -item[1]))


def figures(now: Look, before: Look | None) -> dict[str, Any]:
    """Return everything for a script."""
    return {"health": now.health, "per_second": rates(now, before), "drops": drops(now.health)}


def page(now: Look, before: Look | None) -> str:
    """Return everything for a terminal."""
    health, grown = now.health, rates(now, before)
    rows = [(_words(name), _number(name, health.counters.get(name, 0)), "") for name in _LEVELS]
    for name in _COUNTS:
        rate = _number(name, grown[name]) if name in grown else ""
        rows.append((_words(name), _number(name, health.counters.get(name, 0)), rate))
    up = duration(health.uptime_seconds)
    taken = pss_of(health.pid)
    lines = [
        f"bus  pid {health.pid}  {health.state}  up {up}" + (f"  PSS {size(taken)}" if taken else ""),
        "",
        columns(("", "total", "per second"), rows),
    ]
    lost = drops(health)
    if lost:
        lines += ["", columns(("slow subscriber", "dropped"), [(name, f"{count:.0f}") for name, count in lost.items()])]
    return "\n".join(lines)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _number(name: str, value: float) -> str:
    return size(value) if name.endswith("bytes") else f"{value:.0f}"
