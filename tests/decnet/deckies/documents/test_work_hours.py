# SPDX-License-Identifier: MIT
"""The table [work] of a persona becomes the columns that the orchestrator reads."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from decnet.cli.errors import OperatorError
from decnet.deckies.documents.work_hours import work_columns
from decnet_decoys.personas.schema import Work


def columns(**work: Any) -> tuple[Any, ...]:
    return tuple(work_columns("own", {"work": work} if work else {}).values())


def test_hours_days_and_zone_are_columns() -> None:
    assert columns() == ("UTC", 480, 1020, 0b0011111)
    night = columns(timezone="Europe/Berlin", hours="22:30-06:05", days=["sat", "sun", "sun"])
    assert night == ("Europe/Berlin", 1350, 365, 0b1100000)
    assert columns(hours="00:00-24:00")[1:3] == (0, 1440)


def test_an_unknown_zone_is_refused_with_its_name() -> None:
    with pytest.raises(OperatorError, match=r"persona own: work\.timezone: there is no time zone 'Mars/Olympus'"):
        columns(timezone="Mars/Olympus")


@pytest.mark.parametrize("wrong", [{"hours": "8-17"}, {"hours": "08:00-25:00"}, {"days": ["monday"]}, {"zone": "UTC"}])
def test_what_is_no_working_time_is_refused_when_the_persona_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Work)
