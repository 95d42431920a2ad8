# SPDX-License-Identifier: MIT
"""Reads the operator's decisions."""

from sqlalchemy import Connection, func, select

from decnet_models.grouping.changes import change as change_of
from decnet_models.grouping.decisions import all_decisions
from decnet_models.grouping.values import Decision
from decnet_models.identities import core_rows
from decnet_models.identities.tables import IDENTITIES
from decnet_workers.clusterer.verdicts import Verdict


def decided(connection: Connection) -> tuple[list[Verdict], set[str]]:
    """Return the decisions in force, and all attackers that decisions, withdrawn ones too, name."""
    verdicts: list[Verdict] = []
    named: set[str] = set()
    for decision in all_decisions(connection, IDENTITIES, withdrawn=True):
        verdict = _verdict(connection, decision)
        if verdict is not None:
            named |= {*verdict.attackers, verdict.other}
            if decision.withdrawn_at is None:
                verdicts.append(verdict)
    return verdicts, named


def decisions_made(connection: Connection) -> tuple[int, int]:
    """Return how many decisions were made, and how many of them withdrawn: whether there are others than before."""
    c = IDENTITIES.decision.c
    made, withdrawn = connection.execute(select(func.count(c.id), func.count(c.withdrawn_at))).one()
    return made, withdrawn


def _verdict(connection: Connection, decision: Decision[str]) -> Verdict | None:
    """Return what a decision says about attackers; None when what it names is not there (any more)."""
    if decision.change is not None:
        return _undone(connection, decision.change)
    if decision.subject is None:
        return None
    other = decision.other
    if decision.group is not None:
        other = core_rows.founder_of(connection, decision.group)
    return None if other is None else Verdict(decision.id, decision.kind, [decision.subject], other)


def _undone(connection: Connection, number: int) -> Verdict | None:
    change = change_of(connection, IDENTITIES, number)
    if change is None:
        return None
    founder = core_rows.founder_of(connection, change.target if change.kind == "merge" else change.source)
    if founder is None:
        return None
    moved = [attacker for attacker in core_rows.moved_by(connection, number) if attacker != founder]
    return Verdict(number, "undone", moved, founder, change.kind)
