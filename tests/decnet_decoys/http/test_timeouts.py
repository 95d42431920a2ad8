# SPDX-License-Identifier: MIT
"""How long web servers wait for a client and how many requests they take: Debian's, as measured, and the decoys.

The oracle test measures nginx, Apache and lighttpd, all at once, which takes as long as the longest of them waits.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.http.dialogues import real_servers
from tests.decnet_decoys.http.dialogues.requests import MODIFIED
from tests.decnet_decoys.http.test_dialogues import SERVERS, pages
from tests.ports import free_port, own_address

from decnet_decoys.http import service as http_service
from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.http.site import Site
from decnet_decoys.http.timeouts import Timeouts, timeouts_of

_GET = b"GET /robots.txt HTTP/1.1\r\nHost: x\r\n\r\n"
_BODY = b"POST /nope HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n"
SENT: dict[str, bytes] = {
    "nothing": b"",
    "half a line": b"GET / HT",
    "a line": b"GET / HTTP/1.1\r\n",
    "a head without its end": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "a request": _GET,
    "a request and a half": _GET + b"GET /",
    "half a body": _BODY + b"abc",
}


class Ended(NamedTuple):
    """How a server leaves a client that says no more."""

    seconds: int
    answers: tuple[int, ...]


MEASURED: dict[str, tuple[int, dict[str, Ended]]] = {
    "nginx": (
        1000,
        {
            "nothing": Ended(60, ()),
            "half a line": Ended(60, ()),
            "a line": Ended(60, ()),
            "a head without its end": Ended(60, ()),
            "a request": Ended(75, (200,)),
            "a request and a half": Ended(60, (200,)),
            "half a body": Ended(5, (404,)),
        },
    ),
    "apache2": (
        101,
        {
            "nothing": Ended(52, ()),
            "half a line": Ended(20, ()),
            "a line": Ended(20, (408,)),
            "a head without its end": Ended(20, (408,)),
            "a request": Ended(5, (200,)),
            "a request and a half": Ended(20, (200,)),
            "half a body": Ended(10, (408,)),
        },
    ),
    "lighttpd": (
        1001,
        {
            "nothing": Ended(60, ()),
            "half a line": Ended(60, ()),
            "a line": Ended(60, ()),
            "a head without its end": Ended(60, ()),
            "a request": Ended(5, (200,)),
            "a request and a half": Ended(5, (200,)),
            "half a body": Ended(0, (404,)),
        },
    ),
}
"""How many requests one connection is good for, and how it ends otherwise."""


async def _left(address: str, port: int, sent: bytes) -> tuple[float, tuple[int, ...]]:
    """Return after how many seconds a server closes, and the status of each answer before."""
    reader, writer = await asyncio.open_connection(address, port)
    writer.write(sent)
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(100):
        data = await reader.read(-1)
    writer.close()
    statuses = tuple(int(status) for status in re.findall(rb"HTTP/1.1 (\d+) ", data))
    return asyncio.get_running_loop().time() - began, statuses


async def _requests(address: str, port: int) -> tuple[int, bytes]:
    """Return how many requests of a connection are answered, and the last head."""
    reader, writer = await asyncio.open_connection(address, port)
    async with asyncio.timeout(100):
        writer.write(_GET * 1100)
        data = await reader.read(-1)
    writer.close()
    heads = re.findall(rb"HTTP/1.1 200 .*?\r\n\r\n", data, re.DOTALL)
    return len(heads), heads[-1]


@pytest.fixture
async def decoys(tmp_path: Path) -> Any:
    """Return what plays a decoy with the site of a real server, by its name."""
    hosts = []

    async def played(name: str) -> tuple[str, int]:
        host = DeckyHost(tmp_path, fleet_settings(offers=("http",)))
        hosts.append(host)
        await host.open()
        service: Any = host.listeners[0]._service
        flavour: Any = "apache" if name == "apache2" else name
        service.profile = HttpProfile(flavour=flavour, server=SERVERS[name], modified=MODIFIED, pages=pages(name))
        service.site = Site(service.profile, host.decky.address, service.port)
        return host.decky.address, service.port

    yield played
    for host in hosts:
        await host.close()


FASTER = 40
"""The decoys' seconds are shorter here."""


@pytest.mark.parametrize("name", MEASURED)
async def test_decoys_end_connections_as_the_server_does(
    name: str, decoys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hurried(flavour: str) -> Timeouts:
        times = timeouts_of(flavour)
        shorter: dict[str, Any] = {
            name: value / FASTER for name, value in times._asdict().items() if name != "requests"
        }
        return times._replace(**shorter)

    monkeypatch.setattr(http_service, "timeouts_of", hurried)
    address, port = await decoys(name)
    most, expected = MEASURED[name]
    ended = await asyncio.gather(*(_left(address, port, sent) for sent in SENT.values()))
    for (seconds, statuses), wanted, said in zip(ended, expected.values(), SENT, strict=True):
        assert statuses == wanted.answers, said
        # A body comes before the answer: the decoy waits for it as long as nginx lingers.
        least = 5 if said == "half a body" and name == "lighttpd" else wanted.seconds
        assert (least - 1) / FASTER <= seconds, said
    bounds = [timeouts_of("apache" if name == "apache2" else name).left_for_head(number, 0) for number in (0, 1)]
    assert [round(bound) for bound in bounds] == [expected["nothing"].seconds, expected["a request"].seconds]
    count, last = await _requests(address, port)
    assert count == most
    assert b"\r\nConnection: close\r\n" in last


@pytest.mark.oracle
async def test_the_servers_end_connections_so() -> None:
    async def measure(name: str, address: str) -> None:
        port = free_port(address)
        async with real_servers.real_server(name, address, port):
            assert (await _requests(address, port))[0] == MEASURED[name][0]
            ended = await asyncio.gather(*(_left(address, port, sent) for sent in SENT.values()))
        found = {said: Ended(round(seconds), statuses) for said, (seconds, statuses) in zip(SENT, ended, strict=True)}
        for said, (seconds, statuses) in MEASURED[name][1].items():
            assert found[said].answers == statuses, (name, said)
            assert abs(found[said].seconds - seconds) <= 2, (name, said)

    here = [name for name in MEASURED if not real_servers.missing(name)]
    if not here:
        pytest.skip("no web server on this machine")
    await asyncio.gather(*(measure(name, own_address(67)) for name in here))
