# SPDX-License-Identifier: MIT
"""The MySQL decoy attacked by the real client: log-ins kept, statements recorded, both flavours."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import CommandRun, FileCaptured, LoginAttempt, ServiceRequest
from decnet_decoys.mysql.service import MysqlService

CLIENT = shutil.which("mariadb") or shutil.which("mysql")
pytestmark = pytest.mark.skipif(CLIENT is None, reason="install mariadb-client")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[DeckyHost]:
    made = DeckyHost(tmp_path, fleet_settings("debian-web", offers=("mysql",)))
    await made.open()
    yield made
    await made.close()


async def asked(host: DeckyHost, sql: str, password: str = "root", *, user: str = "root") -> tuple[str, str]:
    arguments = (
        "--no-defaults", "-h", host.decky.address, "-P", str(host.decky.services["mysql"]), "-u", user,
        f"-p{password}", "--batch", "--skip-column-names", "-e", sql,
    )  # fmt: skip
    client = await asyncio.create_subprocess_exec(
        str(CLIENT), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(DEADLINE):
        output, errors = await client.communicate()
    return output.decode(), errors.decode()


async def test_a_guessed_password_opens_the_database(host: DeckyHost) -> None:
    output, errors = await asked(host, "select user(); show databases; use wordpress; select user_login from wp_users")
    assert not errors
    assert {"root@127.0.0.1", "wordpress", "admin"} <= set(output.split()) | {output.split("\n")[0].strip()}
    (attempt,) = (event.payload for event in host.events(LoginAttempt))
    assert isinstance(attempt, LoginAttempt)
    assert (attempt.username, attempt.password, attempt.success) == ("root", "root", True)
    commands = [event.payload.command for event in host.events(CommandRun) if isinstance(event.payload, CommandRun)]
    assert "show databases" in [command.strip() for command in commands]


async def test_a_wrong_password_is_kept_for_crackers(host: DeckyHost) -> None:
    output, errors = await asked(host, "select 1", "tr0ub4dor")
    assert "Access denied for user 'root'@'127." in errors
    assert not output
    (request,) = (event.payload for event in host.events(ServiceRequest))
    assert isinstance(request, ServiceRequest)
    assert request.detail["hash"].startswith("$mysqlna$")


async def test_an_account_of_which_only_a_hash_is_known_lets_in_who_has_its_password(host: DeckyHost) -> None:
    made = "create user back@'%' identified by password '*6BBF6912FB7250A03E90C59187E9A167E7A04135'"
    assert await asked(host, made) == ("", "")
    output, errors = await asked(host, "select current_user()", "P@ss", user="back")
    assert (output.strip(), errors) == ("back@%", "")
    _, errors = await asked(host, "select 1", "*6BBF6912FB7250A03E90C59187E9A167E7A04134", user="back")
    assert "Access denied" in errors
    attempts = [one.payload for one in host.events(LoginAttempt) if isinstance(one.payload, LoginAttempt)]
    assert [(one.username, one.password, one.success) for one in attempts[1:]] == [
        ("back", None, True), ("back", None, False)
    ]  # fmt: skip
    kept = [
        one.payload.detail["hash"] for one in host.events(ServiceRequest) if isinstance(one.payload, ServiceRequest)
    ]
    assert len(kept) == 2


async def test_mysql_8_makes_the_client_tell_its_password(host: DeckyHost) -> None:
    (listener,) = host.listeners
    service = listener._service
    assert isinstance(service, MysqlService)
    profile = msgspec.structs.replace(service.profile, flavour="mysql", version="8.0.36")
    listener._service = made = MysqlService(service.context, profile, service.port)
    await made.prepare()
    _, errors = await asked(host, "select 1", "tr0ub4dor")
    assert "Access denied" in errors
    (attempt,) = (event.payload for event in host.events(LoginAttempt))
    assert isinstance(attempt, LoginAttempt)
    assert (attempt.password, attempt.success) == ("tr0ub4dor", False)
    output, errors = await asked(host, "select version()")
    assert (output.strip(), errors) == ("8.0.36", "")


async def test_a_library_is_kept_and_its_commands_recorded(host: DeckyHost) -> None:
    _, errors = await asked(
        host,
        "select 0x7f454c46 into dumpfile '/usr/lib/mysql/plugin/u.so';"
        "create function sys_eval returns string soname 'u.so'; select sys_eval('id')",
    )
    assert not errors
    (file,) = (event.payload for event in host.events(FileCaptured))
    assert isinstance(file, FileCaptured)
    assert (file.size, file.name) == (4, "/usr/lib/mysql/plugin/u.so")
    assert "id" in [event.payload.command for event in host.events(CommandRun) if isinstance(event.payload, CommandRun)]


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.0\r\n\r\n", b"\0" * 400, b"\x20\0\0\x01" + b"\xff" * 32])
async def test_garbage_ends_the_connection(host: DeckyHost, sent: bytes) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["mysql"])
    writer.write(sent)
    async with asyncio.timeout(DEADLINE):
        assert b"MariaDB" in await reader.read()
    writer.transport.abort()
