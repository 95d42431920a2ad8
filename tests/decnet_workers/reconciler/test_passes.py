# SPDX-License-Identifier: MIT
"""Passes over rows of a real database: what they open, what they record, and how one decky's trouble stays its own."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Engine, delete
from tests.decnet_core.placement.player import Player, player
from tests.ports import own_address

from decnet_core.deckies.handover import handover_socket, handover_sockets
from decnet_core.events.notices import DeckyFailed
from decnet_core.placement import passes
from decnet_core.placement.decoys_processes import DecoysProcesses
from decnet_core.placement.passes import Passes, Report
from decnet_core.placement.reconciliation import Reconciliation
from decnet_core.placement.runtimes.loopback import Loopback
from decnet_core.state import State as StateDirectory
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.fleet import change_log, queries, states
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.fleet.tables import decky
from decnet_models.notices import queries as notices
from decnet_models.realism import queries as realism
from decnet_workers.reconciler.database_ledger import DatabaseLedger

PORT = 21822
NET = own_address(0).removesuffix(".0")  # another process may run other tests of this file


def row(number: int, **other: object) -> Decky:
    values: dict[str, object] = {
        "name": f"web-{number}",
        "addresses": (Address(f"{NET}.{number}"),),
        "host_name": f"web-{number}",
        "runtime": "loopback",
        "persona": "debian",
        "services": (Service("ssh", PORT),),
        **other,
    }
    return Decky(**values)  # type: ignore[arg-type]


def greeting(number: int) -> str:
    """Return what the decky's port says; "" when it is closed."""
    try:
        with socket.create_connection((f"{NET}.{number}", PORT), timeout=100) as client:
            return client.recv(100).decode()
    except ConnectionRefusedError:
        return ""


class Fleet:
    """A database, a state directory, and passes over it."""

    def __init__(self, engine: Engine, directory: StateDirectory) -> None:
        self.engine, self.directory = engine, directory
        self.players = DecoysProcesses(partial(handover_sockets, directory))
        self.passes = Passes(
            DatabaseLedger(engine), Reconciliation({"loopback": Loopback()}, self.players), 60.0, lambda: False
        )

    def run(self) -> Report:
        return self.passes.run()

    def write(self, *rows: Decky) -> None:
        with writing(self.engine) as connection:
            for one in rows:
                before = queries.decky_named(connection, one.name)
                new = msgspec.structs.replace(one, version=before.version if before else 0)
                assert queries.write_decky(connection, new, ChangeInfo("added", "ana", "", 5))

    def remove(self, name: str) -> None:
        with writing(self.engine) as connection:
            assert queries.remove_decky(connection, name, ChangeInfo("removed", "ana", "", 6))

    def states(self) -> dict[str, states.State | None]:
        with reading(self.engine) as connection:
            return {one.name: state for one, state in states.states_on(connection, None)}

    def kinds(self, name: str) -> list[str]:
        with reading(self.engine) as connection:
            return [change.kind for change in reversed(change_log.history(connection, name))]

    def notices(self) -> list[object]:
        with reading(self.engine) as connection:
            return [one.notice for one in notices.after(connection, 0, 100)]


@pytest.fixture
def fleet(sqlite_url: str, tmp_path: Path) -> Iterator[Fleet]:
    engine = open_engine(sqlite_url)
    with writing(engine) as connection:
        realism.write_persona(connection, realism.Persona("debian", "Linux"), now_ns=1)
    made = Fleet(engine, StateDirectory(tmp_path / "s"))
    with closing(made.players):
        yield made
    engine.dispose()


@pytest.fixture
def decoys(fleet: Fleet) -> Iterator[Player]:
    with player(handover_socket(fleet.directory, "decoys")) as running:
        yield running


def test_rows_become_deckies_that_answer_and_are_recorded_once(fleet: Fleet, decoys: Player) -> None:
    fleet.write(row(1), row(2))
    report = fleet.run()
    assert (report.deckies, report.done, report.failing, report.more) == (2, 2, 0, False)
    assert [greeting(1), greeting(2)] == ["web-1 1", "web-2 1"]
    assert {name: state and (state.phase, state.version) for name, state in fleet.states().items()} == {
        "web-1": ("running", 1),
        "web-2": ("running", 1),
    }
    assert fleet.run().done == 0
    assert fleet.kinds("web-1") == ["added", "started"]
    assert len(decoys.requests) == 2


def test_change_is_played_and_removal_leaves_nothing(fleet: Fleet, decoys: Player) -> None:
    fleet.write(row(1))
    fleet.run()
    fleet.write(row(1, host_name="other"))
    fleet.run()
    assert greeting(1) == "web-1 2"
    fleet.remove("web-1")
    fleet.run()
    assert greeting(1) == ""
    assert fleet.states() == {}
    assert fleet.kinds("web-1") == ["added", "started", "added", "started", "removed", "stopped", "gone"]
    assert fleet.run() == Report()


def test_nobody_reaches_an_orphans_address_any_more_before_it_goes(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(Loopback, "introduce", lambda _: done.append("introduce"))
    monkeypatch.setattr(Loopback, "orphans", lambda *_: ["web-0"])
    monkeypatch.setattr(Loopback, "remove", lambda _, mark: done.append(f"remove {mark}"))
    fleet.run()
    assert done == ["introduce", "remove web-0", "introduce"]


def test_a_decky_that_fails_is_said_once_retried_and_keeps_no_other_back(fleet: Fleet, decoys: Player) -> None:
    with socket.create_server((f"{NET}.1", PORT)):
        fleet.write(row(1), row(2))
        report = fleet.run()
        assert (report.failing, greeting(2)) == (1, "web-2 1")
        assert report.due_seconds is not None
        assert report.due_seconds <= 1
        failed = fleet.states()["web-1"]
        assert failed is not None
        assert (failed.phase, failed.attempts, failed.version) == ("failed", 1, 0)
        assert failed.error is not None
        assert f"{NET}.1:{PORT}: the port is taken" in failed.error
        assert [type(one) for one in fleet.notices()] == [DeckyFailed]
        assert fleet.run().done == 0  # it waits
    fleet.write(row(1, host_name="changed"))  # a new version does not wait
    assert fleet.run().failing == 0
    assert greeting(1) == "web-1 2"
    running = fleet.states()["web-1"]
    assert running is not None
    assert (running.phase, running.error, running.attempts) == ("running", None, 0)


def test_refusal_of_decoys_is_that_deckys_error(fleet: Fleet, decoys: Player) -> None:
    decoys.refused["web-1"] = "there is no service ssh"
    fleet.write(row(1), row(2))
    fleet.run()
    failed = fleet.states()["web-1"]
    assert failed is not None
    assert failed.error == "there is no service ssh"
    assert [greeting(1), greeting(2)] == ["", "web-2 1"]


def test_without_decoys_deckies_wait_and_come_when_it_is_there(fleet: Fleet) -> None:
    fleet.write(row(1))
    report = fleet.run()
    assert (report.done, report.failing) == (0, 0)
    assert report.due_seconds is not None
    assert report.due_seconds <= 2
    with player(handover_socket(fleet.directory, "decoys")):
        fleet.run()
        assert greeting(1) == "web-1 1"


def test_decoys_that_lost_its_deckies_gets_them_again(fleet: Fleet) -> None:
    fleet.write(row(1))
    for _ in range(2):
        with player(handover_socket(fleet.directory, "decoys")):
            fleet.run()
            assert greeting(1) == "web-1 1"
    assert fleet.kinds("web-1") == ["added", "started", "repaired"]
    assert fleet.notices() == []  # the decky itself had not drifted


def test_what_is_played_without_a_row_is_withdrawn(fleet: Fleet, decoys: Player) -> None:
    fleet.write(row(1))
    fleet.run()
    with writing(fleet.engine) as connection:
        connection.execute(delete(decky))
    fleet.run()
    assert greeting(1) == ""


def test_deckies_are_spread_over_the_processes_of_decoys(fleet: Fleet) -> None:
    with ExitStack() as stack:
        two = [stack.enter_context(player(handover_socket(fleet.directory, name))) for name in ("decoys", "decoys.2")]
        fleet.write(*(row(number) for number in range(1, 5)))
        fleet.run()
        assert [len(one.requests) for one in two] == [2, 2]
        assert fleet.run().done == 0


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"runtime": "host"}, "the runtime host is off: run `decnet up` as root, or have"),
        ({"addresses": (Address("10.0.0.9"),)}, "not in 127.0.0.0/8"),
        ({"runtime": "netns"}, "no prefix length"),
    ],
)
def test_row_that_cannot_be_is_explained(fleet: Fleet, decoys: Player, bad: dict[str, object], reason: str) -> None:
    fleet.write(row(1, **bad), row(2))
    fleet.run()
    failed = fleet.states()["web-1"]
    assert failed is not None
    assert reason in (failed.error or "")
    assert greeting(2) == "web-2 1"


def test_persona_with_a_bad_stack_is_its_deckys_trouble(fleet: Fleet, decoys: Player) -> None:
    with writing(fleet.engine) as connection:
        realism.write_persona(connection, realism.Persona("odd", "?", {"stack": {"tll": 1}}), now_ns=1)
    fleet.write(row(1, persona="odd"), row(2))
    fleet.run()
    failed = fleet.states()["web-1"]
    assert failed is not None
    assert "tll" in (failed.error or "")
    assert greeting(2) == "web-2 1"


def test_more_deckies_than_one_pass_takes(fleet: Fleet, decoys: Player, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passes, "MOST_TASKS", 50)
    fleet.write(*(row(number) for number in range(1, 61)))
    assert fleet.run().more
    assert not fleet.run().more
    assert greeting(60) == "web-60 1"


def test_how_far_a_pass_is_can_be_seen_before_it_ends(
    fleet: Fleet, decoys: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passes, "RECORDED_AT_ONCE", 2)
    fleet.write(*(row(number) for number in range(1, 6)))
    fleet.run()
    states = [state for state in fleet.states().values() if state is not None]
    assert {state.phase for state in states} == {"running"}
    assert len({state.checked_at for state in states}) == 3, "2, 2 and 1 decky in a transaction"
