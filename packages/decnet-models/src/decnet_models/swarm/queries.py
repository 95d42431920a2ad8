# SPDX-License-Identifier: MIT
"""Queries of the sensor hosts; times are ns since the Unix epoch."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import Connection, insert, select, update

from decnet_core.text import for_column
from decnet_models.database.statements import insert_into
from decnet_models.swarm.tables import enrolment, sensor


class Certificate(msgspec.Struct, frozen=True):
    """One that the registry has."""

    fingerprint: str
    not_after: int


class Member(msgspec.Struct, frozen=True):
    """A sensor as the registry has it."""

    name: str
    role: str
    address: str | None
    enrolled_at: int
    renewed_at: int | None
    revoked_at: int | None
    certificates: Sequence[Certificate] = ()


class Sensor(msgspec.Struct, frozen=True):
    """A sensor host; one that never enrolled is only known by name."""

    name: str
    description: str
    role: str
    address: str | None
    enrolled_at: int | None
    renewed_at: int | None
    revoked_at: int | None
    updated_at: int


class Enrolment(msgspec.Struct, frozen=True):
    """A certificate that a sensor has, or had until `ended_at`."""

    fingerprint: str
    sensor: str
    not_after: int
    recorded_at: int
    ended_at: int | None
    author: str | None


def record_registry(connection: Connection, members: Iterable[Member], *, now_ns: int, author: str = "") -> None:
    """Make the tables say what the registry says. What it has no longer is ended or revoked, and stays."""
    present = {one.name: one for one in members}
    held = {(each.fingerprint, name): each for name, one in present.items() for each in one.certificates}
    for name in sorted(present):
        _record_sensor(connection, present[name], now_ns)
    for gone in _standing(connection) - present.keys():
        connection.execute(update(sensor).where(sensor.c.name == gone).values(revoked_at=now_ns, updated_at=now_ns))
    known = {(one.fingerprint, one.sensor) for one in enrolments_in_force(connection)}
    for fingerprint, _ in known - held.keys():
        connection.execute(update(enrolment).where(enrolment.c.fingerprint == fingerprint).values(ended_at=now_ns))
    for key in sorted(held.keys() - known):
        row = {"fingerprint": key[0], "sensor": key[1], "not_after": held[key].not_after, "recorded_at": now_ns}
        _hold(connection, {**row, "ended_at": None, "author": author or None})


def describe(connection: Connection, name: str, description: str, *, now_ns: int) -> None:
    """Say what a sensor host is, also of one that has not enrolled yet."""
    values = {"description": for_column(description), "updated_at": now_ns}
    statement = insert_into(connection, sensor).values(name=name, role="", **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def sensors(connection: Connection) -> list[Sensor]:
    """Return every sensor host, also revoked ones, by name."""
    return [Sensor(*row) for row in connection.execute(select(sensor).order_by(sensor.c.name))]


def sensor_named(connection: Connection, name: str) -> Sensor | None:
    row = connection.execute(select(sensor).where(sensor.c.name == name)).one_or_none()
    return Sensor(*row) if row else None


def owner_of(connection: Connection, fingerprint: str) -> Enrolment | None:
    """Return whose certificate it is or was, or None."""
    row = connection.execute(select(enrolment).where(enrolment.c.fingerprint == fingerprint)).one_or_none()
    return Enrolment(*row) if row else None


def enrolments(connection: Connection, name: str, limit: int = 100) -> list[Enrolment]:
    """Return the certificates of a sensor, newest first."""
    c = enrolment.c
    query = select(enrolment).where(c.sensor == name).order_by(c.recorded_at.desc(), c.fingerprint).limit(limit)
    return [Enrolment(*row) for row in connection.execute(query)]


def enrolments_in_force(connection: Connection, *, expire_before: int | None = None) -> list[Enrolment]:
    """Return the certificates that the registry has, of those only that expire before a time, the earliest first."""
    c = enrolment.c
    query = select(enrolment).where(c.ended_at.is_(None))
    if expire_before is not None:
        query = query.where(c.not_after < expire_before)
    return [Enrolment(*row) for row in connection.execute(query.order_by(c.not_after, c.fingerprint))]


def add_sensor(connection: Connection, name: str, description: str, *, now_ns: int) -> None:
    """Name a sensor host before it enrols, so that deckies can be planned on it; IntegrityError if it is named."""
    values = {"description": for_column(description), "role": "", "updated_at": now_ns}
    connection.execute(insert(sensor).values(name=name, **values))


def _standing(connection: Connection) -> set[str]:
    c = sensor.c
    query = select(c.name).where(c.enrolled_at.is_not(None), c.revoked_at.is_(None))
    return set(connection.execute(query).scalars())


def _record_sensor(connection: Connection, one: Member, now_ns: int) -> None:
    columns = ("role", "address", "enrolled_at", "renewed_at", "revoked_at")
    values = {name: getattr(one, name) for name in columns} | {"updated_at": now_ns}
    statement = insert_into(connection, sensor).values(name=one.name, description="", **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _hold(connection: Connection, row: dict[str, object]) -> None:
    """Write a certificate; one that ended before and is back is in force again."""
    statement = insert_into(connection, enrolment).values(**row)
    back = {name: value for name, value in row.items() if name not in {"fingerprint", "author"}}
    connection.execute(statement.on_conflict_do_update(index_elements=["fingerprint"], set_=back))
