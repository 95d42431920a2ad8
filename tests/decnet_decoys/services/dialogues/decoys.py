# SPDX-License-Identifier: MIT
"""Decoys with the names and accounts of the real servers, and in which dialogues they answer otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.services.dialogues.kinds import server_of
from tests.decnet_decoys.services.dialogues.real_servers import DATABASE_PASSWORD, HOST

from decnet_decoys.redis.keyspace import Keyspace

OTHERWISE: dict[str, dict[str, str]] = {
    "telnet-more": {
        "LF LF": "the decoy echoes a line when it is read; a terminal echoes both before login reads the first",
    },
    "inetutils-more": {
        "all options offered": "the decoy sets line mode's modes at once; here telnetd sets none, why is not known",
        "binary both ways": "the decoy's terminal goes on to write CR LF when the connection is binary",
        "^D twice": "login drops a second ^D that came with the first; the decoy reads it at the next prompt",
        "a name of 5000 bytes": "login, whose name is cut, ends the line twice",
    },
    "ftp-more": {
        "AUTH, then plain text": "the decoy drops what a client sends ahead of TLS; vsftpd takes it for the handshake",
    },
    "smtp-more": {
        "an address for an account": "the decoy takes a mailbox's address for its account, so that bots get in",
    },
    "mysql": {
        "what there is": "`show databases like` has not the columns of the table that the real server reads",
        "what is not there": "10.11.19 says 'SELECT' where 10.11.6, which the decoy claims to be, says 'field list'",
        "a transaction": "the decoy's answers do not say that a transaction is open",
        "create and drop": "the decoy keeps no rows that visitors insert",
    },
}
"""Dialogues in which a decoy answers otherwise, and why."""


def _ftp(service: Any) -> None:
    service.profile = msgspec.structs.replace(service.profile, umask=0o077)


def _smtp(service: Any) -> None:
    service.profile = msgspec.structs.replace(service.profile, name=HOST)
    service.name = HOST


def _redis(service: Any) -> None:
    service.instance.databases[0] = Keyspace()


def _mysql(service: Any) -> None:
    service.profile = msgspec.structs.replace(service.profile, accounts={"root": (DATABASE_PASSWORD,)})


def _telnet(service: Any) -> None:
    service.profile = msgspec.structs.replace(service.profile, issue="Debian GNU/Linux 12\n")


_DECOYS: dict[str, tuple[str, Callable[[Any], None]]] = {
    "ftp": ("debian-web", _ftp), "smtp": ("debian-web", _smtp), "redis": ("debian-web", _redis),
    "mysql": ("debian-web", _mysql), "telnet": ("nas", _telnet),
    "inetutils": ("debian-web", lambda _service: None),
}  # fmt: skip
"""A persona, and what is changed of its service."""
_SERVICES = {"inetutils": "telnet"}
"""The service, where the server has another name."""


@asynccontextmanager
async def decoy_of(name: str, directory: Path) -> AsyncIterator[tuple[str, int]]:
    """Play a decoy in this loop until the block ends."""
    name = server_of(name)
    persona, adapt = _DECOYS[name]
    offered = _SERVICES.get(name, name)
    host = DeckyHost(directory, fleet_settings(persona, offers=(offered,)))
    await host.open()
    try:
        adapt(host.listeners[0]._service)
        yield host.decky.address, host.decky.services[offered]
    finally:
        await host.close()
