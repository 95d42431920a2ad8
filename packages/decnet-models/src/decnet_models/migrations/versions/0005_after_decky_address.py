# SPDX-License-Identifier: MIT
"""Drops `decky.address`, once no program writes it any more."""

from alembic import op

revision = "0005_after_decky_address"
down_revision = "0004_decky_address"

_RANDOM = {
    "sqlite": "abs(random()) % 9007199254740992",
    "postgresql": "floor(random() * 9007199254740992)::bigint",
}


def upgrade() -> None:
    """Take over the addresses that the previous version wrote since 0004, and drop the column."""
    dialect = op.get_bind().dialect.name
    op.execute(
        "UPDATE decky_address SET address = (SELECT d.address FROM decky AS d WHERE d.name = decky_address.decky) "
        "WHERE position = 0 AND (SELECT d.address FROM decky AS d WHERE d.name = decky_address.decky) IS NOT NULL"
    )
    op.execute(
        "INSERT INTO decky_address (address, decky, position) SELECT address, name, 0 FROM decky "
        "WHERE address IS NOT NULL ON CONFLICT DO NOTHING"
    )
    op.execute(f"UPDATE decky SET seed = {_RANDOM[dialect]} WHERE seed = 0")  # noqa: S608  # our own words
    op.drop_index("ix_decky_address", "decky")
    op.drop_column("decky", "address")
