# SPDX-License-Identifier: MIT
"""The worker's transactions: each decky that is due is changed, or given a later time, in one of its own.

A change is the rows, their record and the next time together, or nothing. It names the version that was read, so that
of two writers one wins, and the other looks again.
"""

import logging
import time
from collections import Counter
from typing import Literal, TypeAlias

import msgspec
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError

from decnet_core.timing.durations import SECOND_NS
from decnet_models.database.engine import reading, writing
from decnet_models.fleet import mutation_policies
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.mutation_policies import BadPolicy, Policy
from decnet_models.fleet.queries import Decky
from decnet_workers.mutate import schedule
from decnet_workers.mutate.change import Activity, activity, change
from decnet_workers.mutate.variant import UnchangeableError

log = logging.getLogger(__name__)

WORKER = "mutate"
BATCH = 50
"""Deckies of one pass."""
_AGAIN_NS = 3600 * SECOND_NS
"""When a decky is looked at again whose policy cannot be read."""

Outcome: TypeAlias = Literal["changed", "postponed", "unchangeable", "overtaken"]
OUTCOMES: tuple[Outcome, ...] = ("changed", "postponed", "unchangeable", "overtaken")


class Report(msgspec.Struct, frozen=True):
    """What a pass did, and when (ns) the next decky is due."""

    outcomes: dict[Outcome, int]
    next_at: int | None
    more: bool


class Mutations:
    """All database work of the worker; call it in the worker's thread."""

    def __init__(self, engine: Engine, quiet_seconds: float) -> None:
        self._engine = engine
        self._quiet_seconds = quiet_seconds
        self._told: dict[str, str] = {}

    def run(self) -> Report:
        """Draw times for deckies that have none, and change those that are due: of each at most `BATCH`."""
        now = time.time_ns()
        undated = self._give_times(now)
        with reading(self._engine) as connection:
            due = mutation_policies.due_for_mutation(connection, BATCH, now_ns=now)
            there = activity(connection, self._quiet_seconds, now) if due else Activity()
        outcomes = Counter(self._handle(one, policy, there, now) for one, policy in due)
        with reading(self._engine) as connection:
            next_at = mutation_policies.next_mutation_at(connection)
        return Report(outcomes, next_at, more=BATCH in (undated, len(due)) or outcomes["overtaken"] > 0)

    def _give_times(self, now: int) -> int:
        """Draw the time of deckies with a new policy, and of those whose time a wrong clock has set."""
        with reading(self._engine) as connection:
            found = mutation_policies.without_mutation_time(connection, BATCH, now_ns=now)
        for one, policy in found:
            if isinstance(policy, BadPolicy):
                self._schedule(one, now + _AGAIN_NS, policy.reason)
            else:
                self._schedule(one, schedule.next_at(one, policy, now))
        return len(found)

    def _handle(self, one: Decky, policy: Policy | BadPolicy, there: Activity, now: int) -> Outcome:
        """Change a decky that is due, or give it a later time."""
        if isinstance(policy, BadPolicy):
            return self._schedule(one, now + _AGAIN_NS, policy.reason, "unchangeable")
        if schedule.is_late(one.mutate_at or now, now):
            return self._schedule(one, schedule.soon(one, policy, now))
        if not schedule.is_in_window(policy, now):
            return self._schedule(one, schedule.in_window(one, policy, now))
        if there.is_on(one.name):
            return self._schedule(one, schedule.in_window(one, policy, now + int(self._quiet_seconds * SECOND_NS)))
        return self._change(one, policy, now)

    def _change(self, one: Decky, policy: Policy, now: int) -> Outcome:
        try:
            with writing(self._engine) as connection:
                made = change(connection, one, policy, ChangeInfo("mutated", WORKER, "its policy", now))
        except UnchangeableError as error:
            return self._schedule(one, schedule.next_at(one, policy, now), str(error), "unchangeable")
        except IntegrityError as error:  # somebody has written another decky with what this one was to get
            return self._schedule(one, now + _AGAIN_NS, str(error.orig), "unchangeable")
        if made is None:
            return "overtaken"
        log.info("decky %s is changed: %s, %s", one.name, made.persona, ", ".join(s.service for s in made.services))
        return "changed"

    def _schedule(self, one: Decky, at: int, trouble: str | None = None, outcome: Outcome = "postponed") -> Outcome:
        """Give a decky a time, and tell once why it cannot be changed."""
        if trouble is not None and self._told.get(one.name) != trouble:
            log.warning("decky %s cannot be changed: %s", one.name, trouble)
            self._told[one.name] = trouble
        with writing(self._engine) as connection:
            mutation_policies.schedule_mutation(connection, one, at)
        return outcome
