# SPDX-License-Identifier: MIT
"""`decnet status` tells what is down."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet.fleet.lag import Progress, lag_text
from decnet.fleet.report import look, without_parts_of_tasks
from decnet.fleet.settings_deckies import deckies_of_settings
from decnet_core.bus.subjects import Health
from decnet_core.runtime import worker_registry
from decnet_core.runtime.restarts.policy import Phase
from decnet_core.supervise.lifecycle import Status
from decnet_core.supervise.status_file import SupervisorStatus
from decnet_models.fleet import queries as fleet
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.queries import Address, Decky
from decnet_models.fleet.states import State, record_state
from decnet_models.progress.lease_queries import begin_leases, leases_of, now_of, take
from decnet_models.progress.queries import add_dead_letter
from decnet_models.realism import queries as realism
from decnet_models.troubles.queries import begin


def test_fleet_that_does_not_run_is_down(run: Run, deployment: Deployment) -> None:
    said = run("status")
    assert said.code == 1
    assert "cannot be reached; start the fleet with `decnet up`" in said.out
    assert (
        said.out.splitlines()[0] == "down: the whole fleet; start it with `decnet up`, or name another with --state DIR"
    )


def test_it_names_the_dashboard_where_there_is_one(run: Run, deployment: Deployment) -> None:
    shown = "dashboard: http://127.0.0.1:8080/" in run("status").out
    assert shown == ("web" in worker_registry.names())


def test_document_names_every_worker_and_what_is_down(run: Run, deployment: Deployment) -> None:
    found = run("status", "--json").document
    assert set(found["workers"]) == set(worker_registry.wanted(deployment.settings))
    assert found["down"] == list(worker_registry.wanted(deployment.settings))
    assert set(found["off"]) == set(worker_registry.names()) - set(found["workers"])
    assert found["database_error"] is None
    assert found["progress"]["last_seq"] == 0


def test_supervisor_reports_workers_that_do_not_answer(run: Run, deployment: Deployment) -> None:
    statuses = (
        Status("canary", Phase.REFUSED, reason="port 8880 is busy"),
        Status("ttp", Phase.CRASH_LOOP, reason="exit code 1: no rules"),
        Status("profiler", Phase.WAITING, restarts=3, reason="killed by SIGKILL"),
        Status("collect", Phase.READY, pid=1),
    )
    report = SupervisorStatus(os.getpid(), "fork", statuses)
    (deployment.state.supervisors / "supervisor.all.json").write_bytes(msgspec.json.encode(report))
    said = run("status").out
    for name, phase in (("canary", "cannot start"), ("ttp", "crash loop"), ("profiler", "restarting")):
        assert any(line.startswith(name) and phase in line for line in said.splitlines())
    assert any(line.startswith("collect") and "no answer" in line for line in said.splitlines())
    assert all(status.reason in said for status in statuses)


def test_how_often_a_worker_was_started_again_and_replaced_is_shown(run: Run, deployment: Deployment) -> None:
    statuses = (Status("canary", Phase.READY, pid=1, restarts=7), Status("ttp", Phase.READY, pid=1, recycled=5))
    (deployment.state.supervisors / "supervisor.all.json").write_bytes(
        msgspec.json.encode(SupervisorStatus(os.getpid(), "fork", statuses))
    )
    lines = [line.split() for line in run("status").out.splitlines()]
    heading = next(words for words in lines if words[:1] == ["worker"])
    canary, ttp = (next(words for words in lines if words[:1] == [name]) for name in ("canary", "ttp"))
    assert canary[heading.index("restarts") + 1] == "7"  # "no answer" is two words
    assert ttp[heading.index("restarts") + 1] == "0"
    assert ["ttp", "5", "times", "replaced:"] in [words[:4] for words in lines]


def test_clients_turned_away_sockets_not_kept_and_idle_wakes_are_shown(run: Run, deployment: Deployment) -> None:
    statuses = (
        Status("canary", Phase.PARKED, wakes=3, refused=12),
        Status("ttp", Phase.PARKED, wakes=39, idle_wakes=20, woken_by="events.ingested"),
        Status("webhook", Phase.PARKED, wakes=40, idle_wakes=20),
        Status("ingest", Phase.PARKED, wakes=19, idle_wakes=19),
        Status("decoys", Phase.READY, unkept_sockets=40),
    )
    (deployment.state.supervisors / "supervisor.all.json").write_bytes(
        msgspec.json.encode(SupervisorStatus(os.getpid(), "fork", statuses))
    )
    lines = [line.split() for line in run("status").out.splitlines()]
    assert ["canary", "12", "clients", "turned"] in [words[:4] for words in lines]
    assert ["decoys", "40", "sockets", "are", "not", "kept"] in [words[:6] for words in lines]
    wakes = next(words for words in lines if "wakes" in words)
    assert (wakes[:3], wakes[-4:]) == (["ttp", "20", "of"], ["events.ingested", "nudges", "it", "in", "vain"][-4:])


def test_missing_database_is_reported(run: Run, tmp_path: Path) -> None:
    found = run("--state", str(tmp_path / "none"), "status", "--json").document
    assert found["down"][-1] == "database"
    assert "decnet up" in found["database_error"]


def test_password_of_the_database_is_not_shown(run: Run, deployment: Deployment) -> None:
    os.environ["DECNET_DATABASE_URL"] = "postgresql+psycopg://user:hunter2@127.0.0.1:1/none"
    said = run("status", "--json")
    assert "hunter2" not in said.out + said.err


def test_lag_is_reported_by_cursor_or_by_bytes() -> None:
    progress = Progress(last_seq=100, cursors={"profiler": 93, "webhook": 38}, dead_letters={}, last_notice_seq=40)
    health = Health("ingest", "running", 1, 1.0, 1, {"lag_bytes": 2048})
    assert lag_text("profiler", None, progress) == "7 events"
    assert lag_text("webhook", None, progress) == "2 notices"
    assert lag_text("ingest", health, progress) == "2.0 KiB"
    assert lag_text("canary", None, progress) == "-"


def test_dead_letters_are_shown_with_their_error(run: Run, deployment: Deployment) -> None:
    with transaction(deployment, write=True) as connection:
        for seq in range(1, 6):
            add_dead_letter(connection, "ttp", seq, f"ValueError: \x1b[31mno {seq}", now_ns=seq)
    said = run("status").out
    assert "set aside: ttp could not handle 5 of its events" in said
    assert any(line.startswith("ttp") and "no 5" in line for line in said.splitlines())
    assert "no 2" not in said  # the newest three are enough
    assert "\x1b" not in said
    assert run("status", "--json").document["progress"]["dead_letters"] == {"ttp": 5}


def test_who_holds_the_leases_is_shown(run: Run, deployment: Deployment) -> None:
    with transaction(deployment, write=True) as connection:
        begin_leases(connection, "profiler", now_ns=1)
        for seen in leases_of(connection, "profiler")[:5]:
            take(connection, [seen], "host-a:1:x", expires_at=now_of(connection) + 60_000_000_000)
        for seen in leases_of(connection, "profiler")[5:6]:
            take(connection, [seen], "host-b:1:x", expires_at=1)
    lines = [line.split() for line in run("status").out.splitlines() if "of 16" in line]
    assert [line[1:5] for line in lines] == [["nobody", "11", "of", "16"], ["host-a:1:x", "5", "of", "16"]]


def test_each_process_of_a_worker_is_asked(run: Run, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DECNET_DECOYS_PROCESSES", "3")
    found = run("status", "--json").document
    assert [name for name in found["workers"] if name.startswith("decoys")] == ["decoys", "decoys.2", "decoys.3"]


def test_further_processes_of_a_task_are_not_missed() -> None:
    health = Health("decoys", "running", 1, 1.0, 1, {}, hosting="task")
    assert without_parts_of_tasks({"bus": None, "decoys": health, "decoys.2": None}) == {"bus": None, "decoys": health}
    forked = msgspec.structs.replace(health, hosting="fork")
    assert "decoys.2" in without_parts_of_tasks({"decoys": forked, "decoys.2": None})


def add_deckies(deployment: Deployment, count: int) -> None:
    """Let there be running deckies, of which the first has failed."""
    with transaction(deployment, write=True) as connection:
        realism.write_persona(connection, realism.Persona("nas", "Linux"), now_ns=1)
        for number in range(count):
            one = Decky(f"box-{number}", (Address(f"127.77.1.{number + 1}"),), "box", "loopback", "nas")
            fleet.write_decky(connection, one, ChangeInfo("added", "ana", "", 1))
            record_state(connection, State(one.name, 1, "running", 1, 2))
        record_state(connection, State("box-0", 0, "failed", 1, 2, ("port 22 is closed",), "the port is taken", 3, 4))


def test_deckies_are_shown_as_desired_and_as_they_are(run: Run, deployment: Deployment) -> None:
    of_settings = [one.name for one in deckies_of_settings(deployment)]
    add_deckies(deployment, 2)
    said = run("status").out.splitlines()
    assert any(line.split()[:2] == ["box-1", "127.77.1.2"] and "running" in line for line in said)
    failed = next(line for line in said if line.startswith("box-0"))
    assert all(words in failed for words in ("wanted, version 1", "failed", "port 22 is closed", "the port is taken"))
    summary = f"{2 + len(of_settings)} deckies: 1 failed, {len(of_settings)} no answer from decoys, 1 running"
    assert summary in said
    assert any(line.split()[0] == of_settings[0] and "in the settings" in line for line in said if line)
    assert len(run("status", "--json").document["deckies"]) == 2 + len(of_settings)


def test_deckies_that_wrong_settings_describe_are_left_to_decoys(
    run: Run, deployment: Deployment, tmp_path: Path
) -> None:
    file = tmp_path / "decnet.toml"
    file.write_text("[decoys]\nnonsense = 1\n")
    os.environ["DECNET_SETTINGS"] = str(file)
    add_deckies(deployment, 1)
    assert [one["name"] for one, _ in run("status", "--json").document["deckies"]] == ["box-0"]


def test_of_many_deckies_only_those_are_shown_that_are_not_as_desired(run: Run, deployment: Deployment) -> None:
    add_deckies(deployment, 25)
    said = run("status").out
    of_settings = deckies_of_settings(deployment)
    assert "box-0 " in said
    assert "box-1 " not in said
    assert f"{of_settings[0].name} " not in said
    assert f"{25 + len(of_settings)} deckies: 1 failed, {len(of_settings)} no answer from decoys, 24 running" in said


def test_what_is_wrong_is_said_first(run: Run, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    said = run("status")
    assert said.out.splitlines()[0].startswith("down: the whole fleet")
    add_deckies(deployment, 2)
    with transaction(deployment, write=True) as connection:
        begin(connection, ("disk.low", "/var/lib/decnet"), 1_700_000_000_000_000_000)
    first, second, third, *_ = run("status").out.splitlines()
    assert first.startswith("down: the whole fleet")
    assert second == "failed: box-0: the port is taken"
    assert third.startswith("disk.low: /var/lib/decnet since 2023-11-")
    assert len(run("status", "--json").document["wrong"]) == 3


def test_a_fleet_with_nothing_wrong_says_so_and_one_with_a_full_disk_does_not(
    run: Run, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = msgspec.structs.replace(look(deployment), bus_reached=True, workers={})
    monkeypatch.setattr("decnet.commands.status.look", lambda _: well)
    said = run("status")
    assert (said.code, said.out.splitlines()[0]) == (0, "nothing is wrong")
    taken = Health("decoys", "running", 1, 1.0, 1, {"decoys_ports_taken": 1})
    part = msgspec.structs.replace(well, workers={"decoys": taken})
    monkeypatch.setattr("decnet.commands.status.look", lambda _: part)
    said = run("status")
    assert (said.code, said.out.splitlines()[0]) == (
        1,
        "not offered: 1 deckies wait for a port that another program has; the log of decoys names them",
    )
    waiting = msgspec.structs.replace(taken, counters={"spool_backlog": 18})
    part = msgspec.structs.replace(well, workers={"decoys": waiting})
    said = run("status")
    assert (said.code, said.out.splitlines()[0]) == (
        1,
        "disk full: 18 events of decoys wait in memory; free space where the state directory is",
    )
    low = msgspec.structs.replace(well, troubles=(("disk.low", "/", 1),))
    monkeypatch.setattr("decnet.commands.status.look", lambda _: low)
    assert run("status").code == 1
