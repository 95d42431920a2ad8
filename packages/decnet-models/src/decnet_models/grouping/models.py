# SPDX-License-Identifier: MIT
"""The columns that the classes of the domains identities and campaigns share (`decnet_models.grouping.shape`)."""

from uuid import UUID

from decnet_models.table_model import TableModel


class GroupFields(TableModel):
    """A group of subjects."""

    id: UUID
    """The group's UUID; it stays when the group is merged into another."""
    merged_into: UUID | None = None
    """The group that it was merged into; null: it stands for itself."""
    members: int
    """How many members it has."""
    first_seen: int
    """The time of its members' first event."""
    last_seen: int
    """The time of its members' last event."""
    created_at: int
    """When it was created."""
    revision: int = 0
    """Grows with each change of the group or its members; the group that changed last has the highest."""


class MemberFields(TableModel):
    """A subject in the group that it belongs to."""

    weight: float
    """How strongly it belongs there; 0: it was the first member."""
    because: str
    """The evidence that brought it there, as a JSON list of [kind, value, weight]."""
    first_seen: int
    """The time of its first event."""
    last_seen: int
    """The time of its last event."""
    joined_at: int
    """When it joined the group."""


class EvidenceFields(TableModel):
    """A subject that shows a feature; an inverted index."""

    kind: str
    """The kind of feature."""
    digest: str
    """The digest of the feature's value."""
    first_seen: int
    """The time of the first event that showed it."""
    last_seen: int
    """The time of the last event that showed it."""


class FeatureFields(TableModel):
    """A feature that subjects may share."""

    kind: str
    """The kind of feature."""
    digest: str
    """The BLAKE2b digest of `value`, 128 bits in hexadecimal."""
    value: str
    """The value of the feature, which may be long."""
    subjects: int
    """How many subjects show it: the fewer, the more it says."""
    first_seen: int = 0
    """The time of the first event that showed it."""
    last_seen: int = 0
    """The time of the last event that showed it."""


class ChangeFields(TableModel):
    """Members that went from one group to another."""

    id: int | None = None
    """The number of the change, in order of time."""
    kind: str
    """merge: all members of `source` went into `target`; split: some of them did."""
    source: UUID
    """The group that they left."""
    target: UUID
    """The group that they joined."""
    weight: float
    """How strong the evidence was."""
    because: str
    """The evidence, as a JSON list of [kind, value, weight]."""
    ts: int
    """When the change was made."""
    undone_at: int | None = None
    """When the change was undone."""


class DecisionFields(TableModel):
    """A decision of the operator, which overrules evidence."""

    id: int | None = None
    """The number of the decision, in order of time."""
    kind: str
    """together, apart: two subjects; pinned: a subject to a group; undone: a change."""
    change: int | None = None
    """The change that is undone."""
    author: str
    """The user who decided."""
    reason: str
    """Why, in the user's words."""
    created_at: int
    """When it was decided."""
    withdrawn_at: int | None = None
    """When the decision was withdrawn; null: it holds."""
