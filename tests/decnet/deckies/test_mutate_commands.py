# SPDX-License-Identifier: MIT
"""`decnet decky policy` and `decnet mutate` on a real database, without a running fleet."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import text
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_core.events.catalogue import CommandRun
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_models.events.queries import insert_events
from decnet_models.fleet import mutation_policies, queries
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Decky, Service
from decnet_models.realism.queries import persona_named

SET = ("decky", "policy", "web-1", "--every", "7d", "--service", "http", "--service", "ssh=2022")


@pytest.fixture(autouse=True)
def _decky(run: Run, deployment: Deployment) -> None:
    said = run("decky", "add", "web-1", "--address", "127.77.0.20", "--persona", "debian-web", "--service", "http")
    assert said.code == 0


@pytest.fixture
def row(deployment: Deployment) -> Callable[[], Decky]:
    def read() -> Decky:
        with transaction(deployment) as connection:
            found = queries.decky_named(connection, "web-1")
        assert found is not None
        return found

    return read


def visit(deployment: Deployment) -> None:
    now = time.time_ns()
    touched = CommandRun("ssh", "id")
    event = Event(id=uuid7(now), ts=now, sensor="here", payload=touched, decky="web-1", src_ip="192.0.2.1")
    with transaction(deployment, write=True) as connection:
        insert_events(connection, [event])


def test_a_policy_is_set_shown_and_taken_off(run: Run, deployment: Deployment) -> None:
    said = run(*SET, "--window", "22:00-04:30", "--persona", "nas", "--inconsistent")
    assert (said.code, said.err) == (0, "")
    assert "22:00-04:30 UTC" in said.out
    assert "as soon as mutate has drawn the time" in said.out
    with transaction(deployment) as connection:
        stored = mutation_policies.policy_of(connection, "web-1")
        assert persona_named(connection, "nas") is not None  # mutate reads the rows only
    services = (Service("http", 8080), Service("ssh", 2022))
    assert stored == Policy("web-1", 7 * 86400, 22 * 60, 4 * 60 + 30, services, ("nas",), consistent=False)
    assert run("decky", "policy", "web-1", "--json").document["services"][1] == {
        "service": "ssh", "port": 2022, "transport": "tcp", "settings": {},
    }  # fmt: skip
    assert run("decky", "policy", "web-1", "--off").code == 0
    gone = run("decky", "policy", "web-1")
    assert (gone.code, "has no policy" in gone.err) == (1, True)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--every", "7"), "write e.g. 90m"),
        (("--every", "30000w"), "write e.g. 90m"),
        (("--every", "1d", "--window", "25:00-04:00"), "write e.g. 22:00-04:30"),
        (("--every", "1d", "--window", "04:00-04:00"), "write e.g. 22:00-04:30"),
        (("--service", "ssh"), "say how often with --every"),
        (("--every", "1d", "--service", "ssh=x"), "SERVICE or SERVICE=PORT"),
        (("--every", "1d", "--service", "gopher"), "none of the personas debian-web describes gopher"),
        (("--every", "1d", "--service", "ssh=8080"), "cannot both have port 8080"),
        (("--every", "1d", "--persona", "pdp11"), "there is no persona 'pdp11'"),
        (("--every", "1d"), "its policy allows nothing else for it"),
        (("--every", "1d", "--persona", "nas"), "its policy allows nothing else for it"),  # another system
    ],
)
def test_a_policy_of_which_nothing_can_come_is_refused(
    run: Run, deployment: Deployment, options: tuple[str, ...], told: str
) -> None:
    said = run("decky", "policy", "web-1", *options)
    assert said.code in (1, 2)
    assert told in said.err
    with transaction(deployment) as connection:
        assert mutation_policies.policy_of(connection, "web-1") is None


def test_the_plan_shows_what_a_change_now_then_does(run: Run, row: Callable[[], Decky]) -> None:
    assert "no decky has a policy" in run("mutate", "--plan").out
    run(*SET)
    (planned,) = run("mutate", "--plan", "--json").document
    assert run("mutate", "web-1", "--plan", "--json").document == [planned]
    before = row()
    made = run("mutate", "web-1", "--json").document
    assert made["differences"] == planned["differences"] != []
    after = row()
    assert (after.version, after.services != before.services) == (before.version + 1, True)
    assert after.mutate_at is not None
    assert "mutated" in run("decky", "inspect", "web-1").out


def test_a_decky_on_which_somebody_is_changes_by_force_only(
    run: Run, deployment: Deployment, row: Callable[[], Decky]
) -> None:
    run(*SET)
    visit(deployment)
    assert "somebody is there now" in run("mutate", "--plan").out
    refused = run("mutate", "web-1")
    assert (refused.code, "force" in refused.err, row().version) == (1, True, 1)
    assert run("mutate", "web-1", "--force").code == 0
    assert row().version == 2


def test_what_cannot_be_changed_says_why(run: Run, deployment: Deployment) -> None:
    assert "has no policy" in run("mutate", "web-1").err
    assert "there is no decky 'web-9'" in run("mutate", "web-9").err
    assert run("mutate").code == 2
    run(*SET)
    with transaction(deployment, write=True) as connection:
        connection.execute(text("UPDATE decky_policy SET services = '[1]'"))
    assert "cannot be read" in run("mutate", "web-1").err
    assert "cannot be changed" in run("mutate", "--plan").out
    assert "cannot be read" in run("decky", "policy", "web-1").out
    with transaction(deployment, write=True) as connection:
        connection.execute(text("UPDATE decky_policy SET services = '[]'"))
    assert "allows nothing else" in run("mutate", "web-1").err
