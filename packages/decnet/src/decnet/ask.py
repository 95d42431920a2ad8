# SPDX-License-Identifier: MIT
"""Asks running workers for their health over the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from decnet_core.bus.interface import Bus, BusError
from decnet_core.bus.subjects import CONTROL, Control, Health

_REPORT = msgspec.json.encode(Control("report"))


async def ask(bus: Bus, worker: str, seconds: float) -> Health | None:
    """Return the worker's health, None when it does not answer within `seconds`."""
    try:
        answer = await bus.request(CONTROL.of(worker), _REPORT, timeout=seconds)
        return msgspec.json.decode(answer.payload, type=Health)
    except (BusError, TimeoutError, msgspec.DecodeError, UnicodeDecodeError):
        return None


async def ask_all(bus: Bus, workers: Iterable[str], seconds: float = 1.0) -> dict[str, Health | None]:
    """Ask all at once."""
    names = list(workers)
    answers = await asyncio.gather(*(ask(bus, name, seconds) for name in names))
    return dict(zip(names, answers, strict=True))
