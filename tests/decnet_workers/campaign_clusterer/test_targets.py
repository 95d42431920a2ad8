# SPDX-License-Identifier: MIT
"""Who concentrates on the same few of many deckies at the same time acts together, also without infrastructure."""

from collections import Counter
from random import Random
from uuid import UUID

from sqlalchemy import Engine
from tests.decnet_workers.campaign_clusterer.identity_rows import DAY, campaigns, identity, visit, work

from decnet_models.campaigns.evidence import remove_evidence
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import reading, writing
from decnet_models.grouping.evidence import add_evidence
from decnet_models.grouping.membership import members
from decnet_models.grouping.values import Evidence
from decnet_workers.campaign_clusterer.decided import campaign_of
from decnet_workers.campaign_clusterer.neighbourhood import LEAST_FLEET, Update, _fleets
from decnet_workers.campaign_clusterer.partition import partition
from decnet_workers.campaign_clusterer.profile import profiles
from decnet_workers.campaign_clusterer.signals import DECKY, aims


def fleet_seen(engine: Engine) -> None:
    """Let strangers visit so many deckies that nobody visits the same ones by chance."""
    for number in range(LEAST_FLEET // 2):
        visit(engine, 100 + number, f"other-{number}", f"another-{number}", day=30 * number)


def test_identities_that_concentrate_on_the_same_deckies_are_a_campaign(engine: Engine) -> None:
    fleet_seen(engine)
    visit(engine, 1, "mail", "files", "web", day=1)
    visit(engine, 2, "web", "mail", "files", day=3)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(1), identity(2)}}
    with reading(engine) as connection:
        because = members(connection, CAMPAIGNS, campaign_of(identity(1)))[0].because
    assert because[0][:2] == ("decky trio", "files mail web")


def test_the_same_deckies_months_later_say_nothing(engine: Engine) -> None:
    fleet_seen(engine)
    visit(engine, 1, "mail", "files", "web", day=1)
    visit(engine, 2, "web", "mail", "files", day=80)
    work(engine)
    assert campaigns(engine) == {}


def test_who_visits_in_months_what_others_visit_in_days_aims_at_nothing(engine: Engine) -> None:
    fleet_seen(engine)
    visit(engine, 1, "mail", "files", "web", day=50)
    for day, decky in ((10, "mail"), (50, "files"), (90, "web")):
        visit(engine, 2, decky, day=day)
    work(engine)
    assert campaigns(engine) == {}


def test_who_looks_at_all_deckies_aims_at_none(engine: Engine) -> None:
    deckies = [f"decky-{number}" for number in range(LEAST_FLEET + 2)]
    visit(engine, 1, *deckies, day=1)
    visit(engine, 2, *deckies, day=1)
    fleet_seen(engine)
    work(engine)
    assert campaigns(engine) == {}


def test_strangers_who_visit_a_few_deckies_each_are_hardly_taken_together() -> None:
    together, strangers, fleets = 0, 20, 10
    for seed in range(fleets):
        chance, evidence = Random(seed), list[Evidence[UUID]]()
        for number in range(strangers):
            at = chance.randrange(30 * DAY)
            visited = sorted(chance.sample(range(LEAST_FLEET), chance.randrange(2, 5)))
            deckies = [Evidence(identity(number), DECKY, f"decky-{one}", at, at + DAY // 24) for one in visited]
            evidence += (*deckies, *aims(deckies))
        found = profiles(evidence)
        together += sum(map(len, partition(found, Counter(one for each in found.values() for one in each.features))))
    assert together <= strangers * fleets / 20


def test_in_a_small_fleet_the_same_deckies_say_nothing_until_it_is_seen_to_be_large(engine: Engine) -> None:
    visit(engine, 1, "mail", "files", "web", day=1)
    visit(engine, 2, "web", "mail", "files", day=3)
    work(engine)
    assert campaigns(engine) == {}
    fleet_seen(engine)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(1), identity(2)}}


def test_deckies_that_many_aim_at_join_nobody(engine: Engine) -> None:
    fleet_seen(engine)
    for number in range(20):
        visit(engine, number, "mail", "files", day=1)
    work(engine)
    assert campaigns(engine) == {}


def test_a_fleet_is_large_by_the_deckies_that_somebody_visits_before_and_after_a_change(engine: Engine) -> None:
    chance, numbers = Random(1), range(6)
    deckies = [f"decky-{number}" for number in range(LEAST_FLEET + 4)]
    for number in numbers:
        visit(engine, number)
    kept: dict[int, list[str]] = {number: [] for number in numbers}
    seen = set()
    for _ in range(60):
        changed = {number: chance.sample(deckies, chance.choice((0, 1, 16))) for number in chance.sample(numbers, 2)}
        old, new = (
            {identity(one): [Evidence(identity(one), DECKY, each, 1, 2) for each in side[one]] for one in changed}
            for side in (kept, changed)
        )
        sizes = [len(Counter(each for of in side.values() for each in of)) for side in (kept, {**kept, **changed})]
        with reading(engine) as connection:
            found = _fleets(connection, Update(old, new))
        assert found == tuple(size >= LEAST_FLEET for size in sizes)
        seen.add(found)
        kept |= changed
        with writing(engine) as connection:
            remove_evidence(connection, [each for side in old.values() for each in side])
            add_evidence(connection, CAMPAIGNS, [each for side in new.values() for each in side])
    assert len(seen) == 4
