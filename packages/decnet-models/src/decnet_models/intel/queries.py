# SPDX-License-Identifier: MIT
"""Queries of the intelligence; times are ns since the Unix epoch."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

import msgspec
from sqlalchemy import Connection, Select, bindparam, case, delete, or_, select, tuple_, update

from decnet_core.text import for_column
from decnet_models.database.rows.row_select import RowSelect
from decnet_models.database.statements import PART, insert_into, parts
from decnet_models.intel.tables import intel, provider_quota

Verdict: TypeAlias = Literal["malicious", "suspicious", "benign", "unknown"]

WORST_FIRST: tuple[Verdict, ...] = ("malicious", "suspicious", "benign", "unknown")

_reasons = msgspec.json.Decoder(tuple[str, ...])
_detail = msgspec.json.Decoder(dict[str, Any])


class Finding(msgspec.Struct, frozen=True):
    """A provider's verdict on an indicator, and its expiry."""

    indicator: str
    provider: str
    verdict: Verdict
    reasons: tuple[str, ...]
    detail: dict[str, Any]
    fetched_at: int
    expires_at: int


class Summary(msgspec.Struct, frozen=True):
    """The worst verdict, with `provider: reason` for each reason of those that gave it."""

    verdict: Verdict
    reasons: tuple[str, ...]


class Quota(msgspec.Struct, frozen=True):
    provider: str
    window_from: int
    window_until: int
    allowed: int
    used: int
    not_before: int | None
    failures: int
    error: str | None


def keep(connection: Connection, new: Iterable[Finding]) -> None:
    """Store findings; a newer one replaces an older of the same provider, never the reverse."""
    rows = sorted(map(_row, new), key=lambda row: (row["indicator"], row["provider"]))
    if not rows:
        return
    statement = insert_into(connection, intel)
    names = ("verdict", "reasons", "detail", "fetched_at", "expires_at")
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["indicator", "provider"],
            set_={name: statement.excluded[name] for name in names},
            where=statement.excluded.fetched_at >= intel.c.fetched_at,
        ),
        rows,
    )


def without_current_finding(
    connection: Connection, provider: str, indicators: Iterable[str], *, now_ns: int
) -> list[str]:
    """Return those of `indicators` without a current finding of the provider."""
    asked = sorted(set(indicators))
    c = intel.c
    query = select(c.indicator).where(c.provider == provider, c.expires_at > now_ns)
    fresh = {
        indicator
        for part in parts(asked)
        for indicator in connection.execute(query.where(c.indicator.in_(part))).scalars()
    }
    return [indicator for indicator in asked if indicator not in fresh]


def findings(connection: Connection, indicator: str) -> list[Finding]:
    """Return the last finding of each provider, including expired ones."""
    return [_finding(row) for row in _FINDINGS.rows(connection, indicator=indicator)]


def summaries(connection: Connection, indicators: Iterable[str], *, now_ns: int | None) -> dict[str, Summary]:
    """Return the worst current verdict on each of `indicators` that has one; without a time, of whatever age."""
    c = intel.c
    query = select(*(c[name] for name in Finding.__struct_fields__)).order_by(c.indicator, c.provider)
    if now_ns is not None:
        query = query.where(c.expires_at > now_ns)
    current: dict[str, list[Finding]] = {}
    for part in parts(indicators):
        for row in connection.execute(query.where(c.indicator.in_(part))):
            finding = _finding(row)
            current.setdefault(finding.indicator, []).append(finding)
    return {indicator: summary(verdicts) for indicator, verdicts in current.items()}


def summary(verdicts: Iterable[Finding]) -> Summary:
    """Return the worst verdict; unknown without any."""
    findings = list(verdicts)
    worst: Verdict = min((one.verdict for one in findings), key=WORST_FIRST.index, default="unknown")
    return Summary(
        worst, tuple(f"{one.provider}: {why}" for one in findings if one.verdict == worst for why in one.reasons)
    )


def expiring(connection: Connection, provider: str, before: int, limit: int) -> list[str]:
    """Return up to `limit` indicators whose finding by the provider expires before a time, earliest first."""
    c = intel.c
    query = select(c.indicator).where(c.provider == provider, c.expires_at < before)
    return list(connection.execute(query.order_by(c.expires_at).limit(limit)).scalars())


def known_to(connection: Connection, provider: str) -> list[str]:
    """Return the indicators of which there is a finding of the provider."""
    return list(connection.execute(select(intel.c.indicator).where(intel.c.provider == provider)).scalars())


def withdraw(connection: Connection, provider: str, indicators: Iterable[str]) -> None:
    """Delete findings that the provider no longer makes."""
    c = intel.c
    for part in parts(indicators):
        connection.execute(delete(intel).where(c.provider == provider, c.indicator.in_(part)))


def forget(connection: Connection, expired_before: int, limit: int) -> int:
    """Delete up to `limit` findings that expired before a time; return how many."""
    return len(forgotten(connection, expired_before, limit))


def forgotten(connection: Connection, expired_before: int, limit: int) -> list[str]:
    """Delete up to `limit` findings that expired before a time; return their indicators, one for each."""
    c = intel.c
    query = select(c.indicator, c.provider).where(c.expires_at < expired_before).order_by(c.expires_at).limit(limit)
    rows = [tuple(row) for row in connection.execute(query)]
    for place in range(0, len(rows), PART // 2):
        part = rows[place : place + PART // 2]
        connection.execute(delete(intel).where(tuple_(c.indicator, c.provider).in_(part)))
    return [row[0] for row in rows]


def spend(
    connection: Connection, provider: str, questions: int, window: tuple[int, int], allowed: int, *, now_ns: int
) -> bool:
    """Count queries before they are sent; False (nothing counted) when they exceed the quota, or it is too early.

    `window` is the provider's current one (from, until): the first query in a later one resets the count.
    """
    c = provider_quota.c
    begin = {"window_from": window[0], "window_until": window[1], "allowed": allowed, "used": 0, "failures": 0}
    new = insert_into(connection, provider_quota).values(provider=provider, **begin)
    connection.execute(new.on_conflict_do_nothing(index_elements=["provider"]))
    used = case((c.window_until <= now_ns, 0), else_=c.used) + questions
    statement = update(provider_quota).where(
        c.provider == provider, used <= allowed, or_(c.not_before.is_(None), c.not_before <= now_ns)
    )
    later = c.window_until <= now_ns
    changed = {
        "window_from": case((later, window[0]), else_=c.window_from),
        "window_until": case((later, window[1]), else_=c.window_until),
        "allowed": allowed,
        "used": used,
    }
    return connection.execute(statement.values(**changed)).rowcount > 0


def record_failure(connection: Connection, provider: str, error: str, *, not_before: int) -> None:
    """Record that the provider failed, or asked for a pause: no query is sent before `not_before`."""
    c = provider_quota.c
    values = {"failures": c.failures + 1, "error": for_column(error), "not_before": not_before}
    connection.execute(update(provider_quota).where(c.provider == provider).values(**values))


def record_answer(connection: Connection, provider: str) -> None:
    values: Mapping[str, Any] = {"failures": 0, "error": None, "not_before": None}
    connection.execute(update(provider_quota).where(provider_quota.c.provider == provider).values(**values))


def quotas(connection: Connection) -> list[Quota]:
    """Return the quota of each provider that was ever queried."""
    return [Quota(*row) for row in connection.execute(select(provider_quota).order_by(provider_quota.c.provider))]


def _row(one: Finding) -> dict[str, Any]:
    return {
        "indicator": one.indicator,
        "provider": one.provider,
        "verdict": one.verdict,
        "reasons": msgspec.json.encode([for_column(reason) for reason in one.reasons]).decode(),
        "detail": msgspec.json.encode(one.detail).decode(),
        "fetched_at": one.fetched_at,
        "expires_at": one.expires_at,
    }


def _all_of(_: Connection) -> Select[Any]:
    columns = (intel.c[name] for name in Finding.__struct_fields__)
    return select(*columns).where(intel.c.indicator == bindparam("indicator")).order_by(intel.c.provider)


_FINDINGS = RowSelect(_all_of)


def _finding(row: Sequence[Any]) -> Finding:
    indicator, provider, verdict, reasons, detail, fetched_at, expires_at = row
    return Finding(
        indicator, provider, verdict, _reasons.decode(reasons), _detail.decode(detail), fetched_at, expires_at
    )
