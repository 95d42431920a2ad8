# SPDX-License-Identifier: MIT
"""The keys of notices about techniques begin with their occasion.

They began with the attacker and the rule, so each of a session's notices was on another page of the index of keys: half
of all pages that ttp changed.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0037_after_occasion"
down_revision = "0036_after_hosts"

_NEW = ("ttp.tagged|session ", "ttp.tagged|day ")
_PART = 2_000
_ORDERED = 20

_notice = sa.table("notice", sa.column("seq", sa.BigInteger), sa.column("key"), sa.column("kind"), sa.column("body"))


def upgrade() -> None:
    """Give each notice the key that ttp gives it now, so that a replay tells nobody again.

    In a rolling upgrade ttp has written such keys already. They stay, and an old notice of the same keeps its old key.
    """
    connection = op.get_bind()
    made = sa.or_(*(_notice.c.key.like(f"{begins}%") for begins in _NEW))
    there = set(connection.execute(sa.select(_notice.c.key).where(made)).scalars())
    op.drop_index("ix_notice_key", "notice")
    update = _notice.update().where(_notice.c.seq == sa.bindparam("of")).values(key=sa.bindparam("now"))
    query = sa.select(_notice.c.seq, _notice.c.key, _notice.c.body).where(_notice.c.kind == "ttp.tagged")
    last = 0
    while rows := connection.execute(query.where(_notice.c.seq > last).order_by(_notice.c.seq).limit(_PART)).all():
        last = rows[-1].seq
        old = [row for row in rows if row.key.count("|") == 4 and not row.key.startswith(_NEW)]
        keys = {row.seq: _key(row.key, row.body) for row in old}
        changed = [{"of": seq, "now": key} for seq, key in keys.items() if key not in there]
        if changed:
            connection.execute(update, changed)
    op.create_index("ix_notice_key", "notice", ["key"], unique=True)


def _key(old: str, body: str) -> str:
    """Return the new key of `ttp.tagged|attacker|rule|technique|occasion`."""
    kind, attacker, rule, technique, occasion = old.split("|")
    if occasion.startswith("session "):
        begins = str(json.loads(body).get("session") or "")[:_ORDERED]
        shown = begins if begins.isascii() and begins.isalnum() else ""
        occasion = f"session {shown}/{occasion.removeprefix('session ')}"
    return f"{kind}|{occasion}|{attacker}|{rule}|{technique}"
