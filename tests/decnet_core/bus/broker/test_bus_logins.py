# SPDX-License-Identifier: MIT
"""The loopback port: who is let in with which credentials, what INFO says, and IPv6."""

from __future__ import annotations

import json
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings, Role

OpenWire = Callable[..., Awaitable[Any]]
StartBroker = Callable[..., Awaitable[Broker]]

SOON = 120.0
READER = Role(name="reader", password="pw", subscribe=("events.>",))
VIOLATION = b"-ERR 'Authorization Violation'\r\n"


def settings(**more: Any) -> BusSettings:
    return BusSettings(tcp="127.0.0.1:0", roles=(READER,), **more)


async def answer(wire: OpenWire, broker: Broker, options: str) -> bytes:
    """Return what a client of the loopback port hears that connects with `options` and subscribes."""
    client = await wire(broker, options, tcp=True)
    await client.say(b"SUB events.a 1\r\nSUB system.a 2\r\nPING\r\n")
    lines = [await client.line()]
    while lines[-1] not in (b"PONG\r\n", b""):
        lines.append(await client.line())
    return b"".join(lines)


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        ("{}", False),
        ('{"user":"reader","pass":"pw"}', True),
        ('{"user":"reader","pass":"no"}', False),
        ('{"user":"reader"}', False),
        ('{"user":"worker","pass":"pw"}', False),
        ('{"user":"worker","pass":""}', False),
        ('{"pass":"pw"}', False),
        ('{"auth_token":"pw"}', False),
    ],
)
async def test_a_password_gives_its_role(
    start_broker: StartBroker, wire: OpenWire, options: str, allowed: bool
) -> None:
    heard = await answer(wire, await start_broker(settings()), options)
    if allowed:
        assert heard == b"-ERR 'Permissions Violation for Subscription to \"system.a\"'\r\nPONG\r\n"
    else:
        assert heard == VIOLATION


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        ("{}", False),
        ('{"user":"","pass":"","auth_token":""}', False),
        ('{"user":"reader","pass":"no"}', True),
        ('{"auth_token":"no"}', True),
    ],
)
async def test_without_credentials_one_is_the_no_auth_user(
    start_broker: StartBroker, wire: OpenWire, options: str, refused: bool
) -> None:
    heard = await answer(wire, await start_broker(settings(no_auth_user="worker")), options)
    assert heard == (VIOLATION if refused else b"PONG\r\n")


async def test_the_no_auth_user_need_not_introduce_itself(start_broker: StartBroker, wire: OpenWire) -> None:
    client = await wire(await start_broker(settings(no_auth_user="worker")), None, tcp=True)
    assert not (await client.info()).auth_required
    await client.say(b"PING\r\n")
    await client.hear(b"PONG\r\n")


async def test_a_token_goes_before_the_no_auth_user(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(settings(no_auth_user="reader", tcp_token="secret", tcp_role="operator"))
    assert await answer(wire, broker, '{"auth_token":"secret"}') == b"PONG\r\n"
    assert b"Permissions Violation" in await answer(wire, broker, "{}")


async def test_an_unknown_no_auth_user_is_refused(start_broker: StartBroker) -> None:
    with pytest.raises(BusError, match="no role 'nobody-such'"):
        await start_broker(settings(no_auth_user="nobody-such"))


async def test_info_has_what_clients_require(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(settings())
    client = await wire(broker, None, tcp=True)
    said = json.loads((await client.line()).removeprefix(b"INFO "))
    assert said["version"].split(".")[0] == "2"
    assert said["go"].startswith("python3.")
    assert (said["host"], said["port"], said["client_ip"]) == ("127.0.0.1", broker.tcp_port, "127.0.0.1")
    assert said["auth_required"] is True
    assert said["headers"] is True


async def test_info_on_the_unix_socket_has_them_too(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker()
    said = json.loads((await (await wire(broker, None)).line()).removeprefix(b"INFO "))
    assert (said["host"], said["port"]) == ("localhost", 0)
    assert "auth_required" not in said


def ipv6_here() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.skipif(not ipv6_here(), reason="this host has no ::1")
async def test_ipv6(start_broker: StartBroker, wire: OpenWire) -> None:
    broker = await start_broker(BusSettings(tcp="[::1]:0", tcp_token="secret"))
    client = await connect(f"nats://secret@[::1]:{broker.tcp_port}", name="six", wait=SOON)
    inbox = await client.subscribe("events.six")
    client.publish("events.six", b"x")
    assert (await inbox.next(SOON)).payload == b"x"
    await client.close()
    raw = await wire(broker, None, tcp=True)
    said = json.loads((await raw.line()).removeprefix(b"INFO "))
    assert (said["host"], said["client_ip"]) == ("::1", "::1")
