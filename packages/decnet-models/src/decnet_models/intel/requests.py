# SPDX-License-Identifier: MIT
"""Questions that wait for a provider; enrich asks them, the operator may add some."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, func, select

from decnet_models.database.statements import insert_into, parts
from decnet_models.intel.tables import intel_request


def request(connection: Connection, provider: str, indicators: Iterable[str], *, now_ns: int) -> None:
    """Have the provider asked about the indicators, before those that wait already."""
    rows = [{"provider": provider, "indicator": one, "requested_at": now_ns} for one in sorted(set(indicators))]
    if not rows:
        return
    insert = insert_into(connection, intel_request)
    again = {"requested_at": insert.excluded.requested_at}
    connection.execute(insert.on_conflict_do_update(index_elements=["provider", "indicator"], set_=again), rows)


def newest(connection: Connection, provider: str, limit: int) -> list[str]:
    """Return up to `limit` indicators that the provider is to be asked about, the newest first."""
    c = intel_request.c
    query = select(c.indicator).where(c.provider == provider).order_by(c.requested_at.desc(), c.indicator)
    return list(connection.execute(query.limit(limit)).scalars())


def waiting(connection: Connection) -> dict[str, int]:
    """Return how many indicators wait for each provider."""
    c = intel_request.c
    return {row[0]: row[1] for row in connection.execute(select(c.provider, func.count()).group_by(c.provider))}


def waiting_for(connection: Connection, indicator: str) -> list[str]:
    """Return the providers that are still to be asked about an indicator."""
    c = intel_request.c
    query = select(c.provider).where(c.indicator == indicator).order_by(c.provider)
    return list(connection.execute(query).scalars())


def done(connection: Connection, provider: str, indicators: Iterable[str]) -> None:
    """Remove questions that were answered."""
    c = intel_request.c
    for part in parts(indicators):
        connection.execute(delete(intel_request).where(c.provider == provider, c.indicator.in_(part)))


def give_up_oldest(connection: Connection, provider: str, most: int) -> int:
    """Remove all but the newest `most` questions to a provider; return how many were removed."""
    c = intel_request.c
    query = select(c.indicator).where(c.provider == provider).order_by(c.requested_at.desc(), c.indicator)
    old = list(connection.execute(query.offset(most)).scalars())
    done(connection, provider, old)
    return len(old)


def drop_others(connection: Connection, providers: Iterable[str]) -> None:
    """Remove questions to providers that are not used any more."""
    connection.execute(delete(intel_request).where(intel_request.c.provider.not_in(sorted(set(providers)))))
