# SPDX-License-Identifier: MIT
"""Adds the scores of the attackers in a tally to it: what they will be once the tally is merged into the tables.

So they are computed before the transaction that writes, and written with the counts that they are computed from. Only
the profiler writes these tables, and of each attacker one instance, so what is read here is still so when it writes.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, Table

from decnet_models.attackers import tables
from decnet_models.attackers.merge import Tally, rules_of
from decnet_models.attackers.queries import facts_of
from decnet_models.attackers.scoring.score import Facts, score, total
from decnet_models.database.statements import existing
from decnet_models.intel.verdicts import verdicts

_COUNTS = tuple(name for name in Facts.__struct_fields__ if name in tables.attacker.c)


def rescore(connection: Connection, tally: Tally) -> set[str]:
    """Set the score of each attacker in `tally`; return those that are in the database already."""
    rows, places = tally.rows(tables.attacker), rules_of(tables.attacker).places
    before = facts_of(connection, sorted(ip for (ip,) in rows))
    deckies = _new(connection, tables.attacker_decky, tally)
    services = _new(connection, tables.attacker_service, tally)
    purposes = _by_attacker((ip, purpose) for ip, _, purpose in tally.rows(tables.attacker_tool))
    for (ip,), row in rows.items():
        old = before.get(ip, Facts())
        counts = {name: getattr(old, name) + row[places[name]] for name in _COUNTS}
        facts = Facts(
            **counts,
            deckies=old.deckies + len(deckies.get(ip, ())),
            services=old.services + len(services.get(ip, ())),
            purposes=tuple(sorted({*old.purposes, *purposes.get(ip, ())})),
        )
        row[places["behaviour_score"]] = score(facts)
    _judge(connection, [ip for (ip,) in rows if ip not in before], tally)
    return set(before)


def _judge(connection: Connection, new: Sequence[str], tally: Tally) -> None:
    """Give new attackers the verdict of others, if there is one already: after a replay, or from another host's log."""
    rows, places, known = tally.rows(tables.attacker), rules_of(tables.attacker).places, verdicts(connection, new)
    for ip in new:
        row = rows[ip,]
        row[places["verdict"]] = known.get(ip, tables.UNJUDGED)
        row[places["score"]] = total(row[places["behaviour_score"]], row[places["verdict"]])


def _new(connection: Connection, table: Table, tally: Tally) -> dict[str, set[str]]:
    """Return what of a table's keys is not in the database yet, by attacker."""
    keys = tally.rows(table).keys()
    return _by_attacker(keys - existing(connection, tuple(table.primary_key.columns), keys))


def _by_attacker(keys: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for ip, name in keys:
        found.setdefault(ip, set()).add(name)
    return found
