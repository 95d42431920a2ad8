# SPDX-License-Identifier: MIT
"""The campaigns and their ids are the same whatever was between: batches, kills, decisions, changes of identities."""

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from tests.decnet_workers.campaign_clusterer.identity_rows import START, campaigns, emptied, identity, show, visit, work
from tests.examples import examples

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import writing
from decnet_models.grouping import changes
from decnet_models.grouping.decisions import decide
from decnet_models.grouping.membership import group, members
from decnet_models.grouping.values import Decision
from decnet_models.identities.tables import IDENTITIES
from decnet_workers.campaign_clusterer import neighbourhood, worker
from decnet_workers.campaign_clusterer.decided import campaign_of
from decnet_workers.campaign_clusterer.pending import Handled

Act = Callable[[Engine], object]


class Killed(BaseException):  # no error: nothing may handle it
    """The worker was killed before its transaction was committed."""


def merge(engine: Engine, one: int, other: int) -> None:
    with writing(engine) as connection:
        source, target = (group(connection, IDENTITIES, identity(number)) for number in (one, other))
        if source and target and source.id != target.id and not (source.merged_into or target.merged_into):
            changes.merge(connection, IDENTITIES, source.id, target.id, weight=1.0, because=(), now_ns=START)


def leave(engine: Engine, one: int, other: int) -> None:
    """Let an address of one identity go to another."""
    with writing(engine) as connection:
        source, target = (group(connection, IDENTITIES, identity(number)) for number in (one, other))
        if source and target and source.id != target.id and not (source.merged_into or target.merged_into):
            first = [member.subject for member in members(connection, IDENTITIES, source.id, 1)]
            changes.split(connection, IDENTITIES, source.id, target.id, subjects=first, because=(), now_ns=START)


def rule(engine: Engine, kind: Literal["together", "apart", "pinned"], one: int, other: int) -> None:
    campaign = campaign_of(identity(other)) if kind == "pinned" else None
    second = None if kind == "pinned" else identity(other)
    if one != other:
        with writing(engine) as connection:
            decide(connection, CAMPAIGNS, Decision(0, kind, identity(one), second, campaign, None, "", "", 0))


def killed(engine: Engine) -> None:
    """Let a step be killed after it has written everything, before it commits."""
    written = worker._write

    def write_and_die(*arguments: object) -> None:
        written(*arguments)  # type: ignore[arg-type]
        raise Killed

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(worker, "_write", write_and_die)
        worker.step(engine)


NUMBERS = st.integers(0, 7)
FEATURES = (
    *(("host", f"c{number}.example") for number in (2, 3, 4)),
    *(("wallet", f"4{letter * 94}") for letter in "AB"),
    *(("image", "intruder7"), ("planted_key", "SHA256:theirs"), ("applet", "KIVI"), ("applet", "MIRAI")),
)
SHOWS = st.builds(
    lambda number, hosts, day, address: (
        partial(show, number=number, day=day, address=f"198.51.100.{number * 3 + address}")
        if not hosts
        else lambda engine: show(engine, number, *hosts, day=day, address=f"198.51.100.{number * 3 + address}")
    ),
    NUMBERS,
    st.lists(st.sampled_from(FEATURES), max_size=2),
    st.integers(0, 20),
    st.integers(0, 2),
)
DECKIES = [f"decky-{number}" for number in range(14)]
VISITS = st.builds(
    lambda number, first, last, day: lambda engine: visit(engine, number, *DECKIES[first:last], day=day),
    NUMBERS,
    st.sampled_from((0, 0, 5, 10)),
    st.sampled_from((2, 3, 7, 12, 14)),
    st.sampled_from((0, 2, 40)),
)
ACTS = st.lists(
    st.one_of(
        SHOWS,
        SHOWS,
        SHOWS,
        VISITS,
        VISITS,
        VISITS,
        st.builds(lambda one, other: partial(merge, one=one, other=other), NUMBERS, NUMBERS),
        st.builds(lambda one, other: partial(leave, one=one, other=other), NUMBERS, NUMBERS),
        st.builds(
            lambda kind, one, other: partial(rule, kind=kind, one=one, other=other),
            st.sampled_from(("together", "apart", "pinned")),
            NUMBERS,
            NUMBERS,
        ),
    ),
    max_size=16,
)
BETWEEN = st.lists(st.sampled_from((None, None, worker.step, work, killed)), min_size=16, max_size=16)


def _outcome_in_parts(engine: Engine, acts: Sequence[Act], between: Sequence[Act | None], at_once: int) -> object:
    """Return what comes of acts if so many identities are looked at together, and nothing is kept for others.

    One process makes all steps, which passes over what it has looked at already.
    """
    handled = Handled()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "Handled", lambda: handled)
        patch.setattr(neighbourhood, "FIRST_AT_ONCE", at_once)
        patch.setattr(neighbourhood, "KEPT", 0)
        return _outcome(engine, acts, between)


def _outcome(engine: Engine, acts: Sequence[Act], between: Sequence[Act | None]) -> dict[UUID, set[UUID]]:
    emptied(engine)
    for act, then in zip(acts, between, strict=False):
        act(engine)
        if then is not None:
            then(engine)
    work(engine)
    return campaigns(engine)


@settings(max_examples=examples(30), deadline=None)
@given(ACTS, BETWEEN, st.integers(1, 4))
def test_batches_kills_and_decisions_between_do_not_matter(
    used_engine: Engine, acts: list[Act], between: list[Act | None], at_once: int
) -> None:
    assert _outcome_in_parts(used_engine, acts, between, at_once) == _outcome(used_engine, acts, [None] * len(acts))


@pytest.mark.fault
@pytest.mark.timeout(900)
@settings(max_examples=examples(1000), deadline=None)
@given(ACTS, BETWEEN, st.integers(1, 4))
def test_many_batches_kills_and_decisions_between_do_not_matter(
    used_engine: Engine, acts: list[Act], between: list[Act | None], at_once: int
) -> None:
    assert _outcome_in_parts(used_engine, acts, between, at_once) == _outcome(used_engine, acts, [None] * len(acts))
