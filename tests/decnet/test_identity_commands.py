# SPDX-License-Identifier: MIT
"""`decnet identities` and `decnet identity` show actors, and take the operator's decisions."""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pytest
from tests.decnet.command_result import Run
from tests.decnet_workers.clusterer.scenes import Follower, event, key

from decnet.fleet.deployment import Deployment
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.settings import BusSettings
from decnet_core.bus.subjects import GROUPING_DECIDED
from decnet_core.events.envelope import Event
from decnet_models.database.engine import open_engine
from decnet_models.database.settings import database_url
from decnet_models.identities.evidence_rows import own_id

A, B, C = "192.0.2.1", "192.0.2.2", "192.0.2.3"


@pytest.fixture
def follower(deployment: Deployment) -> Iterator[Follower]:
    """The clusterer on the deployment's database, where A and B offered one key."""
    engine = open_engine(database_url(deployment.settings, deployment.state))
    events: list[Event] = [event(A, key("<&one>")), event(B, key("<&one>"), 1), event(C, key("two"), 2)]
    yield Follower(engine).run(events)
    engine.dispose()


def test_identity_shows_members_evidence_and_reasons(run: Run, follower: Follower) -> None:
    said = run("identity", B)
    assert all(word in said.out for word in (str(own_id(A)), A, B, "ssh_key SHA256:<&one>"))
    document = run("identity", str(own_id(A)), "--json").document
    assert [one["subject"] for one in document["members"]] == [A, B]
    assert document["group"]["id"] == str(own_id(A))
    assert (document["common"][0]["members"], document["common"][0]["everywhere"]) == (2, 2)
    assert document["common"][0]["weight"] == max(bits for *_, bits in document["members"][0]["because"]) > 0
    assert [one["id"] for one in run("identities", "--json").document] == [str(own_id(A))]


def test_identity_is_found_by_the_beginning_of_its_id(run: Run, follower: Follower) -> None:
    assert run("identity", own_id(A).hex[:12]).out == run("identity", A).out
    assert run("identity", own_id(A).hex[:12] + "0").code == 1


def test_list_is_csv(run: Run, follower: Follower) -> None:
    heading, row = run("identities", "--csv").out.splitlines()
    assert heading == "identity,attackers,first seen,last seen"
    assert row.startswith(f"{own_id(A)},2,")


def test_list_is_of_a_span_of_time(run: Run, follower: Follower) -> None:
    (row,) = run("identities", "--json", "--since", "2000-01-01").document
    assert run("identities", "--json", "--since", row["last_seen"], "--until", "2100-01-01").document == [row]
    assert run("identities", "--since", "2100-01-01").out == "no identities yet\n"
    assert run("identities", "--until", row["first_seen"]).out == "no identities yet\n"
    assert run("campaigns", "--since", "yesterday").out == "no campaigns yet\n"


def test_graph_is_graphml(run: Run, follower: Follower) -> None:
    for words in (("identities",), ("identity", "show", A)):
        graph = ET.fromstring(run(*words, "--graphml").out)
        assert len(graph.findall(".//{http://graphml.graphdrawing.org/xmlns}node")) == 4


def test_decisions_are_taken_and_withdrawn(run: Run, follower: Follower) -> None:
    run("identity", "split", B, "--reason", "mistake")
    run("identity", "join", B, C)
    follower.run()
    assert [one["subject"] for one in run("identity", B, "--json").document["members"]] == [B, C]
    assert "mistake" in run("identity", B).out
    for number in ("1", "2"):
        run("identity", "withdraw", number)
    follower.run()
    assert [one["subject"] for one in run("identity", B, "--json").document["members"]] == [A, B]


@pytest.mark.parametrize("words", [("join", A, C), ("withdraw", "1")])
async def test_decisions_are_announced(
    words: tuple[str, ...], run: Run, deployment: Deployment, follower: Follower
) -> None:
    assert (await asyncio.to_thread(run, "identity", "split", B)).code == 0
    deployment.state.bus_socket.parent.mkdir(exist_ok=True)
    broker = Broker(BusSettings(), deployment.state.bus_socket)
    await broker.start()
    client = await connect(deployment.bus_url, name="test")
    heard = await client.subscribe(GROUPING_DECIDED.pattern)
    await client.flush(60)
    assert (await asyncio.to_thread(run, "identity", *words)).code == 0
    assert (await heard.next(60)).payload == b'{"decisions":1}'
    await client.close()
    await broker.stop()


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("192.0.2.99",), "has shown nothing"),
        (("nobody",), "neither an address"),
        (("split", A, B), "nobody would be left"),
        (("split", A, C), "192.0.2.3 is not in it"),
        (("join", A), "name two or more"),
        (("join", A, "192.0.2.99"), "has shown nothing"),
        (("pin", "nobody"), "not an IPv4 or IPv6 address"),
        (("pin", A, "f" * 32), "there is no identity"),
        (("show", A, "--json", "--graphml"), "choose --json or --graphml"),
        (("undo", "7"), "there is no change 7"),
        (("withdraw", "7"), "no decision 7"),
    ],
)
def test_mistakes_are_explained(words: tuple[str, ...], problem: str, run: Run, follower: Follower) -> None:
    said = run("identity", *words)
    assert said.code != 0
    assert problem in said.err
