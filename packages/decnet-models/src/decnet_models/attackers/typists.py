# SPDX-License-Identifier: MIT
"""Who typed in a session, by the rhythm of its input: a person, a script, or a language model; pure.

People send one key at a time, at uneven intervals, and correct themselves. Programs send whole lines: a script at once,
or after the same wait each time; a language model after the seconds, more or less, that it takes to read the last
output and to write the next line. A person who pastes every line looks like a language model, which the reason says.
"""

from collections.abc import Sequence

from decnet_core.events.typing_digest import TypingDigest, bin_of, bin_start
from decnet_models.attackers.behaviour import Trait

LEAST_KEYS = 15
LEAST_LINES = 3
HUMAN = (bin_of(0.032), bin_of(1.9))
"""Bins in which most of the gaps between a person's keys are."""
THINKING = (bin_of(1.0), bin_of(60.0))
"""Bins in which most of a language model's pauses are."""
EVEN = 0.9
"""The part of the times in one bin from which on they are even."""


def typist(digest: TypingDigest) -> Trait | None:
    """Return who typed, and why; None when there is too little to tell."""
    pieces = digest.keys + digest.pasted
    if digest.keys >= LEAST_KEYS and digest.keys >= digest.pasted:
        return _by_keys(digest)
    if digest.lines >= LEAST_LINES and digest.pasted >= 0.8 * pieces and sum(digest.pauses) >= LEAST_LINES - 1:
        return _by_lines(digest)
    return None


def _by_keys(digest: TypingDigest) -> Trait | None:
    total = sum(digest.gaps)
    if not total:
        return None
    human, spread = _within(digest.gaps, HUMAN), sum(count > 0 for count in digest.gaps)
    words = f"{digest.keys} keys, one about every {_typical(digest.gaps)}"
    if digest.corrections or (human >= 0.6 and spread >= 3 and max(digest.gaps) < EVEN * total):
        return Trait("person", f"{words}, {digest.corrections} corrected: typed by hand")
    return Trait("script", f"{words}, evenly: no hand types so")


def _by_lines(digest: TypingDigest) -> Trait:
    total, words = sum(digest.pauses), f"{digest.lines} lines, each sent whole"
    pause = f"a pause of about {_typical(digest.pauses)}"
    if digest.corrections:
        return Trait("person", f"{words}, some corrected: a person who pastes")
    if _median(digest.pauses) < THINKING[0]:
        return Trait("script", f"{words} after {pause}")
    if max(digest.pauses) >= EVEN * total and total > LEAST_LINES:
        return Trait("script", f"{words} after the same wait, {pause}")
    if _within(digest.pauses, THINKING) >= 0.8:
        return Trait("language model", f"{words} after {pause}, unevenly, none corrected (or a person who pastes)")
    return Trait("script", f"{words} after {pause}")


def _within(histogram: Sequence[int], bins: tuple[int, int]) -> float:
    return sum(histogram[bins[0] : bins[1] + 1]) / sum(histogram)


def _median(histogram: Sequence[int]) -> int:
    half, seen = sum(histogram) / 2, 0
    for place, count in enumerate(histogram):
        seen += count
        if seen >= half:
            return place
    return 0


def _typical(histogram: Sequence[int]) -> str:
    """Return the middle of the median's bin."""
    seconds = bin_start(_median(histogram)) * 1.5
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.0f} s"
