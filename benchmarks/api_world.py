# SPDX-License-Identifier: MIT
"""A fleet's database after a week of attacks that end now, for `api.py`: the same for the same numbers, but its times.

Events are inserted as ingest does; profiler and history are the real workers. What the slower ones find (techniques,
identities, incidents, files, intel) is inserted as rows, in numbers that fit: a tenth of the events have a technique,
a fifth of the attackers are in identities of five, a hundredth in incidents.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Engine, insert, select
from sqlalchemy.event import listen

from decnet_core.events.catalogue import (
    CommandRun,
    ConnectionOpened,
    HttpRequest,
    LoginAttempt,
    Payload,
    SessionClosed,
    SessionOpened,
)
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.worker import NoSettings
from decnet_core.state import SUPERVISORS, State
from decnet_core.timing.durations import HOUR_NS
from decnet_models.accounts.queries import Token, add_account, add_token
from decnet_models.artifacts.queries import Artifact, Sighting, register
from decnet_models.attackers.tables import attacker
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.events.queries import insert_events, last_seq
from decnet_models.events.tables import event
from decnet_models.following.cursor_worker import CursorWorker
from decnet_models.grouping.evidence import add_evidence
from decnet_models.grouping.membership import create_group, place
from decnet_models.grouping.values import Evidence, Member
from decnet_models.identities.tables import IDENTITIES
from decnet_models.incidents.tables import incident, incident_value
from decnet_models.intel.queries import Finding, keep
from decnet_models.migrations.upgrade import upgrade
from decnet_models.progress.queries import begin_cursor
from decnet_models.ttp.queries import Tag, add_tags
from decnet_workers.history.settings import HistorySettings
from decnet_workers.history.worker import History
from decnet_workers.profiler.worker import Profiler
from decnet_workers.ttp.attack import technique_ids

TOKEN = "decnet_benchmark_viewer"  # of a database that only this benchmark has
HEAVY = "203.0.113.66"
"""The attacker that a fiftieth of all events comes from."""
SPAN_NS = 7 * 24 * HOUR_NS
_BATCH = 10_000
_TECHNIQUES = ("T1110", *technique_ids()[::12][:60])
_DECKIES = ("web-01", "db-01", "nas-01", "mail-01", "vpn-01")


T = TypeVar("T")


class World(msgspec.Struct, frozen=True):
    """Names of what is asked for."""

    attacker: str
    event: str
    session: str
    file: str
    identity: str


def fill(state_root: Path, events: int, attackers: int) -> float:
    """Fill a state directory unless it is filled, or go on where that ended; return how many seconds that took."""
    began, url = time.monotonic(), f"sqlite:///{state_root / 'decnet.db'}"
    if (state_root / "world.json").exists():
        upgrade(url)  # of a version before this one
        return time.monotonic() - began
    state = State(state_root)
    state.create(SUPERVISORS)
    for worker in ("api", "bus"):
        state.run_of(worker).mkdir(parents=True, exist_ok=True)
    if not (state_root / "decnet.db").exists():
        upgrade(url)
    engine = open_engine(url)
    listen(engine, "connect", _hasten)
    with reading(engine) as connection:
        begun = last_seq(connection) > 0
    if not begun:
        _insert(engine, events, attackers)
    for follower in (Profiler(NoSettings()), History(HistorySettings())):
        _follow(engine, follower)
    world = _found(engine)
    engine.dispose()
    (state_root / "world.json").write_bytes(msgspec.json.encode(world))
    return time.monotonic() - began


def _hasten(connection: Any, _: Any) -> None:
    """Sync nothing, and hold the indexes in memory: a world that a power cut spoils is filled again."""
    for pragma in ("synchronous=OFF", "cache_size=-1000000", "wal_autocheckpoint=100000"):
        connection.execute(f"PRAGMA {pragma}").fetchone()


def world_of(state_root: Path) -> World:
    return msgspec.json.decode((state_root / "world.json").read_bytes(), type=World)


def address(number: int) -> str:
    return f"10.{number % 8}.{number // 8 % 250}.{number // 2000}" if number else HEAVY


def _payload(chance: random.Random) -> Payload:
    kind = chance.random()
    if kind < 0.55:
        user = chance.choice(("root", "admin", "oracle", "test"))
        secret = f"pass{int(5000 * chance.random() ** 3)}"
        return LoginAttempt("ssh", user, success=chance.random() < 0.01, password=secret)
    if kind < 0.70:
        return CommandRun("ssh", f"{chance.choice(('uname -a', 'cat /etc/shadow', 'wget'))} {chance.randrange(300)}")
    if kind < 0.75:
        return SessionOpened("ssh", chance.choice(("root", "admin")))
    if kind < 0.80:
        return SessionClosed("ssh", duration_ms=chance.randrange(60_000), commands=3)
    if kind < 0.9:
        return HttpRequest("GET", f"/p{chance.randrange(2000)}/x.php", user_agent="Mozilla/5.0 zgrab/0.x")
    return ConnectionOpened("ssh")


def _events(number: int, attackers: int) -> Iterator[Event]:
    chance, begin = random.Random(1), time.time_ns() - SPAN_NS
    for place_ in range(number):
        ts = begin + SPAN_NS * place_ // number
        payload = _payload(chance)
        # Each comes once, in turn; the rest are those who come often.
        source = place_ * attackers // number if chance.random() < 0.3 else int(attackers * chance.random() ** 3)
        source = 0 if chance.random() < 0.02 else source
        interactive = isinstance(payload, CommandRun | SessionOpened | SessionClosed)
        yield Event(
            id=uuid7(ts),
            ts=ts,
            sensor="sensor",
            payload=payload,
            decky=chance.choices(_DECKIES, (50, 30, 17, 2, 1))[0],
            src_ip=address(source),
            src_port=40_000,
            dst_ip="192.0.2.10",
            dst_port=22,
            session=f"session-{source}-{place_ // 20_000}" if interactive else None,
        )


def _insert(engine: Engine, number: int, attackers: int) -> None:
    source = _events(number, attackers)
    for batch in _parts(source, _BATCH):
        with writing(engine) as connection:
            insert_events(connection, batch)


def _follow(engine: Engine, worker: CursorWorker[Any]) -> None:
    with writing(engine) as connection:
        begin_cursor(connection, worker.name, now_ns=1)
    processor = worker._processor(engine, worker.name)
    while processor.step().lag:
        pass


def _found(engine: Engine) -> World:
    with writing(engine) as connection:
        now, digest = time.time_ns(), hashlib.sha256(TOKEN.encode()).hexdigest()
        add_account(connection, UUID(int=1), "viewer", "viewer", now_ns=now)
        add_token(connection, Token(digest, TOKEN[:8], UUID(int=1), "benchmark", "viewer", now))
    c = event.c
    with reading(engine) as connection:
        rows = connection.execute(select(c.seq, c.id, c.ts, c.src_ip, c.session, c.decky)).all()
        known = list(connection.execute(select(attacker.c.ip, attacker.c.first_seen)).all())
    for some in _parts(rows[::10], _BATCH):
        with writing(engine) as connection:
            add_tags(connection, [_tag(row) for row in some])
    file = _files(engine, rows)
    identity = _identities(engine, known[: len(known) // 5])
    _incidents(engine, rows)
    _intel(engine, [row.ip for row in known[::2]])
    middle = rows[len(rows) // 2]
    session = next(row for row in rows[len(rows) // 2 :] if row.session)
    return World(known[len(known) // 2][0], str(middle.id), session.session, file, identity)


def _parts(values: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def _tag(row: Any) -> Tag:
    technique = _TECHNIQUES[int(len(_TECHNIQUES) * random.Random(row.seq).random() ** 2)]
    named = (UUID(int=row.seq), "A rule's title", "medium", row.src_ip, row.id)
    return Tag(row.seq, UUID(int=7), technique, *named, row.ts, row.session, row.decky)


def _files(engine: Engine, rows: Any) -> str:
    digests = [hashlib.sha256(str(row.seq).encode()).hexdigest() for row in rows[::50]]
    for some in _parts(zip(rows[::50], digests, strict=True), _BATCH):
        with writing(engine) as connection:
            register(
                connection,
                [
                    (
                        Artifact(digest, "file", 1000, row.ts, row.ts),
                        Sighting(row.id, digest, row.ts, "ssh", row.src_ip, row.session, row.decky, "x.sh"),
                    )
                    for row, digest in some
                ],
            )
    return digests[-1]


def _identities(engine: Engine, known: Any) -> str:
    """Make identities of five attackers that share a key, and return one."""
    for groups in _parts(_parts(known, 5), 500):
        with writing(engine) as connection:
            for members in groups:
                group = UUID(
                    int=2**100 + int.from_bytes(hashlib.blake2b(members[0].ip.encode(), digest_size=8).digest())
                )
                key = f"SHA256:{group}"
                create_group(connection, IDENTITIES, group, now_ns=1)
                seen = [(row.ip, row.first_seen) for row in members]
                place(
                    connection,
                    IDENTITIES,
                    [Member(ip, group, 20.0, (("ssh_key", key, 20.0),), ts, ts, ts) for ip, ts in seen],
                )
                add_evidence(connection, IDENTITIES, [Evidence(ip, "ssh_key", key, ts, ts) for ip, ts in seen])
    return str(group)


def _incidents(engine: Engine, rows: Any) -> None:
    chosen = rows[:: max(1, len(rows) // 10_000)]
    made: list[dict[str, Any]] = []
    values: list[dict[str, Any]] = []
    for number, row in enumerate(chosen, 1):
        seen = {"notices": 3, "first_seen": row.ts, "last_seen": row.ts}
        made.append(
            {
                **seen,
                "id": number,
                "attacker": row.src_ip,
                "severity": 1 + number % 4,
                "score": number % 100,
                "opened_at": row.ts,
                "touched_at": row.ts,
                "attackers": 1,
                "counts": json.dumps({"ttp.tagged": 3}),
                "line": "cat /etc/shadow",
                "line_kind": "command",
                "line_rank": 1,
                "notified_severity": 0,
                "notified_notices": 0,
                "notifications": 0,
                "reminders": 0,
                "held": 0,
            }
        )
        for field, value in (("attacker", row.src_ip), ("decky", row.decky), ("technique", "T1110")):
            values.append({"incident": number, "field": field, "value": value, **seen})
    with writing(engine) as connection:
        connection.execute(insert(incident), made)
        connection.execute(insert(incident_value), values)


def _intel(engine: Engine, addresses: list[str]) -> None:
    chance = random.Random(2)
    for some in _parts(addresses, _BATCH):
        with writing(engine) as connection:
            keep(connection, [_finding(ip, chance.choice(("DE", "US", "CN", "FR"))) for ip in some])


def _finding(ip: str, country: str) -> Finding:
    return Finding(ip, "mmdb", "unknown", (), {"country": country, "asn": 64500}, 1, 2**62)
