# SPDX-License-Identifier: MIT
"""The worker's transactions: new attackers become findings and questions, answers become findings and verdicts.

The cursor over the notices moves in the transaction that looks the new attackers up and queues the questions about
them. A question is counted against the quota before it is asked, and removed when it is answered: killed in between, it
is asked again, and no quota is ever exceeded.
"""

import contextlib
import logging
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, Engine

from decnet_core.events.notices import AttackerJudged, AttackerObserved, notice_kind
from decnet_core.net.addresses import Address
from decnet_core.text import for_terminal
from decnet_core.timing.durations import SECOND_NS
from decnet_models.attackers.clues import attackers_since
from decnet_models.database.engine import reading, writing
from decnet_models.database.statements import parts
from decnet_models.errors import CursorMovedError
from decnet_models.fleet.own_addresses import of_deckies
from decnet_models.intel import queries, requests
from decnet_models.intel.queries import Finding, Quota
from decnet_models.intel.verdicts import forget_unjudged, judge
from decnet_models.notices import queries as notices
from decnet_models.notices.queries import OutboxLine, last_seq, lines_after
from decnet_models.progress.queries import add_dead_letter, advance_cursor, begin_cursor, cursor_of, move_cursor
from decnet_workers.enrich.answers import Answer
from decnet_workers.enrich.asked import Limits
from decnet_workers.enrich.failed_lookups import WORKER, set_aside, take_back
from decnet_workers.enrich.pauses import free_at, pause_ns, window
from decnet_workers.enrich.set_aside import each_part

log = logging.getLogger(__name__)

BATCH = 500
"""Notices per transaction, and attackers that are looked up at once."""
RETURNING_SECONDS = 3600.0
"""How often attackers that came back are looked for."""
_LATE_NS = 3600 * SECOND_NS
"""How late an event of an attacker that came back may be committed."""
_FORGET_SECONDS = 3600.0
_FORGET_BATCH = 5000
_OBSERVED = notice_kind(AttackerObserved)
_observed = msgspec.json.Decoder(AttackerObserved)

Find = Callable[[Address], Answer | None]
Askable = Callable[[Sequence[str]], Mapping[str, Address]]
RETURNING = "enrich.returning"
"""The cursor of the look for attackers that came back: the time of the last one, ns since the Unix epoch."""


UNLIMITED = Limits(1 << 30, 86400, 1)
"""Of a provider that is not asked: how often its list is fetched is its schedule's decision."""


class Terms(msgspec.Struct, frozen=True):
    """How long findings hold and are remembered, and how many questions may wait."""

    keep_ns: int
    negative_ns: int
    forget_ns: int
    look_back_ns: int
    queue: int


class Poll(msgspec.Struct, frozen=True):
    """What to do. Times are ns since the Unix epoch."""

    free: Mapping[str, int]
    """When each provider that is to be asked something may be."""
    paused: Mapping[str, int]
    """Until when each provider that failed is left alone."""
    returning_at: int
    """When to look again for attackers that came back."""
    lag: int
    """Notices that are not read yet."""
    waiting: int
    """Questions that wait."""
    judged: bool
    """Whether a verdict changed."""
    given_up: int
    """Questions that were given up, because too many wait."""


class Knowledge:
    """All database work of the worker; call it in the worker's thread.

    `asked` are the limits of the providers that are asked, `local` finds addresses in lists and files, `askable` says
    which addresses others may be told.
    """

    def __init__(
        self,
        engine: Engine,
        terms: Terms,
        asked: Mapping[str, tuple[Limits, Callable[[Address], bool]]],
        local: Mapping[str, Find],
        askable: Askable,
    ) -> None:
        self._engine = engine
        self._terms = terms
        self._asked = asked
        self._local = local
        self._askable = askable
        self._forgotten_at = 0

    def prepare(self) -> None:
        """Begin at the present end of the notices; who is there already is looked up as one who returns."""
        now = time.time_ns()
        with writing(self._engine) as connection:
            for cursor in (WORKER, RETURNING):
                begin_cursor(connection, cursor, now_ns=now)
            if not cursor_of(connection, WORKER):
                advance_cursor(connection, WORKER, 0, last_seq(connection), now_ns=now)
            if self._new_providers(connection, now):
                move_cursor(connection, RETURNING, 0, now_ns=now)
            requests.drop_others(connection, {*self._asked, *self._local})

    def _new_providers(self, connection: Connection, now: int) -> bool:
        """Give each provider a quota of its own; return whether there is one that had none."""
        known = {one.provider for one in queries.quotas(connection)}
        every = {name: limits for name, (limits, _) in self._asked.items()} | dict.fromkeys(self._local, UNLIMITED)
        for name, limits in every.items():
            if name not in known:
                span = window(now, limits.window_seconds)
                queries.spend(connection, name, 0, span, limits.questions, now_ns=now)
        return not every.keys() <= known

    def poll(self) -> Poll:
        """Take new attackers, and those that returned; return what to ask. Writes only what there is to write."""
        now = time.time_ns()
        with reading(self._engine) as connection:
            start = cursor_of(connection, WORKER)
            lines = lines_after(connection, start, BATCH)
            local = {name: requests.newest(connection, name, BATCH) for name in self._local}
            returned_at = cursor_of(connection, RETURNING)
        judged, given_up = False, 0
        if lines:
            judged, given_up = self._pass(lines, start, now)
        for name, indicators in local.items():
            judged |= bool(indicators) and self._look_up_again(name, indicators, now)
        if not lines:
            judged |= self._returning(returned_at, now)
            self._forget(now)
        with reading(self._engine) as connection:
            waiting = requests.waiting(connection)
            quotas = {one.provider: one for one in queries.quotas(connection)}
            return Poll(
                free=self._free(quotas, waiting, now),
                paused={name: one.not_before for name, one in quotas.items() if one.not_before is not None},
                returning_at=cursor_of(connection, RETURNING) + int(RETURNING_SECONDS * SECOND_NS),
                lag=last_seq(connection) - (lines[-1].seq if lines else start),
                waiting=sum(waiting.values()),
                judged=judged,
                given_up=given_up,
            )

    def _pass(self, lines: Sequence[OutboxLine], start: int, now: int) -> tuple[bool, int]:
        """Take the attackers that notices name, and pass these; one that fails is a dead letter.

        Its attacker is taken once more with those that returned, or when the operator asks.
        """
        position, judged, given_up = start, False, 0

        def take(part: Sequence[OutboxLine]) -> None:
            nonlocal position, judged, given_up
            with writing(self._engine) as connection:
                _advance(connection, position, part[-1].seq, now)
                found, more = self._take(connection, _new_attackers(part), now)
            position, judged, given_up = part[-1].seq, judged or found, given_up + more

        def aside(line: OutboxLine, error: Exception) -> None:
            nonlocal position
            reason = ": ".join([*_names(line), f"{type(error).__name__}: {error}"])
            log.error("notice skipped seq=%d error=%s", line.seq, for_terminal(reason), exc_info=error)
            with writing(self._engine) as connection:
                _advance(connection, position, line.seq, now)
                add_dead_letter(connection, WORKER, line.seq, reason, now_ns=now)
            position = line.seq

        each_part(lines, take, aside)
        return judged, given_up

    def job(self, provider: str) -> tuple[str, ...]:
        """Return what to ask the provider now, counted against its quota; nothing when it must be left alone.

        After a failure it is asked a single question.
        """
        limits, now = self._asked[provider][0], time.time_ns()
        with writing(self._engine) as connection:
            quota = next((one for one in queries.quotas(connection) if one.provider == provider), None)
            if free_at(quota, limits.questions, now) > now:
                return ()
            indicators = requests.newest(connection, provider, 1 if quota and quota.failures else limits.at_once)
            left = limits.questions - (quota.used if quota and quota.window_until > now else 0)
            taken = tuple(indicators[:left])
            span = window(now, limits.window_seconds)
            if not taken or not queries.spend(connection, provider, len(taken), span, limits.questions, now_ns=now):
                return ()
        return taken

    def record(self, provider: str, answers: Mapping[str, Answer]) -> bool:
        """Store what the provider answered; return whether a verdict changed."""
        now = time.time_ns()
        with writing(self._engine) as connection:
            queries.record_answer(connection, provider)
            requests.done(connection, provider, answers)
            return self._keep(connection, provider, answers, now)

    def record_fetched(self, provider: str) -> None:
        """Note that a list was fetched."""
        with writing(self._engine) as connection:
            queries.record_answer(connection, provider)

    def record_failure(self, provider: str, reason: str, wait_seconds: float | None) -> None:
        """Store that the provider failed, and for how long it is left alone."""
        now = time.time_ns()
        with writing(self._engine) as connection:
            failures = next((one.failures for one in queries.quotas(connection) if one.provider == provider), 0)
            pause = pause_ns(failures, random.random(), wait_seconds)  # noqa: S311  # jitter
            queries.record_failure(connection, provider, reason, not_before=now + pause)

    def count_fetch(self, provider: str) -> None:
        """Count that a list is fetched."""
        now = time.time_ns()
        with writing(self._engine) as connection:
            queries.spend(
                connection, provider, 1, window(now, UNLIMITED.window_seconds), UNLIMITED.questions, now_ns=now
            )

    def look_up_all(self, provider: str) -> bool:
        """Look up all attackers of late in a new version of a list, and drop what it no longer says."""
        now, judged = time.time_ns(), False
        with reading(self._engine) as connection:
            recent = attackers_since(connection, now - self._terms.look_back_ns)
            listed = queries.known_to(connection, provider)
        for part in parts({*recent, *listed}):
            judged |= self._look_up_again(provider, part, now)
        return judged

    def _take(self, connection: Connection, attackers: Sequence[str], now: int) -> tuple[bool, int]:
        judged, given_up = False, 0
        known = self._told(connection, attackers)
        for name, find in self._local.items():
            found = _found(find, known)
            new = queries.without_current_finding(connection, name, found, now_ns=now)
            judged |= self._keep(connection, name, {text: found[text] for text in new}, now)
        for name, (_, takes) in self._asked.items():
            asked = [text for text, address in known.items() if takes(address)]
            new = queries.without_current_finding(connection, name, asked, now_ns=now)
            requests.request(connection, name, new, now_ns=now)
            given_up += requests.give_up_oldest(connection, name, self._terms.queue) if new else 0
        return judged, given_up

    def _look_up_again(self, provider: str, indicators: Sequence[str], now: int) -> bool:
        """Look indicators up in a list or file; return whether a verdict changed. One that fails is set aside."""
        judged = False

        def look_up(part: Sequence[str]) -> None:
            nonlocal judged
            with writing(self._engine) as connection:
                found = _found(self._local[provider], self._told(connection, part))
                gone = [one for one in part if one not in found]
                requests.done(connection, provider, part)
                queries.withdraw(connection, provider, gone)
                kept = self._keep(connection, provider, found, now)
                take_back(connection, part)
                judged |= self._judge(connection, gone, now) or kept

        def aside(indicator: str, error: Exception) -> None:
            self._set_aside(indicator, error, now)
            with writing(self._engine) as connection:
                requests.done(connection, provider, [indicator])

        each_part(indicators, look_up, aside)
        return judged

    def _set_aside(self, attacker: str, error: Exception, now: int) -> None:
        log.error("attacker not looked up address=%s", for_terminal(attacker), exc_info=error)
        with writing(self._engine) as connection:
            set_aside(connection, attacker, f"{type(error).__name__}: {error}", now_ns=now)

    def _keep(self, connection: Connection, provider: str, answers: Mapping[str, Answer], now: int) -> bool:
        terms = self._terms
        queries.keep(
            connection,
            (
                Finding(
                    indicator,
                    provider,
                    answer.verdict,
                    answer.reasons,
                    answer.detail,
                    now,
                    now + (terms.keep_ns if answer.is_known else terms.negative_ns),
                )
                for indicator, answer in answers.items()
            ),
        )
        return self._judge(connection, answers, now)

    def _judge(self, connection: Connection, indicators: Iterable[str], now: int) -> bool:
        changes = judge(connection, indicators, now_ns=now)
        notices.add_all(
            connection,
            (
                (
                    f"attacker.judged:{one.indicator}:{now}",
                    AttackerJudged(now, one.indicator, one.now.verdict, one.before, one.now.reasons),
                )
                for one in changes
            ),
            now,
        )
        return bool(changes)

    def _returning(self, returned_at: int, now: int) -> bool:
        """Take attackers that were seen since the last look; what is known of them still holds, or is asked again."""
        if 0 <= now - returned_at < RETURNING_SECONDS * SECOND_NS:
            return False
        since = returned_at - _LATE_NS if returned_at else now - self._terms.look_back_ns
        with reading(self._engine) as connection:
            recent = attackers_since(connection, since)
        judged = False

        def take(part: Sequence[str]) -> None:
            nonlocal judged
            with writing(self._engine) as connection:
                found, _ = self._take(connection, part, now)
                take_back(connection, part)
            judged |= found

        for part in parts(recent):
            each_part(part, take, lambda attacker, error: self._set_aside(attacker, error, now))
        with writing(self._engine) as connection:
            move_cursor(connection, RETURNING, now, now_ns=now)
        return judged

    def _forget(self, now: int) -> None:
        if now - self._forgotten_at < _FORGET_SECONDS * SECOND_NS:
            return
        before = now - self._terms.forget_ns
        with writing(self._engine) as connection:
            forgotten = queries.forgotten(connection, before, _FORGET_BATCH)
            self._judge(connection, forgotten, now)
            forget_unjudged(connection, before, _FORGET_BATCH)
        if len(forgotten) < _FORGET_BATCH:
            self._forgotten_at = now

    def _free(self, quotas: Mapping[str, Quota], waiting: Mapping[str, int], now: int) -> dict[str, int]:
        return {
            name: free_at(quotas.get(name), limits.questions, now)
            for name, (limits, _) in self._asked.items()
            if waiting.get(name)
        }

    def _told(self, connection: Connection, texts: Sequence[str]) -> Mapping[str, Address]:
        """Return those of the addresses that others may be told, and that are looked up at all."""
        own = of_deckies(connection, texts)
        return self._askable([text for text in texts if text not in own])


def _found(find: Find, known: Mapping[str, Address]) -> dict[str, Answer]:
    return {text: answer for text, address in known.items() if (answer := find(address)) is not None}


def _names(line: OutboxLine) -> list[str]:
    """Return the attacker that a notice announces, if it can be read."""
    with contextlib.suppress(msgspec.DecodeError):
        return _new_attackers([line])
    return []


def _new_attackers(lines: Iterable[OutboxLine]) -> list[str]:
    observed = (_observed.decode(line.body) for line in lines if line.kind == _OBSERVED)
    return list(dict.fromkeys(one.attacker for one in observed))


def _advance(connection: Connection, start: int, end: int, now: int) -> None:
    if not advance_cursor(connection, WORKER, start, end, now_ns=now):
        raise CursorMovedError(f"another instance has moved the cursor {WORKER}")
