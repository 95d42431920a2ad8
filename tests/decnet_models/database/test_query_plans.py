# SPDX-License-Identifier: MIT
"""Every query function of every domain, with sample arguments, on both databases: none reads a whole table by mistake.

A function that comes later is looked at by itself. What reads a whole table on purpose stands below with the reason; an
entry that is no longer needed is an error.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from unittest.mock import patch

import pytest
from query_smoke import REFUSALS, Query, query_functions, rounds, variants, warm_up_domains
from sqlalchemy import Connection, Engine, event

from decnet_models.database.domains import domains
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.rows import keyed_rows, row_select
from decnet_models.database.rows.driver_rows import driver_parts, driver_rows
from decnet_models.events import queries as event_queries
from decnet_models.identities import shown_rows
from decnet_models.migrations.check import declared_schema

SMALL = {
    "account": "people",
    "api_token": "what people gave to programs",
    "decky": "the fleet's own hosts",
    "decky_lease": "the fleet's own hosts",
    "decky_policy": "the fleet's own hosts",
    "decky_state": "the fleet's own hosts",
    "event_forgotten": "a row for each kind",
    "incident_silence": "written by people",
    "ingest_position": "a row for each spool",
    "intel_request": "bounded by a setting",
    "known_source": "written by people",
    "lease": "a row for each worker and shard",
    "login_throttle": "looked up by key; forgotten after a while",
    "persona": "written by people",
    "provider_quota": "a row for each provider",
    "sensor": "the fleet's own hosts",
    "trouble": "a row for each trouble of the fleet that has not ended",
    "ttp_rule_state": "a row for each rule that is not simply on",
    "webhook": "written by people",
    "webhook_state": "a row for each webhook",
    "worker_cursor": "a row for each worker",
}
"""Tables that do not grow with what attackers do: reading one whole is no harm."""

WHOLE = {
    "attackers.queries.attackers": "by events: asked seldom, and an index would cost every batch",
    "attackers.queries.count": "counts",
    "attackers.queries.credential_uses": "of all attackers: `accepted` first has no index; pages ask for one attacker",
    "attackers.queries.hits_by_token": "sums up",
    "events.queries.count": "sums up a row per hour and kind",
    "events.queries.count_by_kind": "sums up a row per hour and kind",
    "events.volume.volumes": "a row per hour and kind",
    "grouping.membership.count_members": "counts, once per start of the worker",
    "progress.queries.count_dead_letters": "counts what no worker could handle",
}
"""Functions that read a whole table or index because that is what they are for."""

SILENT = {"progress.lease_queries.now_of", "ttp.correlation_windows.prepared", "ttp.queries.prepared"}
"""Functions that ask SQLite nothing."""

TABLES = set(declared_schema().tables)
Statement = tuple[str, Any]


@contextlib.contextmanager
def recorded(engine: Engine) -> Iterator[list[Statement]]:
    """Give what is sent to the database, with parameters; of many sets of parameters, the first."""
    sent: list[Statement] = []

    def note(*told: Any) -> None:
        _, _, statement, parameters, _, many = told
        if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", statement, re.IGNORECASE):
            sent.append((statement, parameters[0] if many else parameters))

    def past_sqlalchemy(connection: Connection, text: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        sent.append((text, tuple(values)))
        return driver_rows(connection, text, values)

    def in_parts(connection: Connection, text: str, values: Sequence[Any], size: int) -> Iterator[Any]:
        sent.append((text, tuple(values)))
        return driver_parts(connection, text, values, size)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with (
            patch.object(row_select, "driver_rows", past_sqlalchemy),
            patch.object(keyed_rows, "driver_rows", past_sqlalchemy),
            patch.object(shown_rows, "driver_rows", past_sqlalchemy),
            patch.object(event_queries, "driver_parts", in_parts),
        ):
            yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def asked(engine: Engine) -> dict[str, dict[str, Any]]:
    """Call everything; return the distinct statements, with parameters, by function."""
    found: dict[str, dict[str, Any]] = {}
    with recorded(engine) as sent:
        for function, arguments in rounds(domains()):
            with contextlib.suppress(*REFUSALS), writing(engine) as connection:
                function(connection, **arguments)
            for statement, parameters in sent:
                found.setdefault(name_of(function), {}).setdefault(statement, parameters)
            sent.clear()
    return found


def name_of(function: Query) -> str:
    return f"{function.__module__.removeprefix('decnet_models.')}.{function.__name__}"


def sqlite_scans(connection: Connection, statement: str, parameters: Any) -> set[str]:
    """Return the tables of which SQLite would look at every row; a walk in order that LIMIT ends is none."""
    rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    plan = [str(row[3]) for row in rows]
    walks = "LIMIT" in statement and not any(re.search("B-TREE FOR (ORDER|GROUP|DISTINCT)", step) for step in plan)
    scanned = {step.split()[1] for step in plan if step.startswith("SCAN ")}
    return set() if walks else scanned & TABLES


def postgres_scans(connection: Connection, statement: str, parameters: Any) -> set[str]:
    """Return the tables of which PostgreSQL would look at every row though it is told to avoid that."""
    plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters).scalar_one()
    document = plan if isinstance(plan, list) else json.loads(plan)
    return set(_postgres_whole(document[0]["Plan"], limited=False)) & TABLES


def _postgres_whole(node: dict[str, Any], *, limited: bool) -> Iterator[str]:
    kind = node["Node Type"]
    limited = (limited or kind == "Limit") and kind not in {"Sort", "Aggregate", "Hash"}
    by_key = "Index Cond" in json.dumps(node)  # of a bitmap, the condition stands further below
    if "Scan" in kind and "Relation Name" in node and not by_key and not (limited and "Index" in kind):
        yield node["Relation Name"]
    for part in node.get("Plans", ()):
        yield from _postgres_whole(part, limited=limited)


@pytest.fixture
def lenient(url: str) -> Iterator[Engine]:
    """Give an engine on which samples need no parents, and PostgreSQL uses an index wherever it can."""
    engine = open_engine(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        settings = [
            "session_replication_role = replica",
            *(f"enable_{way} = off" for way in ("seqscan", "hashjoin", "mergejoin")),
        ]
        if engine.dialect.name == "sqlite":
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute("PRAGMA synchronous=OFF")
            return
        for setting in settings:
            connection.execute(f"SET {setting}")
        connection.commit()

    yield engine
    engine.dispose()


def test_no_query_reads_a_whole_table_that_grows(lenient: Engine) -> None:
    scans = sqlite_scans if lenient.dialect.name == "sqlite" else postgres_scans
    statements = asked(lenient)
    found: dict[str, list[str]] = {}
    with reading(lenient) as connection:
        for name, sent in statements.items():
            for statement, parameters in sent.items():
                if scans(connection, statement, parameters) - SMALL.keys():
                    found.setdefault(name, []).append(statement)
    assert {name: sent for name, sent in found.items() if name not in WHOLE} == {}
    assert WHOLE.keys() <= found.keys(), "these are no longer needed"
    every = {name_of(function) for domain in domains() for function in query_functions(domain)}
    assert every - statements.keys() <= SILENT, "their samples are rejected before anything is asked"


def test_a_forgotten_index_is_found(lenient: Engine) -> None:
    scans = sqlite_scans if lenient.dialect.name == "sqlite" else postgres_scans
    with reading(lenient) as connection:
        assert scans(connection, "SELECT * FROM event WHERE sensor = 'here'", ()) == {"event"}
        assert scans(connection, "SELECT * FROM event ORDER BY decky LIMIT 10", ()) == {"event"}
        assert scans(connection, "SELECT * FROM event ORDER BY seq DESC LIMIT 10", ()) == set()
        assert scans(connection, "SELECT max(seq) FROM event", ()) == set()


@pytest.mark.usefixtures("compiled_anew")
@pytest.mark.parametrize("domain", domains())
def test_after_the_warm_up_nothing_is_compiled_any_more(domain: str, sqlite_url: str) -> None:
    warm_up_domains(domain)
    engine = open_engine(sqlite_url)
    compiled = set(engine._compiled_cache or ())
    for function in query_functions(domain):
        for arguments in variants(function):
            with contextlib.suppress(*REFUSALS), writing(engine) as connection:
                function(connection, **arguments)
    assert compiled
    assert set(engine._compiled_cache or ()) == compiled
    engine.dispose()
