# SPDX-License-Identifier: MIT
"""One attacker's page for a terminal: a section for each kind of data that exists."""

from collections.abc import Sequence

from decnet.show.columns import columns
from decnet.show.times import moment
from decnet_models.attackers.profile import AttackerProfile, CredentialUse, Seen, Session
from decnet_models.ttp.queries import TechniqueSeen
from decnet_workers.ttp.attack import technique


def page(profile: AttackerProfile, techniques: Sequence[TechniqueSeen]) -> str:
    """Return everything about the attacker, attacker text escaped."""
    one = profile.attacker
    head = f"{one.ip}  score {one.score}  {one.events} events, {moment(one.first_seen)} to {moment(one.last_seen)}"
    sections = (
        ("score", ("points", "term", "because"), [(t.points, t.name, t.reason) for t in profile.terms]),
        ("behaviour", ("trait", "because"), [(t.name, t.reason) for t in profile.traits]),
        ("techniques", ("technique", "name", "tags", "first seen", "rules"), [_technique(t) for t in techniques]),
        ("phases", ("phase", "events", "first seen", "last seen"), _path(profile.phases)),
        ("deckies, in the order of the visit", ("decky", "events", "first seen", "last seen"), _path(profile.deckies)),
        ("services", ("service", "events", "first seen", "last seen"), _path(profile.services)),
        ("tools", ("tool", "purpose", "events"), [(t.name, t.purpose, t.events) for t in profile.tools]),
        ("fingerprints", ("type", "value", "events"), [(f.type, f.value, f.events) for f in profile.fingerprints]),
        (
            "credentials",
            ("service", "user", "secret", "tries", "accepted"),
            [_credential(c) for c in profile.credentials],
        ),
        ("sessions", ("opened", "service", "decky", "user", "s", "commands", "recording"), _sessions(profile.sessions)),
        ("commands", ("time", "decky", "command"), [(moment(c.ts), c.decky, c.text) for c in profile.commands]),
        (
            "canary hits",
            ("time", "channel", "token", "target"),
            [(moment(h.ts), h.channel, h.token, h.target) for h in profile.canary_hits],
        ),
    )
    return "\n\n".join([head, *(f"{title}\n{columns(heading, rows)}" for title, heading, rows in sections if rows)])


def _path(path: Sequence[Seen]) -> list[tuple[object, ...]]:
    return [(seen.name, seen.events, moment(seen.first_seen), moment(seen.last_seen)) for seen in path]


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
