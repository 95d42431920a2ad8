# SPDX-License-Identifier: MIT
"""Tables of the history. Hours are counted from the Unix epoch, by the time at which an event happened.

There is no foreign key to the event log: counts outlive its retention.
"""

from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, Text

from decnet_models.database.columns import ADDRESS, BIG, NAME

metadata = MetaData()

WORD = String(64).with_variant(String(64, collation="C"), "postgresql")
"""Compared by its bytes, as SQLite does, so that the words with a beginning are those between two words."""


def _table(name: str, *columns: Column[Any]) -> Table:
    # The keys are all that is looked up: without a rowid SQLite keeps a row in its key's index and nowhere else.
    info = {"owner": "history", "readers": ("history", "reporter", "operator"), "replay": "sums"}
    return Table(name, metadata, *columns, info=info, sqlite_with_rowid=False)


hourly_count = _table(
    "hourly_count",
    Column("hour", BIG, primary_key=True, autoincrement=False),
    Column("kind", String(64), primary_key=True),
    Column("decky", NAME, primary_key=True),  # empty: none
    Column("events", BIG, nullable=False),
    Column("accepted", BIG, nullable=False),
)

hourly_attacker = _table(
    "hourly_attacker",
    Column("hour", BIG, primary_key=True, autoincrement=False),
    Column("attacker", ADDRESS, primary_key=True),
    Column("events", BIG, nullable=False),
)

hourly_value = _table(
    "hourly_value",
    Column("what", String(16), primary_key=True),
    Column("hour", BIG, primary_key=True, autoincrement=False),
    Column("digest", BIG, primary_key=True, autoincrement=False),
    Column("value", Text, nullable=False),
    Column("secret", Text),
    Column("times", BIG, nullable=False),
    Column("accepted", BIG, nullable=False),
    Column("sources", LargeBinary, nullable=False),
)

search_word = _table(
    "search_word",
    Column("chunk", BIG, primary_key=True, autoincrement=False),
    Column("word", WORD, primary_key=True),
    Column("first", BIG, primary_key=True, autoincrement=False),
    Column("places", LargeBinary, nullable=False),
)
