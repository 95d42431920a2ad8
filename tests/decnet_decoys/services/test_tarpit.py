# SPDX-License-Identifier: MIT
"""A service that is slow on purpose: what its clients wait for, and what is recorded of that."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import msgspec
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings

from decnet_core.events.catalogue import HttpRequest, ServiceRequest
from decnet_decoys.services.tarpit import tarpit_of
from decnet_decoys.settings import DecoysSettings, TarpitSettings

AT_ONCE = 48_000
"""Bytes that Linux sends before it paces: a connection's first ten segments."""
LAST = 65_536
"""Bytes that nothing follows, so that nothing waits for them: at most one segment of the loopback interface."""
GET = b"GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


async def asked(host: DeckyHost) -> float:
    """Ask for a page, and return the seconds until all of the answer was there."""
    began = time.monotonic()
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"])
    writer.write(GET)
    assert (await asyncio.wait_for(reader.read(), 120)).startswith(b"HTTP/1.1 404")
    writer.close()
    return time.monotonic() - began


async def test_a_client_in_the_tarpit_waits_and_is_recorded_as_there(tmp_path: Path) -> None:
    slow = TarpitSettings(decky="web-01", service="http", delay_ms=200, bytes_per_second=400)
    host = DeckyHost(tmp_path, msgspec.structs.replace(fleet_settings(offers=("http",)), tarpit=(slow,)))
    await host.open()
    try:
        took = await asked(host)
        assert took >= 0.4  # before it is served, and before its request is looked at; the kernel paces the rest
        (request,) = await host.until(ServiceRequest)
        assert request == ServiceRequest("http", "tarpit", {"delay_ms": "200", "bytes_per_second": "400"})
        assert len(await host.until(HttpRequest)) == 1
        assert host.ctx.counters.snapshot()["decoys_tarpit_connections"] == 1
    finally:
        await host.close()


async def test_a_client_in_the_tarpit_is_sent_no_more_than_its_bandwidth(tmp_path: Path) -> None:
    slow = TarpitSettings(decky="web-01", service="http", bytes_per_second=128_000)
    host = DeckyHost(tmp_path, msgspec.structs.replace(fleet_settings(offers=("http",)), tarpit=(slow,)))
    await host.open()
    try:
        reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services["http"])
        began = time.monotonic()
        writer.write(GET.replace(b"Connection: close\r\n", b"") * 900 + GET)
        answers = await asyncio.wait_for(reader.read(), 120)
        took = time.monotonic() - began
        writer.close()
    finally:
        await host.close()
    paced = len(answers) - AT_ONCE - LAST
    assert paced > 60_000
    assert took > 0.9 * paced / slow.bytes_per_second


def test_a_tarpit_is_one_of_a_decky_and_its_service_or_of_all_of_them() -> None:
    settings = DecoysSettings(
        tarpit=(TarpitSettings(decky="a", service="ssh", delay_ms=1), TarpitSettings(decky="b", service="*"))
    )
    found = [tarpit_of(settings, *where) for where in (("a", "ssh"), ("a", "http"), ("b", "http"), ("c", "ssh"))]
    assert found == [settings.tarpit[0], None, settings.tarpit[1], None]
