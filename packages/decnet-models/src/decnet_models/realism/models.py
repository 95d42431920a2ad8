# SPDX-License-Identifier: MIT
"""The synthetic life of the deckies as SQLModel classes."""

from uuid import UUID

from decnet_models.realism import tables
from decnet_models.table_model import TableModel, related


class Persona(TableModel, table=True):
    """What a decky pretends to be, and when somebody works there."""

    __table__ = tables.persona

    name: str
    """The name of the persona."""
    os: str
    """The operating system that it shows."""
    body: str
    """Banners, users and files, as JSON that `decnet_decoys.personas` reads."""
    timezone: str
    """The IANA time zone of the working hours."""
    work_from: int
    """The minute of the day at which work begins."""
    work_until: int
    """The minute of the day at which work ends."""
    work_days: int
    """The working days: one bit for each day, Monday is bit 0."""
    version: int
    """Grows with each change; a writer names the version that it read."""
    updated_at: int
    """When it was last changed."""

    action_rows: list["SyntheticAction"] = related(order_by="SyntheticAction.due_at")


class SyntheticAction(TableModel, table=True):
    """Something that the orchestrator does so that a decky looks alive."""

    __table__ = tables.synthetic_action

    id: UUID
    """Chosen when the action is planned; its events carry it as their session."""
    kind: str
    """session, file or mail."""
    decky: str
    """The decky on which it happens."""
    peer: str | None = None
    """The decky from which it comes."""
    persona: str
    """The persona that acts."""
    protocol: str | None = None
    """ssh, http, smtp, ...; null for a file."""
    token: str | None = None
    """The canary token that it plants as bait."""
    body: str
    """What is to be done, as JSON."""
    state: str
    """planned, running, done or failed."""
    due_at: int
    """When it should seem to happen; an action in the past is carried out at once."""
    started_at: int | None = None
    """When it was started."""
    ended_at: int | None = None
    """When it ended."""
    error: str | None = None
    """Why it failed."""
    prose: str | None = None
    """What a text endpoint wrote for this growth of the document; null: the grammar did."""

    persona_row: Persona = related()
