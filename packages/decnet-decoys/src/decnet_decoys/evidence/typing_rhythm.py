# SPDX-License-Identifier: MIT
"""Follows the rhythm of a session's input: a few counters, whatever is sent."""

from pathlib import Path

import msgspec

from decnet_core.events.typing_digest import BINS, TypingDigest, bin_of

_ENDS = frozenset("\r\n")
_CORRECTIONS = frozenset(
    ("\x7f", "\x08", "\x15", "\x17", "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1bOA", "\x1bOB", "\x1bOC", "\x1bOD")
)
_MOST_READ = 20_000
"""Lines of a recording from which the rhythm of a killed session is read."""


class TypingRhythm:
    """What `TypingDigest` counts, so far; moments are seconds since any one moment."""

    def __init__(self) -> None:
        self._gaps = [0] * BINS
        self._pauses = [0] * BINS
        self._keys = self._pasted = self._lines = self._corrections = 0
        self._last: float | None = None
        self._at_start = False

    def typed(self, moment: float, text: str) -> None:
        """Count one piece of input."""
        if self._last is not None:
            (self._pauses if self._at_start else self._gaps)[bin_of(moment - self._last)] += 1
        ends = sum(text.count(end) for end in _ENDS) - text.count("\r\n")
        body = text.rstrip("\r\n")
        if len(body) == 1 or text in _CORRECTIONS:
            self._keys += 1
        elif body:
            self._pasted += 1
        self._corrections += text in _CORRECTIONS
        self._lines += ends
        self._at_start = bool(ends) and text[-1] in _ENDS
        self._last = moment

    def digest(self) -> TypingDigest | None:
        """Return the digest; None when nothing was typed."""
        if self._last is None:
            return None
        return TypingDigest(
            self._keys, self._pasted, self._lines, self._corrections, _trimmed(self._gaps), _trimmed(self._pauses)
        )


def rhythm_in(file: Path) -> TypingDigest | None:
    """Return the digest of a recording's input, None when it has none or cannot be read."""
    rhythm = TypingRhythm()
    try:
        with file.open("rb") as lines:
            for _, line in zip(range(_MOST_READ), lines, strict=False):
                if b'"i"' in line[:40]:
                    moment, code, text = msgspec.json.decode(line, type=tuple[float, str, str])
                    if code == "i":
                        rhythm.typed(moment, text)
    except (OSError, msgspec.DecodeError):
        pass
    return rhythm.digest()


def _trimmed(histogram: list[int]) -> tuple[int, ...]:
    last = max((place for place, count in enumerate(histogram) if count), default=-1)
    return tuple(histogram[: last + 1])
