# SPDX-License-Identifier: MIT
"""One attacker's page for a terminal: a section for each kind of data that exists."""

from collections.abc import Sequence
from itertools import pairwise

from decnet.show.columns import columns
from decnet.show.times import duration, moment
from decnet_models.attackers.analysis import Analysis
from decnet_models.attackers.profile import AttackerProfile, CredentialUse, Seen, Session
from decnet_models.attackers.stories import Story
from decnet_models.intel.queries import Finding
from decnet_models.ttp.queries import TechniqueSeen
from decnet_workers.ttp.attack import technique


def page(
    profile: AttackerProfile, meaning: Analysis, techniques: Sequence[TechniqueSeen], intel: Sequence[Finding]
) -> str:
    """Return everything about the attacker, attacker text escaped."""
    one = profile.attacker
    head = f"{one.ip}  score {one.score}  {one.events} events, {moment(one.first_seen)} to {moment(one.last_seen)}"
    sections = (
        ("score", ("points", "term", "because"), [(t.points, t.name, t.reason) for t in profile.terms]),
        ("behaviour", ("trait", "because"), [(t.name, t.reason) for t in profile.traits]),
        ("techniques", ("technique", "name", "tags", "first seen", "rules"), [_technique(t) for t in techniques]),
        ("others say", ("provider", "verdict", "because", "details"), [_finding(one) for one in intel]),
        ("phases of the kill chain", ("phase", *_PATH), _path(profile.phases)),
        ("deckies, in the order of the visit", ("decky", *_PATH), _path(profile.deckies)),
        ("services", ("service", *_PATH), _path(profile.services)),
        ("tools", ("tool", "purpose", "events"), [(t.name, t.purpose, t.events) for t in profile.tools]),
        ("fingerprints", ("type", "value", "events"), [(f.type, f.value, f.events) for f in profile.fingerprints]),
        (
            "credentials",
            ("service", "user", "secret", "tries", "accepted"),
            [_credential(c) for c in profile.credentials],
        ),
        ("password lists", ("list", "because"), [(one.name, one.reason) for one in meaning.password_lists]),
        ("sessions", ("opened", "service", "decky", "user", "s", "commands", "recording"), _sessions(profile.sessions)),
        ("what happened", ("session", "what", "who typed"), [_story(one) for one in meaning.stories]),
        ("commands", ("time", "decky", "command"), [(moment(c.ts), c.decky, c.text) for c in profile.commands]),
        (
            "canary hits",
            ("time", "channel", "token", "target"),
            [(moment(h.ts), h.channel, h.token, h.target) for h in profile.canary_hits],
        ),
    )
    return "\n\n".join([head, *(f"{title}\n{columns(heading, rows)}" for title, heading, rows in sections if rows)])


_PATH = ("events", "first seen", "after", "last seen")


def _path(path: Sequence[Seen]) -> list[tuple[object, ...]]:
    """Return rows of what was reached in this order, each with how long it took from the one before."""
    waits = [None, *(duration((later.first_seen - one.first_seen) / 1e9) for one, later in pairwise(path))]
    return [
        (seen.name, seen.events, moment(seen.first_seen), wait, moment(seen.last_seen))
        for seen, wait in zip(path, waits, strict=False)
    ]


def _finding(one: Finding) -> tuple[object, ...]:
    details = ", ".join(f"{name} {value}" for name, value in one.detail.items() if not isinstance(value, list))
    return one.provider, one.verdict, "; ".join(one.reasons), details


def _story(one: Story) -> tuple[object, ...]:
    return one.session[:20], one.sentence, one.typist.reason if one.typist else None


def _technique(seen: TechniqueSeen) -> tuple[object, ...]:
    known = technique(seen.technique)
    name = known.name if known else None
    return seen.technique, name, seen.tags, moment(seen.first_seen), "; ".join(seen.titles)


def _credential(use: CredentialUse) -> tuple[object, ...]:
    secret = use.password if use.password is not None else use.public_key
    return use.service, use.username, secret, use.uses, use.accepted


def _sessions(sessions: Sequence[Session]) -> list[tuple[object, ...]]:
    return [
        (
            moment(one.opened_at if one.opened_at is not None else one.first_seen),
            one.service,
            one.decky,
            one.username,
            None if one.duration_ms is None else round(one.duration_ms / 1000, 1),
            one.commands,
            one.recording[:16] if one.recording else None,
        )
        for one in sessions
    ]
