# SPDX-License-Identifier: MIT
"""Who aims at the same few of many deckies in the same weeks acts together, also without infrastructure."""

from random import Random

from sqlalchemy import Engine
from tests.decnet_workers.campaign_clusterer.identity_rows import campaigns, identity, visit, work

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import reading
from decnet_models.grouping.membership import members
from decnet_workers.campaign_clusterer.decided import campaign_of
from decnet_workers.campaign_clusterer.targeting import crowd, fleet_size


def fleet_seen(engine: Engine, pairs: int = 20) -> None:
    """Let strangers visit deckies of a large fleet, months before and each at another time."""
    for number in range(pairs):
        visit(engine, 100 + number, f"other-{number}", f"another-{number}", day=-30 * (number + 3))


def test_identities_that_aim_at_the_same_deckies_are_a_campaign_and_it_says_why(engine: Engine) -> None:
    fleet_seen(engine)
    visit(engine, 1, "mail", "files", "web", day=1)
    visit(engine, 2, "web", "mail", "files", day=3)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(1), identity(2)}}
    with reading(engine) as connection:
        kind, text, bits = members(connection, CAMPAIGNS, campaign_of(identity(1)))[0].because[0]
    assert (kind, bits > 9) == ("target", True)
    assert text.startswith("aimed at files, mail, web, by chance 1 in ")


def test_the_same_deckies_months_later_say_nothing(engine: Engine) -> None:
    fleet_seen(engine)
    visit(engine, 1, "mail", "files", "web", day=1)
    visit(engine, 2, "web", "mail", "files", day=80)
    work(engine)
    assert campaigns(engine) == {}


def test_who_has_aimed_for_long_is_found_by_the_weeks_in_which_it_aims_now(engine: Engine) -> None:
    fleet_seen(engine)
    for week in range(40):
        visit(engine, 1, "mail", "files", "web", day=7 * week)
    visit(engine, 2, "web", "mail", "files", day=7 * 38)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(1), identity(2)}}


def test_who_looks_at_all_deckies_aims_at_none(engine: Engine) -> None:
    deckies = [f"decky-{number}" for number in range(20)]
    visit(engine, 1, *deckies, day=1)
    visit(engine, 2, *deckies, day=1)
    fleet_seen(engine)
    work(engine)
    assert campaigns(engine) == {}


def test_a_stray_visit_does_not_hide_at_what_somebody_aims(engine: Engine) -> None:
    fleet_seen(engine)
    for day in range(5):
        visit(engine, 1, "mail", "files", "web", day=day)
    visit(engine, 1, "stray", day=3)
    visit(engine, 2, "web", "mail", "files", day=3)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(1), identity(2)}}


def test_in_a_small_fleet_the_same_deckies_say_nothing_until_it_is_seen_to_be_large(engine: Engine) -> None:
    visit(engine, 1, "mail", "files", day=1)
    visit(engine, 2, "mail", "files", day=3)
    work(engine)
    assert campaigns(engine) == {}
    fleet_seen(engine)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(1), identity(2)}}


def test_deckies_at_which_everybody_aims_join_nobody(engine: Engine) -> None:
    fleet_seen(engine)
    for number in range(1, 40):
        visit(engine, number, "mail", "files", "web", day=number % 5)
    work(engine)
    assert campaigns(engine) == {}


def test_strangers_who_choose_deckies_by_chance_are_rarely_joined(engine: Engine) -> None:
    dice = Random("strangers")
    fleet = [f"decky-{number}" for number in range(30)]
    for number in range(150):
        visit(engine, number, *dice.sample(fleet, dice.randrange(2, 6)), day=dice.uniform(0, 7))
    work(engine)
    assert sum(map(len, campaigns(engine).values())) <= 4


def test_numbers_that_many_change_are_rounded() -> None:
    assert [crowd(number) for number in (0, 1, 3, 4, 7, 2048, 2049, 9000)] == [1, 1, 2, 4, 4, 2048, 4096, 4096]
    sizes = [fleet_size(number) for number in range(1, 200)]
    assert sizes == sorted(sizes)
    assert all(number / 1.5 <= size <= number for number, size in enumerate(sizes[:64], 1))
    assert len(set(sizes)) < 20
