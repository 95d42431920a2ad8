# SPDX-License-Identifier: MIT
"""The result of a recogniser when the first bytes of a stream are not (yet) what it knows.

A recogniser is `recognise(data: bytes) -> Found | Verdict`, pure, and called again with more of the same bytes after
NEED_MORE. It must be bounded: past a length of its own it returns NOTHING, and is not called again.
"""

import enum
from typing import Final


class Verdict(enum.Enum):
    """The two results that are not a finding; an enum, so that mypy narrows by `is`."""

    NEED_MORE = "need more"
    """Possibly: call again with more bytes."""
    NOTHING = "nothing"
    """No, or invalid: do not call again."""


NEED_MORE: Final = Verdict.NEED_MORE
NOTHING: Final = Verdict.NOTHING
