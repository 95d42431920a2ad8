# SPDX-License-Identifier: MIT
"""What the operator has set for rules, and how often each has matched; times in ns."""

from typing import Any, Literal, TypeAlias
from uuid import UUID

import msgspec
from sqlalchemy import Connection, delete, func, select

from decnet_core.text import for_column
from decnet_models.database.rows.row_select import RowSelect, as_uuid
from decnet_models.database.statements import insert_into
from decnet_models.ttp.tables import ttp_rule_state, ttp_tag

State: TypeAlias = Literal["enabled", "disabled", "capped"]


class RuleState(msgspec.Struct, frozen=True):
    """The operator's setting for a rule, in force for events before `expires_at`."""

    rule_id: UUID
    state: State
    cap: int | None = None
    expires_at: int | None = None
    reason: str = ""

    def at(self, ts: int) -> State:
        return self.state if self.expires_at is None or ts < self.expires_at else "enabled"


def rule_states(connection: Connection) -> dict[UUID, RuleState]:
    """Return the rules that the operator has disabled or capped."""
    states = (RuleState(as_uuid(number), *values) for number, *values in _STATES.rows(connection))
    return {one.rule_id: one for one in states}


_STATES = RowSelect(lambda _: select(*(ttp_rule_state.c[name] for name in RuleState.__struct_fields__)))


def set_rule_state(connection: Connection, state: RuleState, *, now_ns: int) -> None:
    """Set the state of a rule; `enabled` removes the setting.

    Raises ValueError for a capped rule without a cap, and for a cap on any other.
    """
    if (state.state == "capped") != (state.cap is not None) or (state.cap is not None and state.cap < 1):
        raise ValueError("a capped rule has a cap of 1 or more, another has none")
    if state.state == "enabled":
        connection.execute(delete(ttp_rule_state).where(ttp_rule_state.c.rule_id == state.rule_id))
        return
    values: dict[str, Any] = {
        "state": state.state,
        "cap": state.cap,
        "expires_at": state.expires_at,
        "reason": for_column(state.reason),
        "updated_at": now_ns,
    }
    statement = insert_into(connection, ttp_rule_state).values(rule_id=state.rule_id, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["rule_id"], set_=values))


class RuleHits(msgspec.Struct, frozen=True):
    """How many tags a rule has written, of how many attackers, and when the newest of their events happened."""

    tags: int
    attackers: int
    last_seen: int


def hits_by_rule(connection: Connection, after_seq: int) -> dict[UUID, RuleHits]:
    """Return the tags of each rule in the events after a place in the log; those without any are not there."""
    c = ttp_tag.c
    attackers = func.count(c.attacker.distinct())
    query = select(c.rule_id, func.count(), attackers, func.max(c.ts)).where(c.seq > after_seq).group_by(c.rule_id)
    return {row[0]: RuleHits(*row[1:]) for row in connection.execute(query)}
