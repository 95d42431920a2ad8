# SPDX-License-Identifier: MIT
"""A kind that is declared and named nowhere else is recorded by what its class says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from decnet_core.events.catalogue import Payload
from decnet_core.events.phases import COLLECTION, RECONNAISSANCE
from decnet_models.attackers.tables import metadata
from decnet_models.events.queries import StoredEvent

Tables = dict[str, list[tuple[Any, ...]]]
Profile = Callable[..., tuple[Tables, dict[str, object]]]


def columns(tables: Tables, table: str, *names: str) -> list[tuple[Any, ...]]:
    """Return these columns of every row of `table`."""
    places = [list(metadata.tables[table].columns.keys()).index(name) for name in names]
    return [tuple(row[place] for place in places) for row in tables[table]]


class DocumentPrinted(Payload, frozen=True, tag="printer.printed"):
    """A document was sent to a printer; declared as every kind is, and in no list."""

    counter: ClassVar[str] = "requests"
    phases: ClassVar[tuple[str, ...]] = (RECONNAISSANCE, COLLECTION)

    service: str
    pages: int


class PrinterFound(Payload, frozen=True, tag="printer.found"):
    """Declares nothing but its fields."""

    model: str


def test_it_counts_as_it_declares(stored: Callable[..., StoredEvent], profile: Profile) -> None:
    printed = DocumentPrinted("ipp", pages=3)
    tables, notices = profile([[stored(1, printed), stored(2, printed)]])
    assert columns(tables, "attacker", "events", "requests", "connections") == [(2, 2, 0)]
    assert columns(tables, "attacker_service", "service", "events") == [("ipp", 2)]
    assert columns(tables, "attacker_phase", "phase", "events") == [(COLLECTION, 2), (RECONNAISSANCE, 2)]
    assert columns(tables, "attacker_activity", "events", "arrivals") == [(2, 0)]
    assert [type(notice).__name__ for notice in notices.values()] == ["AttackerObserved"]


def test_one_that_declares_nothing_is_an_event_of_its_attacker(
    stored: Callable[..., StoredEvent], profile: Profile
) -> None:
    tables, _ = profile([[stored(1, PrinterFound("LaserJet"))]])
    assert columns(tables, "attacker", "events", "requests") == [(1, 0)]
    assert tables["attacker_service"] == tables["attacker_phase"] == []
