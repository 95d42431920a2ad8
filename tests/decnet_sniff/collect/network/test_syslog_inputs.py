# SPDX-License-Identifier: MIT
"""Syslog over UDP and TCP: real sockets, and whose a message is, is what the connection says."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.decnet_sniff.collect.collect_harness import events_in, settings_of, until, until_counted

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import SyslogMessage
from decnet_core.exits import StartupError
from decnet_core.net.addresses import canonical, source_of
from decnet_core.net.rates import SourceRates
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import SettingsError
from decnet_sniff.collect.network.syslog_tcp import SyslogTcpInput
from decnet_sniff.collect.network.syslog_udp import SyslogUdpInput
from decnet_sniff.collect.settings import CollectSettings, NetworkSettings, SourceSettings
from decnet_sniff.collect.worker import Collect

MESSAGE = b"<34>Oct 11 22:14:15 forged su[12]: number %d"


@asynccontextmanager
async def listening(state: Path, way: str, **more: Any) -> AsyncIterator[tuple[Context, int]]:
    """Yield the worker's context and its port."""
    limits = more.pop("network", {})
    address = more.pop("address", "127.0.0.1")
    source = {"name": "net", "format": "syslog", "input": way, "listen": f"{address}:0", **more}
    settings = settings_of(state, source, network=limits)
    ctx = await open_context(Collect, settings, MemoryBus())
    worker = Collect(settings.section("collect", CollectSettings))
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(worker, ctx).run(ready.set))
    await asyncio.wait_for(ready.wait(), 120)
    push_input = worker._push_inputs["net"]
    assert isinstance(push_input, SyslogTcpInput | SyslogUdpInput)
    yield ctx, push_input.port
    ctx.stop()
    await asyncio.wait_for(task, 120)


def counted(ctx: Context, name: str) -> float:
    return ctx.counters.snapshot().get(f"collect_{name}", 0)


def said(state: Path) -> list[str]:
    return [event.payload.message for event in events_in(state) if isinstance(event.payload, SyslogMessage)]


@pytest.mark.parametrize("method", ["octet counting", "line feed"])
async def test_tcp_takes_both_framings(tmp_path: Path, method: str) -> None:
    wanted = [MESSAGE % number for number in range(500)]
    framed = [b"%d %b" % (len(each), each) if method == "octet counting" else each + b"\n" for each in wanted]
    async with listening(tmp_path / "state", "tcp") as (ctx, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in framed:
            writer.write(piece)
        await writer.drain()
        await until(lambda: counted(ctx, "events") == 500)
        writer.close()
        await writer.wait_closed()
    events = events_in(tmp_path / "state")
    assert said(tmp_path / "state") == [f"number {number}" for number in range(500)]
    assert {event.decky for event in events} == {"127.0.0.1"}  # not what the text says
    assert {event.payload.host for event in events if isinstance(event.payload, SyslogMessage)} == {"forged"}
    assert {event.src_ip for event in events} == {None}
    assert len({event.id for event in events}) == 500


async def test_udp_takes_a_message_per_datagram_and_names_the_sender(tmp_path: Path) -> None:
    async with listening(tmp_path / "state", "udp", hosts={"127.0.0.2": "decky-2"}) as (ctx, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.bind(("127.0.0.2", 0))
            for text in (MESSAGE % 1, b"no header", b"<999>x\n", b"", b"<13>1 - h a - - - m"):
                sender.sendto(text, ("127.0.0.1", port))
            await until(lambda: counted(ctx, "lines") == 5)
            assert counted(ctx, "ignored") == 1
    assert said(tmp_path / "state") == ["number 1", "no header", "<999>x", "m"]
    assert {event.decky for event in events_in(tmp_path / "state")} == {"decky-2"}


async def test_ipv6_and_mapped_ipv4_senders(tmp_path: Path) -> None:
    async with listening(tmp_path / "state", "udp", address="[::]") as (ctx, port):
        for family, address in ((socket.AF_INET6, "::1"), (socket.AF_INET, "127.0.0.1")):
            with socket.socket(family, socket.SOCK_DGRAM) as sender:
                sender.sendto(MESSAGE % 1, (address, port))
        await until(lambda: counted(ctx, "events") == 2)
    assert {event.decky for event in events_in(tmp_path / "state")} == {"::1", "127.0.0.1"}


async def test_udp_over_the_rate_is_dropped_and_counted(tmp_path: Path) -> None:
    limits = {"messages_per_second": 1}
    async with listening(tmp_path / "state", "udp", network=limits) as (ctx, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(100):
                sender.sendto(MESSAGE % number, ("127.0.0.1", port))
            await until(lambda: counted(ctx, "events") + counted(ctx, "network_limited") == 100)
        assert counted(ctx, "network_limited") > 50


async def test_paused_worker_leaves_datagrams_to_the_kernel_which_counts_the_lost(tmp_path: Path) -> None:
    limits = {"receive_bytes": 65_536}
    async with listening(tmp_path / "state", "udp", network=limits) as (ctx, port):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            ctx.unpaused.clear()
            for number in range(3000):
                sender.sendto(MESSAGE % number + b"x" * 500, ("127.0.0.1", port))
            ctx.unpaused.set()
            await until(lambda: counted(ctx, "events") > 10)
            sender.sendto(MESSAGE % 3000, ("127.0.0.1", port))
            await until(lambda: counted(ctx, "events") + counted(ctx, "udp_overflow") == 3001)


async def test_tcp_over_the_rate_waits_and_nothing_is_lost(tmp_path: Path) -> None:
    limits = {"messages_per_second": 200}
    async with listening(tmp_path / "state", "tcp", network=limits) as (ctx, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(600):
            writer.write(MESSAGE % number + b"\n")
        writer.close()
        await writer.wait_closed()
        await until(lambda: counted(ctx, "events") == 600)
        assert counted(ctx, "network_limited") > 0


async def test_a_sender_that_is_not_allowed_is_refused(tmp_path: Path) -> None:
    for way in ("tcp", "udp"):
        async with listening(tmp_path / way, way, allow=["192.0.2.0/24"]) as (ctx, port):
            if way == "udp":
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
                    sender.sendto(MESSAGE % 1, ("127.0.0.1", port))
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                with contextlib.suppress(ConnectionError):  # it is reset
                    assert await asyncio.wait_for(reader.read(), 120) == b""
                writer.close()
            await until_counted(ctx, "network_refused", 1)
            assert counted(ctx, "events") == 0


async def test_connections_of_one_address_are_limited(tmp_path: Path) -> None:
    limits = {"connections_per_address": 2}
    async with listening(tmp_path / "state", "tcp", network=limits) as (ctx, port):
        writers = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(3)]
        await until(lambda: counted(ctx, "network_refused") == 1)
        for writer in writers:
            writer.close()


async def test_silent_connection_and_one_that_does_not_frame_are_closed(tmp_path: Path) -> None:
    async with listening(tmp_path / "state", "tcp", network={"idle_seconds": 1}) as (ctx, port):
        silent, writer = await asyncio.open_connection("127.0.0.1", port)
        noisy, other = await asyncio.open_connection("127.0.0.1", port)
        other.write(b"12x what?")
        assert await asyncio.wait_for(noisy.read(), 120) == b""
        assert await asyncio.wait_for(silent.read(), 120) == b""
        assert (counted(ctx, "network_framing"), counted(ctx, "network_idle")) == (1, 1)
        writer.close()
        other.close()


async def test_a_message_that_is_too_long_is_quarantined(tmp_path: Path) -> None:
    async with listening(tmp_path / "state", "tcp", network={"message_bytes": 2048}) as (ctx, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"5000 <13>" + b"x" * 4996 + b"8 <13>next")
        await until(lambda: counted(ctx, "lines") == 2)
        assert counted(ctx, "rejected") == 1
        writer.close()
    assert said(tmp_path / "state") == ["next"]


async def test_port_that_is_taken_is_a_startup_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        source = {"name": "n", "format": "syslog", "input": "tcp", "listen": f"127.0.0.1:{taken.getsockname()[1]}"}
        settings = settings_of(tmp_path / "state", source)
        ctx = await open_context(Collect, settings, MemoryBus())
        with pytest.raises(StartupError, match="cannot receive on tcp"):
            await Host(Collect(settings.section("collect", CollectSettings)), ctx).run()


@pytest.mark.skipif(shutil.which("logger") is None, reason="util-linux's logger is not installed")
@pytest.mark.parametrize(
    "arguments", [["-T", "--octet-count"], ["-T"], ["-d"], ["-T", "--rfc3164"], ["-d", "--rfc3164"]]
)
async def test_real_sender(tmp_path: Path, arguments: list[str]) -> None:
    way = "udp" if "-d" in arguments else "tcp"
    async with listening(tmp_path / "state", way) as (ctx, port):
        command = [
            "logger",
            *arguments,
            "-n",
            "127.0.0.1",
            "-P",
            str(port),
            "-t",
            "app",
            "-p",
            "auth.err",
            "it is real",
        ]
        await asyncio.to_thread(subprocess.run, command, check=True, timeout=100)
        await until(lambda: counted(ctx, "events") == 1)
    (event,) = events_in(tmp_path / "state")
    assert isinstance(event.payload, SyslogMessage)
    assert (event.payload.facility, event.payload.severity, event.payload.app) == (4, 3, "app")
    assert event.payload.message.endswith("it is real")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"input": "tcp"}, "needs 'listen'"),
        ({"input": "tcp", "listen": "localhost:1"}, "is not ADDRESS:PORT"),
        ({"input": "udp", "listen": "[::1]:99999"}, "has no port"),
        ({"input": "udp", "listen": "[::1]:1", "allow": ["192.0.2.1/24"]}, "has host bits set"),
        ({"input": "udp", "listen": "[::1]:1", "hosts": {"web": "x"}}, "does not appear to be an IPv4 or IPv6 address"),
        ({"path": "/x", "matches": ["A=b"]}, "'matches' is for input journal"),
        ({"input": "journal", "format": "json"}, "needs 'mapping'"),
        ({"path": "/x", "format": "plain"}, "has no time"),
    ],
)
def test_source_that_does_not_hold_together_is_refused(tmp_path: Path, source: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings_of(tmp_path, {"name": "n", "format": "syslog", **source}).section("collect", CollectSettings)


def test_unit_is_given_no_more_network_than_the_listeners_need() -> None:
    def reach(*listens: str) -> str:
        sources = [
            {"name": f"n{number}", "format": "syslog", "input": "udp", "listen": listen}
            for number, listen in enumerate(listens)
        ]
        return Collect.reach(settings_of(Path("/"), *sources).section("collect", CollectSettings))

    assert reach() == "none"
    assert reach("127.0.0.1:514", "[::1]:514") == "loopback"
    assert reach("127.0.0.1:514", "0.0.0.0:514") == "any"


def test_port_below_1024_needs_its_capability() -> None:
    def capabilities(port: int) -> tuple[str, ...]:
        source = {"name": "n", "format": "syslog", "input": "udp", "listen": f"0.0.0.0:{port}"}
        return Collect.capabilities(settings_of(Path("/"), source).section("collect", CollectSettings))

    assert capabilities(514) == ("CAP_NET_BIND_SERVICE",)
    assert capabilities(5514) == ()


@given(st.lists(st.tuples(st.floats(0, 5), st.sampled_from(["a", "b"]))))
def test_sender_never_gets_more_than_its_burst_and_its_rate(sent: list[tuple[float, str]]) -> None:
    rates, now, taken = SourceRates(10, NetworkSettings(messages_per_second=10).message_burst), 0.0, 0
    for pause, sender in sent:
        now += pause
        taken += sender == "a" and rates.allows(sender, now)
    assert taken <= 20 + 10 * now + 1e-6


def test_remembered_senders_are_bounded() -> None:
    rates = SourceRates(1, 2, max_sources=10)
    for number in range(100):
        rates.delay(str(number), 0.0)
    assert len(rates) == 10


def test_senders_are_found_however_the_operator_writes_their_addresses() -> None:
    hosts = {"2001:DB8:0::7": "web", "::ffff:192.0.2.7": "mail"}
    settings = SourceSettings(name="net", format="syslog", input="udp", listen="[::1]:1", hosts=hosts)
    assert settings.hosts == {"2001:db8::7": "web", "192.0.2.7": "mail"}


def test_ipv6_hosts_are_one_sender_by_their_network() -> None:
    assert source_of("2001:db8::1") == source_of("2001:db8::ffff") != source_of("2001:db8:0:1::1")
    assert canonical("::ffff:192.0.2.7") == "192.0.2.7"
    assert canonical("fe80::1%eth0") == "fe80::1"


RSYSLOG = """
module(load="imfile")
global(workDirectory="{place}")
input(type="imfile" File="{log}" Tag="app:" Severity="error" Facility="auth")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="{framing}"
       template="RSYSLOG_SyslogProtocol23Format" action.resumeRetryCount="-1")
"""


@pytest.mark.skipif(shutil.which("rsyslogd", path="/usr/sbin:/usr/bin") is None, reason="rsyslog is not installed")
@pytest.mark.parametrize("framing", ["octet-counted", "traditional"])
async def test_rsyslog_as_the_sender(tmp_path: Path, framing: str) -> None:
    log, config = tmp_path / "in.log", tmp_path / "rsyslog.conf"
    log.write_text("".join(f"line {number}\n" for number in range(300)))
    async with listening(tmp_path / "state", "tcp") as (ctx, port):
        config.write_text(RSYSLOG.format(place=tmp_path, log=log, port=port, framing=framing))
        command = ["/usr/sbin/rsyslogd", "-n", "-f", str(config), "-i", str(tmp_path / "pid")]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as sender:
            try:
                await until_counted(ctx, "events", 300)
            finally:
                sender.kill()
    events = [event.payload for event in events_in(tmp_path / "state")]
    assert [each.message.strip() for each in events if isinstance(each, SyslogMessage)] == [
        f"line {number}" for number in range(300)
    ]
    assert {(each.facility, each.severity, each.app) for each in events if isinstance(each, SyslogMessage)} == {
        (4, 3, "app")
    }


async def test_a_flood_of_the_shortest_messages_leaves_others_their_turns(tmp_path: Path) -> None:
    """One read brings 65,536 of them, which held the loop for as long as they took."""
    limits = {"messages_per_second": 1_000_000}
    async with listening(tmp_path / "state", "tcp", network=limits) as (ctx, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\n" * 60_000)
        taken = most = 0.0
        async with asyncio.timeout(120):
            while taken < 60_000:
                await asyncio.sleep(0)
                before, taken = taken, counted(ctx, "lines")
                most = max(most, taken - before)
        writer.close()
        await writer.wait_closed()
    assert most <= 2 * 64  # the end of one read and the beginning of the next may be taken without a pause


@pytest.mark.parametrize("limits", [{"messages_per_second": 1_000_000}, {"messages_per_second": 100}])
async def test_what_was_read_before_it_stops_is_taken(tmp_path: Path, limits: dict[str, int]) -> None:
    """The sender's TCP was told that it is here; only a message of which a part came is not taken."""
    async with listening(tmp_path / "state", "tcp", network=limits) as (ctx, port):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(1000):
            writer.write(MESSAGE % number + b"\n")
        writer.write(b"<34>Oct 11 22:14:15 forged su[12]: the beg")
        async with asyncio.timeout(120):
            while not counted(ctx, "lines"):
                await asyncio.sleep(0)  # in which at most 64 are taken
        assert counted(ctx, "lines") < 1000
        ctx.stop()
        writer.close()
    assert said(tmp_path / "state") == [f"number {number}" for number in range(1000)]
