# SPDX-License-Identifier: MIT
"""What the child tells the worker that started it."""

import msgspec


class RepairOutcome(msgspec.Struct, frozen=True):
    """Indexes that were rebuilt (none: nothing was damaged any more), or why none were."""

    indexes: list[str] = []
    copy: str = ""
    vacuumed: bool = True
    busy: bool = False
    """Another process is at it."""
    failure: str = ""
