# SPDX-License-Identifier: MIT
"""666 raw requests: what Debian's nginx, Apache and lighttpd answered, as recorded, and what the decoys answer.

The oracle test holds the records against the real servers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.http.dialogues import play, real_servers
from tests.decnet_decoys.http.dialogues.catalogue import REQUESTS
from tests.decnet_decoys.http.dialogues.requests import MODIFIED
from tests.decnet_decoys.services.dialogues import asking
from tests.ports import free_port, own_address

from decnet_decoys.http.profile import HttpProfile, Page
from decnet_decoys.http.site import Site

RECORDS = Path(__file__).parent / "dialogues"
BODY_FIRST = "the decoy records the body before it answers; the server does not wait for it"
BOUNDED = "decoys take no such body"
OTHERWISE = {
    "nginx": {
        "a length of a gigabyte": "nginx reads on for a while before it closes",
        "a body cut short": BODY_FIRST,
        "100-continue by HTTP/1.0": BODY_FIRST,
        "chunks that are announced": BODY_FIRST,
        "an expectation in capitals": BODY_FIRST,
        "chunks, then a length, and a request": "nginx reads on for a while before it closes",
    },
    "apache2": {
        "ten headers of 4000 bytes": "decoys take 32 KiB of headers, Apache a hundred headers of 8 KiB",
        "a length and chunks by HTTP/1.0": "Apache answers before it has read a chunk that never comes",
        "a length of a gigabyte": BOUNDED,
        "a Host with two ports": "Apache names the second port below its error page",
        "a hundred parts": "Apache sends so many parts in chunks",
        "CVE-2011-3192": "decoys look at 1000 bytes of a Range field",
    },
    "lighttpd": {
        "the preface of HTTP/2": "no decoy speaks HTTP/2 without TLS",
        "the preface, and frames": "the same",
        "an offer of h2c": "the same",
        "a body cut short": BODY_FIRST,
        "100-continue by HTTP/1.0": BODY_FIRST,
        "chunks that are announced": BODY_FIRST,
        "an expectation in capitals": BODY_FIRST,
        "PRI of a page": "no decoy speaks HTTP/2 without TLS",
        "a coding over two lines": "lighttpd keeps the line break in the value",
    },
}
"""Requests that the decoys answer otherwise, and why."""
SERVERS = {"nginx": "nginx/1.22.1", "apache2": "Apache/2.4.71 (Debian)", "lighttpd": "lighttpd/1.4.69"}


def recorded(name: str) -> dict[str, str]:
    return asking.recorded(RECORDS / f"{name}.json", REQUESTS)


def pages(name: str) -> dict[str, Page]:
    """Return the real server's site as a persona's pages."""
    found = {}
    for file, text in real_servers.FILES.items():
        kind = real_servers.TYPES.get(Path(file).suffix, "application/octet-stream")
        if name == "lighttpd" and kind in ("text/plain", "text/css"):
            kind += ";charset=utf-8"
        found["/" + file.removesuffix("index.html")] = Page(body=text, type=kind)
    return found


async def otherwise(directory: Path, name: str) -> dict[str, str]:
    """Return what a decoy with the real server's site answers otherwise."""
    host = DeckyHost(directory, fleet_settings(offers=("http",)))
    await host.open()
    try:
        service: Any = host.listeners[0]._service
        flavour: Any = "apache" if name == "apache2" else name
        service.profile = HttpProfile(flavour=flavour, server=SERVERS[name], modified=MODIFIED, pages=pages(name))
        service.site = Site(service.profile, host.decky.address, service.port)
        return await play.differing(host.decky.address, service.port, recorded(name), (0.3, 1.5, 5.0))
    finally:
        await host.close()


@pytest.mark.parametrize("name", OTHERWISE)
async def test_decoys_answer_as_the_real_server_did(tmp_path: Path, name: str) -> None:
    assert set(await otherwise(tmp_path, name)) == set(OTHERWISE[name])
    assert len(REQUESTS) - len(OTHERWISE[name]) >= 656


@pytest.mark.oracle
@pytest.mark.parametrize("name", OTHERWISE)
async def test_the_real_server_answers_as_recorded(name: str) -> None:
    reason = real_servers.missing(name)
    if reason:
        pytest.skip(reason)
    address = own_address(61)
    port = free_port(address)
    async with real_servers.real_server(name, address, port):
        real = recorded(name)
        real.pop("an offer of h2c")  # its answer has the date, compressed
        assert await play.differing(address, port, real, (1.0, 4.0)) == {}
