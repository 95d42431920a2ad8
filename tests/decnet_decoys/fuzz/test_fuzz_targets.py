# SPDX-License-Identifier: MIT
"""The fuzz targets take their first inputs, whole and cut short; `nox -s fuzz` goes on from there."""

from __future__ import annotations

import pytest
from tests.decnet_decoys.fuzz.fuzz_targets import SEEDS, TARGETS, frames_of


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_first_inputs(name: str) -> None:
    for seed in SEEDS[name]:
        for size in range(len(seed) + 1):
            TARGETS[name](seed[:size])


def test_the_first_inputs_are_what_they_are_meant_to_be() -> None:
    assert len(frames_of([SEEDS["http2_frames"][0]])[0]) == 2
    assert len(frames_of([SEEDS["http2_frames"][1]])[0]) == 3
