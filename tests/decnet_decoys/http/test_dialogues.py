# SPDX-License-Identifier: MIT
"""74 raw requests: what Debian's Apache and lighttpd answered, as recorded, and what the decoys answer.

The oracle test holds the records against the real servers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.http.dialogues import play, real_servers
from tests.decnet_decoys.http.dialogues.requests import MODIFIED, REQUESTS
from tests.ports import free_port, own_address

from decnet_decoys.http.profile import HttpProfile, Page
from decnet_decoys.http.site import Site

RECORDS = Path(__file__).parent / "dialogues"
OTHERWISE = {
    "apache2": {
        "HTTP/0.9": "no decoy answers without a head",
        "lines ended by LF": "decoys take them, as the other servers do",
        "ten headers of 4000 bytes": "decoys take 32 KiB of headers, Apache a hundred headers of 8 KiB",
    },
    "lighttpd": {
        "the preface of HTTP/2": "no decoy speaks HTTP/2 without TLS",
        "an offer of h2c": "the same",
        "HTTP/0.9": "lighttpd waits for headers",
        "empty lines first": "decoys skip them (RFC 9112 section 2.2)",
        "lines ended by LF": "decoys take them",
        "POST that waits": "lighttpd refuses before it asks for the body",
        "a target with a bad escape": "lighttpd takes it for a name",
        "a name that is hidden": "its site has that file, the decoy has none",
    },
}
"""Requests that the decoys answer otherwise, and why."""


def recorded(name: str) -> dict[str, str]:
    said: dict[str, str] = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))
    assert list(said) == list(REQUESTS)
    return said


async def otherwise(directory: Path, name: str) -> dict[str, str]:
    """Return what a decoy with the real server's site answers otherwise."""
    host = DeckyHost(directory, fleet_settings(offers=("http",)))
    await host.open()
    try:
        service: Any = host.listeners[0]._service
        kind = "text/plain" if name == "apache2" else "text/plain;charset=utf-8"
        pages = {"/": Page(body=real_servers.PAGE), "/robots.txt": Page(body=real_servers.ROBOTS, type=kind)}
        flavour: Any = "apache" if name == "apache2" else name
        server = "Apache/2.4.71 (Debian)" if name == "apache2" else "lighttpd/1.4.69"
        service.profile = HttpProfile(flavour=flavour, server=server, modified=MODIFIED, pages=pages)
        service.site = Site(service.profile, host.decky.address, service.port)
        return await play.differing(host.decky.address, service.port, recorded(name), (0.3, 1.5, 5.0))
    finally:
        await host.close()


@pytest.mark.parametrize("name", OTHERWISE)
async def test_decoys_answer_as_the_real_server_did(tmp_path: Path, name: str) -> None:
    assert set(await otherwise(tmp_path, name)) == set(OTHERWISE[name])
    assert len(REQUESTS) - len(OTHERWISE[name]) >= 65


@pytest.mark.oracle
@pytest.mark.parametrize("name", OTHERWISE)
async def test_the_real_server_answers_as_recorded(tmp_path: Path, name: str) -> None:
    reason = real_servers.missing(name)
    if reason:
        pytest.skip(reason)
    address = own_address(61)
    port = free_port(address)
    async with real_servers.real_server(name, tmp_path, address, port):
        real = recorded(name)
        real.pop("an offer of h2c")  # its answer has the date, compressed
        assert await play.differing(address, port, real, (1.0, 4.0)) == {}
