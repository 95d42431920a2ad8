# SPDX-License-Identifier: MIT
from __future__ import annotations

from sqlalchemy import Connection, Engine

from decnet_models.attackers import clues, tables
from decnet_models.attackers.clues import Clue
from decnet_models.attackers.merge import Tally
from decnet_models.database.engine import writing

ANA, BO = "192.0.2.1", "192.0.2.2"


def seen(first: int, last: int) -> dict[str, int]:
    return {"events": 1, "first_seen": first, "last_seen": last}


def known(connection: Connection) -> None:
    """Write two attackers with what they tried, entered and touched."""
    tally = Tally()
    for ip, last in ((ANA, 20), (BO, 40)):
        tally.add(tables.attacker, (ip,), seen(10, last))
        tally.add(tables.fingerprint, (ip, "ssh.software", "libssh"), seen(10, last))
        tally.add(tables.attacker_decky, (ip, f"decky-{ip}"), seen(10, last))
        tally.add(tables.command, (last,), {"attacker": ip, "ts": last, "service": "ssh", "text": "id", "known": True})
    tally.add(tables.attacker_decky, (BO, "old"), seen(1, 2))
    use = {"uses": 1, "accepted": 0, "first_seen": 3, "last_seen": 4}
    tally.add(tables.credential, ("d1",), {**use, "first_seq": 1, "username": "root"})
    for service in ("ssh", "telnet"):
        tally.add(tables.credential_use, (ANA, "d1", service, ""), use)
    tally.write(connection)


def test_clues_are_those_of_the_attackers_that_are_named(engine: Engine) -> None:
    with writing(engine) as connection:
        known(connection)
        assert clues.fingerprints_of(connection, [ANA, "192.0.2.9"]) == [Clue(ANA, "ssh.software", "libssh", 10, 20)]
        assert clues.credentials_of(connection, [ANA, BO]) == [Clue(ANA, "credential", "d1", 3, 4)]
        assert clues.commands_of(connection, [BO]) == [Clue(BO, "command", "id", 40, 40)]
        assert [one.value for one in clues.deckies_of(connection, [BO])] == [f"decky-{BO}", "old"]
        assert clues.fingerprints_of(connection, []) == []


def test_only_deckies_that_somebody_touches_now_are_active(engine: Engine) -> None:
    with writing(engine) as connection:
        known(connection)
        assert clues.active_deckies(connection, 15) == {f"decky-{ANA}", f"decky-{BO}"}
        assert clues.active_deckies(connection, 40) == {f"decky-{BO}"}
        assert clues.active_deckies(connection, 41) == set()
