# SPDX-License-Identifier: MIT
"""Logging in to a decky with asyncssh's client: what is accepted, and that every attempt is on record first."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncssh
import msgspec
import pytest
from tests.decnet_decoys.decky_host import DEADLINE, DeckyHost, fleet_settings

from decnet_core.events.catalogue import ClientIdentified, LoginAttempt, ServiceRequest, SessionOpened

ANYONE: dict[str, Any] = {"known_hosts": None, "config": None, "client_keys": None, "agent_path": None}


def connecting(host: DeckyHost, username: str = "root", **options: Any) -> Any:
    port = host.decky.services["ssh"]
    return asyncssh.connect(host.decky.address, port, username=username, **ANYONE | options)


@contextlib.asynccontextmanager
async def playing(directory: Path, **settings: Any) -> AsyncIterator[DeckyHost]:
    host = DeckyHost(directory, msgspec.structs.replace(fleet_settings(), **settings))
    await host.open()
    try:
        yield host
    finally:
        await host.close()


async def test_an_accepted_password_is_recorded_as_success(host: DeckyHost) -> None:
    async with connecting(host, password="admin123"):
        (attempt,) = await host.until(LoginAttempt)
    assert attempt == LoginAttempt("ssh", "root", success=True, method="password", password="admin123")


async def test_an_attempt_is_on_record_before_it_is_answered(tmp_path: Path) -> None:
    async with playing(tmp_path, failure_delay_ms=60_000) as host:
        attempt = asyncio.ensure_future(refused(host, password="wrong"))
        (recorded,) = await host.until(LoginAttempt)
        assert (recorded.success, recorded.password) == (False, "wrong")
        assert not attempt.done()
        attempt.cancel()
        await asyncio.gather(attempt, return_exceptions=True)


async def test_a_rejected_password_is_answered_after_the_delay(tmp_path: Path) -> None:
    async with playing(tmp_path, failure_delay_ms=300) as host:
        began = time.monotonic()
        await refused(host, password="wrong")
        assert time.monotonic() - began >= 0.3


async def refused(host: DeckyHost, **options: Any) -> None:
    with pytest.raises((asyncssh.PermissionDenied, asyncssh.ConnectionLost)):
        await connecting(host, **options)


async def test_no_key_is_accepted_and_each_is_recorded(host: DeckyHost) -> None:
    keys = [asyncssh.generate_private_key("ssh-ed25519") for _ in range(2)]
    await refused(host, client_keys=keys, preferred_auth="publickey")
    attempts = await host.until(LoginAttempt, 2)
    assert [(one.method, one.success, one.public_key) for one in attempts] == [
        ("publickey", False, key.get_fingerprint()) for key in keys
    ]


async def test_a_control_character_in_a_name_or_password_is_recorded_as_sent(host: DeckyHost) -> None:
    await refused(host, username="a\x01b", password="p\x7f")
    (attempt,) = await host.until(LoginAttempt)
    assert (attempt.username, attempt.password) == ("a\x01b", "p\x7f")


async def test_a_name_with_a_style_logs_in_to_the_account_and_is_recorded_as_sent(host: DeckyHost) -> None:
    await refused(host, username="root:x:y", client_keys=[asyncssh.generate_private_key("ssh-ed25519")])
    async with connecting(host, username="root:skey", password="admin123") as connection:
        whoami = await connection.run("whoami")
    attempts = await host.until(LoginAttempt, 2)
    assert [(one.username, one.method, one.success) for one in attempts] == [
        ("root:x:y", "publickey", False),
        ("root:skey", "password", True),
    ]
    assert whoami.stdout == "root\n"


async def test_a_client_names_its_software_once(host: DeckyHost) -> None:
    async with connecting(host, password="admin123", client_version="Go"):
        await host.until(LoginAttempt)
    (client,) = await host.until(ClientIdentified)
    assert client == ClientIdentified("ssh", "SSH-2.0-Go")


async def test_a_client_that_leaves_before_login_has_named_its_software(host: DeckyHost) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["ssh"])
    await asyncio.wait_for(reader.readline(), DEADLINE)
    writer.write(b"SSH-2.0-ZGrab\r\n")
    await writer.drain()
    await asyncio.wait_for(reader.readexactly(6), DEADLINE)  # its KEXINIT: the version was read
    writer.close()
    (client,) = await host.until(ClientIdentified)
    assert client.software == "SSH-2.0-ZGrab"
    assert host.events(LoginAttempt) == []


async def test_a_second_session_of_a_connection_is_a_session_of_its_own(host: DeckyHost) -> None:
    async with connecting(host, password="admin123") as connection:
        for _ in range(2):
            await connection.run("id")
    await host.until(SessionOpened, 2)
    first, second = (event.session for event in host.events(SessionOpened))
    assert second == f"{first}.2"


async def test_each_kind_of_forwarding_forwards_nothing_and_is_recorded(host: DeckyHost) -> None:
    async with connecting(host, password="admin123") as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("198.51.100.9", 25)
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_unix_connection("/run/docker.sock")
        await connection.forward_remote_port("", 8080, "127.0.0.1", 80)  # as the real one says; nothing listens
    requests = await host.until(ServiceRequest, 3)
    assert [(one.service, one.action) for one in requests] == [
        ("ssh", "direct-tcpip"),
        ("ssh", "direct-streamlocal"),
        ("ssh", "tcpip-forward"),
    ]
    assert requests[1].detail == {"path": "/run/docker.sock"}


async def test_the_machine_has_the_public_keys_that_it_offers(host: DeckyHost) -> None:
    async with connecting(host, password="admin123") as connection:
        offered = connection.get_server_host_key()
        assert offered is not None
        listed = await connection.run(
            "ls -l /etc/ssh/*_key | cut -c1-10; cat /etc/ssh/*.pub; head -c 6 /etc/ssh/moduli"
        )
    text = str(listed.stdout)
    assert offered.export_public_key().decode().split()[1] in text
    assert text.count("-rw-------\n") == 3
    assert text.count(" root@web-01\n") == 3
    assert text.endswith("# Time")
