# SPDX-License-Identifier: MIT
"""196 more dialogues in HTTP/2 and by ALPN: what Debian's nginx answered, and what the decoys answer.

The oracle test holds the record against the real server. No decoy speaks HTTP/2 as lighttpd does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.http.dialogues.requests import MODIFIED
from tests.decnet_decoys.http.test_dialogues import SERVERS, pages
from tests.decnet_decoys.https.dialogues import real_servers
from tests.decnet_decoys.https.http2.more import play
from tests.decnet_decoys.https.test_tls_dialogues import Persona
from tests.decnet_decoys.services.dialogues import asking
from tests.ports import free_port, own_address

from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.https.service import HttpsProfile

RECORDS = Path(__file__).parent / "more"
_BODY_FIRST = "the decoy records a body before it answers; nginx does not wait for it"
OTHERWISE: dict[str, dict[str, str]] = {
    "nginx": {
        "reset, then data": _BODY_FIRST,
        "DATA without its request's end": _BODY_FIRST,
        "100-continue": _BODY_FIRST,
        "trailers without an end": _BODY_FIRST,
        "trailers with pseudo fields": _BODY_FIRST,
        "a hundred streams": "without a window, nginx sends the later heads only when its buffer of TLS is flushed",
        "Huffman padded by a byte": "the decoder of the decoy takes no padding of more than seven bits",
        "a thousand fields": "the decoy takes a thousand fields of a request at most",
        "two ranges": "nginx begins a frame with each range but the first",
    },
}
"""Dialogues in which the decoys answer otherwise, and why."""


def recorded(name: str) -> dict[str, list[str]]:
    return asking.recorded(RECORDS / f"{name}.json", play.DIALOGUES)


async def otherwise(directory: Path, name: str) -> dict[str, list[str]]:
    """Return what a decoy with the real server's settings answers otherwise."""
    host = DeckyHost(directory, fleet_settings(offers=("https",)))
    await host.open()
    try:
        service: Any = host.listeners[0]._service
        site = HttpProfile(flavour="nginx", server=SERVERS[name], modified=MODIFIED, pages=pages(name))
        context, port = service.context, service.port
        context.persona = Persona(site)
        service.__init__(context, HttpsProfile(http2=True), port)
        return await play.differing(host.decky.address, port, recorded(name), (0.3, 1.0, 4.0))
    finally:
        await host.close()


@pytest.mark.parametrize("name", OTHERWISE)
async def test_decoys_answer_as_the_real_server_did(tmp_path: Path, name: str) -> None:
    assert set(await otherwise(tmp_path, name)) == set(OTHERWISE[name])


@pytest.mark.oracle
@pytest.mark.parametrize("name", OTHERWISE)
async def test_the_real_server_answers_as_recorded(name: str) -> None:
    reason = real_servers.missing(name)
    if reason:
        pytest.skip(reason)
    address = own_address(66)
    port = free_port(address)
    async with real_servers.real_server(name, address, port):
        assert await play.differing(address, port, recorded(name), (1.0, 4.0)) == {}
