# SPDX-License-Identifier: MIT
"""The worker whole: from an event in a spool of this host to findings, and to silence where it must keep silent."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.decnet_sniff.probe import probe_servers
from tests.decnet_sniff.probe.probe_servers import HERE, serving

from decnet_core.bus.memory import MemoryBus
from decnet_core.events.catalogue import CertificateProbed, ConnectionOpened, Payload, ProbeChanged, TcpStack, TlsProbed
from decnet_core.events.codec import decode, encode
from decnet_core.events.envelope import Event
from decnet_core.events.ids import uuid7
from decnet_core.runtime.context import Context
from decnet_core.runtime.host import Host, open_context
from decnet_core.settings import Settings
from decnet_core.spool.positions import START
from decnet_core.spool.reader import look
from decnet_core.spool.settings import SpoolSettings
from decnet_core.spool.writer import SpoolWriter
from decnet_sniff.probe import targets
from decnet_sniff.probe.settings import ProbeSettings
from decnet_sniff.probe.worker import Probe

CAME = ConnectionOpened("ssh")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> probe_servers.Pair:
    return probe_servers.certificate(tmp_path_factory.mktemp("certificate"))


def settings_of(state: Path, port: int, **more: Any) -> Settings:
    probe = {"enabled": True, "allow": ["127.0.0.0/8"], "tls_ports": [port], "ssh_ports": [], "stack": False, **more}
    return Settings({"state": {"dir": str(state), "sensor": "here"}, "probe": probe}, {}, "test")


@asynccontextmanager
async def probing(settings: Settings) -> AsyncIterator[Context]:
    ctx = await open_context(Probe, settings, MemoryBus())
    worker = Probe(settings.section("probe", ProbeSettings))
    ready = asyncio.Event()
    task = asyncio.ensure_future(Host(worker, ctx).run(ready.set))
    await asyncio.wait_for(ready.wait(), 60)
    ctx.nudge()
    yield ctx
    ctx.stop()
    await asyncio.wait_for(task, 60)


async def until(ctx: Context, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(90):
        while not condition():
            ctx.nudge()
            await asyncio.sleep(0.05)


def touch(state: Path, *sources: str, payload: Payload = CAME) -> None:
    """Write down that `sources` came to a decoy of this host."""
    writer = SpoolWriter(state / "spool" / "decoys", SpoolSettings())
    for source in sources:
        now = time.time_ns()
        writer.append(Event(id=uuid7(now), ts=now, sensor="here", payload=payload, src_ip=source, dst_ip="192.0.2.9"))
    writer.close()


def events(state: Path) -> list[Event]:
    return [decode(line) for line in look(state / "spool" / "probe", START, 10**6, 10**9).lines]


def counted(ctx: Context, name: str) -> float:
    return ctx.counters.snapshot().get(f"probe_{name}", 0)


async def test_a_host_that_contacted_us_is_probed_and_reported(tmp_path: Path, pair: probe_servers.Pair) -> None:
    before = time.time_ns()
    touch(tmp_path, HERE)
    context = probe_servers.context_of(pair)
    async with serving(probe_servers.hang_up, context=context) as port, probing(settings_of(tmp_path, port)) as ctx:
        await until(ctx, lambda: counted(ctx, "findings") == 2)
    found = events(tmp_path)
    assert [type(event.payload) for event in found] == [TlsProbed, CertificateProbed]
    assert {(event.src_ip, event.src_port, event.sensor) for event in found} == {(HERE, port, "here")}
    told = [event.payload.contact for event in found if isinstance(event.payload, TlsProbed | CertificateProbed)]
    assert all(before <= contact <= event.ts for contact, event in zip(told, found, strict=True))


async def test_host_is_not_asked_again_before_its_time_even_by_a_new_worker(
    tmp_path: Path, pair: probe_servers.Pair
) -> None:
    touch(tmp_path, HERE)
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        settings = settings_of(tmp_path, port)
        async with probing(settings) as ctx:
            await until(ctx, lambda: counted(ctx, "findings") == 2)
        touch(tmp_path, HERE)
        async with probing(settings) as ctx:
            await until(ctx, lambda: counted(ctx, "contacts") == 1)
            assert counted(ctx, "runs") == counted(ctx, "running") == 0
    assert len(events(tmp_path)) == 2


async def test_it_asks_to_be_parked_until_the_next_probe_but_not_while_it_probes(
    tmp_path: Path, pair: probe_servers.Pair
) -> None:
    asked: list[float | None] = []
    touch(tmp_path, HERE)
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        settings = settings_of(tmp_path, port)
        async with probing(settings) as ctx:
            ctx.parking.enable(0.0, lambda _, due: asked.append(due if counted(ctx, "running") == 0 else -1))
            await until(ctx, lambda: counted(ctx, "findings") == 2 and bool(asked))
    due = targets.load(tmp_path / "probe" / "targets.json").targets[HERE].due
    assert asked
    assert asked == [pytest.approx(due - time.time() + time.monotonic(), abs=5)] * len(asked)


async def test_rotation_is_a_finding_of_its_own(tmp_path: Path, pair: probe_servers.Pair) -> None:
    touch(tmp_path, HERE)
    async with serving(probe_servers.hang_up, context=probe_servers.context_of(pair)) as port:
        settings = settings_of(tmp_path, port)
        async with probing(settings) as ctx:
            await until(ctx, lambda: counted(ctx, "findings") == 2)
        file = tmp_path / "probe" / "targets.json"
        kept = targets.load(file)
        kept.targets[HERE].found[f"certificate:{port}"] = "before"
        kept.targets[HERE].due = 0
        targets.save(file, msgspec.json.encode(kept))
        async with probing(settings) as ctx:
            await until(ctx, lambda: counted(ctx, "findings") == 2)
            assert counted(ctx, "changes") == 1
    changes = [event.payload for event in events(tmp_path) if isinstance(event.payload, ProbeChanged)]
    certificate = [event.payload for event in events(tmp_path) if isinstance(event.payload, CertificateProbed)][-1]
    assert [(change.what, change.before, change.after) for change in changes] == [
        ("certificate", "before", certificate.sha256)
    ]


@pytest.mark.parametrize(
    "more",
    [{"allow": []}, {"deny": ["127.0.0.0/24"]}, {"only": ["192.0.2.0/24"]}],
    ids=["loopback", "excluded", "not among those"],
)
async def test_a_host_that_may_not_be_probed_is_not_connected_to(tmp_path: Path, more: dict[str, Any]) -> None:
    connections = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)

    touch(tmp_path, HERE)
    async with serving(note) as port, probing(settings_of(tmp_path, port, **more)) as ctx:
        await until(ctx, lambda: counted(ctx, "contacts_refused") == 1)
        assert (counted(ctx, "runs"), counted(ctx, "connections")) == (0, 0)
    assert connections == []


async def test_a_host_only_seen_on_the_wire_is_no_target(tmp_path: Path) -> None:
    touch(tmp_path, HERE, payload=TcpStack("syn", "s", "m"))
    touch(tmp_path, "198.51.100.1")
    async with probing(settings_of(tmp_path, 9)) as ctx:
        await until(ctx, lambda: counted(ctx, "contacts") == 1)  # the other one
        assert counted(ctx, "targets") == 0


async def test_rate_is_kept_over_all_hosts(tmp_path: Path, pair: probe_servers.Pair) -> None:
    made: list[float] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(time.monotonic())
        writer.close()

    hosts = [f"127.0.0.{number}" for number in range(2, 8)]
    begun = time.monotonic()
    touch(tmp_path, *hosts)
    async with serving(note, host="0.0.0.0") as port:  # all addresses of the loopback
        settings = settings_of(tmp_path, 9, tls_ports=[], ssh_ports=[port], connections_per_second=10.0, burst=1)
        async with probing(settings) as ctx:
            await until(ctx, lambda: counted(ctx, "runs") == 6 and counted(ctx, "running") == 0)
    assert len(made) == 6
    assert made[-1] - begun >= 0.5


async def test_probe_that_hangs_ends_and_stops_nobody_else(tmp_path: Path) -> None:
    touch(tmp_path, HERE, "127.0.0.2")
    async with serving(probe_servers.drip) as port:
        settings = settings_of(tmp_path, port, answer_seconds=30.0, probe_seconds=0.5)
        async with probing(settings) as ctx:
            await until(ctx, lambda: counted(ctx, "runs") == 2 and counted(ctx, "running") == 0)
            assert counted(ctx, "runs_cut") == 1


async def test_stop_does_not_wait_for_a_probe(tmp_path: Path) -> None:
    touch(tmp_path, HERE)
    async with serving(probe_servers.hang) as port, probing(settings_of(tmp_path, port, answer_seconds=60.0)) as ctx:
        await until(ctx, lambda: counted(ctx, "running") == 1)
    assert targets.load(tmp_path / "probe" / "targets.json").targets[HERE].silent == 1


async def test_disk_that_refuses_the_table_lets_nobody_be_probed(tmp_path: Path) -> None:
    touch(tmp_path, HERE)
    (tmp_path / "probe" / "targets.json.new").mkdir(parents=True)
    async with probing(settings_of(tmp_path, 9)) as ctx:
        await until(ctx, lambda: counted(ctx, "save_errors") > 0)
        assert counted(ctx, "runs") == 0


async def test_garbage_in_a_spool_is_passed_over(tmp_path: Path) -> None:
    touch(tmp_path, "198.51.100.1")
    place = next((tmp_path / "spool" / "decoys").glob("*.jsonl"))
    good = place.read_bytes()
    place.write_bytes(b"\xff\0\n{}\n[[[[\n" + good)
    async with probing(settings_of(tmp_path, 9)) as ctx:
        await until(ctx, lambda: counted(ctx, "contacts") == 1)
    assert encode(decode(good.rstrip(b"\n"))) == good.rstrip(b"\n")


def test_capability_is_asked_for_only_to_send_a_raw_syn() -> None:
    assert Probe.capabilities(ProbeSettings()) == ("CAP_NET_RAW",)
    assert Probe.capabilities(ProbeSettings(stack=False)) == ()


@pytest.mark.parametrize("more", [{"deny": ("10.0.0.1/8",)}, {"allow": ("x",)}, {"tls_ports": tuple(range(1, 40))}])
def test_settings_that_cannot_be_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(more))):
        ProbeSettings(**more)
