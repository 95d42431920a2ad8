# SPDX-License-Identifier: MIT
"""The database: tables and queries per domain, engine, cursor, migrations.

SQLAlchemy **Core** only. Tables are `Table` objects and queries are functions that take a `sqlalchemy.Connection`
(a "session" is an attacker's session here). Workers use no ORM: measured per process it holds 6 MiB more than Core,
SQLModel 14 more, and mapped objects make a forked child dirty another 12 to 20 MiB of what it could have shared.

Each domain is a folder with `tables.py` (its own `MetaData`; `table.info["owner"]` is the one worker that writes it),
`queries.py` and `models.py`: SQLModel classes on the same tables (`table_model`), which say what each column means and
are loaded by the web API and by people's scripts only. No domain imports another's tables, so a process loads only
those that it names (law 1). Times are BIGINT nanoseconds since the Unix epoch, UTC; ids of events are UUIDs; JSON is
text that msgspec writes and reads.
"""
