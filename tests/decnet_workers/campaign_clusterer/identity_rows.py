# SPDX-License-Identifier: MIT
"""A database in memory with identities as the clusterer writes them, and what campaign-clusterer made of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID, uuid5

from sqlalchemy import Engine, delete, func, select

from decnet_models.attackers import tables as attackers
from decnet_models.campaigns import tables as campaigns_tables
from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.database.engine import reading, warm_up_engine, writing
from decnet_models.events import tables as events
from decnet_models.grouping.evidence import add_evidence
from decnet_models.grouping.membership import create_group, place
from decnet_models.grouping.values import Evidence, Member
from decnet_models.identities import tables as identities
from decnet_models.identities.tables import IDENTITIES
from decnet_models.notices import tables as notices
from decnet_models.progress import tables as progress
from decnet_models.progress.queries import begin_cursor, move_cursor
from decnet_models.ttp import tables as ttp
from decnet_models.ttp.tables import ttp_tag
from decnet_workers.campaign_clusterer.worker import prepared, step

DAY = 86_400_000_000_000
START = 1_780_000_000_000_000_000
METADATA = tuple(
    domain.metadata for domain in (attackers, events, identities, campaigns_tables, notices, progress, ttp)
)
_NAMES = UUID("0c3c5f0e-7f55-4d6e-9c2b-6d0c1f7a9a22")


def identity(number: int) -> UUID:
    return uuid5(_NAMES, str(number))


@contextmanager
def empty_engine() -> Iterator[Engine]:
    """A database in memory with the tables that the worker uses."""
    with warm_up_engine() as engine:
        with writing(engine) as connection:
            for metadata in METADATA:
                metadata.create_all(connection)
        yield engine


def emptied(engine: Engine) -> Engine:
    """Begin anew in a database that a test has used: making the tables takes longer than most tests."""
    with writing(engine) as connection:
        for metadata in METADATA:
            for table in reversed(metadata.sorted_tables):
                connection.execute(delete(table))
    prepared(engine)
    return engine


def show(engine: Engine, number: int, *features: tuple[str, str], day: float = 0, address: str = "") -> None:
    """Let an identity show features from an address of its own."""
    ts, attacker = START + int(day * DAY), address or f"192.0.2.{number}"
    with writing(engine) as connection:
        create_group(connection, IDENTITIES, identity(number), now_ns=ts)
        place(connection, IDENTITIES, [Member(attacker, identity(number), 0.0, (), ts, ts, ts)])
        add_evidence(connection, IDENTITIES, [Evidence(attacker, kind, value, ts, ts) for kind, value in features])


def work(engine: Engine) -> None:
    """Let the worker step until nothing is left."""
    for _ in range(100):
        if not step(engine).identities:
            return
    raise AssertionError("the worker does not come to an end")


def campaigns(engine: Engine) -> dict[UUID, set[UUID]]:
    """Return the members of each campaign."""
    c, found = CAMPAIGNS.member.c, dict[UUID, set[UUID]]()
    with reading(engine) as connection:
        for one, campaign in connection.execute(select(c.identity, c.campaign)):
            found.setdefault(campaign, set()).add(one)
    return found


def visit(engine: Engine, number: int, *deckies: str, day: float = 0) -> None:
    """Let an identity visit deckies from an address of its own; ttp finds something at each."""
    ts, attacker = START + int(day * DAY), f"192.0.2.{number}"
    show(engine, number, day=day)
    with writing(engine) as connection:
        seq = connection.execute(select(func.coalesce(func.max(ttp_tag.c.seq), 0))).scalar_one()
        common = {"rule_id": _NAMES, "id": _NAMES, "event_id": _NAMES, "title": "", "level": "low", "ts": ts}
        rows = [
            common | {"seq": seq + place, "technique": "T1110", "attacker": attacker, "decky": decky}
            for place, decky in enumerate(deckies, 1)
        ]
        if rows:
            connection.execute(ttp_tag.insert(), rows)
        begin_cursor(connection, "ttp", now_ns=1)
        move_cursor(connection, "ttp", seq + len(rows), now_ns=1)
