# SPDX-License-Identifier: MIT
"""`decnet campaigns` and `decnet campaign`: what an operator sees and decides."""

import json
from collections.abc import Iterator
from uuid import UUID
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Engine
from tests.decnet.command_result import Run
from tests.decnet_workers.campaign_clusterer.identity_rows import campaigns, identity, show, work

from decnet.fleet.deployment import Deployment
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import open_engine, writing
from decnet_models.grouping.membership import create_group
from decnet_workers.campaign_clusterer.worker import prepared

C2 = ("host", "c2.example")


@pytest.fixture
def fleet(deployment: Deployment) -> Iterator[Engine]:
    """Two identities that share a host, and one that does not."""
    engine = open_engine(deployment.database_url)
    for number in (1, 2):
        show(engine, number, C2)
    show(engine, 3, ("host", "other.example"))
    prepared(engine)
    work(engine)
    yield engine
    engine.dispose()


def test_a_campaign_is_listed_and_shown_with_its_reasons(run: Run, fleet: Engine) -> None:
    (campaign,) = campaigns(fleet)
    listed = run("campaigns")
    assert listed.code == 0
    assert str(campaign) in listed.out
    page = run("campaign", str(campaign))
    assert page.code == 0
    assert str(identity(1)) in page.out
    assert "host c2.example (+11.0)" in page.out
    assert run("campaign", "show", str(campaign)).out == page.out


def test_a_campaign_is_found_by_the_beginning_of_its_id_and_by_an_identity(run: Run, fleet: Engine) -> None:
    (campaign,) = campaigns(fleet)
    whole = run("campaign", str(campaign), "--json").document
    assert whole["group"]["id"] == str(campaign)
    for name in (campaign.hex[:6], str(identity(1))):
        assert run("campaign", name, "--json").document == whole


def test_a_beginning_of_several_ids_names_none(run: Run, fleet: Engine) -> None:
    with writing(fleet) as connection:
        for number in (1, 2):
            create_group(connection, CAMPAIGNS, UUID(f"abcd000{number}".ljust(32, "0")), now_ns=number)
    result = run("campaign", "abcd")
    assert result.code == 2
    assert "several ids begin with abcd" in result.err


def test_a_campaign_in_place_of_identities_stands_for_its_first(run: Run, fleet: Engine) -> None:
    (campaign,) = campaigns(fleet)
    assert run("campaign", "join", str(campaign), str(identity(3))).code == 0
    work(fleet)
    assert campaigns(fleet) == {campaign: {identity(1), identity(2), identity(3)}}


@pytest.mark.parametrize("number", [1, 2])
def test_members_stay_together_when_one_is_pinned_to_its_campaign(number: int, run: Run, fleet: Engine) -> None:
    before = campaigns(fleet)
    assert run("campaign", "pin", str(identity(number))).code == 0
    work(fleet)
    assert campaigns(fleet) == before


def test_a_campaign_is_a_document_and_a_graph(run: Run, fleet: Engine) -> None:
    (campaign,) = campaigns(fleet)
    whole = json.loads(run("campaign", str(campaign), "--json").out)
    assert {member["subject"] for member in whole["members"]} == {str(identity(1)), str(identity(2))}
    shared = {"kind": "host", "value": "c2.example", "members": 2, "everywhere": 2, "weight": 11.0}
    assert whole["common"][0] == shared
    graph = ET.fromstring(run("campaigns", "--graphml").out)
    space = "{http://graphml.graphdrawing.org/xmlns}"
    (host,) = (node for node in graph.iter(f"{space}node") if node.findtext(f"{space}data") == "host")
    assert {edge.get("target") for edge in graph.iter(f"{space}edge")} == {str(campaign), host.get("id")}
    assert len(list(graph.iter(f"{space}edge"))) == 4
    assert len(list(graph.iter(f"{space}node"))) == 4


def test_an_operator_splits_joins_pins_and_withdraws(run: Run, fleet: Engine) -> None:
    one, two, three = (str(identity(number)) for number in (1, 2, 3))
    assert run("campaign", "split", one, two, "--reason", "another tool").code == 0
    work(fleet)
    assert campaigns(fleet) == {}
    assert run("campaign", "join", one, three).code == 0
    work(fleet)
    ((campaign, members),) = campaigns(fleet).items()
    assert members == {identity(1), identity(3)}
    shown = run("campaign", str(campaign)).out
    assert "another tool" in shown
    assert "decision an operator's" in shown
    for number in ("1", "2"):
        assert run("campaign", "withdraw", number).code == 0
    work(fleet)
    ((campaign, members),) = campaigns(fleet).items()
    assert members == {identity(1), identity(2)}
    assert run("campaign", "pin", three, str(campaign)).code == 0
    work(fleet)
    assert list(campaigns(fleet).values()) == [{identity(1), identity(2), identity(3)}]


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("campaign", "x"), "is not an id", 2),
        (("campaign", str(identity(9))), "there is no campaign", 1),
        (("campaign", "pin", str(identity(1)), str(identity(9))), "there is no campaign", 1),
        (("campaign", "split", str(identity(1)), str(identity(1))), "name two different ones", 2),
        (("campaign", "undo", "77"), "there is no change 77", 1),
        (("campaign", "withdraw", "77"), "no decision 77 is in force", 1),
    ],
)
def test_what_there_is_not_is_refused(
    run: Run, deployment: Deployment, arguments: tuple[str, ...], message: str, code: int
) -> None:
    result = run(*arguments)
    assert result.code == code
    assert message in result.err
