# SPDX-License-Identifier: MIT
"""Listings with their conditions in all combinations, page by page, against the same conditions in Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import msgspec
import pytest
from sqlalchemy import Connection, Engine, insert

from decnet.findings import attackers, credentials, sessions
from decnet_models.attackers.profile import Attacker
from decnet_models.attackers.tables import attacker, attacker_session, credential, credential_use
from decnet_models.database.engine import writing
from decnet_models.database.rows.keyset import Direction
from decnet_models.database.window import ALWAYS_UNTIL, Window
from decnet_models.incidents import queries as incidents
from decnet_models.incidents.tables import incident, incident_action, incident_value
from decnet_models.incidents.values import Incident, row_of

Row = Mapping[str, Any]
Page = Callable[[Any, Direction, int], Sequence[Row]]
"""Returns a page, given what is known of the row before (None: the first page), the direction, and the most rows."""

DIRECTIONS: tuple[Direction, ...] = ("asc", "desc")
IPS = [f"192.0.2.{number}" for number in range(1, 16)] + [f"198.51.100.{number}" for number in range(1, 16)]
WINDOWS = (Window(), Window(4), Window(0, 6), Window(3, 7), Window(4, 5))
CHOSEN = 16
"""Combinations that are tried of each listing."""


def chosen(*options: Sequence[Any]) -> list[tuple[Any, ...]]:
    every = list(product(*options))
    return random.Random(1).sample(every, min(CHOSEN, len(every)))


def require(page: Page, order: Sequence[str], wanted: Sequence[Row]) -> None:
    """Compare the pages of 2 rows, and all rows on one page, with the rows that are wanted, in both directions."""

    def place(row: Row) -> tuple[Any, ...]:
        return tuple(row[name] for name in order)

    for direction in DIRECTIONS:
        expected = [place(row) for row in sorted(wanted, key=place, reverse=direction == "desc")]
        assert [place(row) for row in page(None, direction, 100)] == expected
        found: list[tuple[Any, ...]] = []
        while rows := page(found[-1] if found else None, direction, 2):
            found += map(place, rows)
        assert found == expected


def within(row: Row, window: Window) -> bool:
    return bool(row["last_seen"] >= window.since and row["first_seen"] < window.until)


def spans(draw: random.Random) -> dict[str, int]:
    first, last = sorted((draw.randrange(10), draw.randrange(10)))
    return {"first_seen": first, "last_seen": last}


@pytest.fixture
def draw() -> random.Random:
    return random.Random(7)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with writing(engine) as connection:
        yield connection


@pytest.fixture
def known(connection: Connection, draw: random.Random) -> list[dict[str, Any]]:
    """Write attackers and return them."""
    made: list[dict[str, Any]] = [
        {
            **dict.fromkeys(Attacker.__struct_fields__, 0),
            "ip": ip,
            "events": draw.randrange(4),
            "score": draw.choice([0, 0, 10, 20]),
            "verdict": draw.choice(["benign", "malicious"]),
            **spans(draw),
        }
        for ip in IPS
    ]
    connection.execute(insert(attacker), made)
    return made


def test_attackers(connection: Connection, known: list[dict[str, Any]]) -> None:
    opened = [one for one in WINDOWS if one.until == ALWAYS_UNTIL]  # the others ask for minutes of activity
    options = (("score", "last_seen", "events"), (0, 10), (None, "benign"), (None, "192.0.2.0/28", "198.51"), opened)
    for order, score, verdict, network, window in chosen(*options):
        wanted = attackers.Narrowing(least_score=score, verdict=verdict, network=network)

        def page(
            after: Any,
            direction: Direction,
            limit: int,
            *,
            order: Any = order,
            wanted: Any = wanted,
            window: Any = window,
        ) -> list[Row]:
            found = attackers.attackers(
                connection, limit, order=order, direction=direction, wanted=wanted, window=window, after=after
            )
            return [msgspec.structs.asdict(one) for one in found]

        prefix = "" if network is None else network[:6]
        expected = [
            one
            for one in known
            if one["score"] >= score and verdict in (None, one["verdict"]) and one["ip"].startswith(prefix)
        ]
        require(page, (order, "ip"), [one for one in expected if within(one, window)])


def test_sessions(connection: Connection, known: list[dict[str, Any]], draw: random.Random) -> None:
    made: list[dict[str, Any]] = [
        {
            "attacker": draw.choice(IPS[:3]),
            "session": f"s{number:02}",
            "events": 1,
            "commands": 0,
            "first_seq": number,
            "service": draw.choice([None, "ssh"]),
            "decky": draw.choice([None, "a", "b"]),
            "username": draw.choice([None, "", "root"]),
            "recording": draw.choice([None, "0" * 64]),
            **spans(draw),
        }
        for number in range(40)
    ]
    connection.execute(insert(attacker_session), made)
    options = ((None, IPS[0]), (None, "a"), (None, "ssh"), (None, "", "root"), (None, True, False), WINDOWS)
    for address, decky, service, user, recorded, window in chosen(*options):
        wanted = sessions.Wanted(
            attacker=address, decky=decky, service=service, user=user, recorded=recorded, window=window
        )

        def page(after: Any, direction: Direction, limit: int, *, wanted: Any = wanted) -> list[Row]:
            found = sessions.sessions(connection, limit, wanted, after=after, direction=direction)
            return [msgspec.structs.asdict(one) for one in found]

        same = {"attacker": address, "decky": decky, "service": service, "username": user}
        expected = [
            one
            for one in made
            if all(value is None or one[name] == value for name, value in same.items())
            and recorded in (None, one["recording"] is not None)
            and within(one, window)
        ]
        require(page, ("last_seen", "attacker", "session"), expected)


def test_credentials(connection: Connection, known: list[dict[str, Any]], draw: random.Random) -> None:
    texts = [None, "", "100%", "a_b", "a/b", "aXb", "A_B", "ü"]
    made: list[dict[str, Any]] = []
    for number in range(40):
        tried = draw.sample(IPS, draw.randrange(1, 4))
        made.append(
            {
                "digest": f"{number:032}",
                "uses": len(tried) + draw.randrange(3),
                "first_seq": number,
                "accepted": draw.choice([0, 0, 1]),
                "username": draw.choice(["root", "a_b"]),
                "password": draw.choice(texts),
                "public_key": draw.choice(texts),
                **spans(draw),
                "tried": tried,
            }
        )
    connection.execute(insert(credential), [{name: one[name] for name in one if name != "tried"} for one in made])
    used = {"service": "ssh", "uses": 1, "accepted": 0, "first_seen": 1, "last_seen": 1}
    uses = [
        {"attacker": ip, "credential": one["digest"], "decky": decky, **used}
        for one in made
        for ip in one["tried"]
        for decky in ("a", "b")
    ]
    connection.execute(insert(credential_use), uses)
    options = (("uses", "last_seen"), ("", "%", "a_b", "a/", "ü"), (None, True, False), (0, 1, 2, 3, 4))
    for order, text, accepted, least in chosen(*options):
        wanted = credentials.Wanted(text=text, accepted=accepted, least_attackers=least)

        def page(
            after: Any, direction: Direction, limit: int, *, order: Any = order, wanted: Any = wanted
        ) -> list[Row]:
            found = credentials.credentials(connection, limit, wanted, order=order, direction=direction, after=after)
            return [msgspec.structs.asdict(one) for one in found]

        expected = [
            one
            for one in made
            if accepted in (None, one["accepted"] > 0)
            and len(one["tried"]) >= least
            and any(text.lower() in (one[name] or "").lower() for name in ("username", "password", "public_key"))
        ]
        require(page, (order, "digest"), expected)
        numbers = {one["digest"]: len(one["tried"]) for one in made}
        assert all(one["attackers"] == numbers[one["digest"]] for one in page(None, "asc", 100))


def test_incidents(connection: Connection, draw: random.Random) -> None:
    made: list[dict[str, Any]] = []
    for number in range(1, 41):
        times, state = spans(draw), draw.choice(["new", "acknowledged", "closed"])
        severity, score = draw.randrange(1, 5), draw.randrange(3)
        bare = Incident(number, IPS[0], None, None, severity, score, 0, 0, 1, 1, 1, 1, {}, "", "", 0)
        one = msgspec.structs.replace(bare, **times)
        values = {"attacker": draw.choice(IPS[:2]), "decky": draw.choice("ab"), "technique": draw.choice(["T1", "T2"])}
        row = {**msgspec.structs.asdict(one), "state": state, "values": values}
        if number > 1 and draw.random() < 0.1:
            row["merged_into"] = one.merged_into = 1
        connection.execute(insert(incident).values(row_of(one)))
        for field, value in values.items():
            counted = {"field": field, "value": value, "notices": 1, "first_seen": 1, "last_seen": 1}
            connection.execute(insert(incident_value).values(incident=number, **counted))
        for verb in {"new": ["note"], "acknowledged": ["acknowledged", "note"], "closed": ["acknowledged", "closed"]}[
            state
        ]:
            acted = {"verb": verb, "who": "me", "note": "", "created_at": 1}
            connection.execute(insert(incident_action).values(incident=number, **acted))
        made.append(row)
    states = ((), ("new",), ("acknowledged", "closed"), ("new", "acknowledged", "closed"))
    options = (states, (1, 3), (0, 2), (None, *WINDOWS[1:]), (None, IPS[0]), (None, "a"), (None, "T1"))
    for of, severity, score, window, address, decky, technique in chosen(*options):
        asked = incidents.Selection(
            states=of,
            least_severity=severity,
            least_score=score,
            window=window,
            attacker=address,
            decky=decky,
            technique=technique,
        )

        def page(after: Any, direction: Direction, limit: int, *, asked: Any = asked) -> list[Row]:
            found = incidents.incidents(connection, limit, asked, before=after, direction=direction)
            return [{**msgspec.structs.asdict(one.incident), "state": one.state} for one in found]

        same = {"attacker": address, "decky": decky, "technique": technique}
        expected = [
            one
            for one in made
            if one["merged_into"] is None
            and (not of or one["state"] in of)
            and one["severity"] >= severity
            and one["score"] >= score
            and all(value is None or one["values"][name] == value for name, value in same.items())
            and within(one, window or Window())
        ]
        require(page, ("last_seen", "id"), expected)
        found_states = {one["id"]: one["state"] for one in page(None, "asc", 100)}
        assert found_states == {one["id"]: one["state"] for one in expected}
