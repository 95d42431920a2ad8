# SPDX-License-Identifier: MIT
"""Rules of ttp: list with hits, enable, disable, cap; try them, or a text, on events; the operator's own files."""

from __future__ import annotations

import time
from typing import Annotated
from uuid import UUID

import msgspec
from fastapi import APIRouter, Path, Query
from sqlalchemy import Connection

from decnet.cli.errors import NotFoundError
from decnet.detection import asking
from decnet.detection.values import Tried
from decnet_core.events.codec import BadEventError, decode
from decnet_core.events.envelope import Event
from decnet_core.text import for_terminal
from decnet_core.timing.durations import HOUR_NS
from decnet_models.events.queries import events_after, last_seq
from decnet_models.ttp.rule_states import RuleHits, RuleState, hits_by_rule, rule_states, set_rule_state
from decnet_web.api.audit import audited, record
from decnet_web.api.dependencies import Admin, Analyst, InFleet, Viewer
from decnet_web.api.problems import Problem
from decnet_web.api.routes.fleet.rules import files
from decnet_web.api.routes.fleet.rules.shapes import (
    RuleCheckAsked,
    RuleChecked,
    RuleFileAsked,
    RuleFileList,
    RuleFileText,
    RuleFinding,
    RuleList,
    RuleRefusal,
    RuleShown,
    RuleStateAsked,
    RuleStateShown,
)

router = APIRouter(tags=["rules"])

Rule = Annotated[UUID, Path(description="The rule's id.")]
FileName = Annotated[str, Path(max_length=100, description="NAME.yml")]
Digest = Annotated[str, Query(max_length=64, description="Of the file as you have seen it.")]

_HITS_EVENTS = 1_000_000


@router.get("/rules")
async def list_rules(fleet: InFleet, _viewer: Viewer) -> RuleList:
    """List all rules with their state and how often they found something lately, and those that were refused."""
    known = await fleet.thread(lambda: asking.catalogue(fleet.deployment))
    states, hits = await fleet.read(_states_and_hits)
    folder = asking.own_folder(fleet.deployment)
    return RuleList(
        items=[_row(one, states.get(one.id), hits.get(one.id)) for one in known.rules],
        refused=[RuleRefusal.model_validate(one) for one in known.refused],
        own_folder=str(folder) if folder else None,
    )


@router.put("/rules/{rule}/state")
async def set_rule(rule: Rule, asked: RuleStateAsked, fleet: InFleet, analyst: Analyst) -> RuleShown:
    """Enable, disable or cap a rule: from the next events on, without a restart."""
    if (asked.state == "capped") != (asked.cap is not None):
        raise Problem(422, "Bad input", "a capped rule has a `cap`, another has none")
    known = await fleet.thread(lambda: asking.catalogue(fleet.deployment))
    one = next((each for each in known.rules if each.id == rule), None)
    if one is None:
        raise NotFoundError(f"there is no rule {rule}")
    now = time.time_ns()
    until = now + int(asked.hours * HOUR_NS) if asked.hours and asked.state != "enabled" else None

    def write(connection: Connection) -> RuleShown:
        set_rule_state(connection, RuleState(rule, asked.state, asked.cap, until, asked.reason), now_ns=now)
        record(
            connection,
            analyst,
            f"rule.{asked.state}",
            str(rule),
            title=one.title,
            **asked.model_dump(exclude_defaults=True),
        )
        states, hits = _states_and_hits(connection)
        return _row(one, states.get(rule), hits.get(rule))

    return await fleet.write(write)


@router.post("/rules/check")
async def check_rules(asked: RuleCheckAsked, fleet: InFleet, _analyst: Analyst) -> RuleChecked:
    """Try rules on events: all that are loaded, or those of a text, which is checked by that. Nothing is written.

    They are read and tried by a process of its own, whose time and memory are limited.
    """
    events = _given(asked) if asked.events is not None else await fleet.read(lambda one: _newest(one, asked.newest))

    def work() -> Tried:
        plain = [event for _, event in events]
        if asked.text is None:
            return asking.try_rules(fleet.deployment, plain, seconds=asked.seconds)
        replaces = files.checked(asked.replaces) if asked.replaces else ""
        return asking.try_text(fleet.deployment, asked.text, plain, seconds=asked.seconds, replaces=replaces)

    return _checked(await fleet.thread(work), events)


@router.get("/rules/files")
async def list_rule_files(fleet: InFleet, _viewer: Viewer) -> RuleFileList:
    """List the files of the operator's own rules."""
    return await fleet.thread(lambda: files.listed(fleet.deployment))


@router.get("/rules/files/{name}")
async def show_rule_file(name: FileName, fleet: InFleet, _viewer: Viewer) -> RuleFileText:
    """Show a file of rules, an own one or a shipped one, as it is."""
    return await fleet.thread(lambda: files.text_of(fleet.deployment, name))


@router.put("/rules/files/{name}")
async def replace_rule_file(name: FileName, asked: RuleFileAsked, fleet: InFleet, admin: Admin) -> RuleFileText:
    """Make or replace a file of one's own rules, if all of them are good; ttp reads it with its next events."""
    made = await fleet.thread(lambda: files.replace(fleet.deployment, name, asked.text, asked.digest))
    await audited(fleet, admin, "rule.file", name, digest=made.digest, before=asked.digest)
    return made


@router.delete("/rules/files/{name}", status_code=204)
async def remove_rule_file(name: FileName, digest: Digest, fleet: InFleet, admin: Admin) -> None:
    """Remove a file of one's own rules; what they found stays."""
    await fleet.thread(lambda: files.remove(fleet.deployment, name, digest))
    await audited(fleet, admin, "rule.file.remove", name, before=digest)


def _states_and_hits(connection: Connection) -> tuple[dict[UUID, RuleState], dict[UUID, RuleHits]]:
    return rule_states(connection), hits_by_rule(connection, last_seq(connection) - _HITS_EVENTS)


def _row(one: object, state: RuleState | None, hits: RuleHits | None) -> RuleShown:
    fields = msgspec.structs.asdict(one)  # type: ignore[arg-type]  # a RuleListed
    return RuleShown.model_validate(
        {
            **fields,
            "setting": RuleStateShown.model_validate(state) if state else None,
            "hits": hits.tags if hits else 0,
            "attackers": hits.attackers if hits else 0,
            "last_seen": hits.last_seen if hits else None,
        }
    )


def _newest(connection: Connection, count: int) -> list[tuple[int | None, Event]]:
    if count == 0:
        return []
    found = events_after(connection, max(0, last_seq(connection) - count), count)
    return [(one.seq, one.event) for one in found]


def _given(asked: RuleCheckAsked) -> list[tuple[int | None, Event]]:
    found: list[tuple[int | None, Event]] = []
    for number, one in enumerate(asked.events or ()):
        try:
            found.append((None, decode(msgspec.json.encode(one))))
        except BadEventError as error:
            raise Problem(422, "Bad event", f"events/{number} is none: {for_terminal(str(error), 300)}") from error
    return found


def _checked(tried: Tried, events: list[tuple[int | None, Event]]) -> RuleChecked:
    findings = []
    for one in tried.first:
        seq, event = events[one.event]
        findings.append(
            RuleFinding(
                seq=seq,
                index=one.event,
                ts=event.ts,
                kind=event.kind,
                attacker=event.src_ip,
                decky=event.decky,
                summary=for_terminal(event.payload.summary(), 512),
                rule=one.rule,
                title=one.title,
                level=one.level,
                technique=one.technique,
            )
        )
    return RuleChecked(
        good=not tried.refused,
        rules=tried.rules,
        refused=[RuleRefusal.model_validate(one) for one in tried.refused],
        events=tried.events,
        findings=tried.findings,
        first=findings,
        complete=tried.complete,
    )
