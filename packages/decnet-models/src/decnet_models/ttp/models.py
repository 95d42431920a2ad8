# SPDX-License-Identifier: MIT
"""The ATT&CK findings as SQLModel classes."""

from typing import Optional
from uuid import UUID

from decnet_models.table_model import TableModel, related
from decnet_models.ttp import tables


class TtpTag(TableModel, table=True):
    """A technique that a rule found in an event."""

    __table__ = tables.ttp_tag

    seq: int
    """`event.seq` of the event; with `rule_id` and `technique` the key: the same finding is one row."""
    rule_id: UUID
    """The id of the rule."""
    technique: str
    """The id of the ATT&CK technique: T1110.001, ..."""
    id: UUID
    """The UUIDv5 of rule, event and technique, by which other systems know the finding."""
    title: str
    """The title of the rule when it matched; rules change and go."""
    level: str
    """The level of the rule when it matched."""
    attacker: str
    """The attacker's address."""
    event_id: UUID
    """The id of the event."""
    ts: int
    """The time of the event."""
    session: str | None = None
    """The session of the event."""
    decky: str | None = None
    """The decky of the event."""

    rule_state_row: Optional["TtpRuleState"] = related(primaryjoin="foreign(TtpTag.rule_id) == TtpRuleState.rule_id")


class TtpTechniqueAttacker(TableModel, table=True):
    """An attacker in whose events a technique was found."""

    __table__ = tables.ttp_technique_attacker

    technique: str
    """The id of the ATT&CK technique."""
    attacker: str
    """The attacker's address."""


class TtpWindow(TableModel, table=True):
    """What a correlation rule has counted of one group of events."""

    __table__ = tables.ttp_window

    group_digest: str
    """The beginning of the digest of the values that the rule groups by: a rule has a bounded number of windows."""
    rule_id: UUID
    """The id of the rule."""
    entries: str
    """The events counted so far, newest last, as JSON; before the first value, the whole digest of the group."""
    expires_at: int
    """When the newest of them leaves the time span of the rule; the row may be deleted then."""


class TtpRuleState(TableModel, table=True):
    """A rule that the operator disabled or capped; a rule without a row is enabled."""

    __table__ = tables.ttp_rule_state

    rule_id: UUID
    """The id of the rule."""
    state: str
    """disabled: it tags nothing; capped: it tags at most `cap` events per attacker and UTC day."""
    cap: int | None = None
    """The cap of a capped rule."""
    expires_at: int | None = None
    """Events from then on find the rule enabled again; null: it stays so."""
    reason: str
    """Why, in the operator's words."""
    updated_at: int
    """When it was last changed."""
