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
    "smtp-third": {
        "chunks": "after a null chunk Postfix says nothing more than once; why is not known",
    },
    "mysql-more": {
        "native, named otherwise": "see the difference: one statement of several",
        "ed25519": "see the difference: one statement of several",
        "the old password": "see the difference: one statement of several",
        "a response of five bytes": "see the difference: one statement of several",
        "a response without an end": "see the difference: one statement of several",
        "protocol 3.20": "see the difference: one statement of several",
        "a large length": "see the difference: one statement of several",
        "session track": "what is set is not kept, nor told to the client",
        "latin1 client": "what is set is not kept, nor told to the client",
        "COM_STATISTICS": "not every command of the protocol, and no prepared statement in binary, is answered",
        "COM_FIELD_LIST": "not every command of the protocol, and no prepared statement in binary, is answered",
        "COM_PROCESS_KILL": "not every command of the protocol, and no prepared statement in binary, is answered",
        "COM_SET_OPTION": "not every command of the protocol, and no prepared statement in binary, is answered",
        "COM_CHANGE_USER, short": "not every command of the protocol, and no prepared statement in binary, is answered",
        "the mariadb client's": "see the difference: one statement of several",
        "status": "SHOW, HELP and administration are known in part",
        "tables": "SHOW, HELP and administration are known in part",
        "users": "mysql.user is a table here, with the accounts of the persona, and who is made stays unknown",
        "mysql.user's columns": "mysql.user is a table here, with the accounts of the persona, and who is made stays unknown",  # noqa: E501
        "processes": "SHOW, HELP and administration are known in part",
        "engines and sets": "SHOW, HELP and administration are known in part",
        "blind injections": "see the difference: one statement of several",
        "several statements": "not every command of the protocol, and no prepared statement in binary, is answered",
        "Unicode": "see the difference: one statement of several",
        "unknown names": "see the difference: one statement of several",
        "wrong numbers of arguments": "see the difference: one statement of several",
        "settings": "what is set is not kept, nor told to the client",
        "UDF": "see the difference: one statement of several",
        "a table for a library": "see the difference: one statement of several",
        "into a file": "see the difference: one statement of several",
        "LOAD DATA": "LOAD DATA is not known: it would take files of the client",
        "LOAD DATA LOCAL": "LOAD DATA is not known: it would take files of the client",
        "a shell by the log": "what is set is not kept, nor told to the client",
        "MOF and events": "SHOW, HELP and administration are known in part",
        "accounts": "mysql.user is a table here, with the accounts of the persona, and who is made stays unknown",
        "GRANT as of old": "mysql.user is a table here, with the accounts of the persona, and who is made stays unknown",  # noqa: E501
        "more rows": "see the difference: one statement of several",
        "kinds of columns": "see the difference: one statement of several",
        "about a table": "see the difference: one statement of several",
        "errors about tables": "see the difference: one statement of several",
        "joins": "see the difference: one statement of several",
        "a dump": "SHOW, HELP and administration are known in part",
        "a transaction's rows": "see the difference: one statement of several",
        "a view": "see the difference: one statement of several",
        "in the system's tables": "mysql.user is a table here, with the accounts of the persona, and who is made stays unknown",  # noqa: E501
        "shutdown's kin": "SHOW, HELP and administration are known in part",
        "EXPLAIN": "SHOW, HELP and administration are known in part",
    },
    "redis-more": {
        "CONFIG's more": "there are no texts of help",
        "messages": "an argument or a state that is judged otherwise",
        "Lua": "Lua has not all of its library",
        "Lua's way out": "Lua has not all of its library",
        "Lua's libraries": "Lua has not all of its library",
        "scripts kept": "Lua has not all of its library",
        "HELP": "there are no texts of help",
        "helps": "there are no texts of help",
        "COMMAND": "there are no texts of help",
        "lists": "a command is not known",
        "hashes": "a command is not known",
        "sets": "a command is not known",
        "bits": "a command is not known",
        "other types": "a command is not known",
        "DUMP and RESTORE": "an argument or a state that is judged otherwise",
        "EXPIRE's options": "an argument or a state that is judged otherwise",
        "MULTI with errors": "an argument or a state that is judged otherwise",
        "CLIENT REPLY": "an argument or a state that is judged otherwise",
        "ACL": "an argument or a state that is judged otherwise",
        "replication": "an argument or a state that is judged otherwise",
        "cluster": "an argument or a state that is judged otherwise",
        "MEMORY and LATENCY": "an argument or a state that is judged otherwise",
        "saving": "an argument or a state that is judged otherwise",
        "the arguments of others": "a command is not known",
        "LOLWUT": "a command is not known",
        "numbers' bounds": "an argument or a state that is judged otherwise",
        "a length with zeros": "an argument or a state that is judged otherwise",
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
