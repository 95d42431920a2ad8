# SPDX-License-Identifier: MIT
"""Waiting for what only a look can tell: status files, memory, the database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LOOK_SECONDS = 0.1


async def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until `condition` holds; return False when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(LOOK_SECONDS)
    return True
