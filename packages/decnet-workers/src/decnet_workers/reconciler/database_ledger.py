# SPDX-License-Identifier: MIT
"""The ledger of this host's deckies in the fleet's database; blocking, for the worker's thread."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace
from sqlalchemy import Engine

from decnet_core.placement.ledger import Wanted, differs, wanted
from decnet_core.placement.reconciliation import Outcome
from decnet_core.placement.retry import Failure
from decnet_models.database.engine import reading, writing
from decnet_models.fleet.queries import Decky
from decnet_models.fleet.states import State, states_on
from decnet_models.notices import queries as notices
from decnet_models.realism.queries import Persona, personas
from decnet_workers.reconciler.leases import Leases
from decnet_workers.reconciler.records import record
from decnet_workers.reconciler.rows import order


class DatabaseLedger:
    """Its methods raise DBAPIError."""

    def __init__(self, engine: Engine, *, client_sockets: bool = False) -> None:
        self._engine = engine
        self._client_sockets = client_sockets
        self._leases = Leases(engine)
        self._states: dict[str, State] = {}

    def read(self, waiting: Mapping[str, int]) -> Wanted:
        rows, known = self._rows()
        renewed = self._leases.renew((row for row, _ in rows), waiting)
        if renewed.changed:
            rows, known = self._rows()
        self._states = {row.name: state for row, state in rows if state is not None}
        documents = {name: one.body for name, one in known.items()}
        found = wanted([order(row) for row, _ in rows], documents, renewed.errors)
        deckies = [replace(one, client_sockets=self._client_sockets) for one in found.deckies]
        return Wanted(deckies, found.errors, found.spared, renewed.next_at)

    def is_news(self, outcome: Outcome) -> bool:
        state = self._states.get(outcome.task.decky.name)
        if state is None:
            return True
        return differs(outcome, was=state.phase, error=state.error, version=state.version)

    def attempts(self, name: str) -> int:
        state = self._states.get(name)
        return state.attempts if state else 0

    def record(self, ended: Sequence[tuple[Outcome, Failure | None]], now_ns: int) -> dict[str, int]:
        noted = [(one, self._states.get(one.task.decky.name), failure) for one, failure in ended]
        with writing(self._engine) as connection:
            kinds = record(connection, noted, now_ns)
            newest = notices.last_seq(connection) if kinds else 0
        return dict.fromkeys(kinds, newest)

    def _rows(self) -> tuple[list[tuple[Decky, State | None]], dict[str, Persona]]:
        with reading(self._engine) as connection:
            rows = states_on(connection, None)
            return rows, {one.name: one for one in personas(connection)} if rows else {}
