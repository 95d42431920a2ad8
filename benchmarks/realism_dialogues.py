# SPDX-License-Identifier: MIT
"""What decoys say in raw dialogues, beside the real servers of this machine.

OpenSSH, dropbear, nginx, Apache and lighttpd in clear text and in TLS, vsftpd, Postfix with Dovecot, Redis, MariaDB,
and the telnetd of BusyBox and inetutils.

    python benchmarks/realism_dialogues.py    (part of `nox -s realism`; as root, with the servers installed)

Each server is asked what the folders `dialogues` in tests/decnet_decoys/ssh, http, https, terminal and services list,
and so is a decky that claims to be it. A line is a server: dialogues, those in which the real one says what is on
record, those in which the decky says so, too. Below it the dialogues in which they differ, with the reason. A name with
-more, -third, -fourth or -fifth is a further set of dialogues, written before the service was looked at.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.decnet_decoys.http import test_dialogues as http  # noqa: E402
from tests.decnet_decoys.https import test_tls_dialogues as https  # noqa: E402
from tests.decnet_decoys.https.http2 import test_more_http2_dialogues as http2  # noqa: E402
from tests.decnet_decoys.services.dialogues import real_servers as service_servers  # noqa: E402
from tests.decnet_decoys.services.dialogues.decoys import OTHERWISE, decoy_of  # noqa: E402
from tests.decnet_decoys.services.dialogues.kinds import KINDS, recorded, server_of  # noqa: E402
from tests.decnet_decoys.services.dialogues.not_yet import NOT_YET  # noqa: E402
from tests.decnet_decoys.ssh import test_dialogues as ssh  # noqa: E402
from tests.decnet_decoys.ssh.dialogues import otherwise  # noqa: E402
from tests.decnet_decoys.ssh.dialogues import real_servers as ssh_servers  # noqa: E402
from tests.decnet_decoys.ssh.dialogues.play import differing  # noqa: E402
from tests.decnet_decoys.terminal import test_beside_bash as terminal  # noqa: E402
from tests.decnet_decoys.terminal.dialogues import play as terminal_play  # noqa: E402
from tests.ports import free_port, own_address  # noqa: E402

WAITS = (1.0, 4.0)
ROW = "{:<15} {:>9} {:>18} {:>12}"


def row(name: str, asked: int, real: object, ours: int) -> str:
    return ROW.format(name, asked, str(real), ours)


async def by_ssh(name: str, directory: Path) -> None:
    """Compare the SSH server of that name."""
    records = ssh.recorded(name)
    everything = len(records) + len(otherwise.OTHERWISE[name])
    real: object = "not here"
    if not ssh_servers.missing():
        (directory / "real").mkdir()
        address = own_address(60)
        async with ssh_servers.real_server(name, directory / "real", address, free_port(address)) as server:
            real = len(records) - len(await differing(server, records, WAITS))
    wrong = await ssh.decoys_say_otherwise(directory, name, records)
    print(row(name, everything, real, len(records) - len(wrong)))
    for title, reason in (*otherwise.OTHERWISE[name].items(), *((title, "?") for title in wrong)):
        print(f"              {title}: {reason}")


async def by_web(tests: Any, name: str, directory: Path) -> None:
    """Compare the web server of that name, in clear text, in TLS, or in HTTP/2."""
    records = tests.recorded(name)
    real: object = "not here"
    if not tests.real_servers.missing(name):
        address = own_address(61)
        port = free_port(address)
        async with tests.real_servers.real_server(name, address, port):
            real = len(records) - len(await tests.play.differing(address, port, records, WAITS))
    wrong = await tests.otherwise(directory, name)
    shown = name + {https: ", TLS", http2: ", HTTP/2"}.get(tests, "")
    print(row(shown, len(records), real, len(records) - len(wrong)))
    for title in wrong:
        print(f"              {title}: {tests.OTHERWISE[name].get(title, '?')}")


async def by_terminal(name: str, directory: Path) -> None:
    """Compare the shell in a terminal by SSH."""
    records = terminal.recorded()
    real: object = "not here"
    (directory / "ours").mkdir()
    if not ssh_servers.missing():
        (directory / "real").mkdir()
        address = own_address(69)
        async with terminal_play.shell_of_root(directory / "real", address, free_port(address)) as server:
            real = len(records) - len(await terminal_play.differing(server, records, WAITS))
    wrong = await terminal.otherwise(directory / "ours")
    print(row(name, len(records), real, len(records) - len(wrong)))
    for title in wrong:
        print(f"              {title}: {terminal.OTHERWISE.get(title, '?')}")


async def by_service(name: str, directory: Path) -> None:
    """Compare the server of that service."""
    records, kind = recorded(name), KINDS[name]
    real: object = "not here"
    (directory / "ours").mkdir()
    if not service_servers.missing(server_of(name)):
        address = own_address(62)
        port = free_port(address)
        async with service_servers.real_server(server_of(name), address, port):
            waits = WAITS[-1:] if "-" in name else WAITS
            real = len(records) - len(await kind.differing(address, port, records, waits))
    async with decoy_of(name, directory / "ours") as (address, port):
        wrong = await kind.differing(address, port, records, WAITS[-1:] if "-" in name else WAITS)
    print(row(name, len(records), real, len(records) - len(wrong)))
    for title in wrong:
        print(f"              {title}: {OTHERWISE.get(name, {}).get(title, 'not yet')}")
    for title in NOT_YET.get(name, ()):
        if title not in wrong:
            print(f"              {title}: equal by now, so it goes off the list NOT_YET")


def main() -> None:
    """Compare all, one after the other."""
    print(ROW.format("server", "dialogues", "real as recorded", "decky equal"), flush=True)
    everything = (
        (by_ssh, tuple(ssh.PERSONAS)),
        (partial(by_web, http), tuple(http.OTHERWISE)),
        (partial(by_web, https), tuple(https.OTHERWISE)),
        (partial(by_web, http2), tuple(http2.OTHERWISE)),
        (by_terminal, ("bash",)),
        (by_service, tuple(KINDS)),
    )
    for compare, names in everything:
        for name in names:
            with tempfile.TemporaryDirectory(prefix="decnet-") as directory:
                asyncio.run(compare(name, Path(directory)))


if __name__ == "__main__":
    main()
