# SPDX-License-Identifier: MIT
"""Follows the identities as the clusterer writes them, and groups those that act together."""

import logging
import time
from collections.abc import Iterable
from functools import partial

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.bus.subjects import EVENTS_INGESTED, GROUPING_DECIDED, NOTICE, NoticeWritten
from decnet_core.events.notices import CampaignEnded, CampaignFormed, CampaignGrew, Notice
from decnet_core.runtime.context import Context
from decnet_core.runtime.worker import MIB, NoSettings
from decnet_core.text import for_terminal
from decnet_models.campaigns.assignment import Assigned
from decnet_models.campaigns.rhythm import due, end
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import reading, writing
from decnet_models.database.warm_up import warm_up
from decnet_models.following.breaks import Breaks
from decnet_models.following.database_worker import DatabaseWorker
from decnet_models.following.narrowing import Narrowing
from decnet_models.following.single_instance import single_instance
from decnet_models.following.step_loop import AT_ONCE, Rest, repeat
from decnet_models.grouping.membership import group, groups, members
from decnet_models.grouping.values import Group
from decnet_models.identities.tables import IDENTITIES
from decnet_models.notices import queries as outbox
from decnet_models.progress.queries import add_dead_letter
from decnet_workers.campaign_clusterer import decided
from decnet_workers.campaign_clusterer.pending import IDENTITIES_AT_ONCE, Handled, Pending, advance, begin, pending
from decnet_workers.campaign_clusterer.regrouping import Regrouping, regroup, write

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
BEHIND_SECONDS = 1.0
"""How soon to look again while clusterer or ttp work, whose results no message announces."""

TURN_AT = 20.0
"""When it begins to work under load (`following.breaks`): by then the clusterer has done its part."""

Keyed = tuple[str, Notice]


class Report(msgspec.Struct):
    """What a step did."""

    identities: int = 0
    events: int = 0
    """Of which ttp has told its findings since the last step."""
    grown: int = 0
    ended: int = 0
    cut: bool = False
    set_aside: int = 0
    """Identities that were passed over, because computing with them fails."""
    more: bool = False
    behind: bool = False
    notices: dict[str, int] = {}


class CampaignClusterer(DatabaseWorker[NoSettings]):
    """Groups identities into campaigns by infrastructure, malware, methods, targets and time."""

    name = "campaign-clusterer"
    background = True
    gives_way = True
    follows = ("clusterer", "ttp")
    listens = (EVENTS_INGESTED.pattern, GROUPING_DECIDED.pattern)
    ends_break = (GROUPING_DECIDED.pattern,)
    notices = (CampaignFormed, CampaignGrew, CampaignEnded)
    parks = True
    group = "heavy"
    memory_budget = 64 * MIB

    @classmethod
    def warm(cls) -> None:
        warm_up(rehearse)

    async def run(self, ctx: Context) -> None:
        """Follow the identities until stopped."""
        async with single_instance(ctx) as mine:
            if mine:
                prepare = partial(ctx.in_thread, prepared, self._engine)
                work = partial(self._step, ctx, Breaks(TURN_AT), Narrowing(IDENTITIES_AT_ONCE), Handled())
                await repeat(ctx, work, prepare=prepare)

    async def _step(self, ctx: Context, breaks: Breaks, narrowing: Narrowing, handled: Handled) -> Rest:
        report = await ctx.in_thread(step, self._engine, narrowing, handled)
        breaks.note(report.events)
        ctx.counters.add("identities_handled", report.identities)
        ctx.counters.add("campaigns_grown", report.grown)
        ctx.counters.add("campaigns_ended", report.ended)
        ctx.counters.add("neighbourhoods_cut", report.cut)
        ctx.counters.add("dead_letters", report.set_aside)
        for kind, seq in report.notices.items():
            ctx.bus.publish(NOTICE.of(kind), msgspec.json.encode(NoticeWritten(seq)))
        if report.more:
            return AT_ONCE
        seconds = ctx.poll_seconds(POLL_SECONDS)
        return Rest(
            seconds,
            BEHIND_SECONDS if report.behind else None,
            idle=not report.identities,
            break_seconds=breaks.due(),
        )


def prepared(engine: Engine) -> None:
    """Give the worker its cursors."""
    with writing(engine) as connection:
        begin(connection, CampaignClusterer.name)


def step(engine: Engine, narrowing: Narrowing | None = None, handled: Handled | None = None) -> Report:
    """Handle the next identities that have changed; then see which campaigns have ended.

    What fails is halved until the one at fault is alone: it is set aside, and stops no other.
    """
    narrowing, handled = narrowing or Narrowing(IDENTITIES_AT_ONCE), handled or Handled()
    while True:
        try:
            report = _stepped(engine, narrowing, handled)
        except Exception as error:
            narrowing.failed(error)
        else:
            narrowing.succeeded()
            return report


def _stepped(engine: Engine, narrowing: Narrowing, handled: Handled) -> Report:
    fault = narrowing.fault
    with reading(engine) as snapshot:
        work = pending(snapshot, CampaignClusterer.name, narrowing.size)
        rest = handled.rest(work) if fault is None else None
        found = regroup(snapshot, rest, decided.read(snapshot), work.again) if rest else Regrouping()
        idle = work.start == work.end and not (due(snapshot, _head(snapshot), 1) and not work.behind)
    events = work.end.tags - work.start.tags
    report = Report(work.found, events, cut=found.cut, more=work.full, behind=work.behind)
    if fault is not None and idle:
        raise fault  # nothing is left that could be passed over
    if not idle:
        with writing(engine) as connection:
            if fault is not None:
                _set_aside(connection, work, fault)
                report.set_aside = work.found
            _write(connection, work, found, report)
        handled.note(work)
    return report


def _set_aside(connection: Connection, work: Pending, error: Exception) -> None:
    """Record that identities are passed over, and why."""
    reason = f"identity {', '.join(sorted(map(str, work.touched)))}: {type(error).__name__}: {error}"
    log.error("not grouped %s", for_terminal(reason), exc_info=error)
    add_dead_letter(connection, CampaignClusterer.name, work.end.revision, reason, now_ns=time.time_ns())


def _write(connection: Connection, work: Pending, found: Regrouping, report: Report) -> None:
    now = time.time_ns()
    advance(connection, CampaignClusterer.name, work)
    grown = write(connection, found, now_ns=now)
    notices = [*_growth(connection, grown)]
    if not work.full and not work.behind:
        ended = [*_endings(connection)]
        notices += ended
        report.ended = len(ended)
    report.grown = len(grown)
    kinds = outbox.add_all(connection, notices, now)
    report.notices = dict.fromkeys(kinds, outbox.last_seq(connection)) if kinds else {}


def _head(connection: Connection) -> int:
    """Return the time of the latest event that is evidence of any identity."""
    newest = groups(connection, IDENTITIES, 1)
    return newest[0].last_seen if newest else 0


def _growth(connection: Connection, grown: Iterable[Assigned]) -> Iterable[Keyed]:
    for one in grown:
        campaign = group(connection, CAMPAIGNS, one.campaign)
        assert campaign is not None
        key, identities = str(campaign.id), tuple(_names(connection, campaign))
        if one.before == 0:
            formed = CampaignFormed(campaign.last_seen, key, one.members, campaign.first_seen, identities)
            yield f"campaign.formed:{key}", formed
        else:
            grew = CampaignGrew(campaign.last_seen, key, one.members, one.members - one.before, identities)
            yield f"campaign.grew:{key}:{one.members}", grew


def _names(connection: Connection, campaign: Group) -> list[str]:
    return [str(member.subject) for member in members(connection, CAMPAIGNS, campaign.id, CampaignFormed.MOST_NAMED)]


def _endings(connection: Connection) -> Iterable[Keyed]:
    ended = due(connection, _head(connection))
    end(connection, [one.campaign for one in ended])
    for one in ended:
        campaign = group(connection, CAMPAIGNS, one.campaign)
        assert campaign is not None
        key = str(one.campaign)
        notice = CampaignEnded(one.ends_at, key, campaign.members, campaign.last_seen, one.longest_silence)
        yield f"campaign.ended:{key}:{one.ends_at}", notice


def rehearse(engine: Engine) -> None:
    """Make a step, so that a zygote has compiled its statements."""
    prepared(engine)
    step(engine)
