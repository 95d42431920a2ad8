# SPDX-License-Identifier: MIT
"""A database that was filled when there was only the first migration comes to this version with all it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from query_smoke import sample
from sqlalchemy import Connection, Engine, MetaData, inspect, select, text

from decnet_core.events.catalogue import KINDS, PAYLOADS
from decnet_core.events.codec import encode_payload
from decnet_core.events.envelope import Event
from decnet_core.events.notices import NOTICE_KINDS, encode_notice
from decnet_models.database.engine import open_engine, reading, writing
from decnet_models.database.warm_up import sample_events
from decnet_models.events import queries as events
from decnet_models.fleet import queries as fleet
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.migrations import chain
from decnet_models.migrations.check import differences
from decnet_models.migrations.upgrade import Phase, migrate_to, upgrade
from decnet_models.notices import queries as notices
from decnet_models.progress import queries as progress

FIRST, SECOND = "0000_log", "0001_initial"

CHAIN = {
    FIRST: """
def upgrade():
    for name in BEGINNING:
        getattr(initial, name)()
""",
    SECOND: """
def upgrade():
    for name in BEGINNING:
        setattr(initial, name, lambda: None)
    initial.upgrade()
""",
}
"""The first migration in two, as if the fleet had grown: first log, cursors and outbox, then everything else."""

HEAD = """
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("initial", {path!r})
initial = module_from_spec(spec)
spec.loader.exec_module(initial)
BEGINNING = ("_events", "_progress", "_notices")
revision, down_revision = {revision!r}, {before!r}
"""
INSERT_EVIDENCE = text(
    "INSERT INTO identity_evidence (kind, digest, attacker, first_seen, last_seen)"
    " VALUES (:kind, :digest, :attacker, :first_seen, :last_seen)"
)
INSERT_FEATURE = text(
    "INSERT INTO identity_feature (kind, digest, value, subjects, first_seen, last_seen)"
    " VALUES (:kind, :digest, :value, 2, :first_seen, :last_seen)"
)
INSERT_ATTACKER = text(
    "INSERT INTO identity_attacker (attacker, own, first_seen, last_seen, bond) VALUES (:attacker, :own, 1, 2, '@')"
)
INSERT_CORE = text("INSERT INTO identity_core (kind, digest, core, weight) VALUES ('ssh_key', :core, :core, 30)")
INSERT_TAG = text(
    "INSERT INTO ttp_tag (seq, rule_id, technique, id, title, level, attacker, event_id, ts)"
    " VALUES (:seq, :rule, :technique, :rule, 'Fetched', 'low', :attacker, :rule, :seq)"
)
INSERT_WINDOW = text(
    "INSERT INTO ttp_window (rule_id, group_digest, entries, expires_at) VALUES (:rule, :digest, '[]', 5)"
)
INSERT_NOTICE = text("INSERT INTO notice (key, kind, ts, body, created_at) VALUES (:key, 'ttp.tagged', 1, :body, 1)")
Rows = dict[str, list[dict[str, Any]]]
TABLES = (
    *("event", "event_volume", "event_forgotten", "ingest_position"),
    *("worker_cursor", "lease", "notice"),
)


@pytest.fixture
def split_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let two migrations make together what the first real one makes; the others follow."""
    folder = tmp_path / "versions"
    folder.mkdir()
    for before, (revision, body) in zip((None, FIRST), CHAIN.items(), strict=True):
        head = HEAD.format(path=str(chain.VERSIONS / "0001_initial.py"), revision=revision, before=before)
        (folder / f"{revision}.py").write_text(head + body)
    for later in chain.revisions()[1:]:
        (folder / f"{later}.py").write_bytes((chain.VERSIONS / f"{later}.py").read_bytes())
    monkeypatch.setattr(chain, "VERSIONS", folder)


@pytest.fixture(params=["sqlite", "postgres"])
def old_url(request: pytest.FixtureRequest, tmp_path: Path, split_chain: None) -> str:
    """Return the URL of a database at the first migration."""
    url = f"sqlite:///{tmp_path / 'decnet.db'}"
    if request.param == "postgres":
        url = str(request.getfixturevalue("empty_postgres_url"))
    engine = open_engine(url, create=True)
    with writing(engine) as connection:
        migrate_to(connection, FIRST)
    engine.dispose()
    return url


def event_row(one: Event, *, dialect: str) -> dict[str, Any]:
    values = {name: value for name, value in msgspec.structs.asdict(one).items() if name != "payload"}
    return {
        **values,
        "id": one.id.hex if dialect == "sqlite" else one.id,
        "kind": one.kind,
        "payload": encode_payload(one.payload).decode(),
    }


def notice_rows() -> Iterator[dict[str, Any]]:
    for kind, shape in NOTICE_KINDS.items():
        notice = msgspec.structs.replace(sample(shape), ts=7)
        yield {"key": f"{kind}/1", "kind": kind, "ts": 7, "body": encode_notice(notice).decode(), "created_at": 8}


def rows_of_every_kind(dialect: str, made: Sequence[Event]) -> Rows:
    """Return what the first version's programs could have written: every table, every kind, every NULL."""
    bare = Event(id=made[0].id, ts=1, sensor="s", payload=made[0].payload, synthetic=True)
    other = msgspec.structs.replace(bare, id=type(bare.id)(int=1))
    return {
        "event": [event_row(one, dialect=dialect) for one in [*made, other]],
        "ingest_position": [{"spool": "decoys", "segment": 3, "offset": 2**40, "updated_at": 9}],
        "event_volume": [
            {"hour": 0, "kind": kind, "events": number, "bytes": 300 * number, "last_seq": len(made) + 1}
            for kind, number in Counter(one.kind for one in [*made, other]).items()
        ],
        "event_forgotten": [{"kind": "flow.closed", "events": 4}],
        "lease": [
            {"worker": "ttp", "shard": 3, "seq": 0, "epoch": 2, "holder": None, "expires_at": 0, "updated_at": 9}
        ],
        "worker_cursor": [{"worker": name, "seq": seq, "updated_at": 9} for name, seq in (("profiler", 2), ("ttp", 0))],
        "set_aside": [{"worker": "profiler", "seq": 2, "error": "ValueError: \u2400 ünïcode", "created_at": 9}],
        "notice": list(notice_rows()),
    }


def content(connection: Connection) -> Rows:
    """Return all rows of the first migration's tables, with the columns that it made."""
    tables = MetaData()
    tables.reflect(connection)
    return {
        name: sorted((dict(row._mapping) for row in connection.execute(select(tables.tables[name]))), key=str)
        for name in TABLES
    }


def fill(engine: Engine, made: Sequence[Event]) -> Rows:
    with writing(engine) as connection:
        tables = MetaData()
        tables.reflect(connection)
        rows = rows_of_every_kind(engine.dialect.name, made)
        assert set(rows) == set(tables.tables) - {"alembic_version"}
        for name, values in rows.items():
            for value in values:
                connection.execute(tables.tables[name].insert().values(**value))
        return content(connection)


def test_nothing_that_was_there_at_the_first_migration_is_lost_or_changed(old_url: str) -> None:
    engine = open_engine(old_url)
    made = sample_events(PAYLOADS)
    before = fill(engine, made)
    engine.dispose()
    assert upgrade(old_url)[0] == FIRST
    with reading(engine) as connection:
        assert content(connection) == before
        assert differences(connection) == []
        found = events.events_after(connection, 0, 1000)
        assert [one.event for one in found[:-1]] == made
        assert events.count_by_kind(connection).keys() == KINDS.keys()
        assert events.count(connection) == len(made) + 1
        assert events.ingest_positions(connection) == {"decoys": (3, 2**40)}
        assert progress.cursors(connection) == {"profiler": 2, "ttp": 0}
        (dead,) = progress.dead_letters_of(connection, "profiler")
        assert dead == progress.DeadLetter("profiler", 2, "ValueError: \u2400 ünïcode", 9)
        assert {one.kind for one in notices.after(connection, 0, 1000)} == NOTICE_KINDS.keys()
    engine.dispose()


def test_a_filled_database_goes_on_numbering_where_it_was(old_url: str) -> None:
    engine = open_engine(old_url)
    made = sample_events(PAYLOADS)
    fill(engine, made)
    upgrade(old_url)
    with writing(engine) as connection:
        last = events.last_seq(connection)
        assert events.insert_events(connection, made) == 0
        assert events.insert_events(connection, [msgspec.structs.replace(made[0], id=type(made[0].id)(int=2))]) == 1
        assert events.last_seq(connection) > last
        assert events.count(connection) == len(made) + 2
    with reading(engine) as connection:
        assert inspect(connection).has_table("identity")
    engine.dispose()


def leave_out_after(revision: str) -> Callable[[], None]:
    """Let the version be the one whose newest migration that was; return what makes it this version again."""
    later = {chain.VERSIONS / f"{one}.py": b"" for one in chain.revisions() if one > revision}
    for file in later:
        later[file] = file.read_bytes()
        file.unlink()

    def put_back() -> None:
        for file, content in later.items():
            file.write_bytes(content)

    return put_back


def test_dead_letters_written_before_and_between_the_phases_are_kept(old_url: str) -> None:
    leave_out_after("0003_after_dead_letter")
    engine = open_engine(old_url)
    set_aside = "INSERT INTO set_aside VALUES ('ttp', :seq, 'KeyError', 5)"
    with writing(engine) as connection:
        migrate_to(connection, SECOND)
        connection.execute(text(set_aside), {"seq": 1})
    assert upgrade(old_url, Phase.BEFORE) == (SECOND, "0002_dead_letter")
    with writing(engine) as connection:
        connection.execute(text(set_aside), {"seq": 2})
        progress.add_dead_letter(connection, "ttp", 3, "KeyError", now_ns=6)
    assert upgrade(old_url, Phase.AFTER) == ("0002_dead_letter", chain.newest_revision())
    with reading(engine) as connection:
        assert [one.seq for one in progress.dead_letters_of(connection, "ttp")] == [3, 2, 1]
        assert not inspect(connection).has_table("set_aside")
    engine.dispose()


OLD_DECKY = (
    "INSERT INTO decky (name, address, host_name, runtime, persona, wanted, version, created_at, updated_at) "
    "VALUES (:name, :address, 'web', 'loopback', 'debian-web', true, 1, 5, 5)"
)
OLD_SERVICE = "INSERT INTO decky_service VALUES (:name, 'ssh', 'tcp', 2222, '{}')"
NEW_DECKY = (
    "INSERT INTO decky (name, host_name, runtime, persona, wanted, version, seed, created_at, updated_at) "
    "VALUES ('new', 'new', 'host', 'debian-web', true, 1, 7, 6, 6)"
)
NEW_ADDRESS = (
    "INSERT INTO decky_address (address, decky, position, prefix_length) VALUES (:address, 'new', :at, :length)"
)


def test_deckies_written_before_and_between_the_phases_keep_their_addresses(old_url: str) -> None:
    put_back = leave_out_after("0005_after_decky_address")
    engine = open_engine(old_url)
    with writing(engine) as connection:
        migrate_to(connection, "0003_after_dead_letter")
        persona = "INSERT INTO persona VALUES ('debian-web', 'Debian', '{}', 'UTC', 0, 0, 0, 1, 5)"
        connection.execute(text(persona))
        connection.execute(text(OLD_DECKY), {"name": "first", "address": "127.77.0.1"})
        connection.execute(text(OLD_SERVICE), {"name": "first"})
    assert upgrade(old_url, Phase.BEFORE) == ("0003_after_dead_letter", "0004_decky_address")
    new = Decky("new", (Address("10.0.0.1", 24), Address("fd00::1", 64)), "new", "host", "debian-web", seed=7)
    with writing(engine) as connection:
        connection.execute(text(OLD_DECKY), {"name": "second", "address": "127.77.0.2"})
        connection.execute(text("UPDATE decky SET address = '127.77.0.3', version = 2 WHERE name = 'first'"))
        connection.execute(text(NEW_DECKY))  # as the version of that revision did
        for at, one in enumerate(new.addresses):
            row = {"address": one.address, "at": at, "length": one.prefix_length}
            connection.execute(text(NEW_ADDRESS), row)
    assert upgrade(old_url, Phase.AFTER) == ("0004_decky_address", "0005_after_decky_address")
    put_back()
    assert upgrade(old_url) == ("0005_after_decky_address", chain.newest_revision())
    with reading(engine) as connection:
        assert differences(connection) == []
        first, made, second = fleet.deckies(connection)
        assert (first.addresses, first.services) == ((Address("127.77.0.3"),), (Service("ssh", 2222),))
        assert second.addresses == (Address("127.77.0.2"),)
        assert made == msgspec.structs.replace(new, version=1)
        assert len({0, first.seed, second.seed}) == 3
    engine.dispose()


def test_from_0028_all_identities_count_as_changed_to_campaign_clusterer_alone(old_url: str) -> None:
    engine = open_engine(old_url)
    before = {"campaign-clusterer": 41, "campaign-clusterer.tags": 7, "clusterer": 9}
    with writing(engine) as connection:
        migrate_to(connection, "0027_after_log_span")
        for worker, seq in before.items():
            progress.begin_cursor(connection, worker, now_ns=5)
            assert progress.advance_cursor(connection, worker, 0, seq, now_ns=6)
        migrate_to(connection, "0028_after_targets")
        found = progress.cursors(connection)
    engine.dispose()
    assert found == {**before, "campaign-clusterer": 0}


def test_from_0030_all_is_weighed_again_without_what_is_no_evidence_any_more(old_url: str) -> None:
    engine = open_engine(old_url)
    own, others = ("new_password", "vK3bTq9x"), (("new_password", "$P"), ("image", "docker.io/library"))
    with writing(engine) as connection:
        migrate_to(connection, "0029_after_evidence_by_subject")
        for kind, value in (own, *others):
            row = {
                "kind": kind,
                "digest": value,
                "value": value,
                "attacker": "192.0.2.1",
                "first_seen": 1,
                "last_seen": 2,
            }
            connection.execute(INSERT_EVIDENCE, row)
            connection.execute(INSERT_FEATURE, row)
        connection.execute(INSERT_ATTACKER, {"attacker": "192.0.2.1", "own": UUID(int=1).hex})
        progress.begin_cursor(connection, "campaign-clusterer", now_ns=5)
        assert progress.advance_cursor(connection, "campaign-clusterer", 0, 41, now_ns=6)
        migrate_to(connection, "0030_after_weights")
        left = {
            table: [tuple(row) for row in connection.execute(text(f"SELECT kind, {column} FROM {table}"))]
            for table, column in (("identity_evidence", "digest"), ("identity_feature", "value"))
        }
        waiting = [tuple(row) for row in connection.execute(text("SELECT kind, name FROM identity_pending"))]
        cursors = progress.cursors(connection)
    engine.dispose()
    assert left == {"identity_evidence": [own], "identity_feature": [own]}
    assert waiting == [("", "192.0.2.1")]
    assert cursors["campaign-clusterer"] == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("0031_after_magnitude", "0032_after_ties"),
        ("0032_after_ties", "0033_after_owner"),
        ("0033_after_owner", "0034_after_ways"),
        ("0035_after_technique_attacker", "0036_after_hosts"),
    ],
)
def test_to_0032_and_others_all_identities_are_computed_again(old_url: str, before: str, after: str) -> None:
    engine = open_engine(old_url)
    with writing(engine) as connection:
        migrate_to(connection, before)
        connection.execute(text("DELETE FROM identity_pending"))
        for number in (1, 2):
            given = {"attacker": f"192.0.2.{number}", "own": UUID(int=number).hex}
            connection.execute(INSERT_ATTACKER, given)
        connection.execute(text("INSERT INTO identity_pending (kind, name) VALUES ('', '192.0.2.2')"))
        migrate_to(connection, after)
        waiting = [tuple(row) for row in connection.execute(text("SELECT kind, name FROM identity_pending"))]
    engine.dispose()
    assert sorted(waiting) == [("", "192.0.2.1"), ("", "192.0.2.2")]


def test_to_0033_features_are_nobodys_in_particular(old_url: str) -> None:
    engine = open_engine(old_url)
    with writing(engine) as connection:
        migrate_to(connection, "0032_after_ties")
        connection.execute(INSERT_CORE, {"core": "a" * 24})
        migrate_to(connection, "0033_after_owner")
        core = connection.execute(text("SELECT core, weight, magnitude, owner FROM identity_core")).one()
    engine.dispose()
    assert tuple(core) == ("a" * 24, 30, 0, "")


def test_to_0035_attackers_of_techniques_and_windows_are_kept(old_url: str) -> None:
    rule = UUID(int=1).hex
    engine = open_engine(old_url)
    with writing(engine) as connection:
        migrate_to(connection, "0034_after_ways")
        for seq, attacker, technique in ((1, "192.0.2.1", "T1105"), (2, "192.0.2.1", "T1105"), (3, "::1", "T1033")):
            connection.execute(INSERT_TAG, {"seq": seq, "rule": rule, "technique": technique, "attacker": attacker})
        connection.execute(INSERT_WINDOW, {"rule": rule, "digest": "0754c"})
        migrate_to(connection, "0035_after_technique_attacker")
        pairs = [tuple(row) for row in connection.execute(text("SELECT * FROM ttp_technique_attacker"))]
        kept = [tuple(row) for row in connection.execute(text("SELECT group_digest, entries FROM ttp_window"))]
    engine.dispose()
    assert sorted(pairs) == [("T1033", "::1"), ("T1105", "192.0.2.1")]
    assert kept == [("0754c", "[]")]


@pytest.mark.parametrize(
    ("occasion", "session", "now"),
    [
        ("session c1a3bcc3eb5b5235", "s12", "session s12/c1a3bcc3eb5b5235"),
        ("session c1a3bcc3eb5b5235", "0" * 30, f"session {'0' * 20}/c1a3bcc3eb5b5235"),
        ("session c1a3bcc3eb5b5235", "a|b", "session /c1a3bcc3eb5b5235"),
        ("day 2026-11-23", None, "day 2026-11-23"),
    ],
)
def test_to_0037_keys_of_notices_begin_with_their_occasion(
    old_url: str, occasion: str, session: str | None, now: str
) -> None:
    engine = open_engine(old_url)
    with writing(engine) as connection:
        migrate_to(connection, "0036_after_hosts")
        body = msgspec.json.encode({"session": session}).decode()
        old = {"key": f"ttp.tagged|192.0.2.1|rule|T1105|{occasion}", "body": body}
        connection.execute(INSERT_NOTICE, old)
        migrate_to(connection, "0037_after_occasion")
        keys = list(connection.execute(text("SELECT key FROM notice")).scalars())
    engine.dispose()
    assert keys == [f"ttp.tagged|{now}|192.0.2.1|rule|T1105"]


def test_to_0037_keys_that_a_new_version_has_written_stay(old_url: str) -> None:
    written = [
        "ttp.tagged|day 2026-12-03|192.0.2.5|rule|T1105",
        "ttp.tagged|session s12/c1a3bcc3eb5b5235|192.0.2.1|rule|T1105",
    ]
    old = ["ttp.tagged|192.0.2.1|rule|T1105|session c1a3bcc3eb5b5235", "ttp.tagged|192.0.2.1|rule|T1105|day 2026-12-03"]
    engine = open_engine(old_url)
    with writing(engine) as connection:
        migrate_to(connection, "0036_after_hosts")
        for key in (*old, *written):
            connection.execute(INSERT_NOTICE, {"key": key, "body": '{"session":"s12"}'})
        migrate_to(connection, "0037_after_occasion")
        keys = list(connection.execute(text("SELECT key FROM notice ORDER BY seq")).scalars())
    engine.dispose()
    assert keys == [old[0], "ttp.tagged|day 2026-12-03|192.0.2.1|rule|T1105", *written]
