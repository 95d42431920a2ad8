# SPDX-License-Identifier: MIT
"""How the input of a session was spaced in time, in a few numbers: enough to tell a person from a program.

Input is counted as it arrives: what comes in one piece was sent at once. Nothing of what was typed is in it.
"""

import msgspec

FIRST_MS = 8
"""The first bin of a histogram ends here, each further one at twice as much, and the last one is open."""
BINS = 16
"""The last bin begins at 131 s."""


class TypingDigest(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is known of the rhythm of one session's input. Histograms end with their last bin that is not empty."""

    keys: int = 0
    """Single characters, and keys that send an escape sequence."""
    pasted: int = 0
    """Pieces of several characters."""
    lines: int = 0
    """Ends of lines."""
    corrections: int = 0
    """Backspace, ^U, ^W, and keys that move: only people correct themselves."""
    gaps: tuple[int, ...] = ()
    """Histogram of the times between two pieces of input within a line."""
    pauses: tuple[int, ...] = ()
    """Histogram of the times from the last end of a line to the first input of the next line."""


def bin_of(seconds: float) -> int:
    """Return the bin of a time."""
    return min(BINS - 1, int(max(0.0, seconds) * 1000 / FIRST_MS).bit_length())


def bin_start(number: int) -> float:
    """Return where a bin begins, in seconds."""
    return 0.0 if number == 0 else FIRST_MS * 2 ** (number - 1) / 1000
