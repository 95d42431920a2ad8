# SPDX-License-Identifier: MIT
"""What operators decide about identities and campaigns; the worker follows it within seconds.

With `dry_run` a decision is written and taken back in one transaction, so what is shown is what would be.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError, WrongUsageError
from decnet.grouping import rulings
from decnet.grouping.announcing import announce
from decnet.grouping.naming import group_named
from decnet.grouping.preview import Taken, taken
from decnet.grouping.whole import whole
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping.shape import Grouping
from decnet_models.identities.tables import IDENTITIES
from decnet_web.api.audit import record
from decnet_web.api.dependencies import Analyst, InFleet
from decnet_web.api.fleet import Fleet
from decnet_web.api.models import RowNumber
from decnet_web.api.principal import Principal
from decnet_web.api.routes.findings.group_answers import (
    AskedJoin,
    AskedPin,
    AskedReversal,
    AskedSeparation,
    AskedSplit,
    AskedUndo,
    AskedWithdrawal,
    GroupRuling,
)

router = APIRouter()

_MOST_CHANGES = 1000
_NAMED = 50
"""Subjects that the audit names."""


def _add_split_and_join(router: APIRouter, g: Grouping[Any], one: str, many: str) -> None:
    @router.post("/{group}/split", name=f"split_{one}")
    async def split(fleet: InFleet, analyst: Analyst, group: str, asked: AskedSplit) -> GroupRuling:
        """Take members out of a group; with `dry_run` only say what would be decided."""

        def make(connection: Connection) -> list[int]:
            here = group_named(connection, g, group)
            if group_named(connection, g, asked.subjects[0]) != here:
                raise WrongUsageError(f"{asked.subjects[0]} is not in {g.key} {here}")
            return rulings.take_out(connection, g, asked.subjects, asked.reason, author=analyst.account.name)

        return await _ruled(fleet, analyst, (g, f"{one}.split", group), make, dry_run=asked.dry_run)

    @router.post("/{group}/join", name=f"join_{many}")
    async def join(fleet: InFleet, analyst: Analyst, group: str, asked: AskedJoin) -> GroupRuling:
        """Make others one with a group; with `dry_run` only say what would be decided."""

        def make(connection: Connection) -> list[int]:
            names = [str(group_named(connection, g, group)), *asked.subjects]
            return rulings.join(connection, g, names, asked.reason, author=analyst.account.name)

        return await _ruled(fleet, analyst, (g, f"{one}.join", group), make, dry_run=asked.dry_run)


def _add_pin_and_undo(router: APIRouter, g: Grouping[Any], one: str) -> None:
    @router.post("/{group}/pin", name=f"pin_{one}")
    async def pin(fleet: InFleet, analyst: Analyst, group: str, asked: AskedPin) -> GroupRuling:
        """Decide that a subject belongs to a group; with `dry_run` only say what would be decided."""

        def make(connection: Connection) -> list[int]:
            return rulings.pin(connection, g, asked.subject, group, asked.reason, author=analyst.account.name)

        return await _ruled(fleet, analyst, (g, f"{one}.pin", group), make, dry_run=asked.dry_run)

    @router.post("/{group}/undo", name=f"undo_{one}_change")
    async def undo(fleet: InFleet, analyst: Analyst, group: str, asked: AskedUndo) -> GroupRuling:
        """Undo a change of a group for good; with `dry_run` only say what would be decided."""

        def make(connection: Connection) -> list[int]:
            here = group_named(connection, g, group)
            if asked.change not in [each.id for each in whole(connection, g, here, _MOST_CHANGES).changes]:
                raise NotFoundError(f"{g.key} {here} has no change {asked.change}")
            return rulings.undo(connection, g, asked.change, asked.reason, author=analyst.account.name)

        return await _ruled(fleet, analyst, (g, f"{one}.undo", group), make, dry_run=asked.dry_run)


def _add_separate_and_reverse(router: APIRouter, g: Grouping[Any], one: str) -> None:
    """Add decisions for whom nobody has to know a group."""

    @router.post("/separations", name=f"separate_{one}")
    async def separate(fleet: InFleet, analyst: Analyst, asked: AskedSeparation) -> GroupRuling:
        """Decide that two subjects are not together; with `dry_run` only say what would be decided."""
        first, second = asked.subjects

        def make(connection: Connection) -> list[int]:
            return rulings.separate(connection, g, (first, second), asked.reason, author=analyst.account.name)

        return await _ruled(fleet, analyst, (g, f"{one}.split", first), make, dry_run=asked.dry_run)

    @router.post("/changes/{change}/undo", name=f"reverse_{one}_change")
    async def reverse(fleet: InFleet, analyst: Analyst, change: RowNumber, asked: AskedReversal) -> GroupRuling:
        """Undo a merge or a split for good; with `dry_run` only say what would be decided."""

        def make(connection: Connection) -> list[int]:
            return rulings.undo(connection, g, change, asked.reason, author=analyst.account.name)

        return await _ruled(fleet, analyst, (g, f"{one}.undo", str(change)), make, dry_run=asked.dry_run)

    @router.post("/decisions/{decision}/withdraw", name=f"take_back_{one}_decision")
    async def take_back(fleet: InFleet, analyst: Analyst, decision: RowNumber) -> GroupRuling:
        """Withdraw a decision: evidence decides again."""
        return await _withdrawn(fleet, analyst, (g, f"{one}.withdraw"), decision)


def _add_withdraw(router: APIRouter, g: Grouping[Any], one: str) -> None:
    @router.post("/{group}/withdraw", name=f"withdraw_{one}_decision")
    async def withdraw(fleet: InFleet, analyst: Analyst, group: str, asked: AskedWithdrawal) -> GroupRuling:
        """Withdraw a decision: evidence decides again."""
        return await _withdrawn(fleet, analyst, (g, f"{one}.withdraw"), asked.decision, group)


async def _withdrawn(
    fleet: Fleet, analyst: Principal, about: tuple[Grouping[Any], str], decision: int, group: str | None = None
) -> GroupRuling:
    g, action = about

    def write(connection: Connection) -> None:
        if group is not None:
            group_named(connection, g, group)
        rulings.withdraw(connection, g, decision)
        record(connection, analyst, action, group, decision=decision)

    await fleet.write(write)
    await fleet.thread(lambda: announce(fleet.deployment, 1))
    return GroupRuling(written=True, decisions=[], subjects=[])


async def _ruled(
    fleet: Fleet,
    analyst: Principal,
    about: tuple[Grouping[Any], str, str],
    make: Callable[[Connection], list[int]],
    *,
    dry_run: bool,
) -> GroupRuling:
    g, action, name = about

    def write(connection: Connection) -> Taken:
        found = taken(connection, g, make, dry_run=dry_run)
        if found.written:
            numbers = [one.id for one in found.decisions]
            record(connection, analyst, action, name, decisions=numbers, subjects=list(found.subjects[:_NAMED]))
        return found

    found = await fleet.write(write)
    if found.written:
        await fleet.thread(lambda: announce(fleet.deployment, len(found.decisions)))
    return GroupRuling.model_validate(found)


for _grouping, _one, _many in ((IDENTITIES, "identity", "identities"), (CAMPAIGNS, "campaign", "campaigns")):
    _below = APIRouter(prefix=f"/{_many}", tags=[_many])
    _add_split_and_join(_below, _grouping, _one, _many)
    _add_pin_and_undo(_below, _grouping, _one)
    _add_withdraw(_below, _grouping, _one)
    _add_separate_and_reverse(_below, _grouping, _one)
    router.include_router(_below)
