# SPDX-License-Identifier: MIT
"""Deckies get several addresses, a seed, an interface and the runtime `host`.

The previous version keeps writing `decky.address` until the second phase; this one leaves it empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004_decky_address"
down_revision = "0003_after_dead_letter"

_RANDOM = {
    "sqlite": "abs(random()) % 9007199254740992",
    "postgresql": "floor(random() * 9007199254740992)::bigint",
}
"""Below 2**53, so that every reader of JSON takes it for the same number."""

_RUNTIME = "runtime IN ('loopback', 'netns', 'container')"
_RUNTIMES = "runtime IN ('loopback', 'host', 'netns', 'container')"


def upgrade() -> None:
    """Add what is new, copy the addresses, and draw a seed for each decky."""
    op.add_column("decky", sa.Column("interface", sa.String(15)))
    op.add_column("decky", sa.Column("seed", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "decky_address",
        sa.Column("address", sa.String(45), primary_key=True),
        sa.Column("decky", sa.String(63), sa.ForeignKey("decky.name", ondelete="CASCADE"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("prefix_length", sa.Integer(), sa.CheckConstraint("prefix_length BETWEEN 0 AND 128")),
        sa.Column("gateway", sa.String(45)),
    )
    op.create_index("ix_decky_address_decky", "decky_address", ["decky", "position"], unique=True)
    op.execute("INSERT INTO decky_address (address, decky, position) SELECT address, name, 0 FROM decky")
    dialect = op.get_bind().dialect.name
    op.execute(f"UPDATE decky SET seed = {_RANDOM[dialect]}")  # noqa: S608  # our own words
    if dialect == "sqlite":
        _loosen_in_sqlite()
    else:
        op.execute("ALTER TABLE decky ALTER COLUMN address DROP NOT NULL")
        op.execute("ALTER TABLE decky DROP CONSTRAINT decky_runtime_check")
        op.execute(f"ALTER TABLE decky ADD CONSTRAINT decky_runtime_check CHECK ({_RUNTIMES})")


def _loosen_in_sqlite() -> None:
    """Edit the table's definition, as "Making Other Kinds Of Table Schema Changes" of SQLite's ALTER TABLE page says.

    Making the table anew would delete, by cascade, the rows that refer to it.
    """
    bind = op.get_bind()
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema=ON")
    bind.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(replace(sql, :old, :new), 'address VARCHAR(45) NOT NULL', "
            "'address VARCHAR(45)') WHERE type = 'table' AND name = 'decky'"
        ),
        {"old": _RUNTIME, "new": _RUNTIMES},
    )
    bind.exec_driver_sql(f"PRAGMA schema_version={version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema=OFF")
