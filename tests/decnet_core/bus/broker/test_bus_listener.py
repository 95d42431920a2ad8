# SPDX-License-Identifier: MIT
"""The broker's place on disk and on the loopback."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from decnet_core.bus.broker.listener import AlreadyRunningError
from decnet_core.bus.broker.server import Broker
from decnet_core.bus.client import connect
from decnet_core.bus.interface import BusError
from decnet_core.bus.settings import BusSettings

StartBroker = Callable[..., Awaitable[Broker]]

SOON = 120.0


async def test_the_socket_is_for_owner_and_group(start_broker: StartBroker, tmp_path: Path) -> None:
    await start_broker(BusSettings(socket_group="5000") if os.getuid() == 0 else BusSettings())
    status = (tmp_path / "bus.sock").stat()
    assert stat.S_ISSOCK(status.st_mode)
    assert stat.S_IMODE(status.st_mode) == 0o660
    assert status.st_gid == 5000 or os.getuid() != 0


async def test_a_second_broker_is_refused_and_the_first_goes_on(start_broker: StartBroker, tmp_path: Path) -> None:
    first = await start_broker()
    with pytest.raises(BusError, match="already running"):
        await Broker(BusSettings(), tmp_path / "bus.sock").start()
    client = await connect(first.address, name="x", wait=SOON)
    await client.flush()
    await client.close()


async def test_any_live_listener_is_left_alone(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "bus.sock"))
        other.listen()
        with pytest.raises(BusError, match="already listening"):
            await Broker(BusSettings(), tmp_path / "bus.sock").start()
        assert (tmp_path / "bus.sock").exists()


async def test_a_dead_socket_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "bus.sock"))
        dead.listen()
    broker = Broker(BusSettings(), tmp_path / "bus.sock")
    await broker.start()
    client = await connect(broker.address, name="x", wait=SOON)
    assert client.connected
    await client.close()
    await broker.stop()
    assert not (tmp_path / "bus.sock").exists()


async def test_of_brokers_that_start_at_once_one_wins(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "bus.sock"))
    brokers = [Broker(BusSettings(), tmp_path / "bus.sock") for _ in range(8)]
    ended = await asyncio.gather(*(broker.start() for broker in brokers), return_exceptions=True)
    assert sorted(str(type(end)) for end in ended) == sorted([str(type(None))] + [str(AlreadyRunningError)] * 7)
    client = await connect(brokers[0].address, name="x", wait=SOON)
    assert client.connected
    await client.close()
    for broker in brokers:  # those that lost take nothing from the one that won, in whatever order they stop
        await broker.stop()
    assert not (tmp_path / "bus.sock").exists()


async def test_a_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    for name in ("bus.sock", "bus.sock.new"):
        (tmp_path / name).symlink_to(tmp_path / "precious")
    with pytest.raises(BusError, match="not a socket"):
        await Broker(BusSettings(), tmp_path / "bus.sock").start()
    (tmp_path / "bus.sock").unlink()
    broker = Broker(BusSettings(), tmp_path / "bus.sock")
    await broker.start()
    assert (tmp_path / "precious").read_text() == "precious"
    await broker.stop()


async def test_the_mode_does_not_depend_on_the_umask(start_broker: StartBroker, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await start_broker()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "bus.sock").stat().st_mode) == 0o660
    assert stat.S_IMODE((tmp_path / "bus.sock.lock").stat().st_mode) == 0o600


async def test_a_file_that_is_no_socket_is_never_removed(tmp_path: Path) -> None:
    (tmp_path / "bus.sock").write_text("precious")
    with pytest.raises(BusError, match="not a socket"):
        await Broker(BusSettings(), tmp_path / "bus.sock").start()
    assert (tmp_path / "bus.sock").read_text() == "precious"


async def test_a_broker_that_failed_to_start_blocks_nobody(tmp_path: Path) -> None:
    (tmp_path / "bus.sock").write_text("in the way")
    with pytest.raises(BusError):
        await Broker(BusSettings(), tmp_path / "bus.sock").start()
    (tmp_path / "bus.sock").unlink()
    broker = Broker(BusSettings(), tmp_path / "bus.sock")
    await broker.start()
    await broker.stop()


@pytest.mark.parametrize("path", ["no/such/directory/bus.sock", "x" * 120])
async def test_an_impossible_path_is_named(tmp_path: Path, path: str) -> None:
    with pytest.raises(BusError, match=r"the bus cannot"):
        await Broker(BusSettings(), tmp_path / path).start()


async def test_stopping_twice_and_starting_again(tmp_path: Path) -> None:
    broker = Broker(BusSettings(), tmp_path / "bus.sock")
    for _ in range(2):
        await broker.start()
        client = await connect(broker.address, name="x", wait=SOON)
        await client.flush()
        await client.close()
        await broker.stop()
        await broker.stop()


async def test_stopping_leaves_a_successors_socket(tmp_path: Path) -> None:
    broker = Broker(BusSettings(), tmp_path / "bus.sock")
    await broker.start()
    (tmp_path / "bus.sock").unlink()
    (tmp_path / "bus.sock").write_text("somebody else's")
    await broker.stop()
    assert (tmp_path / "bus.sock").exists()


async def test_the_loopback_needs_the_token(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(tcp="127.0.0.1:0", tcp_token="secret"))
    good = await connect(f"nats://secret@127.0.0.1:{broker.tcp_port}", name="good", wait=SOON)
    await good.flush()
    for url in (f"nats://127.0.0.1:{broker.tcp_port}", f"nats://wrong@127.0.0.1:{broker.tcp_port}"):
        bad = await connect(url, name="bad", wait=0.1)
        assert not bad.connected
        assert bad.last_error == "Authorization Violation"
        await bad.close()
    await good.close()


async def test_nothing_is_handled_before_the_token(start_broker: StartBroker) -> None:
    broker = await start_broker(BusSettings(tcp="127.0.0.1:0", tcp_token="secret"))
    operator = await connect(broker.address, name="operator", wait=SOON)
    everything = await operator.subscribe(">")
    with socket.create_connection(("127.0.0.1", broker.tcp_port)) as raw:
        raw.sendall(b"PUB events.ingested 0\r\n\r\n")
        with pytest.raises(TimeoutError):
            await everything.next(0.1)
    await operator.close()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        (BusSettings(tcp="0.0.0.0:4222", tcp_token="t"), "not on the loopback"),
        (BusSettings(tcp="192.0.2.1:4222", tcp_token="t"), "not on the loopback"),
        (BusSettings(tcp="127.0.0.1:4222"), "needs tcp_token"),
        (BusSettings(tcp="localhost", tcp_token="t"), "write address:port"),
        (BusSettings(tcp="[::1]:x", tcp_token="t"), "write address:port"),
        (BusSettings(tcp_role="admin"), "no role"),
        (BusSettings(operator_group="no-such-group-here"), "no group"),
    ],
)
def test_settings_that_cannot_be_met_are_named(tmp_path: Path, settings: BusSettings, reason: str) -> None:
    with pytest.raises(BusError, match=reason):
        Broker(settings, tmp_path / "bus.sock")


async def test_a_busy_port_is_named_and_the_socket_is_free_again(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        place = f"127.0.0.1:{busy.getsockname()[1]}"
        with pytest.raises(BusError, match="cannot listen"):
            await Broker(BusSettings(tcp=place, tcp_token="t"), tmp_path / "bus.sock").start()
    assert not (tmp_path / "bus.sock").exists()
