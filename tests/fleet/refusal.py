# SPDX-License-Identifier: MIT
"""How a Python is started so that what blocks an event loop is refused there, and told."""

from __future__ import annotations

from pathlib import Path

_SITE = Path(__file__).parent / "unblocked"


def refusing_to_block(told: Path) -> dict[str, str]:
    """Return the variables for it; which worker was refused what is appended to `told`, a line for each."""
    return {"PYTHONPATH": str(_SITE), "DECNET_TEST_BLOCKED": str(told)}
