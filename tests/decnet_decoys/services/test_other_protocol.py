# SPDX-License-Identifier: MIT
"""A protocol on the wrong port is recorded as what it is."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.event_log import EventLog

from decnet_core.events.catalogue import ServiceRequest
from decnet_decoys.evidence.connection_recorder import ConnectionInfo, ConnectionRecorder
from decnet_decoys.services.other_protocol import note_other_protocol, protocol_of

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
    "rtsp": b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n",
    "s7comm": bytes.fromhex("0300001611e00000000100c1020100c2020102c0010a"),
    "socks4": bytes.fromhex("0401005001020304") + b"me\0",
    "proxy": b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nGET / HTTP/1.1\r\n\r\n",
    "ldap": bytes.fromhex("300c020101600702010304008000"),
    "mongodb": bytes.fromhex("3f0000000100000000000000d407000000000000") + b"admin.$cmd\0",
    "postgresql": bytes.fromhex("0000000804d2162f"),
    "tds": bytes.fromhex("1201002f0000010000001a0006"),
    "jdwp": b"JDWP-Handshake",
    "rmi": b"JRMI\0\x02K",
    "t3": b"t3 12.1.2\nAS:2048\nHL:19\n\n",
    "ajp": bytes.fromhex("123400010a"),
    "vnc": b"RFB 003.008\n",
    "amqp": b"AMQP\0\0\x09\x01",
    "stratum": b'{"id":1,"jsonrpc":"2.0","method":"login","params":{"login":"x"}}\n',
}
SERVICES = ("ssh", "http", "https", "telnet", "ftp", "smtp", "redis", "mysql")


@pytest.mark.parametrize("protocol", OPENINGS)
def test_a_protocol_is_told_by_its_first_bytes(protocol: str) -> None:
    assert protocol_of(OPENINGS[protocol]) == protocol


def test_a_proxy_is_asked_by_http() -> None:
    assert protocol_of(b"CONNECT 192.0.2.1:443 HTTP/1.1\r\n\r\n") == "http"


def test_what_is_unknown_is_not_guessed() -> None:
    unknown = (
        b"",
        b"\0" * 40,
        b"USER root\r\n",
        b"GETTY",
        b"root\r\n",
        b"\r\n\r\n",
        b"t3st\r\n",
        b"{}\r\n",
        b"PING\r\n",
    )
    assert [protocol_of(data) for data in unknown] == [""] * len(unknown)


@pytest.mark.parametrize("length", [260, 261], ids=["as SOCKS 4", "as SOCKS 5"])
def test_a_client_of_mysql_is_one_however_long_its_login_is(length: int) -> None:
    log = EventLog()
    info = ConnectionInfo("web-01", "mysql", ("192.0.2.1", 1), ("192.0.2.2", 3306))
    login = length.to_bytes(3, "little") + b"\x01\x85\xa2\xbf\x01" + bytes(length - 4)
    assert protocol_of(login)
    assert note_other_protocol(ConnectionRecorder(log, info), login) == ""
    assert log.payloads == []


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
