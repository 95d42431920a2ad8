# SPDX-License-Identifier: MIT
"""The history as SQLModel classes."""

from decnet_models.history import tables
from decnet_models.table_model import TableModel


class HourlyCount(TableModel, table=True):
    """How many events of a kind happened at a decky in an hour."""

    __table__ = tables.hourly_count

    hour: int
    """Hours since the Unix epoch."""
    kind: str
    """The kind of event."""
    decky: str
    """The decky; empty: none."""
    events: int
    """The number of events; one that stands for several counts as many times."""
    accepted: int
    """How many of them were log-ins that were let in."""


class HourlyAttacker(TableModel, table=True):
    """How many events an attacker caused in an hour."""

    __table__ = tables.hourly_attacker

    hour: int
    """Hours since the Unix epoch."""
    attacker: str
    """The attacker's address."""
    events: int
    """The number of events."""


class HourlyValue(TableModel, table=True):
    """How often attackers sent a value in an hour."""

    __table__ = tables.hourly_value

    what: str
    """login, command, request or token."""
    hour: int
    """Hours since the Unix epoch."""
    digest: int
    """The first 64 bits of the value's BLAKE2b digest; 0 stands for all values beyond the number that is kept."""
    value: str
    """The value, of a log-in the user; at most 1,024 characters."""
    secret: str | None = None
    """The password or public key of a log-in."""
    times: int
    """How often it was sent."""
    accepted: int
    """How many of the log-ins were let in."""
    sources: bytes
    """Digests of the addresses that sent it, 8 bytes each; of very many the smallest, which estimate their number."""


class SearchWord(TableModel, table=True):
    """Where in a chunk of the event log a word occurs."""

    __table__ = tables.search_word

    chunk: int
    """The number of the event divided by 8,192."""
    word: str
    """The word, folded to lower case."""
    first: int
    """The number of the first event of the batch that this row is of."""
    places: bytes
    """The events, 2 bytes each, little-endian: their numbers modulo 8,192, ascending."""
