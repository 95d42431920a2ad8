# SPDX-License-Identifier: MIT
"""rsyslog with TLS on the other side: as a sender to our listener, and as the server of our forwarder.

Needs the Debian packages rsyslog and rsyslog-openssl or rsyslog-gnutls; all on loopback and in the test's folder.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.decnet_swarm.swarm_workers import (
    NAME,
    PATIENCE,
    enrolled_pair,
    fill,
    forwarder,
    listener,
    made,
    port_of,
    received,
    spool_of,
    until,
)

from decnet_core.events.catalogue import SyslogMessage
from decnet_core.events.codec import decode
from decnet_swarm.framing import frame
from decnet_swarm.pki import files

MODULES = {path.name for path in Path("/usr/lib").glob("*/rsyslog/*.so")}
DRIVERS = [
    pytest.param(name, marks=pytest.mark.skipif(f"lmnsd_{name}.so" not in MODULES, reason=f"rsyslog has no {name}"))
    for name in ("ossl", "gtls")
]
pytestmark = [
    pytest.mark.oracle,
    pytest.mark.skipif(shutil.which("rsyslogd") is None, reason="rsyslog is not installed"),
    pytest.mark.parametrize("driver", DRIVERS),
]

GLOBAL = """
global(workDirectory="{place}" maxMessageSize="2m" DefaultNetstreamDriver="{driver}"
  DefaultNetstreamDriverCAFile="{folder}/ca.pem" DefaultNetstreamDriverCertFile="{folder}/identity.pem"
  DefaultNetstreamDriverKeyFile="{folder}/identity.pem")
"""
SERVER = """
module(load="imtcp" maxFrameSize="2000000" StreamDriver.Name="{driver}" StreamDriver.Mode="1"
  StreamDriver.AuthMode="x509/certvalid")
input(type="imtcp" address="127.0.0.1" port="0" listenPortFileName="{place}/port")
template(name="whole" type="string" string="%rawmsg%\\n")
action(type="omfile" file="{place}/out" template="whole")
"""
SENDER = """
module(load="imptcp" maxSessions="10")
input(type="imptcp" path="{place}/in" unlink="on" maxFrameSize="2000000")
template(name="whole" type="string" string="%rawmsg%")
action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted" template="whole"
  StreamDriver="{driver}" StreamDriverMode="1" StreamDriverAuthMode="x509/certvalid"
  action.resumeRetryCount="-1" action.resumeInterval="1")
"""


@asynccontextmanager
async def rsyslog(place: Path, configuration: str, **values: object) -> AsyncIterator[Path]:
    """Run rsyslogd in the foreground with its files in `place`."""
    place.mkdir()
    file = place / "rsyslog.conf"
    file.write_text((GLOBAL + configuration).format(place=place, **values))
    with (place / "errors").open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            "rsyslogd", "-n", "-f", str(file), "-i", str(place / "pid"), stderr=errors
        )
    try:
        yield place
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), PATIENCE)


SIZES = (1, 2, 9, 10, 99, 100, 999, 1000, 8191, 8192, 8193, 65_535, 65_536, 131_072, 1_000_000, 1 << 20)


async def test_rsyslog_sends_frames_of_any_size_to_our_listener(tmp_path: Path, driver: str) -> None:
    above, below = enrolled_pair(tmp_path)
    folder = files.forwarder_folder(below)
    heads = [b"", b"<13>1 2026-11-23T10:20:30Z h a - - - "]
    sent = [head + b"m" * (size - len(head)) for size in SIZES for head in heads if size > len(head)]
    async with listener(above) as master:
        async with rsyslog(tmp_path / "r", SENDER, driver=driver, folder=folder, port=port_of(master)) as place:
            await until(lambda: is_listening(place / "in"))
            await asyncio.to_thread(put, place / "in", sent)
            await until(lambda: len(received(above)) >= len(sent))
        assert master.count("connections") == 1
    found = [event.payload for event in received(above)]
    assert all(event.sensor == NAME for event in received(above))
    lengths = [len(message) - (len(heads[1]) if message.startswith(heads[1]) else 0) for message in sent]
    assert [len(each.message) for each in found if isinstance(each, SyslogMessage)] == [
        min(length, 1_040_000) for length in lengths
    ]


def is_listening(path: Path) -> bool:
    """Whether a connection is accepted: the socket's file is there a moment earlier."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        return path.exists() and sock.connect_ex(str(path)) == 0


def put(path: Path, messages: list[bytes]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.connect(str(path))
        for message in messages:
            sock.sendall(frame(message))


async def test_our_forwarder_sends_events_of_any_size_to_rsyslog(tmp_path: Path, driver: str) -> None:
    above, below = enrolled_pair(tmp_path)
    fill(below, range(3000))
    writer = spool_of(below)
    texts = ["\x7f\x00\x1b[31m\n\té\u0085\u2028 %m <>", *("l" * size for size in SIZES if size < 1_048_000)]
    for number, text in enumerate(texts, 3000):
        writer.append(made(number, text))
    writer.close()
    folder = files.listener_folder(above)
    async with rsyslog(tmp_path / "r", SERVER, driver=driver, folder=folder) as place:
        await until(lambda: (place / "port").exists() and (place / "port").read_text().strip() != "")
        port = int((place / "port").read_text())
        async with forwarder(below, port) as sender:
            await until(lambda: sender.count("acknowledged") == 3000 + len(texts))
            assert sender.count("exactly_once") == 0
        await until(lambda: (place / "out").exists() and lines(place) >= 3000 + len(texts))
    found = [
        decode(line[line.index(b"{") :]) for line in (place / "out").read_bytes().splitlines() if b" decnet " in line
    ]
    assert found[:3000] == [made(number) for number in range(3000)]
    assert found[3000:] == [made(number, text) for number, text in enumerate(texts, 3000)]


def lines(place: Path) -> int:
    return (place / "out").read_bytes().count(b" decnet ")
