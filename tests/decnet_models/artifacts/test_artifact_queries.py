# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from decnet_core.events.ids import uuid7
from decnet_models.artifacts import queries
from decnet_models.artifacts.queries import Artifact, Holding, Kind, Sighting
from decnet_models.database.engine import reading, writing

FILE, RECORDING = "a" * 64, "b" * 64


def seen(
    ts: int,
    digest: str = FILE,
    kind: Kind = "file",
    *,
    stored_at: int | None = None,
    size: int | None = None,
    **told: str,
) -> tuple[Artifact, Sighting]:
    sighting = Sighting(uuid7(ts * 10**6), digest, ts, "ssh", **{"attacker": "192.0.2.1", **told})
    return Artifact(digest, kind, size, ts, ts, stored_at), sighting


def test_registering_twice_changes_nothing_and_the_order_does_not_matter(engine: Engine) -> None:
    found = [seen(20, size=7), seen(10, stored_at=11), seen(30, stored_at=31)]
    for order in (found, found[::-1]):
        with writing(engine) as connection:
            queries.register(connection, order)
            kept = queries.artifact_of(connection, FILE)
            assert kept is not None
            assert (kept.first_seen, kept.last_seen, kept.size, kept.kept) == (10, 30, 7, True)
            assert [one.ts for one in queries.sightings(connection, sha256=FILE)] == [30, 20, 10]


def test_sightings_are_found_by_artifact_attacker_and_session(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.register(connection, [seen(1, session="s1"), seen(2, RECORDING, "recording", attacker="192.0.2.2")])
    with reading(engine) as connection:
        assert [one.sha256 for one in queries.sightings(connection, attacker="192.0.2.2")] == [RECORDING]
        assert [one.sha256 for one in queries.sightings(connection, session="s1")] == [FILE]
        assert queries.files_of(connection, ["192.0.2.1", "192.0.2.2"]) == {("192.0.2.1", FILE)}
        assert [one.sha256 for one in queries.artifacts(connection)] == [RECORDING, FILE]
        assert [one.sha256 for one in queries.artifacts(connection, kind="file")] == [FILE]
        assert queries.known(connection, [FILE, "c" * 64]) == {FILE}
        with pytest.raises(ValueError, match="name an artifact"):
            queries.sightings(connection)


def test_recordings_are_left_out_of_the_files_of_an_attacker_and_of_a_session(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.register(connection, [seen(1, session="s1"), seen(2, RECORDING, "recording", session="s1")])
    with reading(engine) as connection:
        for attacker, session in (("192.0.2.1", None), (None, "s1")):
            every = queries.sightings(connection, attacker=attacker, session=session)
            files = queries.sightings(connection, attacker=attacker, session=session, kind="file")
            assert [one.sha256 for one in every] == [RECORDING, FILE]
            assert [one.sha256 for one in files] == [FILE]


def test_pages_show_each_artifact_once_though_many_were_seen_at_the_same_time(engine: Engine) -> None:
    digests = [character * 64 for character in "abcdef0"]
    with writing(engine) as connection:
        queries.register(connection, [seen(1 + (digest == FILE), digest) for digest in digests])
        pages: list[Artifact] = []
        while page := queries.artifacts(connection, 2, before=pages[-1] if pages else None):
            pages += page
    assert [one.sha256 for one in pages] == [FILE, *sorted(set(digests) - {FILE}, reverse=True)]


def test_what_is_removed_is_no_longer_held_and_comes_back_when_it_is_stored_again(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.register(connection, [seen(10, stored_at=11, size=5), seen(12, RECORDING, "recording", stored_at=13)])
        assert queries.holdings(connection) == [Holding("file", 1, 5), Holding("recording", 1, 0)]
        assert [one.sha256 for one in queries.oldest_kept(connection, "file", 11, 10)] == [FILE]
        assert queries.mark_removed(connection, [FILE], now_ns=20) == 1
        assert queries.mark_removed(connection, [FILE], now_ns=21) == 0
        assert queries.oldest_kept(connection, "file", 11, 10) == []
        queries.register(connection, [seen(25, size=5)])  # told of, but not found in the store
        assert [one.kind for one in queries.holdings(connection)] == ["recording"]
        queries.register(connection, [seen(30, stored_at=31, size=5)])
        assert Holding("file", 1, 5) in queries.holdings(connection)


def test_only_what_is_not_in_the_store_is_forgotten_with_its_sightings(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.register(connection, [seen(10, stored_at=11), seen(12, RECORDING, "recording")])
        assert queries.forget(connection, 100, 10) == 1
        assert queries.artifact_of(connection, RECORDING) is None
        assert queries.sightings(connection, sha256=RECORDING) == []
        assert queries.artifact_of(connection, FILE) is not None


def test_names_that_a_database_cannot_hold_are_made_to_fit(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.register(connection, [seen(1, name="a\0b" * 5000)])
        (found,) = queries.sightings(connection, sha256=FILE)
    assert found.name is not None
    assert "\0" not in found.name


def test_a_kind_that_does_not_exist_is_refused(engine: Engine) -> None:
    wrong, sighting = seen(1)
    with pytest.raises(IntegrityError), writing(engine) as connection:
        queries.register(connection, [(msgspec.structs.replace(wrong, kind="thing"), sighting)])
    with reading(engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM artifact")).scalar() == 0
