# SPDX-License-Identifier: MIT
"""Each fuzzed reader stands its corpus: whole, cut off, with bytes changed; and some mutations by chance."""

from __future__ import annotations

import random

import pytest
from tests.decnet_sniff.fuzz import fuzz_targets, run_fuzz

STEP = 7
"""Of the positions in a longer seed every seventh is taken: the others are for `nox -s fuzz`."""


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_seeds_cut_off_anywhere_and_changed_anywhere(name: str) -> None:
    target = fuzz_targets.TARGETS[name]
    for seed in fuzz_targets.seeds(name):
        step = 1 if len(seed) < 200 else STEP
        target(seed)
        for at in range(0, len(seed), step):
            target(seed[:at])
            target(seed[:at] + bytes([seed[at] ^ 0xFF]) + seed[at + 1 :])


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_mutated_seeds(name: str) -> None:
    chance, corpus = random.Random(5), fuzz_targets.seeds(name)
    for _ in range(200):
        fuzz_targets.TARGETS[name](run_fuzz.mutated(chance, corpus))


def test_corpora_are_small_and_of_known_targets() -> None:
    assert {path.name for path in fuzz_targets.CORPUS.iterdir()} == set(fuzz_targets.TARGETS)
    assert sum(path.stat().st_size for path in fuzz_targets.CORPUS.rglob("*.*")) < 64_000
