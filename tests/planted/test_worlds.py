# SPDX-License-Identifier: MIT
"""The judge of identities and campaigns: its score, and worlds that can be made, written and read again."""

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from planted.bcubed import grouped, mean, scores
from planted.files import Truth, read_events, read_truth, write
from planted.generator import World
from planted.play import Outcome
from worlds import OTHERS, AnyWorld, report

from decnet_core.events.envelope import Event

TRUE = {"1": "a", "2": "a", "3": "a", "4": "a", "5": "a", "6": "b", "7": "b", "8": "c", "9": "c", "10": "c"}


def test_score_is_that_of_a_worked_example() -> None:
    found = {item: "x" if int(item) <= 5 else "y" for item in TRUE}  # b and c are taken for one
    result = mean(scores(TRUE, found))
    assert result.precision == pytest.approx((5 * 1 + 2 * 2 / 5 + 3 * 3 / 5) / 10)
    assert result.recall == 1.0
    assert result.f1 == pytest.approx(2 * result.precision / (1 + result.precision))


def test_items_that_were_not_found_are_alone() -> None:
    result = mean(scores(TRUE, {}))
    assert result.precision == 1.0
    assert result.recall == pytest.approx(3 / 10)  # each class counts one in all


def test_who_is_alone_in_truth_and_as_found_is_not_grouped() -> None:
    truth, found = {"1": "a", "2": "b", "3": "c", "4": "c"}, {"1": "x", "2": "y", "3": "z"}
    assert grouped(truth, found) == {"3", "4"}
    assert grouped(truth, found | {"2": "x"}) == {"1", "2", "3", "4"}


def test_a_campaign_is_named_by_address_or_by_actor_and_others_act_alone() -> None:
    truth = Truth({"a1": "a", "a2": "a", "b1": "b", "c1": "c", "d1": "d"}, {"a": "spring", "b1": "spring"}, ["d1"])
    assert truth.campaign_truth() == {"a1": "spring", "a2": "spring", "b1": "spring", "c1": "none: c"}


def test_a_population_that_is_named_as_a_row_of_the_report_does_not_replace_it() -> None:
    truth = Truth({"1": "a", "2": "a", "3": "b", "4": "c"}, {}, populations={"1": "all", "2": "all", "3": "grouped"})
    rows = report(truth, Outcome(identities={"1": "x", "2": "y", "3": "z", "4": "z"}))["scores"]["identities"]
    assert rows["all"]["items"] == rows["grouped"]["items"] == 4
    assert {name: one["items"] for name, one in rows["populations"].items()} == {"all": 2, "grouped": 1}


@pytest.fixture(scope="module", params=[World, *OTHERS.values()])
def world(request: pytest.FixtureRequest) -> AnyWorld:
    made: AnyWorld = request.param(60, seed=3)
    return made


def _key(event: Event) -> tuple[object, ...]:
    return event.id, event.ts, event.src_ip, event.payload


def test_same_seed_makes_the_same_world(world: AnyWorld) -> None:
    again = type(world)(60, seed=3)
    assert again.truth == world.truth
    assert [_key(event) for event in again.events()] == [_key(event) for event in world.events()]
    assert type(world)(60, seed=4).truth != world.truth


DIGEST = """
import hashlib
from planted.{module} import {name}
events = [repr((event.id, event.ts, event.src_ip, event.decky, event.payload)) for event in {name}(60, seed=3).events()]
print(hashlib.sha256("".join(events).encode()).hexdigest())
"""


def test_same_seed_makes_the_same_world_in_every_process(world: AnyWorld) -> None:
    """Sets of texts have another order in each process."""
    code = DIGEST.format(module=type(world).__module__.removeprefix("planted."), name=type(world).__name__)
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(found) == 1
    assert len(found.pop().strip()) == 64


def test_every_scored_address_acts_and_every_event_is_different(world: AnyWorld) -> None:
    events = list(world.events())
    assert world.truth.identities.keys() <= {event.src_ip for event in events}
    assert len({event.id for event in events}) == len(events)


def test_truth_has_people_with_several_addresses_and_campaigns_of_several_people(
    world: AnyWorld,
) -> None:
    truth = world.truth
    actors = list(truth.identities.values())
    assert max(actors.count(actor) for actor in actors) > 2
    people = {(truth.identities[address], campaign) for address, campaign in truth.campaigns.items()}
    campaigns = [campaign for _, campaign in people]
    assert max(campaigns.count(campaign) for campaign in campaigns) > 1


def test_a_written_world_reads_back(world: AnyWorld, tmp_path: Path) -> None:
    write(tmp_path, islice(world.events(), 300), world.truth)
    assert list(read_events(tmp_path)) == list(islice(world.events(), 300))
    assert read_truth(tmp_path) == world.truth
    assert set(json.loads((tmp_path / "truth.json").read_text())) >= {"identities", "campaigns"}
