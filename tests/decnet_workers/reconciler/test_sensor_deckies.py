# SPDX-License-Identifier: MIT
"""What is ordered of sensors, and what their reports make of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tests.decnet_models.migrated import migrated_database

from decnet_core.deckies.orders import Assignment, Contact, Standing, Standings, ordered_file, reported_file
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.fleet import change_log, queries, states
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.notices import queries as notices
from decnet_models.realism import queries as realism
from decnet_models.swarm import queries as swarm
from decnet_workers.reconciler.records import ACTOR
from decnet_workers.reconciler.sensor_deckies import (
    CHANGES_NS,
    MOST_CHANGES,
    MOST_DRIFT,
    NOTICE_NS,
    Round,
    SensorDeckies,
)

NAME = "berlin-1"
SHOP = Decky("shop", (Address("127.77.9.9"),), "shop", "loopback", "nas", (Service("http", 8080),), sensor=NAME)


class Master:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.engine = open_engine(migrated_database(state / "decnet.db"))
        self.now = 1000 * NOTICE_NS
        self.deckies = SensorDeckies(self.engine, state, lambda: self.now)
        with writing(self.engine) as connection:
            realism.write_persona(connection, realism.Persona("nas", "DSM", {"os": "DSM"}), now_ns=1)
            swarm.add_sensor(connection, NAME, "", now_ns=1)
        self.write(SHOP)
        (state / "sensors").mkdir()

    def write(self, one: Decky) -> None:
        with writing(self.engine) as connection:
            assert queries.write_decky(connection, one, ChangeInfo("changed", "ana", "", 2)) is not None

    def remove(self) -> None:
        with writing(self.engine) as connection:
            assert queries.remove_decky(connection, "shop", ChangeInfo("removed", "ana", "", 3))

    def contact(self, *, revoked: bool = False) -> None:
        text = msgspec.json.encode(Contact(NAME, 5, revoked=revoked))
        (self.state / "sensors" / f"{NAME}.json").write_bytes(text)

    def report(self, *standings: Standing, error: str = "") -> None:
        reported_file(self.state, NAME).write_bytes(msgspec.json.encode(Standings(4, error, standings)))

    def ordered(self) -> Assignment:
        return msgspec.json.decode(ordered_file(self.state, NAME).read_bytes(), type=Assignment)

    def stands(self) -> tuple[str, int, str | None] | None:
        with reading(self.engine) as connection:
            state = states.state_of(connection, "shop")
        return (state.phase, state.version, state.error) if state else None

    def changes(self) -> int:
        with reading(self.engine) as connection:
            return sum(one.actor == ACTOR for one in change_log.history(connection, "shop", 1000))

    def told(self) -> list[str]:
        with reading(self.engine) as connection:
            return [stored.kind for stored in notices.after(connection, 0, 100)]


@pytest.fixture
def master(tmp_path: Path) -> Iterator[Master]:
    made = Master(tmp_path)
    yield made
    made.engine.dispose()


def test_orders_are_written_once_with_the_personas_and_also_when_nothing_is_left(master: Master) -> None:
    master.contact()
    assert master.deckies.run() == Round(ordered=1)
    assert master.deckies.run() == Round()
    found = master.ordered()
    assert (found.sensor, found.version, found.personas) == (NAME, 0, {"nas": {"os": "DSM"}})
    assert [(one.name, one.version, one.wanted) for one in found.deckies] == [("shop", 1, True)]
    master.remove()
    assert master.deckies.run().ordered == 1
    assert [(one.name, one.wanted) for one in master.ordered().deckies] == [("shop", False)]
    master.report(Standing("shop", 2, "absent", 9))
    done = master.deckies.run()
    assert (done.recorded, done.ordered) == (1, 1), "the row is gone, and is ordered no more"
    assert master.ordered().deckies == ()


def test_reports_become_states_changes_and_notices(master: Master) -> None:
    master.contact()
    master.deckies.run()
    assert master.stands() is None, "nothing is known yet"
    master.report(Standing("shop", 1, "running", 9), Standing("stranger", 1, "running", 9))
    assert master.deckies.run().recorded == 1
    assert master.deckies.run().recorded == 0
    assert master.stands() == ("running", 1, None)
    master.report(Standing("shop", 0, "failed", 10, ("its interface is missing",), "no interface eth9", 2, 99))
    assert set(master.deckies.run().notices) == {"decky.drifted", "decky.failed"}
    assert master.stands() == ("failed", 0, "no interface eth9")
    with reading(master.engine) as connection:
        assert [one.kind for one in change_log.history(connection, "shop", 10)][:2] == ["failed", "started"]


def test_why_nothing_is_known_is_said(master: Master) -> None:
    master.deckies.run()
    assert master.stands() == ("failed", 0, "no sensor berlin-1 has enrolled: decnet swarm token berlin-1")
    master.contact()
    master.report(error="the assignment is not carried out: it is damaged")
    master.deckies.run()
    assert master.stands() == ("failed", 0, "the assignment is not carried out: it is damaged")
    master.contact(revoked=True)
    master.deckies.run()
    assert master.stands() == (
        "failed",
        0,
        "the sensor berlin-1 was revoked: give the decky another, or enrol it again",
    )
    assert master.told() == ["decky.failed"], "it is told once that it fails"
    master.remove()
    master.deckies.run()
    assert master.stands() is None, "nobody waits for a sensor that was revoked"


def test_a_sensor_that_reports_without_end_is_recorded_within_bounds(
    master: Master, caplog: pytest.LogCaptureFixture
) -> None:
    """As a stolen one may: every report is another state, at another time."""
    drift = ("its interface is missing",) * (MOST_DRIFT + 1)

    def report(number: int) -> int:
        failed = Standing("shop", 0, "failed", number, drift, f"error {number}")
        master.report(failed if number % 3 == 2 else Standing("shop", 1, "running", number, drift))
        return master.deckies.run().withheld

    master.contact()
    master.deckies.run()
    withheld = 0
    for number in range(6 * MOST_CHANGES):
        withheld += report(number)
        master.now += NOTICE_NS // (6 * MOST_CHANGES)
    assert sorted(master.told()) == ["decky.drifted", "decky.failed", "decky.repaired"]
    assert (master.changes(), withheld) == (MOST_CHANGES, 3 * MOST_CHANGES)
    assert [one.getMessage() for one in caplog.records] == [
        "changes of deckies are not recorded, their sensors report too many: berlin-1"
    ]
    assert master.stands() == ("failed", 0, f"error {number}"), "how it stands is known all the same"
    with reading(master.engine) as connection:
        state = states.state_of(connection, "shop")
    assert state is not None
    assert len(state.drift) == MOST_DRIFT
    master.now += CHANGES_NS
    assert [report(6 * MOST_CHANGES), report(6 * MOST_CHANGES + 1)] == [0, 0]
    assert master.changes() == MOST_CHANGES + 1
    assert len(master.told()) == 5, "drifted, and repaired"


def test_order_that_cannot_be_written_is_written_later(master: Master) -> None:
    master.contact()
    ordered_file(master.state, NAME).parent.write_text("in the way")
    assert master.deckies.run().ordered == 0
    ordered_file(master.state, NAME).parent.unlink()
    assert master.deckies.run().ordered == 1


@pytest.mark.parametrize("field", ["version", "since", "attempts", "retry_at"])
@pytest.mark.parametrize("value", [-1, 2**31, 2**63, 10**30])
def test_numbers_that_no_column_holds_are_no_report(master: Master, field: str, value: int) -> None:
    master.contact()
    told = {"name": "shop", "version": 1, "phase": "running", "since": 9, field: value}
    reported_file(master.state, NAME).write_bytes(msgspec.json.encode({"deckies": [told]}))
    fits = field in {"since", "retry_at"} and value == 2**31
    assert master.deckies.run().recorded == fits


def test_text_that_no_column_holds_is_shown(master: Master) -> None:
    master.contact()
    master.report(Standing("shop", 0, "failed", 10, error="a\0b"))
    master.deckies.run()
    assert master.stands() == ("failed", 0, "a\u2400b")
    master.report(error="\0")
    master.deckies.run()
    assert master.stands() == ("failed", 0, "\u2400")
