# SPDX-License-Identifier: MIT
"""Notices in, incidents out, in the transaction that moves the worker's cursor over the notices."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from sqlalchemy import Connection

from decnet_core.events.notices import decode_notice
from decnet_models.attackers.scoring.scores import scores_of
from decnet_models.grouping.membership import groups_of
from decnet_models.identities.tables import IDENTITIES
from decnet_models.incidents import keeping
from decnet_models.notices.queries import OutboxLine
from decnet_workers.webhook.incidents.content import Attributed, OfIdentity
from decnet_workers.webhook.incidents.gathering import Gathering, Known, Numbered
from decnet_workers.webhook.incidents.policy import Policy


def take(connection: Connection, lines: Sequence[OutboxLine], policy: Policy, now: int) -> Mapping[str, int]:
    """Put notices into incidents, those that are no attacker's into none; return the scores of the attackers."""
    numbered = [*_belonging(lines)]
    if not numbered:
        return {}
    known = _known(connection, numbered)
    gathering = Gathering(known, policy, now)
    gathering.add(numbered)
    keeping.save(connection, sorted(gathering.changed.values(), key=lambda one: one.id))
    for source, target in gathering.merges:
        keeping.move(connection, source, target)
    keeping.make_current(connection, gathering.current)
    keeping.add_values(connection, gathering.values())
    keeping.link(connection, gathering.links)
    return known.scores


def _belonging(lines: Iterable[OutboxLine]) -> Iterator[Numbered]:
    for line in lines:
        notice = decode_notice(line.body)
        if isinstance(notice, Attributed | OfIdentity):
            yield Numbered(line.seq, line.kind, line.created_at, notice)


def _known(connection: Connection, numbered: Sequence[Numbered]) -> Known:
    attackers, identities = _subjects(numbered)
    found: dict[str, UUID] = groups_of(connection, IDENTITIES, attackers)
    current = keeping.current(connection, {*attackers, *identities, *map(str, found.values())})
    incidents = keeping.fetch(connection, set(current.values()))
    began = {one.attacker for one in incidents.values()} - attackers
    return Known(
        incidents=incidents,
        current=current,
        identities=found | groups_of(connection, IDENTITIES, began),
        scores=scores_of(connection, attackers),
        last_number=keeping.last_number(connection),
    )


def _subjects(numbered: Iterable[Numbered]) -> tuple[set[str], set[str]]:
    """Return the attackers and the identities of which notices tell."""
    attackers: set[str] = set()
    identities: set[str] = set()
    for one in numbered:
        if isinstance(one.notice, Attributed):
            attackers.add(one.notice.attacker)
            continue
        identities |= {one.notice.identity, getattr(one.notice, "source", one.notice.identity)}
        attackers |= {*getattr(one.notice, "attackers", ()), *getattr(one.notice, "joined", ())}
    return attackers, identities
