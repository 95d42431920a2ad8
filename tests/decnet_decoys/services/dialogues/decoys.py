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

from decnet_decoys.mysql.catalogue import Catalogue
from decnet_decoys.redis.keyspace import Keyspace

_AHEAD = "the decoy echoes a line when it is read; a terminal echoes all before login reads the first"
OTHERWISE: dict[str, dict[str, str]] = {
    "telnet-more": {
        "LF LF": _AHEAD,
    },
    "telnet-third": {
        "all that came, sent back": _AHEAD,
        "a probe of nmap": _AHEAD,
        "ten empty lines": _AHEAD,
        "states at once": "login drops what was typed ahead of its prompt for a password; here the first line alone",
        "RDP": "of what came with a ^C the terminal drops the echo; how much of it is a race",
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
    "ftp-third": {
        "FileZilla": "the decoy says nothing when TLS ends before it has begun; vsftpd tells OpenSSL's error",
    },
    "telnet-fifth": {
        "a name and a password by LF NUL": _AHEAD,
        "a Mirai that reads nothing": "login drops what was typed ahead of its prompt for a password",
    },
    "inetutils-fifth": {
        "a name and a password by LF NUL": _AHEAD,
        "a Mirai that reads nothing": "login drops what was typed ahead of its prompt for a password",
        "a line of 4096 letters": "login, whose name is cut, ends the line twice",
    },
    "inetutils-sixth": {
        "linemode": "telnetd asks for the mode a second time; why is not known",
    },
    "smtp-third": {
        "chunks": "after a null chunk Postfix says nothing more than once; why is not known",
    },
}
"""Dialogues in which a decoy answers otherwise, and why."""


_DATABASE = "10.11.19-MariaDB-0+deb12u1"
"""Whose words are on record."""


def _ftp(service: Any) -> None:
    service.profile = msgspec.structs.replace(service.profile, umask=0o077)


def _smtp(service: Any) -> None:
    service.profile = msgspec.structs.replace(service.profile, name=HOST)
    service.name = HOST


def _redis(service: Any) -> None:
    service.instance.databases[0] = Keyspace()


def _mysql(service: Any) -> None:
    service.profile = msgspec.structs.replace(
        service.profile, accounts={"root": (DATABASE_PASSWORD,)}, version=_DATABASE
    )
    service.catalogue = Catalogue(service.profile, service.context.host_name)


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
