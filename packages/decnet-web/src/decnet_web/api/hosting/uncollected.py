# SPDX-License-Identifier: MIT
"""Imports without garbage collections.

What they make is used, and to look through it again and again takes a tenth of the time that somebody waits for the
first page.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Collect no garbage in the body, in any thread; afterwards as before."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
