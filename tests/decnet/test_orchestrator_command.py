# SPDX-License-Identifier: MIT
"""`decnet orchestrator plan` shows what was done and what comes, also before the worker is switched on."""

from __future__ import annotations

import os

import pytest
from tests.decnet.command_result import Run

from decnet.fleet.deployment import Deployment, transaction
from decnet_models.database.engine import open_engine
from decnet_models.fleet import change_log
from decnet_models.fleet import queries as fleet
from decnet_models.fleet.states import State, record_state
from decnet_models.realism import queries
from decnet_workers.orchestrator.schedule import Schedule
from decnet_workers.orchestrator.settings import OrchestratorSettings

ALWAYS = queries.Persona("desk", "Debian", {}, "UTC", 0, 1440, 0b1111111)
TOLD = change_log.ChangeInfo("added", "ana", "", 1)


@pytest.fixture
def peopled(deployment: Deployment) -> Deployment:
    with transaction(deployment, write=True) as connection:
        queries.write_persona(connection, ALWAYS, now_ns=1)
        for number in (1, 2, 3):
            one = fleet.Decky(
                name=f"web-0{number}",
                addresses=(fleet.Address(f"127.77.4.{number}"),),
                host_name="web",
                runtime="loopback",
                persona="desk",
                services=(fleet.Service("http", 8080),),
                seed=number,
            )
            fleet.write_decky(connection, one, TOLD)
            record_state(connection, State(one.name, 1, "running", 1, 1))
    return deployment


def test_a_plan_is_shown_before_the_worker_is_on(run: Run, peopled: Deployment) -> None:
    shown = run("orchestrator", "plan")
    assert shown.code == 0
    assert "session http  planned" in shown.out
    assert "The orchestrator is off: [orchestrator] enabled = true" in shown.out
    with transaction(peopled) as connection:
        assert queries.next_due(connection) is None


def test_the_json_is_the_plan_that_the_worker_then_makes(run: Run, peopled: Deployment) -> None:
    before = run("orchestrator", "plan", "--json").document
    assert (before["enabled"], before["hosts"]) == (False, 3)
    os.environ["DECNET_ORCHESTRATOR_ENABLED"] = "true"
    engine = open_engine(peopled.database_url)
    Schedule(engine, OrchestratorSettings()).look(0)
    engine.dispose()
    after = run("orchestrator", "plan", "--json").document
    assert after["enabled"]
    ids = {one["id"] for one in before["actions"]}
    assert len(ids & {one["id"] for one in after["actions"]}) >= len(ids) - 1  # one may have become due meanwhile


def test_a_decky_and_a_number_select(run: Run, peopled: Deployment) -> None:
    found = run("orchestrator", "plan", "--json", "--decky", "web-02", "--limit", "2").document["actions"]
    assert [one["decky"] for one in found] == ["web-02", "web-02"]


def test_without_deckies_it_says_what_is_missing(run: Run, deployment: Deployment) -> None:
    assert "there must be two deckies that are played" in run("orchestrator", "plan").out
