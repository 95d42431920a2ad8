# SPDX-License-Identifier: MIT
"""The notices: what became of identities, and credentials that several of them used."""

from collections.abc import Collection, Iterator

from sqlalchemy import Connection

from decnet_core.events.notices import CredentialReused, IdentityFormed, IdentityGrew, IdentityMerged, Notice
from decnet_models.identities import core_rows, evidence_rows
from decnet_models.identities.evidence_rows import FeatureRow
from decnet_workers.clusterer.placing import Became, PlacingResult
from decnet_workers.commodity.limits import Key

_NAMED = 20
"""Attackers or identities that a notice names."""
_REUSED = 16
"""A credential that more attackers tried is common, not reused."""
_SHORTEST = 8
"""Characters of a password that is not found by trying."""


def notices(outcome: PlacingResult) -> Iterator[tuple[str, Notice]]:
    """Yield key and notice of what became of identities."""
    for became in outcome.became:
        if became.before < 2:
            yield f"identity.formed:{became.identity}", _formed(became)
        elif became.joined:
            key = f"identity.grew:{became.identity}:{became.now.members}"
            yield (
                key,
                IdentityGrew(
                    ts=became.now.last_seen,
                    identity=str(became.identity),
                    members=became.now.members,
                    joined=became.joined[:_NAMED],
                    because=became.because,
                ),
            )
    for merged in outcome.merged:
        yield (
            f"identity.merged:{merged.source}:{merged.target}",
            IdentityMerged(
                ts=merged.ts,
                identity=str(merged.target),
                source=str(merged.source),
                members=merged.members,
                because=merged.because,
            ),
        )


def _formed(became: Became) -> IdentityFormed:
    return IdentityFormed(
        ts=became.now.last_seen,
        identity=str(became.identity),
        members=became.now.members,
        attackers=became.joined[:_NAMED],
        because=became.because,
    )


def reused(connection: Connection, credentials: Collection[Key]) -> Iterator[tuple[str, Notice]]:
    """Yield key and notice of those of the credentials that attackers of several identities tried."""
    rows = {(row.kind, row.digest): row for row in evidence_rows.features_at(connection, credentials) if _telling(row)}
    holders = evidence_rows.holders_of_all(connection, rows)
    bound = core_rows.bound(connection, {attacker for found in holders.values() for attacker in found})
    for key, attackers in holders.items():
        identities = sorted({str(bound[one].identity) for one in attackers if bound[one].identity is not None})
        if len(identities) > 1:
            yield f"credential.reused:{key[1]}", _reused(rows[key], identities, attackers)


def _telling(row: FeatureRow) -> bool:
    """Return whether a credential that several attackers tried is worth a notice."""
    username, _, password = row.value.partition("\t")
    return 2 <= row.attackers <= _REUSED and len(password) >= _SHORTEST and password != username


def _reused(row: FeatureRow, identities: list[str], attackers: list[str]) -> CredentialReused:
    username, _, password = row.value.partition("\t")
    named = {"identities": tuple(identities[:_NAMED]), "attackers": tuple(attackers[:_NAMED])}
    return CredentialReused(ts=row.last_seen, username=username, password=password, **named)
