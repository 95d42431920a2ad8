# SPDX-License-Identifier: MIT
from __future__ import annotations

import msgspec
from sqlalchemy import Engine

from decnet_models.database.engine import writing
from decnet_models.swarm import queries
from decnet_models.swarm.queries import Certificate, Member

OLD, NEW = Certificate("a" * 64, 100), Certificate("b" * 64, 200)
NORTH = Member("north", "forwarder", "192.0.2.1", 10, None, None, (OLD,))


def test_the_tables_follow_the_registry_and_the_same_again_changes_nothing(engine: Engine) -> None:
    with writing(engine) as connection:
        for _ in range(2):
            queries.record_registry(connection, [NORTH], now_ns=20, author="ana")
        (sensor,) = queries.sensors(connection)
        assert (sensor.name, sensor.role, sensor.enrolled_at, sensor.revoked_at) == ("north", "forwarder", 10, None)
        (held,) = queries.enrolments(connection, "north")
        assert (held.fingerprint, held.not_after, held.ended_at, held.author) == (OLD.fingerprint, 100, None, "ana")
        assert queries.owner_of(connection, OLD.fingerprint) == held
        assert queries.owner_of(connection, NEW.fingerprint) is None


def test_a_renewed_sensor_keeps_both_certificates_until_the_registry_drops_one(engine: Engine) -> None:
    both = msgspec.structs.replace(NORTH, renewed_at=30, certificates=(OLD, NEW))
    with writing(engine) as connection:
        queries.record_registry(connection, [NORTH], now_ns=20)
        queries.record_registry(connection, [both], now_ns=30)
        assert [one.fingerprint for one in queries.enrolments_in_force(connection)] == [
            OLD.fingerprint,
            NEW.fingerprint,
        ]
        assert [one.fingerprint for one in queries.enrolments_in_force(connection, expire_before=150)] == [
            OLD.fingerprint
        ]
        queries.record_registry(connection, [msgspec.structs.replace(both, certificates=(NEW,))], now_ns=40)
        assert [one.fingerprint for one in queries.enrolments_in_force(connection)] == [NEW.fingerprint]
        ended = queries.owner_of(connection, OLD.fingerprint)
        assert ended is not None
        assert ended.ended_at == 40


def test_a_forgotten_sensor_stays_as_revoked_and_can_come_back(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.record_registry(connection, [NORTH], now_ns=20)
        queries.record_registry(connection, [], now_ns=50)
        (sensor,) = queries.sensors(connection)
        assert sensor.revoked_at == 50
        assert queries.enrolments_in_force(connection) == []
        queries.record_registry(connection, [NORTH], now_ns=60)
        assert [one.ended_at for one in queries.enrolments(connection, "north")] == [None]
        back = queries.sensor_named(connection, "north")
        assert back is not None
        assert back.revoked_at is None


def test_what_the_operator_says_of_a_host_outlasts_enrolment(engine: Engine) -> None:
    with writing(engine) as connection:
        queries.add_sensor(connection, "north", "in the cellar", now_ns=1)
        queries.record_registry(connection, [NORTH], now_ns=20)
        queries.describe(connection, "south", "in the attic", now_ns=21)
        assert [(one.name, one.description) for one in queries.sensors(connection)] == [
            ("north", "in the cellar"),
            ("south", "in the attic"),
        ]
        queries.record_registry(connection, [NORTH], now_ns=30)
        south = queries.sensor_named(connection, "south")
        assert south is not None
        assert south.revoked_at is None  # it never enrolled
        assert queries.sensor_named(connection, "west") is None
