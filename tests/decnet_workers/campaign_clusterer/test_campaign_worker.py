# SPDX-License-Identifier: MIT
"""The worker: campaigns are formed, grow, merge and end, with reasons; decisions hold."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, select
from tests.decnet_workers.campaign_clusterer.identity_rows import (
    DAY,
    START,
    campaigns,
    identity,
    show,
    visit,
    work,
)

from decnet_core.events.notices import CampaignEnded, CampaignFormed, CampaignGrew, Notice, decode_notice
from decnet_models.campaigns.rhythm import rhythm_of
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import reading, writing
from decnet_models.errors import EveryEventFailsError
from decnet_models.following.narrowing import Narrowing
from decnet_models.grouping import changes
from decnet_models.grouping.decisions import decide
from decnet_models.grouping.membership import members, resolved
from decnet_models.grouping.values import Decision
from decnet_models.notices.tables import notice
from decnet_models.progress.queries import dead_letters_of, move_cursor
from decnet_workers.campaign_clusterer import pending, worker
from decnet_workers.campaign_clusterer.decided import campaign_of
from decnet_workers.campaign_clusterer.pending import Handled
from decnet_workers.campaign_clusterer.regrouping import Regrouping, regroup

XMRIG = "48edfHu7V9Z84YzzMa6fUueoELZ9ZRXq9VetWzYGzKt52XU5xvqgzYnDK9URnRoJMk1j8nLwEVsaSWJ4fhdUyZijBGUicoD"
"""To which all who run XMRig give a part, unless they change it."""


def notices(engine: Engine) -> list[Notice]:
    with reading(engine) as connection:
        return [decode_notice(body) for body in connection.execute(select(notice.c.body)).scalars()]


def test_a_campaign_is_formed_grows_and_ends(engine: Engine) -> None:
    show(engine, 1, ("host", "c2.example"))
    show(engine, 2, ("host", "c2.example"), day=2)
    work(engine)
    show(engine, 3, ("host", "c2.example"), day=4)
    work(engine)
    (campaign,) = campaigns(engine)
    assert campaign == campaign_of(identity(1))
    show(engine, 4, ("host", "quite.different.example"), day=9)
    work(engine)
    found = notices(engine)
    with reading(engine) as connection:
        rhythm = rhythm_of(connection, campaign)
    assert [type(each) for each in found] == [CampaignFormed, CampaignGrew, CampaignEnded]
    assert isinstance(found[1], CampaignGrew)
    assert (found[1].members, found[1].joined) == (3, 1)
    assert rhythm is not None
    assert rhythm[0].longest_silence == 2 * DAY
    assert rhythm[1] == rhythm[0].ends_at == START + 8 * DAY


@pytest.mark.parametrize(
    ("feature", "campaign"),
    [
        (("applet", "MIRAI"), False),
        (("applet", "ECCHI"), False),
        (("applet", "KIVI"), True),
        (("image", "bitnami"), False),
        (("image", "intruder7"), True),
        (("wallet", XMRIG), False),
        (("wallet", f"4{'7Qx' * 31}b"), True),
    ],
)
def test_what_is_published_joins_nobody_and_what_is_private_does(
    engine: Engine, feature: tuple[str, str], campaign: bool
) -> None:
    for number in (1, 2):
        show(engine, number, feature, day=number)
    work(engine)
    assert bool(campaigns(engine)) is campaign


def test_a_published_word_still_says_that_a_device_is_infected(engine: Engine) -> None:
    for number in range(30):
        show(engine, number, ("host", "loader.example"), ("applet", "MIRAI"), day=number / 10)
    work(engine)
    assert [len(found) for found in campaigns(engine).values()] == [30]


@pytest.mark.parametrize("feature", [("applet", "MIRAI"), ("worm", "docker")])
def test_an_infected_device_that_shows_nothing_else_has_no_evidence(engine: Engine, feature: tuple[str, str]) -> None:
    show(engine, 1, feature)
    show(engine, 2, feature, ("host", "loader.example"))
    work(engine)
    c = CAMPAIGNS.evidence.c
    with reading(engine) as connection:
        found = {(one, kind) for one, kind in connection.execute(select(c.identity, c.kind))}
    assert found == {(identity(2), "infected"), (identity(2), "host")}


def test_an_ended_campaign_that_acts_again_goes_on(engine: Engine) -> None:
    for number, day in ((1, 0), (2, 1), (3, 20)):
        show(engine, number, ("host", "c2.example" if number < 3 else "other.example"), day=day)
    work(engine)
    show(engine, 2, ("url", "http://c2.example/again"), day=19)
    work(engine)
    with reading(engine) as connection:
        rhythm = rhythm_of(connection, campaign_of(identity(1)))
    assert rhythm is not None
    assert rhythm[1] is None


def test_a_silence_that_turns_out_to_be_shorter_is_written_though_the_end_is_the_same(engine: Engine) -> None:
    show(engine, 1, ("host", "c2.example"))
    show(engine, 2, ("host", "c2.example"), day=1)
    show(engine, 3, ("host", "quite.different.example"), day=9)
    work(engine)
    show(engine, 4, ("host", "c2.example"), day=0.5)
    work(engine)
    with reading(engine) as connection:
        rhythm = rhythm_of(connection, campaign_of(identity(1)))
    assert rhythm is not None
    assert (rhythm[0].longest_silence, rhythm[0].ends_at) == (DAY // 2, START + 4 * DAY)
    assert rhythm[1] == START + 4 * DAY, "it has ended and stays so"
    assert [type(each) for each in notices(engine)].count(CampaignEnded) == 1


def test_campaigns_that_turn_out_to_be_one_keep_the_older_id_and_say_why(engine: Engine) -> None:
    for number, host in ((1, "a.example"), (2, "a.example"), (3, "b.example"), (4, "b.example")):
        show(engine, number, ("host", host), day=number / 10)
    work(engine)
    old, new = campaign_of(identity(1)), campaign_of(identity(3))
    assert campaigns(engine) == {old: {identity(1), identity(2)}, new: {identity(3), identity(4)}}
    for number in (1, 2, 3, 4):
        show(engine, number, ("url", "http://c.example/vexilo/x.sh"), day=1)
    work(engine)
    assert campaigns(engine) == {old: {identity(number) for number in (1, 2, 3, 4)}}
    with reading(engine) as connection:
        (merge,) = changes.changes(connection, CAMPAIGNS, new)
        assert resolved(connection, CAMPAIGNS, new) == old
    assert (merge.kind, merge.source, merge.target) == ("merge", new, old)
    assert merge.because[0][2] > 0
    with writing(engine) as connection:
        undone: Decision[UUID] = Decision(0, "undone", None, None, None, merge.id, "me", "", 0)
        decide(connection, CAMPAIGNS, undone)
    work(engine)
    assert campaigns(engine) == {old: {identity(1), identity(2)}, new: {identity(3), identity(4)}}


def test_many_who_share_the_same_host_are_no_campaign(engine: Engine) -> None:
    for number in range(70):
        show(engine, number, ("host", "paste.example"), address=f"198.51.100.{number}")
    work(engine)
    assert campaigns(engine) == {}


def test_the_reasons_of_planted_merges_name_the_planted_evidence_first(engine: Engine) -> None:
    for one in range(6):
        show(engine, one, ("host", "common.example"), ("url", "http://common.example/get"), day=one / 10)
    planted = {
        number: (
            ("host", f"{number}.c2.example"),
            ("payload", f"{number:064x}"),
            ("url", f"http://192.0.2.{number}/{number}"),
        )[number % 3]
        for number in range(10, 50, 2)
    }
    for number, feature in planted.items():
        for one in (number, number + 1):
            show(engine, one, feature, ("host", "common.example"), day=number / 5)
    work(engine)
    found = campaigns(engine)
    with reading(engine) as connection:
        because = {
            member.subject: member.because for campaign in found for member in members(connection, CAMPAIGNS, campaign)
        }
    named = {number: [because[identity(one)][0][:2] for one in (number, number + 1)] for number in planted}
    assert named == {number: [feature, feature] for number, feature in planted.items()}


def test_an_identity_that_fails_is_set_aside_and_stops_no_other(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 6):
        show(engine, number, ("host", "b.example" if number == 3 else "c2.example"), day=number / 10)

    def fails(connection: Connection, touched: Collection[UUID], *rest: Any) -> Regrouping:
        if identity(3) in touched:
            raise KeyError("three")
        return regroup(connection, touched, *rest)

    monkeypatch.setattr(worker, "regroup", fails)
    work(engine)
    assert campaigns(engine) == {campaign_of(identity(1)): {identity(n) for n in (1, 2, 4, 5)}}
    with reading(engine) as connection:
        (letter,) = dead_letters_of(connection, "campaign-clusterer")
    assert letter.error == f"identity {identity(3)}: KeyError: 'three'"


def test_an_identity_is_looked_at_once_until_anything_new_is_written(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[UUID] = []

    def noted(connection: Connection, touched: Collection[UUID], *rest: Any) -> Regrouping:
        looked.extend(touched)
        return regroup(connection, touched, *rest)

    def steps(handled: Handled) -> list[UUID]:
        looked.clear()
        while worker.step(engine, Narrowing(1_000), handled).identities:
            pass
        return [*looked]

    monkeypatch.setattr(worker, "regroup", noted)
    monkeypatch.setattr(pending, "TAGS_AT_ONCE", 1)  # so that one identity's findings are in several shares
    handled = Handled()
    visit(engine, 1, "a", "b", "c")
    assert steps(handled) == [identity(1)]
    visit(engine, 1, "d")
    assert steps(handled) == [identity(1)]
    with writing(engine) as connection:
        move_cursor(connection, "campaign-clusterer", 0, now_ns=1)
    assert steps(handled) == [identity(1)]
    visit(engine, 1, "a", "b", "c")
    assert steps(Handled()) == [identity(1)]


def test_findings_wait_while_there_are_more_identities_and_come_then(engine: Engine) -> None:
    for number in range(1, 6):
        visit(engine, number, "a", "b", "c")
    found: list[tuple[int, int, bool]] = []
    narrowing, handled = Narrowing(2), Handled()
    while (report := worker.step(engine, narrowing, handled)).identities:
        found.append((report.identities, report.events, report.more))
    assert [identities for identities, _, _ in found[:2]] == [2, 2]
    assert [events for _, events, _ in found[:2]] == [0, 0], "the first identities are looked at, and no findings"
    assert all(more for _, _, more in found[:-1])
    with reading(engine) as connection:
        done = pending.pending(connection, "campaign-clusterer")
    assert (done.found, done.full) == (0, False)


def test_when_all_identities_fail_the_worker_says_so(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(1, 40):
        show(engine, number, ("host", "c2.example"))

    def fails(*_: object) -> Regrouping:
        raise KeyError("whoever")

    def works_on() -> None:
        narrowing = Narrowing(500)
        while worker.step(engine, narrowing).identities:
            pass

    monkeypatch.setattr(worker, "regroup", fails)
    with pytest.raises(EveryEventFailsError):
        works_on()


def test_an_address_that_several_use_links_none_of_them(engine: Engine) -> None:
    passing = [("host", "a.example"), ("host", "b.example")]
    show(engine, 1, passing[0])
    show(engine, 2, passing[1])
    differing = [(kind, value) for kind in ("hassh", "tcp_stack") for value in ("one", "another")]
    show(engine, 3, *passing, *differing)
    work(engine)
    assert campaigns(engine) == {}
    show(engine, 4, *passing, ("hassh", "one"))
    work(engine)
    assert len(campaigns(engine)) == 1
