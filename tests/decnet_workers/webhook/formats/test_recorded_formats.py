# SPDX-License-Identifier: MIT
"""What each format makes of the same hostile notice, as it was read by a person and recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.decnet_workers.webhook.formats.notices import HOSTILE, access_for, alert

from decnet_workers.webhook.formats.registry import FORMATS, load

RECORDED = Path(__file__).parent / "recorded"


@pytest.mark.parametrize("name", FORMATS)
def test_a_hostile_notice_is_written_as_recorded(name: str) -> None:
    form = load(name)
    assert form.body(alert(HOSTILE), access_for(form)) == (RECORDED / name).read_bytes().removesuffix(b"\n")


def test_every_recording_is_of_a_format() -> None:
    assert {path.name for path in RECORDED.iterdir()} == set(FORMATS)


@pytest.mark.parametrize("name", FORMATS)
def test_another_attempt_sends_the_same(name: str) -> None:
    form = load(name)
    assert form.body(alert(HOSTILE), access_for(form)) == form.body(alert(HOSTILE), access_for(form))
