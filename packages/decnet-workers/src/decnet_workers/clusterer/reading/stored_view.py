# SPDX-License-Identifier: MIT
"""The evidence in the database, as the computation of identities reads it."""

from collections.abc import Collection, Iterable
from sys import intern

from sqlalchemy import Connection

from decnet_core.timing.durations import DAY_NS
from decnet_models.identities import core_rows, evidence_rows, shown_rows
from decnet_workers.clusterer.intake import log_days, population
from decnet_workers.clusterer.kinds import Days, Feature
from decnet_workers.clusterer.reading.view import Settled
from decnet_workers.commodity.limits import Key


class StoredView:
    """A View of the database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        number = population(connection)
        self.population = 1 << max(0, number.bit_length() - 1)
        self.log_days = log_days(connection)

    def shown_by(self, attackers: Collection[str]) -> dict[str, list[str]]:
        return shown_rows.shown_by(self._connection, attackers)

    def days_of(self, attackers: Collection[str], kinds: Collection[str]) -> dict[str, dict[Key, Days]]:
        found: dict[str, dict[Key, Days]] = {}
        for attacker, kind, name, first, last in shown_rows.evidence_of_kinds(self._connection, attackers, kinds):
            found.setdefault(attacker, {})[kind, name] = first // DAY_NS, last // DAY_NS
        return found

    def features(self, keys: Collection[Key]) -> dict[Key, tuple[Feature, Settled | None]]:
        found = shown_rows.shared_of(self._connection, keys)
        return {key: (Feature(*row[:3]), _settled(row.core)) for key, row in found.items()}

    def holders(self, key: Key, limit: int) -> list[str]:
        return evidence_rows.holders_of(self._connection, key, limit)

    def holders_of_all(self, keys: Collection[Key]) -> dict[Key, list[str]]:
        return evidence_rows.holders_of_all(self._connection, keys)

    def of_cores(self, cores: Iterable[str]) -> set[Key]:
        return core_rows.of_cores(self._connection, cores)


def _settled(core: shown_rows.Core | None) -> Settled | None:
    return None if core is None else Settled(intern(core[0]), *core[1:])


class StoredWaiting:
    """What is pending in the database."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def attackers(self, some: Collection[str]) -> set[str]:
        return {name for _, name in self._of((evidence_rows.ATTACKER, one) for one in some)}

    def features(self, some: Collection[Key]) -> set[Key]:
        return self._of(some)

    def _of(self, some: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
        return evidence_rows.pending_of(self._connection, some)
