# SPDX-License-Identifier: MIT
"""What a recogniser says of the first bytes of a stream when they are not (yet) what it knows.

A recogniser is `recognise(data: bytes) -> Found | Verdict`, pure, and called again with more of the same bytes after it
said NEED_MORE. Its patience must be bounded: past a length of its own it says NOTHING, and is not asked again.
"""

from __future__ import annotations

import enum
from typing import Final


class Verdict(enum.Enum):
    """The two answers that are not a finding; an enum, so that mypy tells them from one after `is`."""

    NEED_MORE = "need more"
    """It may be ours: ask again when there are more bytes."""
    NOTHING = "nothing"
    """It is not ours, or it is broken: do not ask again."""


NEED_MORE: Final = Verdict.NEED_MORE
NOTHING: Final = Verdict.NOTHING
