# SPDX-License-Identifier: MIT
"""A protocol on the wrong port is recorded as what it is."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.services.other_protocol import protocol_of

HELLO = bytes.fromhex("160301007b01000077")
OPENINGS = {
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "tls": HELLO + bytes(40),
    "ssh": b"SSH-2.0-x\r\n",
    "rdp": bytes.fromhex("0300002a25e000000000"),
    "smb": bytes.fromhex("00000054ff534d4272"),
    "redis": b"*1\r\n$4\r\nPING\r\n",
    "smtp": b"EHLO x\r\n",
    "sip": b"OPTIONS sip:nm SIP/2.0\r\n",
    "mqtt": bytes.fromhex("101000044d5154540402003c"),
    "adb": b"CNXN\0\0\0\1" + bytes(16),
    "socks5": b"\x05\x01\x00",
    "telnet": b"\xff\xfd\x18",
}
SERVICES = ("ssh", "http", "https", "telnet", "ftp", "smtp", "redis", "mysql")


@pytest.mark.parametrize("protocol", OPENINGS)
def test_a_protocol_is_told_by_its_first_bytes(protocol: str) -> None:
    assert protocol_of(OPENINGS[protocol]) == protocol


def test_what_is_unknown_is_not_guessed() -> None:
    assert [protocol_of(data) for data in (b"", b"\0" * 40, b"USER root\r\n", b"GETTY")] == [""] * 4


async def said(host: DeckyHost, service: str, data: bytes) -> None:
    reader, writer = await asyncio.open_connection(host.decky.address, host.decky.services[service])
    writer.write(data)
    writer.write_eof()
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), 120)
    writer.close()


async def test_each_service_records_which_other_one_it_is_taken_for(tmp_path: Path) -> None:
    host = DeckyHost(tmp_path, fleet_settings(offers=SERVICES))
    await host.open()
    spoken = {service: "http" if service not in ("http", "https") else "ssh" for service in SERVICES}
    try:
        await asyncio.gather(*(said(host, service, OPENINGS[protocol]) for service, protocol in spoken.items()))
        await host.until(ServiceRequest, len(SERVICES))
        found = [one for one in await host.until(ServiceRequest) if one.action == "other protocol"]
        assert {one.service: one.detail["protocol"] for one in found} == spoken
        assert len(found) == len(SERVICES)
    finally:
        await host.close()
