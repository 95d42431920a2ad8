# SPDX-License-Identifier: MIT
"""119 first messages to a port of TLS: what Debian's nginx, Apache and lighttpd answered, and what the decoys answer.

The oracle test holds the records against the real servers.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.decnet_decoys.decky_host import DeckyHost, fleet_settings
from tests.decnet_decoys.http.dialogues.requests import MODIFIED
from tests.decnet_decoys.http.test_dialogues import SERVERS, pages
from tests.decnet_decoys.https.dialogues import play, real_servers
from tests.decnet_decoys.services.dialogues import asking
from tests.ports import free_port, own_address

from decnet_decoys.http.profile import HttpProfile
from decnet_decoys.https.service import HttpsProfile

RECORDS = Path(__file__).parent / "dialogues"
_NAMED_ANYWAY = "Apache names HTTP/1.1 to whoever offers something else, which Python's ssl cannot"
_NAMES = "lighttpd looks at the name itself"
OTHERWISE: dict[str, dict[str, str]] = {
    "nginx": {},
    "apache2": {
        "HTTP/2's protocol": _NAMED_ANYWAY,
        "an unknown protocol": _NAMED_ANYWAY,
        "HTTP/1.0's protocol": _NAMED_ANYWAY,
        "HTTP/0.9's protocol": _NAMED_ANYWAY,
        "h2 of the clear port": _NAMED_ANYWAY,
    },
    "lighttpd": {
        "both protocols, HTTP first": "lighttpd follows the client's order, Python's ssl the server's",
        "an empty name": _NAMES,
        "a name of another kind": _NAMES,
    },
}
"""Dialogues in which the decoys answer otherwise, and why."""
OPENSSL = ssl.OPENSSL_VERSION.startswith("OpenSSL 3.0.")
"""Debian's; a later one has other groups."""


def recorded(name: str) -> dict[str, str]:
    return asking.recorded(RECORDS / f"{name}.json", play.DIALOGUES)


def expected(name: str) -> dict[str, str]:
    """Return what the decoy should answer: lighttpd names no session in TLS 1.2, which Python's ssl always does."""
    if name != "lighttpd":
        return recorded(name)
    return {
        title: answer if ",35=" in answer else answer.replace("0303 session 0 c0", "0303 session 32 c0")
        for title, answer in recorded(name).items()
    }


class Persona(NamedTuple):
    """Has a web site, and nothing else."""

    site: HttpProfile

    def profile(self, _kind: type[HttpProfile]) -> HttpProfile:
        return self.site


async def otherwise(directory: Path, name: str) -> dict[str, str]:
    """Return what a decoy with the real server's settings answers otherwise."""
    host = DeckyHost(directory, fleet_settings(offers=("https",)))
    await host.open()
    try:
        service: Any = host.listeners[0]._service
        flavour: Any = "apache" if name == "apache2" else name
        site = HttpProfile(flavour=flavour, server=SERVERS[name], modified=MODIFIED, pages=pages(name))
        context, port = service.context, service.port
        context.persona = Persona(site)
        service.__init__(context, HttpsProfile(http2=name != "apache2"), port)
        return await play.differing(host.decky.address, port, expected(name), (0.5, 2.0, 5.0))
    finally:
        await host.close()


@pytest.mark.skipif(not OPENSSL, reason="compares with OpenSSL 3.0")
@pytest.mark.parametrize("name", OTHERWISE)
async def test_decoys_answer_as_the_real_server_did(tmp_path: Path, name: str) -> None:
    assert set(await otherwise(tmp_path, name)) == set(OTHERWISE[name])


@pytest.mark.oracle
@pytest.mark.parametrize("name", OTHERWISE)
async def test_the_real_server_answers_as_recorded(name: str) -> None:
    reason = real_servers.missing(name)
    if reason:
        pytest.skip(reason)
    address = own_address(65)
    port = free_port(address)
    async with real_servers.real_server(name, address, port):
        assert await play.differing(address, port, recorded(name), (1.0, 4.0)) == {}
