# SPDX-License-Identifier: MIT
"""A fleet of two deckies in a real database, the transactions of mutate on it, and a time that the test sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

from decnet_models.attackers.tables import attacker, attacker_decky, credential, credential_use
from decnet_models.database.engine import reading, writing
from decnet_models.fleet import change_log, mutation_policies, queries
from decnet_models.fleet.change_log import ChangeInfo
from decnet_models.fleet.mutation_policies import Policy
from decnet_models.fleet.queries import Address, Decky, Service
from decnet_models.realism import queries as realism
from decnet_models.realism.queries import Persona
from decnet_workers.mutate import mutations
from decnet_workers.mutate.mutations import Mutations

NS = 1_000_000_000
START = 1_700_000_000 * NS
QUIET = 900
SSH, HTTP, FTP = Service("ssh", 2222), Service("http", 8080), Service("ftp", 2121)
BODY = {"os": "Debian 12", "family": "debian", "services": {"ssh": {}, "http": {}, "ftp": {}}}


class Fleet:
    """The database, the worker's transactions, and the time."""

    def __init__(self, engine: Engine, set_time: Callable[[int], None]) -> None:
        self.engine = engine
        self.now = START
        self._set_time = set_time
        self.mutations = Mutations(engine, QUIET)
        self.do(realism.write_persona, Persona("web", "Debian 12", BODY), now_ns=1)
        self.do(realism.write_persona, Persona("shop", "Debian 12", BODY), now_ns=1)
        for number, name in enumerate(("one", "two"), 1):
            made = Decky(name, (Address(f"127.77.0.{number}"),), name, "loopback", "web", (HTTP, SSH), seed=number)
            self.do(queries.write_decky, made, ChangeInfo("added", "ana", "", 5))

    def do(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with writing(self.engine) as connection:
            return function(connection, *arguments, **named)

    def allow(self, name: str = "one", every: int = 86400, **changes: Any) -> None:
        policy = Policy(name, every, **{"services": (FTP, HTTP, SSH), **changes})
        self.do(mutation_policies.set_policy, policy, now_ns=self.now)

    def decky(self, name: str = "one") -> Decky:
        with reading(self.engine) as connection:
            found = queries.decky_named(connection, name)
        assert found is not None
        return found

    def kinds(self, name: str = "one") -> list[str]:
        with reading(self.engine) as connection:
            return [one.kind for one in change_log.history(connection, name)]

    def at(self, now: int) -> mutations.Report:
        """Run a pass at that time."""
        self.now = now
        self._set_time(now)
        return self.mutations.run()

    def due(self, name: str = "one", every: int = 86400, **changes: Any) -> int:
        """Give a decky a policy and have its time drawn; return that time."""
        self.allow(name, every, **changes)
        self.at(self.now)
        at = self.decky(name).mutate_at
        assert at is not None
        return at

    def visit(self, ts: int, name: str = "one", *, accepted: int = 0) -> None:
        """Write what the profiler would of a visitor."""
        who = {"attacker": "192.0.2.1", "decky": name, "events": 1, "first_seen": ts, "last_seen": ts}
        with writing(self.engine) as connection:
            connection.execute(attacker.delete())
            connection.execute(attacker.insert(), {"ip": "192.0.2.1", "events": 1, "first_seen": ts, "last_seen": ts})
            connection.execute(attacker_decky.insert(), who)
            key = {"digest": "d", "uses": 1, "accepted": accepted, "first_seen": ts, "last_seen": ts, "first_seq": 1}
            connection.execute(credential.delete())
            connection.execute(credential.insert(), key)
            use = {key: value for key, value in who.items() if key != "events"}
            more = {"credential": "d", "service": "ssh", "uses": 1, "accepted": accepted}
            connection.execute(credential_use.insert(), {**use, **more})
