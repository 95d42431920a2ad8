# SPDX-License-Identifier: MIT
"""Listings that join several domains: none looks at every row of a table that grows, except where that is said."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine
from tests.decnet_models.database.test_query_plans import SMALL, recorded, sqlite_scans

from decnet.findings.attackers import Narrowing, attackers
from decnet.findings.credentials import Wanted as Credentials
from decnet.findings.credentials import credentials, uses_of
from decnet.findings.overview import overview_of
from decnet.findings.sessions import Wanted as Sessions
from decnet.findings.sessions import sessions, sessions_beginning_with
from decnet.findings.timeline import timeline_of
from decnet.history.language import parsed
from decnet.history.walk import page
from decnet_models.artifacts.queries import newest_sightings
from decnet_models.database.engine import reading
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.window import Window
from decnet_models.known.matching import KnownSources

SPAN = Window(10**18, 2 * 10**18)
SUMS = {"hourly_count", "incident", "incident_action", "dead_letter"}
"""Counts by hour of a span, open incidents, which people close, and what no worker could handle."""

DIRECTIONS: tuple[Direction, ...] = ("desc", "asc")

Ask = Callable[[Connection], object]


def _narrowed(**wanted: object) -> Ask:
    return lambda connection: attackers(connection, 10, wanted=Narrowing(**wanted), after=(5, "x"))  # type: ignore[arg-type]  # its fields


def _query(text: str, direction: Direction) -> Ask:
    return lambda connection: page(connection, parsed(text), KnownSources(), 10, (5, 5), direction=direction)


ASKED: dict[str, Ask] = {
    "by score": lambda c: attackers(c, 10, after=(5, "x")),
    "last seen": lambda c: attackers(c, 10, order="last_seen", after=(5, "x")),
    "in a window": lambda c: attackers(c, 10, window=SPAN),
    "since": lambda c: attackers(c, 10, window=Window(10**18)),
    **{name: _narrowed(**{name: "x"}) for name in ("decky", "tool", "credential", "file", "technique", "fingerprint")},
    "typed fingerprint": _narrowed(fingerprint="x", fingerprint_type="y"),
    "service": _narrowed(service="x"),
    "network": _narrowed(network="10.0.0.0/8"),
    "identity": _narrowed(identity=UUID(int=1)),
    "campaign": _narrowed(campaign=UUID(int=1)),
    "sessions": lambda c: sessions(c, 10, after=(5, "x", "y")),
    "some sessions": lambda c: sessions(c, 10, Sessions(attacker="x", decky="y", recorded=True, window=SPAN)),
    "sessions by name": lambda c: sessions_beginning_with(c, "x", 10),
    "credentials": lambda c: credentials(c, 10, after=(5, "x")),
    "some credentials": lambda c: credentials(c, 10, Credentials(text="x", accepted=True, least_attackers=2)),
    "uses": lambda c: uses_of(c, "x", 10, after=("x", "y", "z")),
    "uses backwards": lambda c: uses_of(c, "x", 10, after=("x", "y", "z"), direction="desc"),
    "timeline": lambda c: timeline_of(c, "x", SPAN, 3600),
    "sightings": lambda c: newest_sightings(c, ["x"]),
    "overview": lambda c: overview_of(c, 10**18),
    **{
        f"{text or 'all events'} {direction}": _query(text, direction)
        for direction in DIRECTIONS
        for text in (
            *("", "kind:auth.attempt", "kind:auth.attempt,http.request", "kind:*", "src:192.0.2.7", "src:10.0.0.0/8"),
            *("src:192.0.2.7,192.0.2.8", "session:x", "decky:x", "-port:22", "since:1h", "since:1h kind:auth.attempt"),
            *("word", "word session:x", "ab"),
        )
    },
}


@pytest.mark.parametrize("name", ASKED)
def test_an_index_serves_it(sqlite_engine: Engine, name: str) -> None:
    with recorded(sqlite_engine) as sent, reading(sqlite_engine) as connection:
        ASKED[name](connection)
    assert sent
    with reading(sqlite_engine) as connection:
        scanned = {
            (table, statement)
            for statement, parameters in sent
            for table in sqlite_scans(connection, statement, parameters) - SMALL.keys()
        }
    allowed = SUMS if name == "overview" else set()
    assert {one for one in scanned if one[0] not in allowed} == set()
