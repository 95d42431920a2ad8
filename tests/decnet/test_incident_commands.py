# SPDX-License-Identifier: MIT
"""`decnet incidents` and `decnet incident` on a real database, without a worker."""

from __future__ import annotations

import csv
import io
import time

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.notices import CanaryTriggered, Notice, TechniqueTagged
from decnet_models.incidents import queries
from decnet_models.incidents.tables import incident_value
from decnet_models.notices import queries as outbox
from decnet_workers.webhook.incidents.incidents import Incidents
from decnet_workers.webhook.settings import WebhookSettings

NASTY = '=cmd|"/c calc"!A1 \x1b[2J'


@pytest.fixture
def hear(deployment: Deployment) -> None:
    """Two incidents: one at web-01 with a command, one with a canary token."""
    notices: tuple[Notice, ...] = (
        TechniqueTagged(
            1_795_478_400_000_000_000, "192.0.2.7", "T1003.008", "r", "Rule", "high", None, "web-01", action=NASTY
        ),
        CanaryTriggered(1_795_478_500_000_000_000, "192.0.2.8", "tok", "share", "http", "/x"),
    )
    now = time.time_ns()
    with transaction(deployment, write=True) as connection:
        for number, notice in enumerate(notices):
            outbox.add(connection, str(number), notice, now)
        Incidents(WebhookSettings()).take(connection, outbox.lines_after(connection, 0, 10), now)


@pytest.mark.usefixtures("hear")
def test_incidents_are_listed_and_selected(run: Run) -> None:
    listed = run("incidents", "--json").document
    assert [(one["incident"], one["severity"], one["state"]) for one in listed] == [
        (2, "high", "new"),
        (1, "high", "new"),
    ]
    for selected, numbers in (
        (("--attacker", "192.0.2.7"), [1]),
        (("--decky", "web-01"), [1]),
        (("--technique", "T1003.008"), [1]),
        (("--token", "tok"), [2]),
        (("--severity", "critical"), []),
        (("--status", "closed"), []),
        (("--until", "2026-11-24T00:00:30Z"), [1]),
        (("--since", "2030-01-01"), []),
    ):
        found = run("incidents", "--json", *selected).document
        assert [one["incident"] for one in found] == numbers, selected


@pytest.mark.usefixtures("hear")
def test_what_attackers_sent_is_shown_safely(run: Run) -> None:
    for page in (run("incidents").out, run("incident", "1").out):
        assert "\x1b" not in page
        assert r"\x1b[2J" in page
    rows = list(csv.reader(io.StringIO(run("incidents", "--csv").out)))
    assert rows[2][-1].startswith("'=cmd")


@pytest.mark.usefixtures("hear")
def test_two_who_acknowledge_at_once(run: Run) -> None:
    assert run("incident", "ack", "1", "2", "--who", "anna", "--note", "mine").code == 0
    second = run("incident", "ack", "1", "--who", "boris")
    assert (second.code, "anna has acknowledged it already" in second.out) == (1, True)
    assert run("incident", "note", "1", "called the owner", "--who", "boris").code == 0
    assert run("incident", "note", "1", " ").code == 2
    assert run("incident", "close", "1", "--who", "boris").code == 0
    page = run("incident", "1").out
    assert all(words in page for words in ("closed", "anna", "mine", "called the owner", "T1003.008"))
    assert [one["incident"] for one in run("incidents", "--status", "acknowledged", "--json").document] == [2]


@pytest.mark.usefixtures("hear")
def test_an_incident_that_is_not_there_changes_nothing(run: Run) -> None:
    refused = run("incident", "ack", "1", "99")
    assert (refused.code, "no incident 99" in refused.err) == (1, True)
    assert run("incidents", "--status", "acknowledged", "--json").document == []


@pytest.mark.usefixtures("deployment")
@pytest.mark.parametrize(
    "words", [("incident", "9" * 30), ("incident", "ack", "9" * 30), ("known", "remove", "9" * 30)]
)
def test_a_number_larger_than_any_is_nobodys(words: tuple[str, ...], run: Run) -> None:
    said = run(*words)
    assert (said.code, said.err) == (
        1,
        "decnet: a number that large is nobody's here; the lists show those that there are\n",
    )


def test_no_incident_is_said(run: Run, deployment: Deployment) -> None:
    assert run("incidents").out.strip() == "no such incident"


@pytest.mark.usefixtures("hear")
def test_incidents_of_a_source_that_is_forgotten_are_closed_and_say_why(run: Run, deployment: Deployment) -> None:
    assert run("known", "add", "192.0.2.7", "--label", "drill 7").code == 0
    assert [one["state"] for one in run("incidents", "--json").document] == ["new", "new"]
    assert run("known", "forget", "1").code == 0
    assert [(one["incident"], one["state"]) for one in run("incidents", "--json").document] == [
        (2, "new"),
        (1, "closed"),
    ]
    with transaction(deployment) as connection:
        (done,) = queries.actions(connection, [1])
    assert (done.verb, done.note) == ("closed", "known source 2: drill 7")


@pytest.mark.usefixtures("hear")
@pytest.mark.parametrize("deckies", [0, 120])
def test_an_incident_in_which_somebody_else_takes_part_stays_open(
    run: Run, deployment: Deployment, deckies: int
) -> None:
    seen = {"incident": 1, "first_seen": 1, "last_seen": 1}
    values = [
        {**seen, "field": "attacker", "value": "192.0.2.8", "notices": 1},
        *({**seen, "field": "decky", "value": f"web-{number}", "notices": 9} for number in range(deckies)),
    ]
    with transaction(deployment, write=True) as connection:
        connection.execute(incident_value.update().where(incident_value.c.field == "attacker").values(notices=500))
        connection.execute(incident_value.insert(), values)
    assert run("known", "add", "192.0.2.7", "--forget").code == 0
    assert {one["state"] for one in run("incidents", "--json").document} == {"new"}
