# SPDX-License-Identifier: MIT
"""How an incident is shown in a list."""

import msgspec
from sqlalchemy import Connection

from decnet.show.times import moment
from decnet_models.incidents import queries
from decnet_models.incidents.queries import Listed
from decnet_workers.webhook.incidents.severity import WORDS

HEADING = ("incident", "state", "severity", "score", "attacker", "notices", "first seen", "last seen", "decisive line")


class Summary(msgspec.Struct, frozen=True):
    """An incident as scripts get it."""

    incident: int
    state: str
    severity: str
    score: int
    attacker: str
    attackers: int
    identity: str | None
    notices: int
    counts: dict[str, int]
    first_seen: int
    last_seen: int
    line: str
    line_kind: str


def summary(listed: Listed) -> Summary:
    one = listed.incident
    return Summary(
        incident=one.id,
        state=listed.state,
        severity=WORDS[one.severity],
        score=one.score,
        attacker=one.attacker,
        attackers=one.attackers,
        identity=None if one.identity is None else str(one.identity),
        notices=one.notices,
        counts=one.counts,
        first_seen=one.first_seen,
        last_seen=one.last_seen,
        line=one.line,
        line_kind=one.line_kind,
    )


def open_by_severity(connection: Connection) -> dict[str, int]:
    """Return how many incidents nobody has closed, most severe first."""
    counts = queries.count_open(connection)
    return {WORDS[severity]: number for severity, number in sorted(counts.items(), reverse=True)}


def row(one: Summary) -> tuple[object, ...]:
    who = one.attacker if one.attackers == 1 else f"{one.attacker} +{one.attackers - 1}"
    times = (moment(one.first_seen), moment(one.last_seen))
    return one.incident, one.state, one.severity, one.score, who, one.notices, *times, one.line
