# SPDX-License-Identifier: MIT
"""Reads and removes the evidence of identities: what one showed may go to another when attackers change identity."""

from collections import Counter
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, bindparam, delete, update

from decnet_models.campaigns.tables import CAMPAIGNS
from decnet_models.grouping.evidence import evidence_of_all
from decnet_models.grouping.values import Evidence, digest

_evidence, _feature = CAMPAIGNS.evidence, CAMPAIGNS.feature
_REMOVE = delete(_evidence).where(
    _evidence.c.kind == bindparam("of_kind"),
    _evidence.c.digest == bindparam("of_digest"),
    _evidence.c.identity == bindparam("of_identity"),
)
_LESS = (
    update(_feature)
    .where(_feature.c.kind == bindparam("of_kind"), _feature.c.digest == bindparam("of_digest"))
    .values(subjects=_feature.c.subjects - bindparam("gone"))
)


def evidence_by_identity(connection: Connection, identities: Iterable[UUID]) -> dict[UUID, list[Evidence[UUID]]]:
    """Return the evidence of the identities that have any, by kind and value."""
    found: dict[UUID, list[Evidence[UUID]]] = {}
    for one in evidence_of_all(connection, CAMPAIGNS, identities):
        found.setdefault(one.subject, []).append(one)
    return found


def remove_evidence(connection: Connection, gone: Collection[Evidence[UUID]]) -> None:
    """Remove evidence that identities had, and count them no more among those that show it."""
    if not gone:
        return
    keys = [(one.kind, digest(one.value), one.subject) for one in gone]
    rows = [{"of_kind": kind, "of_digest": key, "of_identity": identity} for kind, key, identity in keys]
    connection.execute(_REMOVE, rows)
    fewer = Counter((kind, key) for kind, key, _ in keys)
    connection.execute(
        _LESS,
        [{"of_kind": kind, "of_digest": key, "gone": number} for (kind, key), number in sorted(fewer.items())],
    )
