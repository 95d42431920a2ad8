# SPDX-License-Identifier: MIT
"""`decnet summary`: a span of time on one page."""

import msgspec
from sqlalchemy import Connection

from decnet.history.tally import Ranked, Tally, tally_of
from decnet_models.artifacts.queries import Artifact, artifacts
from decnet_models.attackers.profile import Attacker, Session
from decnet_models.attackers.queries import attackers, new_in, sessions
from decnet_models.database.window import Window
from decnet_models.history.counts import COMMAND, LOGIN, REQUEST, TOKEN
from decnet_models.known.queries import added_since
from decnet_models.ttp.queries import TechniqueUsed, techniques_in


class Used(msgspec.Struct, frozen=True):
    """Something that attackers sent, with how often and by how many addresses."""

    value: str
    times: int
    attackers: int


class LoginUsed(msgspec.Struct, frozen=True):
    """A credential with how often it was tried and let in, and by how many addresses."""

    username: str
    secret: str | None
    tries: int
    accepted: int
    attackers: int


class Summary(msgspec.Struct, frozen=True):
    """What happened; each list begins with what matters most and is bounded."""

    window: Window
    events: int
    attackers: int
    new_attackers: int
    """How many of them had never been here before."""
    accepted_logins: int
    kinds: dict[str, int]
    hours: dict[int, int]
    """Events by hour, in hours since the Unix epoch; hours without any are left out."""
    deckies: dict[str, int]
    highest_scores: tuple[Attacker, ...]
    technique_count: int
    techniques: tuple[TechniqueUsed, ...]
    credentials: tuple[LoginUsed, ...]
    commands: tuple[Used, ...]
    requests: tuple[Used, ...]
    sessions: tuple[Session, ...]
    files: tuple[Artifact, ...]
    canary_tokens: tuple[Used, ...]
    not_counted: int
    """Occurrences of values beyond the number of different ones that are counted of an hour."""
    made_known: int
    """Known sources that were added since the span began; what came from them before is in the counts."""


def summary_of(connection: Connection, window: Window, limit: int) -> Summary:
    """Return the summary of a span of time, each list with at most `limit` entries."""
    tally, techniques = tally_of(connection, window), techniques_in(connection, window)
    return Summary(
        window=window,
        events=tally.events,
        attackers=len(tally.attackers),
        new_attackers=len(tally.attackers & new_in(connection, window)),
        accepted_logins=tally.accepted_logins,
        kinds=dict(tally.kinds.most_common()),
        hours=dict(sorted(tally.hours.items())),
        deckies=dict(tally.deckies.most_common(limit)),
        highest_scores=tuple(attackers(connection, limit, order="score", window=window)),
        technique_count=len(techniques),
        techniques=tuple(techniques[:limit]),
        credentials=tuple(logins_of(tally, limit)),
        commands=tuple(map(_used, tally.most_sent(COMMAND, limit))),
        requests=tuple(map(_used, tally.most_sent(REQUEST, limit))),
        sessions=tuple(sessions(connection, limit, window=window)),
        files=tuple(artifacts(connection, limit, kind="file", window=window)),
        canary_tokens=tuple(map(_used, tally.most_sent(TOKEN, limit))),
        not_counted=tally.not_counted,
        made_known=added_since(connection, window.since),
    )


def logins_of(tally: Tally, limit: int) -> list[LoginUsed]:
    """Return the credentials that were tried most often."""
    return [
        LoginUsed(one.value.text, one.value.secret, one.times, one.accepted, one.attackers)
        for one in tally.most_sent(LOGIN, limit)
    ]


def _used(one: Ranked) -> Used:
    return Used(one.value.text, one.times, one.attackers)
